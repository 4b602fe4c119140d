//! `set ipv6 next-hop peer-address`.

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set ipv6 next-hop peer-address",
        no: No::As("set ipv6 next-hop peer-address"),
    }],
    help: "Use peer address (for BGP only)",
    words: &[("set", "Set values in destination routing protocol"), ("next-hop", "IPv6 next-hop address")],
    run: Run::RouteMap(Edit {
        set: |entry, _| {
            entry.add_set(Set::Ipv6NextHopPeerAddress);
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Ipv6NextHopPeerAddress));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
