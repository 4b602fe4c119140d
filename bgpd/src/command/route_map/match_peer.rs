//! `match peer local|ADDRESS|INTERFACE`.

use bgp_engine::config::NeighborName;
use bgp_engine::policy::{Match, PeerTest};

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match peer <local|A.B.C.D$peer|X:X::X:X$peer|WORD$peer>",
        no: No::As("match peer [<local|A.B.C.D$peer|X:X::X:X$peer|WORD$peer>]"),
    }],
    help: "Match peer address",
    words: &[
        ("match", "Match values from routing table"),
        ("local", "Static or Redistributed routes"),
        ("A.B.C.D", "IP address of peer"),
        ("X:X::X:X", "IPv6 address of peer"),
        ("WORD", "Interface name of peer"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::Peer(match args.neighbor("peer") {
                None => PeerTest::Local,
                Some(NeighborName::Address(address)) => PeerTest::Address(address),
                Some(NeighborName::Interface(name)) => PeerTest::Interface(name),
            }));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::Peer(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
