//! Commands that configure nothing: moving between modes, asking about the grammar, showing, clearing, saving.

mod clear_bgp;
mod configure_terminal;
mod copy_running_config;
mod enable;
mod end;
mod exit;
mod exit_address_family;
mod find;
mod list;
mod show_bgp_memory;
mod show_bgp_neighbor_routes;
mod show_bgp_neighbors;
mod show_bgp_nexthop;
mod show_bgp_peer_group;
mod show_bgp_prefix;
mod show_bgp_statistics;
mod show_bgp_summary;
mod show_bgp_table;
mod show_bgp_update_groups;
mod show_prefix_list;
mod show_redundancy;
mod show_route_map;
mod show_running_config;
mod show_version;
mod show_words;
mod write_memory;
mod write_terminal;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![
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
];

/// The place of commands that are not configuration.
const EXEC: &[super::Place] = &[super::Place::Exec];
