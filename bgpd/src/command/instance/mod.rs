//! Lines of `router bgp` about the instance, in FRR's order; `instance_last` has those that follow the neighbors.

mod address_family;
mod allow_outbound_policy;
mod always_compare_med;
mod as_path_confed;
mod as_path_ignore;
mod bestpath_aigp;
mod bestpath_med;
mod client_to_client;
mod cluster_id;
mod compare_routerid;
mod confederation_identifier;
mod confederation_peers;
mod default_ipv4_unicast;
mod default_local_preference;
mod deterministic_med;
mod ebgp_requires_policy;
mod enforce_first_as;
mod fast_external_failover;
mod gr_disable;
mod gr_mode;
mod gr_notification;
mod gr_preserve;
mod gr_restart_time;
mod gr_select_defer_time;
mod gr_stalepath_time;
mod graceful_shutdown;
mod import_check;
mod log_neighbor_changes;
mod minimum_holdtime;
mod multipath_relax;
mod reject_as_sets;
mod router_id;
mod suppress_duplicates;
mod suppress_fib_pending;
mod timers;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![
    fast_external_failover,
    router_id,
    log_neighbor_changes,
    always_compare_med,
    ebgp_requires_policy,
    enforce_first_as,
    reject_as_sets,
    suppress_duplicates,
    suppress_fib_pending,
    default_ipv4_unicast,
    default_local_preference,
    client_to_client,
    graceful_shutdown,
    allow_outbound_policy,
    cluster_id,
    confederation_identifier,
    confederation_peers,
    deterministic_med,
    gr_stalepath_time,
    gr_restart_time,
    gr_select_defer_time,
    gr_mode,
    gr_disable,
    gr_preserve,
    gr_notification,
    as_path_ignore,
    as_path_confed,
    multipath_relax,
    compare_routerid,
    bestpath_aigp,
    bestpath_med,
    import_check,
    timers,
    minimum_holdtime,
    address_family,
];

/// Declares a line that is either in force or not; it is written where it is not as the profile has it.
macro_rules! flag {
    ($($field:ident).+, $text:literal, $help:literal) => {
        pub(super) const COMMAND: $crate::command::Command = $crate::command::Command {
            forms: &[$crate::command::Form {
                places: $crate::command::ROUTER,
                text: $text,
                no: $crate::command::No::Same,
            }],
            help: $help,
            words: &[],
            run: $crate::command::Run::Instance($crate::command::Edit {
                set: |bgp, _| {
                    bgp.$($field).+ = true;
                    Ok(())
                },
                unset: |bgp, _| {
                    bgp.$($field).+ = false;
                    Ok(())
                },
                write: |bgp, out| {
                    let default = bgp_engine::config::BgpConfig::new(bgp.asn, bgp.profile);
                    match (bgp.$($field).+, default.$($field).+) {
                        (true, false) => out.line(format_args!($text)),
                        (false, true) => out.line(format_args!(concat!("no ", $text))),
                        _ => {}
                    }
                },
            }),
        };
    };
}

/// Declares a line with one number that may be left unwritten.
macro_rules! number {
    ($($field:ident).+, $text:literal, $range:literal, $help:literal) => {
        pub(super) const COMMAND: $crate::command::Command = $crate::command::Command {
            forms: &[$crate::command::Form {
                places: $crate::command::ROUTER,
                text: concat!($text, " ", $range, "$value"),
                no: $crate::command::No::As(concat!($text, " [", $range, "]")),
            }],
            help: $help,
            words: &[($range, $help)],
            run: $crate::command::Run::Instance($crate::command::Edit {
                set: |bgp, args| {
                    bgp.$($field).+ = Some(args.need("value")?);
                    Ok(())
                },
                unset: |bgp, _| {
                    bgp.$($field).+ = None;
                    Ok(())
                },
                write: |bgp, out| {
                    if let Some(value) = bgp.$($field).+ {
                        out.line(format_args!(concat!($text, " {}"), value));
                    }
                },
            }),
        };
    };
}

use flag;
pub(super) use number;
