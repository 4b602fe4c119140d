//! Routes (RTM_NEWROUTE, RTM_DELROUTE): written, asked for and read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::abi;
use super::next_hop::Form;
use super::outgoing::{Body, Outgoing, family};
use super::parse::{self, Message, attributes};
use crate::change::Hop;
use crate::settings::Settings;

/// `struct rtmsg`, in octets.
const HEADER: usize = 12;
/// Where in it the flags stand, which a single next hop shares with its route.
const FLAGS: usize = 8;

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// To the next-hop object with this id.
    Object(u32),
    /// Over these, for kernels without next-hop objects.
    Hops(&'a [Hop], Form),
    /// Nowhere.
    Blackhole,
}

/// What the header of a route says besides its destination.
struct Marks {
    table: u32,
    protocol: u8,
    scope: u8,
    kind: u8,
}

impl Marks {
    fn header(&self, net: IpNet) -> [u8; HEADER] {
        // A table beyond the header's octet stands in an attribute.
        let table = u8::try_from(self.table).unwrap_or(0);
        let family = family(net.addr());
        let Marks { protocol, scope, kind, .. } = *self;
        [family, net.prefix_len(), 0, 0, table, protocol, scope, kind, 0, 0, 0, 0]
    }
}

fn destination(body: &mut Body<'_>, marks: &Marks, net: IpNet, metric: u32) {
    body.fixed(marks.header(net));
    body.attribute_address(abi::RTA_DST, net.network());
    body.attribute_u32(abi::RTA_PRIORITY, metric);
    if marks.table > u32::from(u8::MAX) {
        body.attribute_u32(abi::RTA_TABLE, marks.table);
    }
}

/// A route of ours, new or in the place of another one, as `flags` say.
pub(crate) fn emit(out: &mut Outgoing, flags: u16, settings: &Settings, net: IpNet, target: Target<'_>) {
    let on_link = |hops: &[Hop]| hops.iter().all(|hop| hop.gateway.is_none());
    let kind = if target == Target::Blackhole { abi::RTN_BLACKHOLE } else { abi::RTN_UNICAST };
    let scope = match target {
        Target::Hops(hops, _) if on_link(hops) && family(net.addr()) == abi::AF_INET => abi::RT_SCOPE_LINK,
        _ => abi::RT_SCOPE_UNIVERSE,
    };
    let marks = Marks { table: settings.table, protocol: settings.protocol, scope, kind };
    out.message(abi::RTM_NEWROUTE, flags, |body| {
        destination(body, &marks, net, settings.metric);
        match target {
            Target::Object(id) => body.attribute_u32(abi::RTA_NH_ID, id),
            Target::Hops([hop], form) => {
                body.amend(FLAGS, u32::from(onlink(hop, form)).to_ne_bytes());
                body.attribute_u32(abi::RTA_OIF, hop.interface);
                gateway(body, net, hop);
            }
            Target::Hops(hops, form) => body.nested(abi::RTA_MULTIPATH, |body| {
                for hop in hops {
                    body.counted(|body| next_hop(body, net, hop, form));
                }
            }),
            Target::Blackhole => {}
        }
    });
}

/// One of RTA_MULTIPATH: `struct rtnexthop` and what belongs to it.
fn next_hop(body: &mut Body<'_>, net: IpNet, hop: &Hop, form: Form) {
    body.fixed([0, 0, onlink(hop, form), hop.weight.saturating_sub(1)]);
    body.fixed(hop.interface.to_ne_bytes());
    gateway(body, net, hop);
}

fn onlink(hop: &Hop, form: Form) -> u8 {
    if form == Form::Insisting && hop.gateway.is_some() { abi::RTNH_F_ONLINK } else { 0 }
}

fn gateway(body: &mut Body<'_>, net: IpNet, hop: &Hop) {
    match hop.gateway {
        Some(gateway) if family(gateway) == family(net.addr()) => {
            body.attribute_address(abi::RTA_GATEWAY, gateway);
        }
        Some(gateway) => body.attribute_via(abi::RTA_VIA, gateway),
        None => {}
    }
}

/// The end of our route to `net` that leads to `object`, where that is given. A route of another protocol or metric is
/// not meant.
pub(crate) fn emit_removal(out: &mut Outgoing, settings: &Settings, net: IpNet, object: Option<u32>) {
    let (table, protocol) = (settings.table, settings.protocol);
    let marks = Marks { table, protocol, scope: abi::RT_SCOPE_NOWHERE, kind: abi::RTN_UNSPEC };
    out.message(abi::RTM_DELROUTE, 0, |body| {
        destination(body, &marks, net, settings.metric);
        if let Some(object) = object {
            body.attribute_u32(abi::RTA_NH_ID, object);
        }
    });
}

/// Asks for all routes of ours of a family. With NETLINK_GET_STRICT_CHK the kernel leaves out all others.
pub(crate) fn emit_dump(out: &mut Outgoing, settings: &Settings, family: u8) {
    let table = u8::try_from(settings.table).unwrap_or(0);
    out.message(abi::RTM_GETROUTE, abi::NLM_F_DUMP, |body| {
        body.fixed([family, 0, 0, 0, table, settings.protocol, 0, abi::RTN_UNSPEC, 0, 0, 0, 0]);
        body.attribute_u32(abi::RTA_TABLE, settings.table);
    });
}

/// A route of the kernel's, as far as it is known without looking at its next hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    pub(crate) net: IpNet,
    pub(crate) table: u32,
    pub(crate) protocol: u8,
    pub(crate) metric: u32,
    /// Nothing that is sent there goes anywhere: a blackhole.
    pub(crate) blackhole: bool,
    /// Its next-hop object.
    pub(crate) object: Option<u32>,
    /// With a type of service, or not a route of the table: no route of ours is like that.
    pub(crate) odd: bool,
    attributes: &'a [u8],
}

/// The route of a message of the kernel's.
pub(crate) fn parse<'a>(message: &Message<'a>) -> Option<Route<'a>> {
    let header: &[u8; HEADER] = message.body.first_chunk()?;
    let &[family, length, _, service, table, protocol, _, kind, ..] = header;
    let flags = parse::u32_at(header, 8)?;
    let rest = &message.body[HEADER..];
    let unspecified: IpAddr = match family {
        abi::AF_INET => Ipv4Addr::UNSPECIFIED.into(),
        abi::AF_INET6 => Ipv6Addr::UNSPECIFIED.into(),
        _ => return None,
    };
    let (mut address, mut table, mut metric, mut object) = (unspecified, u32::from(table), 0, None);
    for attribute in attributes(rest) {
        match attribute.kind {
            abi::RTA_DST => address = attribute.address()?,
            abi::RTA_TABLE => table = attribute.u32()?,
            abi::RTA_PRIORITY => metric = attribute.u32()?,
            abi::RTA_NH_ID => object = Some(attribute.u32()?),
            _ => {}
        }
    }
    if address.is_ipv4() != unspecified.is_ipv4() {
        return None;
    }
    let odd = service != 0
        || flags & abi::RTM_F_CLONED != 0
        || !matches!(kind, abi::RTN_UNICAST | abi::RTN_BLACKHOLE);
    let net = IpNet::new(address, length).ok()?;
    let blackhole = kind == abi::RTN_BLACKHOLE;
    Some(Route { net, table, protocol, metric, blackhole, object, odd, attributes: rest })
}

impl Route<'_> {
    /// Whether the route has all of our marks but the one of its next hop.
    pub(crate) fn has_marks(&self, settings: &Settings) -> bool {
        !self.odd
            && self.protocol == settings.protocol
            && self.table == settings.table
            && self.metric == settings.metric
    }

    /// Appends its next hops: what it has without an object, or what the kernel tells of its object.
    pub(crate) fn hops(&self, hops: &mut Vec<Hop>) {
        let mut single = Hop { gateway: None, interface: 0, weight: 1 };
        for attribute in attributes(self.attributes) {
            match attribute.kind {
                abi::RTA_OIF => single.interface = attribute.u32().unwrap_or_default(),
                abi::RTA_GATEWAY => single.gateway = attribute.address(),
                abi::RTA_VIA => single.gateway = attribute.via(),
                abi::RTA_MULTIPATH => return multipath(attribute.value, hops),
                _ => {}
            }
        }
        if single.interface != 0 {
            hops.push(single);
        }
    }
}

fn multipath(octets: &[u8], hops: &mut Vec<Hop>) {
    let mut rest = octets;
    while let Some(length) = parse::u16_at(rest, 0).map(usize::from) {
        let (Some(entry), Some(interface)) = (rest.get(..length), parse::u32_at(rest, 4)) else { return };
        let Some(behind) = entry.get(8..) else { return };
        let mut hop = Hop { gateway: None, interface, weight: entry[3].saturating_add(1) };
        for attribute in attributes(behind) {
            match attribute.kind {
                abi::RTA_GATEWAY => hop.gateway = attribute.address(),
                abi::RTA_VIA => hop.gateway = attribute.via(),
                _ => {}
            }
        }
        hops.push(hop);
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse::messages;
    use super::*;

    fn hop(gateway: &str, interface: u32, weight: u8) -> Hop {
        Hop { gateway: Some(gateway.parse().unwrap()), interface, weight }
    }

    fn check(settings: &Settings, net: &str, target: Target<'_>) {
        let net: IpNet = net.parse().unwrap();
        let mut out = Outgoing::default();
        emit(&mut out, abi::NLM_F_CREATE, settings, net, target);
        let message = messages(out.octets()).next().unwrap();
        let route = parse(&message).unwrap();
        assert_eq!(route.net, net);
        assert!(route.has_marks(settings));
        let mut hops = Vec::new();
        route.hops(&mut hops);
        match target {
            Target::Object(id) => assert_eq!(route.object, Some(id)),
            Target::Hops(wanted, _) => assert_eq!(hops, wanted),
            Target::Blackhole => assert!(route.blackhole && hops.is_empty()),
        }
    }

    #[test]
    fn routes_read_back_as_they_were_written() {
        let main = Settings::default();
        let far = Settings { table: 1000, metric: 7, protocol: 200, ..main };
        let mixed = [hop("192.0.2.1", 3, 1), hop("fe80::1", 4, 255)];
        let abroad = [hop("fe80::1", 4, 1)];
        let bare = [Hop { gateway: None, interface: 9, weight: 1 }];
        for settings in [main, far] {
            check(&settings, "0.0.0.0/0", Target::Object(5));
            check(&settings, "2001:db8::/32", Target::Object(5));
            check(&settings, "198.51.100.0/24", Target::Hops(&mixed, Form::Plain));
            check(&settings, "198.51.100.0/24", Target::Hops(&mixed[..1], Form::Insisting));
            check(&settings, "198.51.100.0/24", Target::Hops(&abroad, Form::Plain));
            check(&settings, "2001:db8::/32", Target::Hops(&bare, Form::Plain));
            check(&settings, "198.51.100.7/32", Target::Blackhole);
        }
    }

    #[test]
    fn a_route_with_another_mark_is_not_ours() {
        let ours = Settings::default();
        let net = "198.51.100.0/24".parse().unwrap();
        for theirs in [
            Settings { table: 100, ..ours },
            Settings { metric: 21, ..ours },
            Settings { protocol: 11, ..ours },
        ] {
            let mut out = Outgoing::default();
            emit(&mut out, 0, &theirs, net, Target::Blackhole);
            let message = messages(out.octets()).next().unwrap();
            assert!(!parse(&message).unwrap().has_marks(&ours));
        }
    }

    proptest! {
        /// Hostile octets are read without a panic, and lead to no more hops than fit in them.
        #[test]
        fn any_octets_can_be_read(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let body = [&[abi::AF_INET, 24, 0, 0, 254, 186, 0, 1, 0, 0, 0, 0][..], &octets].concat();
            let message = Message { kind: abi::RTM_NEWROUTE, flags: 0, sequence: 0, body: &body };
            let mut hops = Vec::new();
            if let Some(route) = parse(&message) {
                route.hops(&mut hops);
            }
            multipath(&octets, &mut hops);
            prop_assert!(hops.len() <= octets.len() / 4 + 1);
        }
    }
}
