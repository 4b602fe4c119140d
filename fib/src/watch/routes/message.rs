//! One message of the kernel's about routes, links, addresses or next-hop objects, as what it says to the picture.
//!
//! Most messages may be our own routes, so a route's message is looked at as octets first: only what may be somebody
//! else's is taken apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressAttribute;
use netlink_packet_route::link::LinkFlags;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteNextHop, RouteType, RouteVia,
};

use super::picture::{RouteWay, Table};
use crate::netlink::abi::{
    NLM_F_APPEND, NLM_F_REPLACE, RTA_NH_ID, RTA_PRIORITY, RTA_TABLE, RTM_DELNEXTHOP, RTM_DELROUTE,
    RTM_NEWROUTE,
};
use crate::netlink::parse::{self, Attribute};
use crate::settings::Settings;

const TABLE_MAIN: u32 = 254;
/// A redirect of another router's: the kernel's own cache.
const PROTOCOL_REDIRECT: u8 = 1;
/// `rtm_protocol` in a message.
const PROTOCOL: usize = 16 + 5;
/// Where a route's attributes begin in a message.
const ATTRIBUTES: usize = 16 + 12;

/// What a message says of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub table: Table,
    pub net: IpNet,
    pub protocol: u8,
    pub metric: u32,
    pub ways: Vec<RouteWay>,
    /// The source address that the route asks for.
    pub source: Option<IpAddr>,
    /// It takes the place of the first of its name.
    pub replaces: bool,
    /// It comes before the others of its name, not behind them.
    pub first: bool,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Here(Told),
    Gone(Told),
    LinkUp(u32),
    LinkDown(u32),
    LinkGone(u32),
    /// An IPv4 address has left the link.
    AddressGone(u32, IpAddr),
    /// A next-hop object is gone, and its routes with it.
    ObjectGone,
}

/// One message at the beginning of `octets`, and what comes behind it.
pub(super) struct Raw<'a> {
    pub kind: u16,
    pub flags: u16,
    pub octets: &'a [u8],
}

/// The messages of a datagram.
pub(super) fn messages(octets: &[u8]) -> impl Iterator<Item = Raw<'_>> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let header = rest.get(..16)?;
        let length = u32::from_ne_bytes(header[..4].try_into().ok()?);
        let length = usize::try_from(length).ok().filter(|length| *length >= 16)?;
        let octets = rest.get(..length)?;
        let number = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
        // Messages are aligned to four octets (NLMSG_ALIGN).
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Raw { kind: number(4), flags: number(6), octets })
    })
}

/// What a message says, if it is about anything that is not ours.
pub(super) fn event(raw: &Raw<'_>, ours: &Settings) -> Option<Event> {
    match raw.kind {
        RTM_DELNEXTHOP => Some(Event::ObjectGone),
        RTM_NEWROUTE => route(raw, ours).map(Event::Here),
        RTM_DELROUTE => route(raw, ours).map(Event::Gone),
        _ => match payload(raw)? {
            RouteNetlinkMessage::NewLink(link) if link.header.interface_family == AddressFamily::Unspec => {
                let up = link.header.flags.contains(LinkFlags::Up);
                Some(if up { Event::LinkUp(link.header.index) } else { Event::LinkDown(link.header.index) })
            }
            RouteNetlinkMessage::DelLink(link) if link.header.interface_family == AddressFamily::Unspec => {
                Some(Event::LinkGone(link.header.index))
            }
            RouteNetlinkMessage::DelAddress(address) => {
                let own = address.attributes.iter().find_map(|attribute| match attribute {
                    AddressAttribute::Local(address) => Some(*address),
                    _ => None,
                });
                Some(Event::AddressGone(address.header.index, own?))
            }
            _ => None,
        },
    }
}

/// What a message of a dump or an event says of a route that is not ours.
pub(super) fn route(raw: &Raw<'_>, ours: &Settings) -> Option<Told> {
    // Without this a dump of a million of our own routes would take seconds instead of a tenth of one.
    let maybe_ours = raw.octets.get(PROTOCOL) == Some(&ours.protocol);
    if maybe_ours && is_certainly(ours, raw.octets) {
        return None;
    }
    let (RouteNetlinkMessage::NewRoute(message) | RouteNetlinkMessage::DelRoute(message)) = payload(raw)?
    else {
        return None;
    };
    told(&message, raw.flags, ours)
}

/// Whether a route's message, whose protocol is ours, is about a route of ours.
fn is_certainly(ours: &Settings, octets: &[u8]) -> bool {
    let (mut metric, mut table, mut object) = (0, 0, None);
    for attribute in parse::attributes(octets.get(ATTRIBUTES..).unwrap_or_default()) {
        let number = || Attribute::u32(&attribute).unwrap_or_default();
        match attribute.kind {
            RTA_PRIORITY => metric = number(),
            RTA_TABLE => table = number(),
            RTA_NH_ID => object = Some(number()),
            _ => {}
        }
    }
    let object = object.is_none_or(|object| ours.object(object).is_some());
    metric == ours.metric && table == ours.table && object
}

fn payload(raw: &Raw<'_>) -> Option<RouteNetlinkMessage> {
    match NetlinkMessage::<RouteNetlinkMessage>::deserialize(raw.octets).ok()?.payload {
        NetlinkPayload::InnerMessage(inner) => Some(inner),
        _ => None,
    }
}

fn told(message: &RouteMessage, flags: u16, ours: &Settings) -> Option<Told> {
    let header = &message.header;
    let protocol = u8::from(header.protocol);
    // Routes by source or by type of service are for some packets only.
    let special = header.source_prefix_length != 0
        || header.tos != 0
        || header.flags.contains(RouteFlags::Cloned)
        || protocol == PROTOCOL_REDIRECT;
    let parts = Parts::of(message);
    let table = match parts.table.unwrap_or(header.table.into()) {
        TABLE_MAIN => Table::Main,
        table if table == ours.table => Table::Ours,
        _ => return None,
    };
    let net = net(header.address_family, parts.destination, header.destination_prefix_length)?;
    if special || is_of_links(net) {
        return None;
    }
    let mut ways = parts.ways;
    match header.kind {
        RouteType::Unicast => {}
        RouteType::BlackHole => ways = vec![RouteWay::Blackhole],
        RouteType::Unreachable => ways = vec![RouteWay::Unreachable],
        RouteType::Prohibit => ways = vec![RouteWay::Prohibit],
        _ => return None,
    }
    let (metric, source) = (parts.metric, parts.source);
    let replaces = flags & NLM_F_REPLACE != 0;
    // IPv6 routes that agree in all are always put behind each other.
    let first = flags & NLM_F_APPEND == 0 && header.address_family == AddressFamily::Inet;
    (!ways.is_empty()).then_some(Told { table, net, protocol, metric, ways, source, replaces, first })
}

/// What of a route's attributes counts.
#[derive(Default)]
struct Parts {
    destination: Option<IpAddr>,
    table: Option<u32>,
    metric: u32,
    source: Option<IpAddr>,
    ways: Vec<RouteWay>,
}

impl Parts {
    fn of(message: &RouteMessage) -> Parts {
        let mut parts = Parts::default();
        let (mut link, mut gateway) = (None, None);
        for attribute in &message.attributes {
            match attribute {
                RouteAttribute::Destination(to) => parts.destination = address(to),
                RouteAttribute::Table(table) => parts.table = Some(*table),
                RouteAttribute::Priority(metric) => parts.metric = *metric,
                RouteAttribute::PrefSource(source) => parts.source = address(source),
                RouteAttribute::MultiPath(hops) => parts.ways.extend(hops.iter().map(way_of_hop)),
                RouteAttribute::Oif(index) => link = Some(*index),
                other => gateway = gateway.or(gateway_in(other)),
            }
        }
        if let (Some(link), true) = (link, parts.ways.is_empty()) {
            parts.ways.push(way(gateway, link));
        }
        parts
    }
}

fn way_of_hop(hop: &RouteNextHop) -> RouteWay {
    way(hop.attributes.iter().find_map(gateway_in), hop.interface_index)
}

fn way(gateway: Option<IpAddr>, link: u32) -> RouteWay {
    gateway.map_or(RouteWay::Link(link), |gateway| RouteWay::Over(gateway, link))
}

fn gateway_in(attribute: &RouteAttribute) -> Option<IpAddr> {
    match attribute {
        RouteAttribute::Gateway(gateway) => address(gateway),
        RouteAttribute::Via(RouteVia::Inet(gateway)) => Some((*gateway).into()),
        RouteAttribute::Via(RouteVia::Inet6(gateway)) => Some((*gateway).into()),
        _ => None,
    }
}

fn address(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

fn net(family: AddressFamily, to: Option<IpAddr>, length: u8) -> Option<IpNet> {
    let any = match family {
        AddressFamily::Inet => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        AddressFamily::Inet6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        _ => return None,
    };
    IpNet::new(to.unwrap_or(any), length).ok().map(|net| net.trunc())
}

/// Each link has its own of these, and they say nothing about the way to anywhere.
fn is_of_links(net: IpNet) -> bool {
    match net.addr() {
        IpAddr::V4(address) => address.is_multicast(),
        IpAddr::V6(address) => address.is_multicast() || address.is_unicast_link_local(),
    }
}
