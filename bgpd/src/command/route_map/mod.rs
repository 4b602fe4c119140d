//! Lines of a route map's entry.
//!
//! Match and set clauses are written in the order in which they were typed, as FRR does: for set clauses it is the
//! order in which they are obeyed. So it is the entry that writes them, and no clause writes itself.

mod call;
mod description;
mod go_on;
mod match_access_list;
mod match_as_path;
mod match_community;
mod match_extcommunity;
mod match_interface;
mod match_large_community;
mod match_local_preference;
mod match_metric;
mod match_next_hop_access_list;
mod match_next_hop_address;
mod match_next_hop_length;
mod match_next_hop_prefix_list;
mod match_origin;
mod match_peer;
mod match_prefix_len;
mod match_prefix_list;
mod match_route_source;
mod match_route_source_prefix_list;
mod match_source_protocol;
mod match_tag;
mod on_match;
mod set_aggregator;
mod set_aigp_metric;
mod set_as_path_exclude;
mod set_as_path_prepend;
mod set_as_path_replace;
mod set_atomic_aggregate;
mod set_comm_list;
mod set_community;
mod set_distance;
mod set_extcommunity_bandwidth;
mod set_extcommunity_none;
mod set_extcommunity_rt;
mod set_extcommunity_soo;
mod set_extended_comm_list;
mod set_ip_next_hop;
mod set_ipv6_next_hop_global;
mod set_ipv6_next_hop_local;
mod set_ipv6_next_hop_peer_address;
mod set_ipv6_next_hop_prefer_global;
mod set_large_comm_list;
mod set_large_community;
mod set_local_preference;
mod set_metric;
mod set_origin;
mod set_originator_id;
mod set_tag;
mod set_weight;

use core::str::FromStr;

use bgp_engine::attr::{ExtendedCommunity, Origin};
use bgp_engine::policy::{Change, How, RouteMapEntry, Then};
use bgp_engine::value::Family;

use super::{Args, Lines, Refusal, commands};

/// The folder's commands.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![
    description,
    match_prefix_list,
    match_access_list,
    match_prefix_len,
    match_next_hop_address,
    match_next_hop_prefix_list,
    match_next_hop_access_list,
    match_next_hop_length,
    match_route_source,
    match_route_source_prefix_list,
    match_as_path,
    match_community,
    match_large_community,
    match_extcommunity,
    match_local_preference,
    match_metric,
    match_origin,
    match_peer,
    match_interface,
    match_tag,
    match_source_protocol,
    set_aggregator,
    set_aigp_metric,
    set_as_path_prepend,
    set_as_path_exclude,
    set_as_path_replace,
    set_atomic_aggregate,
    set_community,
    set_large_community,
    set_comm_list,
    set_large_comm_list,
    set_extended_comm_list,
    set_extcommunity_rt,
    set_extcommunity_soo,
    set_extcommunity_bandwidth,
    set_extcommunity_none,
    set_local_preference,
    set_metric,
    set_weight,
    set_origin,
    set_ip_next_hop,
    set_ipv6_next_hop_global,
    set_ipv6_next_hop_local,
    set_ipv6_next_hop_peer_address,
    set_ipv6_next_hop_prefer_global,
    set_originator_id,
    set_tag,
    set_distance,
    call,
    on_match,
    go_on,
];

/// The place of these lines.
const ROUTE_MAP: &[super::Place] = &[super::Place::RouteMap];

/// How a line is written that [`write`] writes.
const WITH_THE_OTHERS: fn(&RouteMapEntry, &mut Lines<'_>) = |_, _| {};

/// Writes an entry's lines.
pub(super) fn write(entry: &RouteMapEntry, out: &mut Lines<'_>) {
    if let Some(text) = &entry.description {
        out.line(format_args!("description {text}"));
    }
    entry.matches.iter().for_each(|clause| out.line(format_args!("match {clause}")));
    entry.sets.iter().for_each(|clause| out.line(format_args!("set {clause}")));
    if let Some(name) = &entry.call {
        out.line(format_args!("call {name}"));
    }
    match entry.then {
        Then::Stop => {}
        Then::Next => out.line(format_args!("on-match next")),
        Then::Goto(sequence) => out.line(format_args!("on-match goto {sequence}")),
    }
}

/// The family that the line's second word names.
fn family(args: &Args<'_>) -> Family {
    if args.has("ipv6") { Family::Ipv6Unicast } else { Family::Ipv4Unicast }
}

/// How communities must fit a list.
fn how(args: &Args<'_>) -> How {
    if args.has("exact-match") {
        How::Exact
    } else if args.has("any") {
        How::Any
    } else {
        How::Contains
    }
}

pub(super) fn origin(args: &Args<'_>) -> Origin {
    if args.has("igp") {
        Origin::Igp
    } else if args.has("egp") {
        Origin::Egp
    } else {
        Origin::Incomplete
    }
}

/// `7`, `+7` or `-7`.
fn change(text: &str) -> Result<Change, Refusal> {
    let number = |digits: &str| -> Result<u32, Refusal> {
        let plain = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
        let number = if plain { digits.parse().ok() } else { None };
        number.ok_or_else(|| Refusal::new(format!("'{text}' is no number from 0 to 4294967295, +N or -N")))
    };
    Ok(match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(more), _) => Change::More(number(more)?),
        (_, Some(less)) => Change::Less(number(less)?),
        _ => Change::To(number(text)?),
    })
}

/// Communities, each of which must be one.
pub(super) fn words<C: FromStr<Err: core::fmt::Display>>(
    args: &Args<'_>,
    name: &str,
) -> Result<Vec<C>, Refusal> {
    let parse = |text: String| text.parse().map_err(|error| Refusal::new(format!("'{text}' is {error}")));
    args.all::<String>(name).map(parse).collect()
}

/// Extended communities of one kind.
fn pairs(
    args: &Args<'_>,
    read: fn(&str) -> Option<ExtendedCommunity>,
) -> Result<Vec<ExtendedCommunity>, Refusal> {
    let parse = |text: String| {
        let expected = "expected AS:VALUE or ADDRESS:VALUE";
        read(&text).ok_or_else(|| Refusal::new(format!("'{text}' is no extended community, {expected}")))
    };
    let communities: Result<Vec<_>, Refusal> =
        args.all::<String>("ASN:NN_OR_IP-ADDRESS:NN").map(parse).collect();
    Ok(bgp_engine::policy::in_order(communities?))
}
