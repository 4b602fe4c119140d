//! Commands that configure nothing: moving between modes, asking about the grammar, showing, clearing, saving.

mod show_words;

use super::commands;

commands!(
    configure_terminal,
    enable,
    exit,
    end,
    exit_address_family,
    list,
    find,
    show_running_config,
    show_bgp_summary,
    show_bgp_table,
    show_bgp_prefix,
    show_bgp_neighbors,
    show_bgp_neighbor_routes,
    show_bgp_nexthop,
    show_bgp_peer_group,
    show_bgp_update_groups,
    show_bgp_memory,
    show_bgp_statistics,
    show_version,
    show_redundancy,
    show_prefix_list,
    show_route_map,
    clear_bgp,
    write_memory,
    write_terminal,
    copy_running_config,
);

/// The place of commands that are not configuration.
const EXEC: &[super::Place] = &[super::Place::Exec];
