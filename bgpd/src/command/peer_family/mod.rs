//! Lines of `address-family` about one neighbor or peer group; in `router bgp` itself they are about IPv4.

mod activate;
mod addpath_all;
mod addpath_best_selected;
mod addpath_per_as;
mod allowas_in;
mod as_override;
mod attribute_unchanged;
mod default_originate;
mod disable_addpath_rx;
mod distribute_list;
mod filter_list;
mod maximum_prefix;
mod next_hop_self;
mod prefix_list;
mod remove_private_as;
mod route_map;
mod route_reflector_client;
mod route_server_client;
mod send_community;
mod soft_reconfiguration;
mod unsuppress_map;
mod weight;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![
    activate,
    addpath_all,
    addpath_best_selected,
    addpath_per_as,
    disable_addpath_rx,
    route_reflector_client,
    next_hop_self,
    remove_private_as,
    as_override,
    send_community,
    default_originate,
    soft_reconfiguration,
    maximum_prefix,
    route_server_client,
    allowas_in,
    weight,
    distribute_list,
    prefix_list,
    route_map,
    unsuppress_map,
    filter_list,
    attribute_unchanged,
];

/// Declares a line that is either written or not.
macro_rules! flag {
    ($field:ident, $text:literal, $help:literal) => {
        pub(super) const COMMAND: $crate::command::Command = $crate::command::Command {
            forms: &[$crate::command::Form {
                places: $crate::command::FAMILY,
                text: concat!("neighbor PEER ", $text),
                no: $crate::command::No::Same,
            }],
            help: $help,
            words: &[],
            run: $crate::command::Run::PeerFamily {
                set: |peer, _| {
                    peer.$field = Some(true);
                    Ok(())
                },
                unset: |peer, _| {
                    peer.$field = None;
                    Ok(())
                },
                write: |peer, out| {
                    if peer.$field == Some(true) {
                        out.line(format_args!($text));
                    }
                },
            },
        };
    };
}

use flag;
