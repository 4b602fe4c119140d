//! `set ip next-hop ADDRESS|peer-address|unchanged`.

use bgp_engine::policy::{Set, SetNextHop};

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set ip next-hop <A.B.C.D$address|peer-address|unchanged>",
        no: No::As("set ip next-hop [<A.B.C.D|peer-address|unchanged>]"),
    }],
    help: "Next hop address",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("A.B.C.D", "IP address of next hop"),
        ("peer-address", "Use peer address (for BGP only)"),
        ("unchanged", "Don't modify existing Next hop address"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::NextHop(match args.find("address") {
                Some(address) => SetNextHop::Address(address),
                None if args.has("peer-address") => SetNextHop::PeerAddress,
                None => SetNextHop::Unchanged,
            }));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::NextHop(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
