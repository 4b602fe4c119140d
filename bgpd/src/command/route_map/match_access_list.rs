//! `match ip address NAME`, `match ipv6 address NAME`: by access list.

use bgp_engine::policy::Match;

use super::family;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match <ip|ipv6> address ACCESSLIST",
        no: No::As("match <ip|ipv6> address [ACCESSLIST]"),
    }],
    help: "Match address of route",
    words: &[
        ("match", "Match values from routing table"),
        ("address", "Match address of route"),
        ("ACCESSLIST", "Access-list name"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::AddressAccessList(family(args), args.word("ACCESSLIST")?.to_owned()));
            Ok(())
        },
        unset: |entry, args| {
            entry.matches.retain(
                |clause| !matches!(clause, Match::AddressAccessList(other, _) if *other == family(args)),
            );
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
