//! `distance bgp EXTERNAL INTERNAL LOCAL`: which of several protocols' routes to a prefix is used.

use bgp_engine::config::Distances;

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "distance bgp (1-255)$external (1-255)$internal (1-255)$local",
        no: No::As("distance bgp [(1-255) (1-255) (1-255)]"),
    }],
    help: "Define an administrative distance",
    words: &[
        ("bgp", "BGP distance"),
        ("external", "Distance for routes external to the AS"),
        ("internal", "Distance for routes internal to the AS"),
        ("local", "Distance for local routes"),
    ],
    run: Run::Family {
        set: |settings, _, args| {
            settings.distances = Some(Distances {
                external: args.need("external")?,
                internal: args.need("internal")?,
                local: args.need("local")?,
            });
            Ok(())
        },
        unset: |settings, _, _| {
            settings.distances = None;
            Ok(())
        },
        write: |settings, out| {
            if let Some(Distances { external, internal, local }) = settings.distances {
                out.line(format_args!("distance bgp {external} {internal} {local}"));
            }
        },
    },
};
