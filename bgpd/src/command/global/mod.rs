//! Lines outside every block, and the blocks themselves.

use super::commands;

commands!(
    frr_version,
    frr_defaults,
    hostname,
    log,
    service,
    password,
    enable_password,
    ip_route,
    redundancy,
    fib,
    router_bgp,
    prefix_list,
    prefix_list_description,
    route_map,
    line_vty,
);

/// Declares a line that is kept as it is written and has no effect.
macro_rules! accepted {
    ($field:ident, $text:literal, no $no:literal, $help:literal) => {
        accepted!($field, $crate::command::global::CONFIG, $text, no $no, $help);
    };
    ($field:ident, $places:expr, $text:literal, no $no:literal, $help:literal) => {
        pub(super) const COMMAND: $crate::command::Command = $crate::command::Command {
            forms: &[$crate::command::Form {
                places: $places,
                text: $text,
                no: $crate::command::No::As($no),
            }],
            help: $help,
            words: &[],
            run: $crate::command::Run::Global($crate::command::Edit {
                set: |config, args| {
                    config.accepted.$field.keep(args.written());
                    Ok(())
                },
                unset: |config, args| {
                    config.accepted.$field.drop_beginning_with(&args.written());
                    Ok(())
                },
                write: |config, out| config.accepted.$field.write(out),
            }),
        };
    };
}
pub(super) use accepted;

/// The place of these lines.
const CONFIG: &[super::Place] = &[super::Place::Config];
