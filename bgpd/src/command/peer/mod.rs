//! Lines of `router bgp` about one neighbor or peer group, in FRR's order.

use bgp_engine::config::{BgpConfig, NeighborName, NeighborSettings, Shutdown, Timers};

use super::{Args, Refusal, commands};

commands!(
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
);

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
        None => Err(missing(text)),
    }
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
