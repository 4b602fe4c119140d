//! `neighbor X update-source ADDRESS|INTERFACE`.

use core::net::IpAddr;

use bgp_engine::config::UpdateSource;

use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor PEER update-source <A.B.C.D$source|X:X::X:X$source|WORD$source>",
        no: No::As("neighbor PEER update-source [<A.B.C.D|X:X::X:X|WORD>]"),
    }],
    help: "Source of routing updates",
    words: &[],
    run: Run::Peer {
        set: |peer, args| {
            let text = args.word("source")?;
            peer.update_source = Some(match text.parse::<IpAddr>() {
                Ok(address) => UpdateSource::Address(address),
                Err(_) => UpdateSource::Interface(text.to_owned()),
            });
            Ok(())
        },
        unset: |peer, _| {
            peer.update_source = None;
            Ok(())
        },
        write: |peer, out| match &peer.update_source {
            Some(UpdateSource::Address(address)) => out.line(format_args!("update-source {address}")),
            Some(UpdateSource::Interface(name)) => out.line(format_args!("update-source {name}")),
            None => {}
        },
    },
};
