//! `set originator-id ADDRESS`.

use core::net::Ipv4Addr;

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set originator-id A.B.C.D$id",
        no: No::As("set originator-id [A.B.C.D]"),
    }],
    help: "BGP originator ID attribute",
    words: &[("set", "Set values in destination routing protocol"), ("A.B.C.D", "IP address of originator")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::OriginatorId(args.need::<Ipv4Addr>("id")?.into()));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::OriginatorId(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
