//! `ip nht resolve-via-default`, `ipv6 nht resolve-via-default`: whether a default route reaches next hops.

use bgp_engine::value::Family;

use super::CONFIG;
use crate::command::{Args, Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form { places: CONFIG, text: "ip nht resolve-via-default", no: No::Same },
        Form { places: CONFIG, text: "ipv6 nht resolve-via-default", no: No::Same },
    ],
    help: "Resolve via default route",
    words: &[("nht", "Filter Next Hop tracking route resolution")],
    run: Run::Global(Edit {
        set: |config, args| {
            config.engine.resolve_via_default[family(args)] = Some(true);
            Ok(())
        },
        unset: |config, args| {
            config.engine.resolve_via_default[family(args)] = Some(false);
            Ok(())
        },
        write: |config, out| {
            for (family, wanted) in config.engine.resolve_via_default.iter() {
                let ip = if family == Family::Ipv4Unicast { "ip" } else { "ipv6" };
                match wanted {
                    Some(true) => out.line(format_args!("{ip} nht resolve-via-default")),
                    Some(false) => out.line(format_args!("no {ip} nht resolve-via-default")),
                    None => {}
                }
            }
        },
    }),
};

fn family(args: &Args<'_>) -> Family {
    if args.has("ipv6") { Family::Ipv6Unicast } else { Family::Ipv4Unicast }
}
