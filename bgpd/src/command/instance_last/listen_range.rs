//! `bgp listen range PREFIX peer-group NAME`: dynamic neighbors.

use bgp_engine::config::ListenRange;

use crate::command::Refusal;
use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "bgp listen range <A.B.C.D/M$range|X:X::X:X/M$range> peer-group WORD",
        no: No::As("bgp listen range <A.B.C.D/M$range|X:X::X:X/M$range> [peer-group WORD]"),
    }],
    help: "Configure BGP Dynamic Neighbors",
    words: &[
        ("listen", "BGP Dynamic Neighbors listen commands"),
        ("A.B.C.D/M", "Neighbor address range"),
        ("X:X::X:X/M", "Neighbor address range"),
        ("peer-group", "Member of the peer-group"),
        ("WORD", "Peer-group name"),
    ],
    run: Run::Instance(Edit {
        set: |bgp, args| {
            let group = args.word("WORD")?.to_owned();
            if !bgp.peer_groups.contains_key(&group) {
                return Err(Refusal::new("Configure the peer-group first"));
            }
            bgp.listen_ranges.insert(args.net("range")?, ListenRange { group });
            Ok(())
        },
        unset: |bgp, args| match bgp.listen_ranges.remove(&args.net("range")?) {
            Some(_) => Ok(()),
            None => Err(Refusal::new("There is no such listen range")),
        },
        write: |bgp, out| {
            for (range, to) in &bgp.listen_ranges {
                out.line(format_args!("bgp listen range {range} peer-group {}", to.group));
            }
        },
    }),
};
