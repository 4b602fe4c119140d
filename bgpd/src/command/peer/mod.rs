//! Lines of `router bgp` about one neighbor or peer group, in FRR's order.

mod advertisement_interval;
mod aigp;
mod description;
mod disable_connected_check;
mod dont_capability_negotiate;
mod ebgp_multihop;
mod enforce_first_as;
mod extended_nexthop;
mod graceful_restart;
mod graceful_shutdown;
mod group;
mod interface;
mod local_as;
mod member;
mod override_capability;
mod passive;
mod password;
mod port;
mod remote_as;
mod role;
mod shutdown;
mod strict_capability_match;
mod timers;
mod timers_connect;
mod ttl_security;
mod update_source;

use bgp_engine::config::{BgpConfig, NeighborName, NeighborSettings, Shutdown, Timers};
use bgp_engine::value::Family;

use super::{Args, Refusal, commands};

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![
    interface,
    group,
    remote_as,
    member,
    local_as,
    description,
    shutdown,
    password,
    port,
    passive,
    ebgp_multihop,
    role,
    aigp,
    ttl_security,
    disable_connected_check,
    enforce_first_as,
    update_source,
    advertisement_interval,
    timers,
    timers_connect,
    extended_nexthop,
    dont_capability_negotiate,
    override_capability,
    strict_capability_match,
    graceful_restart,
    graceful_shutdown,
];

/// Declares a line that is either written or not.
macro_rules! flag {
    ($field:ident, $text:literal, $help:literal) => {
        pub(super) const COMMAND: $crate::command::Command = $crate::command::Command {
            forms: &[$crate::command::Form {
                places: $crate::command::ROUTER,
                text: concat!("neighbor PEER ", $text),
                no: $crate::command::No::Same,
            }],
            help: $help,
            words: &[],
            run: $crate::command::Run::Peer {
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

/// Declares a line with one number.
macro_rules! number {
    ($field:ident, $text:literal, $range:literal, $help:literal) => {
        pub(super) const COMMAND: $crate::command::Command = $crate::command::Command {
            forms: &[$crate::command::Form {
                places: $crate::command::ROUTER,
                text: concat!("neighbor PEER ", $text, " ", $range, "$value"),
                no: $crate::command::No::As(concat!("neighbor PEER ", $text, " [", $range, "]")),
            }],
            help: $help,
            words: &[($range, $help)],
            run: $crate::command::Run::Peer {
                set: |peer, args| {
                    peer.$field = Some(args.need("value")?);
                    Ok(())
                },
                unset: |peer, _| {
                    peer.$field = None;
                    Ok(())
                },
                write: |peer, out| {
                    if let Some(value) = peer.$field {
                        out.line(format_args!(concat!($text, " {}"), value));
                    }
                },
            },
        };
    };
}

use {flag, number};

/// The longest text in a shutdown communication, in octets (RFC 9003 §2 allows 255; FRR takes 255).
const SHUTDOWN_TEXT: usize = 255;

/// The settings of the neighbor or peer group that the line names.
pub(super) fn settings<'c>(
    bgp: &'c mut BgpConfig,
    args: &Args<'_>,
) -> Result<&'c mut NeighborSettings, Refusal> {
    let text = args.word("peer")?;
    if bgp.peer_groups.contains_key(text) {
        return bgp.peer_groups.get_mut(text).ok_or_else(|| missing(text));
    }
    match args.neighbor("peer").and_then(|name| bgp.neighbors.get_mut(&name)) {
        Some(neighbor) => Ok(&mut neighbor.settings),
        None => Err(Refusal::new("Specify remote-as or peer-group commands first")),
    }
}

/// Drops what the default says anyway of taking part in a family; not for a group's members, whose group may
/// say something else.
pub(super) fn settle_activation(bgp: &mut BgpConfig) {
    for family in Family::ALL {
        let default = family == Family::Ipv4Unicast && bgp.default_ipv4_unicast;
        for peer in groups_and_lone_neighbors(bgp) {
            let activate = &mut peer.families[family].activate;
            *activate = activate.filter(|activate| *activate != default);
        }
    }
}

/// Those that no group stands behind.
pub(super) fn groups_and_lone_neighbors(bgp: &mut BgpConfig) -> impl Iterator<Item = &mut NeighborSettings> {
    let alone = bgp.neighbors.values_mut().filter(|neighbor| neighbor.group.is_none());
    bgp.peer_groups.values_mut().chain(alone.map(|neighbor| &mut neighbor.settings))
}

/// What is said where there is no such neighbor or group.
fn missing(text: &str) -> Refusal {
    Refusal::new(match text.parse::<core::net::IpAddr>() {
        Ok(_) => "Specify remote-as or peer-group commands first",
        Err(_) => "Create the peer-group or interface first",
    })
}

/// The interface that the line names, where it names no address.
fn interface_name(args: &Args<'_>) -> Option<NeighborName> {
    args.neighbor("peer").filter(|name| matches!(name, NeighborName::Interface(_)))
}

/// Keepalive interval and hold time of a line.
///
/// # Errors
/// Where the hold time is neither 0 nor at least 3 (RFC 4271 §4.2).
pub(super) fn timers(args: &Args<'_>) -> Result<Timers, Refusal> {
    let (keepalive_s, hold_s) = (args.need("keepalive")?, args.need("hold")?);
    if matches!(hold_s, 1 | 2) {
        return Err(Refusal::new("hold time value must be either 0 or greater than 3"));
    }
    Ok(Timers { keepalive_s, hold_s })
}

/// The text of a line `shutdown [message TEXT]`.
///
/// # Errors
/// Where it does not fit the NOTIFICATION.
pub(super) fn shutdown(args: &Args<'_>) -> Result<Shutdown, Refusal> {
    let message = args.text("LINE").unwrap_or_default().to_owned();
    if message.len() > SHUTDOWN_TEXT {
        return Err(Refusal::new(format!("Message size exceeds {SHUTDOWN_TEXT} octets")));
    }
    Ok(Shutdown { message })
}
