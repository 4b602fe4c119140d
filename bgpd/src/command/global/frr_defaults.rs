//! `frr defaults traditional|datacenter`: whose defaults hold for what is not written.

use bgp_engine::config::Profile;

use super::CONFIG;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: CONFIG, text: "frr defaults <traditional|datacenter>", no: No::Never }],
    help: "Set of configuration defaults used",
    words: &[
        ("traditional", "Defaults of a router in the Internet: 60 and 180 s timers, RFC 8212"),
        ("datacenter", "Defaults of a switch in a data center: 3 and 9 s timers, no RFC 8212"),
    ],
    run: Run::Global(Edit {
        set: |config, args| {
            config.profile = if args.has("datacenter") { Profile::Datacenter } else { Profile::Traditional };
            if let Some(bgp) = &mut config.engine.bgp {
                bgp.profile = config.profile;
            }
            Ok(())
        },
        unset: |_, _| Ok(()),
        write: |config, out| {
            let name = match config.profile {
                Profile::Traditional => "traditional",
                Profile::Datacenter => "datacenter",
            };
            out.line(format_args!("frr defaults {name}"));
        },
    }),
};
