//! `neighbor X local-as ASN [no-prepend [replace-as]]`.

use bgp_engine::config::LocalAs;

use crate::command::{Command, Form, No, ROUTER, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor PEER local-as ASN [no-prepend [replace-as]]",
        no: No::As("neighbor PEER local-as [ASN [no-prepend [replace-as]]]"),
    }],
    help: "Specify a local-as number",
    words: &[
        ("ASN", "AS number used as local AS"),
        ("no-prepend", "Do not prepend local-as to updates from ebgp peers"),
        ("replace-as", "Do not prepend local-as to updates from ibgp peers"),
    ],
    run: Run::PeerItself {
        set: |bgp, args| {
            let local = LocalAs {
                asn: args.need("ASN")?,
                no_prepend: args.has("no-prepend"),
                replace_as: args.has("replace-as"),
            };
            if local.asn == bgp.asn {
                return Err(Refusal::new("Cannot have local-as same as BGP AS number"));
            }
            super::settings(bgp, args)?.local_as = Some(local);
            Ok(())
        },
        unset: |bgp, args| {
            super::settings(bgp, args)?.local_as = None;
            Ok(())
        },
        write: |view, out| {
            let Some(local) = view.settings().local_as else { return };
            let asn = local.asn;
            match (local.no_prepend, local.replace_as) {
                (_, true) => out.line(format_args!("local-as {asn} no-prepend replace-as")),
                (true, false) => out.line(format_args!("local-as {asn} no-prepend")),
                (false, false) => out.line(format_args!("local-as {asn}")),
            }
        },
    },
};
