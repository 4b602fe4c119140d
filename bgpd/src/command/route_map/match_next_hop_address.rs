//! `match ip next-hop address ADDRESS`, `match ipv6 next-hop address ADDRESS`.

use bgp_engine::policy::Match;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: ROUTE_MAP,
            text: "match ip next-hop address A.B.C.D$address",
            no: No::As("match ip next-hop address [A.B.C.D]"),
        },
        Form {
            places: ROUTE_MAP,
            text: "match ipv6 next-hop address X:X::X:X$address",
            no: No::As("match ipv6 next-hop address [X:X::X:X]"),
        },
    ],
    help: "Match next-hop address of route",
    words: &[
        ("match", "Match values from routing table"),
        ("next-hop", "Match next-hop address of route"),
        ("address", "Match address of route"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::NextHopAddress(args.need("address")?));
            Ok(())
        },
        unset: |entry, args| {
            entry.matches.retain(|clause| !matches!(clause, Match::NextHopAddress(address) if address.is_ipv6() == args.has("ipv6")));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
