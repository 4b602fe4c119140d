//! `set ipv6 next-hop global ADDRESS`.

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set ipv6 next-hop global X:X::X:X$address",
        no: No::As("set ipv6 next-hop global [X:X::X:X]"),
    }],
    help: "IPv6 global address",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("next-hop", "IPv6 next-hop address"),
        ("X:X::X:X", "IPv6 address of next hop"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Ipv6NextHopGlobal(args.need("address")?));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Ipv6NextHopGlobal(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
