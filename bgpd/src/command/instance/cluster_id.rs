//! `bgp cluster-id A.B.C.D|NUMBER` (RFC 4456).

use core::net::Ipv4Addr;

use bgp_engine::value::RouterId;

use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "bgp cluster-id <A.B.C.D|(1-4294967295)$number>",
        no: No::As("bgp cluster-id [<A.B.C.D|(1-4294967295)>]"),
    }],
    help: "Configure Route-Reflector Cluster-id",
    words: &[
        ("A.B.C.D", "Route-Reflector Cluster-id in IP address format"),
        ("(1-4294967295)", "Route-Reflector Cluster-id as 32 bit quantity"),
    ],
    run: Run::Instance(Edit {
        set: |bgp, args| {
            let id = match args.find::<Ipv4Addr>("A.B.C.D") {
                Some(address) => RouterId::from(address),
                None => RouterId(args.need("number")?),
            };
            bgp.cluster_id = Some(id);
            Ok(())
        },
        unset: |bgp, _| {
            bgp.cluster_id = None;
            Ok(())
        },
        write: |bgp, out| {
            if let Some(id) = bgp.cluster_id {
                out.line(format_args!("bgp cluster-id {id}"));
            }
        },
    }),
};
