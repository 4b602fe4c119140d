//! Lines of `address-family` about one neighbor or peer group; in `router bgp` itself they are about IPv4.

use super::commands;

commands!(
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
    prefix_list,
    route_map,
    attribute_unchanged,
);

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
