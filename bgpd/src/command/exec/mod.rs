//! Commands that configure nothing: moving between modes, asking about the grammar, showing, clearing, saving.

mod clear_bgp;
mod clear_bgp_fib;
mod clear_route_map;
mod configure_terminal;
mod copy_running_config;
#[cfg(feature = "fault")]
mod debug_fault;
mod disable;
mod enable;
mod end;
mod exit;
mod exit_address_family;
mod find;
mod list;
mod redundancy_mode;
mod redundancy_switchover;
mod redundancy_twin_restart;
mod redundancy_upgrade;
mod redundancy_words;
mod show_access_list;
mod show_as_path_list;
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
mod show_community_list;
mod show_extcommunity_list;
mod show_fib;
mod show_history;
mod show_ip_nht;
mod show_ip_route;
mod show_large_community_list;
mod show_logging;
mod show_names;
mod show_prefix_list;
mod show_redundancy;
mod show_route_map;
mod show_running_config;
mod show_version;
mod show_words;
mod terminal_length;
mod terminal_monitor;
mod terminal_paginate;
mod watch;
mod write_memory;
mod write_terminal;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![
    configure_terminal,
    enable,
    disable,
    exit,
    end,
    exit_address_family,
    list,
    find,
    terminal_length,
    terminal_monitor,
    terminal_paginate,
    watch,
    show_history,
    show_logging,
    show_names,
    show_running_config,
    show_bgp_summary,
    show_bgp_table,
    show_bgp_prefix,
    show_bgp_neighbors,
    show_bgp_neighbor_routes,
    show_bgp_nexthop,
    show_ip_route,
    show_ip_nht,
    show_fib,
    show_bgp_peer_group,
    show_bgp_update_groups,
    show_bgp_memory,
    show_bgp_statistics,
    show_version,
    show_redundancy,
    show_prefix_list,
    show_route_map,
    show_access_list,
    show_as_path_list,
    show_community_list,
    show_extcommunity_list,
    show_large_community_list,
    clear_bgp,
    clear_route_map,
    clear_bgp_fib,
    write_memory,
    write_terminal,
    copy_running_config,
    redundancy_switchover,
    redundancy_twin_restart,
    redundancy_upgrade,
    redundancy_mode,
];

/// What only builds for tests have.
#[cfg(feature = "fault")]
pub(crate) const FAULT_COMMANDS: &[&crate::command::Command] = commands![debug_fault];
#[cfg(not(feature = "fault"))]
pub(crate) const FAULT_COMMANDS: &[&crate::command::Command] = &[];

/// The place of commands that are not configuration.
const EXEC: &[super::Place] = &[super::Place::Exec];
/// The places of what needs no privilege and shows nothing. (What shows goes wherever `Exec`'s shows may, see the grammar.)
const VIEW: &[super::Place] = &[super::Place::Exec, super::Place::View];
