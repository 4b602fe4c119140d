//! `bgp router-id A.B.C.D`.

use core::net::Ipv4Addr;

use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "bgp router-id A.B.C.D", no: No::As("bgp router-id [A.B.C.D]") }],
    help: "Override configured router identifier",
    words: &[("A.B.C.D", "Manually configured router identifier")],
    run: Run::Instance(Edit {
        set: |bgp, args| {
            let address: Ipv4Addr = args.need("A.B.C.D")?;
            if address.is_unspecified() {
                return Err(crate::command::Refusal::new(
                    "A router id is not 0.0.0.0 (RFC 6286): write another, or 'no bgp router-id'",
                ));
            }
            bgp.router_id = Some(address.into());
            Ok(())
        },
        unset: |bgp, _| {
            bgp.router_id = None;
            Ok(())
        },
        write: |bgp, out| {
            if let Some(id) = bgp.router_id {
                out.line(format_args!("bgp router-id {id}"));
            }
        },
    }),
};
