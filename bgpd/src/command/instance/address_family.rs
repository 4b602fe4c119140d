//! `address-family ipv4|ipv6 [unicast]`: a family's block; it is written with the instance.

use bgp_engine::value::Family;

use crate::command::{Command, Edit, Form, Mode, No, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &[Place::Router], text: "address-family <ipv4|ipv6> [unicast]", no: No::Never }],
    help: "Enter Address Family command mode",
    words: &[("unicast", "Address Family modifier")],
    run: Run::Block {
        enter: |args| {
            Ok(Mode::Family(if args.has("ipv6") { Family::Ipv6Unicast } else { Family::Ipv4Unicast }))
        },
        edit: Edit { set: |_, _| Ok(()), unset: |_, _| Ok(()), write: |_, _| {} },
    },
};
