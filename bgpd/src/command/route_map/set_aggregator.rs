//! `set aggregator as ASN ADDRESS`.

use core::net::Ipv4Addr;

use bgp_engine::attr::Aggregator;
use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set aggregator as ASN A.B.C.D$id",
        no: No::As("set aggregator as [ASN A.B.C.D]"),
    }],
    help: "BGP aggregator attribute",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("as", "AS number of aggregator"),
        ("A.B.C.D", "IP address of aggregator"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Aggregator(Aggregator {
                asn: args.need("ASN")?,
                router_id: args.need::<Ipv4Addr>("id")?.into(),
            }));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Aggregator(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
