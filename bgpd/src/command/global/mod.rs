//! Lines outside every block, and the blocks themselves.

mod access_list;
mod access_list_remark;
mod as_path_list;
mod community_list;
mod enable_password;
mod extcommunity_list;
mod fib;
mod frr_defaults;
mod frr_version;
mod hostname;
mod ip_route;
mod large_community_list;
mod line_vty;
mod lists;
mod log;
mod nht_resolve_via_default;
mod password;
mod prefix_list;
mod prefix_list_description;
mod redundancy;
mod route_map;
mod router_bgp;
mod service;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![
    frr_version,
    frr_defaults,
    hostname,
    log,
    service,
    password,
    enable_password,
    nht_resolve_via_default,
    ip_route,
    redundancy,
    fib,
    router_bgp,
    access_list,
    access_list_remark,
    prefix_list,
    prefix_list_description,
    as_path_list,
    community_list,
    extcommunity_list,
    large_community_list,
    route_map,
    line_vty,
];

/// Declares a line that is kept as it is written and has no effect: `$keep` says whether beside others of its
/// kind (`keep`) or in their place (`replace`).
macro_rules! accepted {
    ($keep:ident $field:ident, $places:expr, $text:literal, no $no:literal, $help:literal) => {
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
                    config.accepted.$field.$keep(args.written());
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
