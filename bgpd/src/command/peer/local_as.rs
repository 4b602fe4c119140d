//! `neighbor X local-as ASN [no-prepend [replace-as]]`.

use bgp_engine::config::LocalAs;

use crate::command::{Command, Form, No, ROUTER, Run};

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
    run: Run::Peer {
        set: |peer, args| {
            peer.local_as = Some(LocalAs {
                asn: args.need("ASN")?,
                no_prepend: args.has("no-prepend"),
                replace_as: args.has("replace-as"),
            });
            Ok(())
        },
        unset: |peer, _| {
            peer.local_as = None;
            Ok(())
        },
        write: |peer, out| {
            let Some(local) = peer.local_as else { return };
            let asn = local.asn;
            match (local.no_prepend, local.replace_as) {
                (_, true) => out.line(format_args!("local-as {asn} no-prepend replace-as")),
                (true, false) => out.line(format_args!("local-as {asn} no-prepend")),
                (false, false) => out.line(format_args!("local-as {asn}")),
            }
        },
    },
};
