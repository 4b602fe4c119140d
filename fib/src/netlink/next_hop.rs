//! Next-hop objects (RTM_NEWNEXTHOP, since Linux 5.3): single hops, and groups of them.
//!
//! IPv4 and IPv6 routes may share what is of the IPv6 family, and only that: an IPv4 route goes through an IPv6 next
//! hop (RFC 8950), never the other way round. So whatever has no address is made an IPv6 hop.

use std::net::IpAddr;

use super::abi;
use super::outgoing::{Outgoing, family};
use super::parse::{self, Message, attributes};

/// A single hop as the kernel has it: without a weight, which is the group's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Exit {
    /// Out of an interface.
    Via {
        /// The next router; `None` for destinations on the link itself.
        gateway: Option<IpAddr>,
        /// The kernel's index of the link.
        interface: u32,
    },
    /// Nowhere.
    Blackhole,
}

/// How a hop is put to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The kernel finds the gateway on the link by its own routes; a hop without an address is an IPv6 hop.
    Plain,
    /// For a kernel that refused the plain form: the gateway is on the link (RTNH_F_ONLINK), since whoever chose it
    /// has resolved it already; a hop without an address is an IPv4 hop, since the link may have no IPv6.
    Insisting,
}

/// One of a group's hops: the kernel's id and the weight, 1 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    pub(crate) id: u32,
    pub(crate) weight: u8,
}

/// What the kernel says an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Single(Exit),
    Group(Vec<Member>),
}

/// A next-hop object of the kernel's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NextHop {
    pub(crate) id: u32,
    pub(crate) protocol: u8,
    pub(crate) kind: Kind,
}

/// `struct nhmsg`: family, scope, protocol, nothing, flags.
fn header(family: u8, protocol: u8, flags: u8) -> [u8; 8] {
    let [a, b, c, d] = u32::from(flags).to_ne_bytes();
    [family, 0, protocol, 0, a, b, c, d]
}

/// A single hop, new or in the place of the one with its id, as `flags` say.
pub(crate) fn emit_single(out: &mut Outgoing, flags: u16, protocol: u8, id: u32, (exit, form): (Exit, Form)) {
    let unaddressed = if form == Form::Plain { abi::AF_INET6 } else { abi::AF_INET };
    out.message(abi::RTM_NEWNEXTHOP, flags, |body| match exit {
        Exit::Blackhole => {
            body.fixed(header(unaddressed, protocol, 0));
            body.attribute_u32(abi::NHA_ID, id);
            body.nested(abi::NHA_BLACKHOLE, |_| ());
        }
        Exit::Via { gateway: None, interface } => {
            body.fixed(header(unaddressed, protocol, 0));
            body.attribute_u32(abi::NHA_ID, id);
            body.attribute_u32(abi::NHA_OIF, interface);
        }
        Exit::Via { gateway: Some(gateway), interface } => {
            let on_link = if form == Form::Insisting { abi::RTNH_F_ONLINK } else { 0 };
            body.fixed(header(family(gateway), protocol, on_link));
            body.attribute_u32(abi::NHA_ID, id);
            body.attribute_u32(abi::NHA_OIF, interface);
            body.attribute_address(abi::NHA_GATEWAY, gateway);
        }
    });
}

/// A group, new or in the place of the one with its id, as `flags` say.
pub(crate) fn emit_group(out: &mut Outgoing, flags: u16, protocol: u8, id: u32, members: &[Member]) {
    out.message(abi::RTM_NEWNEXTHOP, flags, |body| {
        body.fixed(header(abi::AF_UNSPEC, protocol, 0));
        body.attribute_u32(abi::NHA_ID, id);
        body.nested(abi::NHA_GROUP, |body| {
            for member in members {
                // `struct nexthop_grp`: the kernel's weight is one less.
                let [a, b, c, d] = member.id.to_ne_bytes();
                body.fixed([a, b, c, d, member.weight.saturating_sub(1), 0, 0, 0]);
            }
        });
    });
}

/// The end of the object with this id.
pub(crate) fn emit_removal(out: &mut Outgoing, id: u32) {
    out.message(abi::RTM_DELNEXTHOP, 0, |body| {
        body.fixed(header(abi::AF_UNSPEC, 0, 0));
        body.attribute_u32(abi::NHA_ID, id);
    });
}

/// Asks for all objects.
pub(crate) fn emit_dump(out: &mut Outgoing) {
    out.message(abi::RTM_GETNEXTHOP, abi::NLM_F_DUMP, |body| {
        body.fixed(header(abi::AF_UNSPEC, 0, 0));
    });
}

/// The id of the object that a message of the kernel's is about.
pub(crate) fn identity(message: &Message<'_>) -> Option<u32> {
    attributes(message.body.get(8..)?).find(|attribute| attribute.kind == abi::NHA_ID)?.u32()
}

/// The object of a message of the kernel's.
pub(crate) fn parse(message: &Message<'_>) -> Option<NextHop> {
    let protocol = *message.body.get(2)?;
    let (mut id, mut interface, mut gateway) = (None, None, None);
    let (mut blackhole, mut group) = (false, None);
    for attribute in attributes(message.body.get(8..)?) {
        match attribute.kind {
            abi::NHA_ID => id = attribute.u32(),
            abi::NHA_OIF => interface = attribute.u32(),
            abi::NHA_GATEWAY => gateway = Some(attribute.address()?),
            abi::NHA_BLACKHOLE => blackhole = true,
            abi::NHA_GROUP => group = Some(members(attribute.value)),
            _ => {}
        }
    }
    let kind = match (group, blackhole, interface) {
        (Some(members), _, _) => Kind::Group(members),
        (None, true, _) => Kind::Single(Exit::Blackhole),
        (None, false, Some(interface)) => Kind::Single(Exit::Via { gateway, interface }),
        (None, false, None) => return None,
    };
    Some(NextHop { id: id?, protocol, kind })
}

fn members(octets: &[u8]) -> Vec<Member> {
    let member = |entry: &[u8]| {
        let id = parse::u32_at(entry, 0)?;
        Some(Member { id, weight: entry.get(4)?.saturating_add(1) })
    };
    octets.chunks_exact(8).filter_map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::super::parse::messages;
    use super::*;

    fn there_and_back(emit: impl FnOnce(&mut Outgoing)) -> NextHop {
        let mut out = Outgoing::default();
        emit(&mut out);
        let message = messages(out.octets()).next().unwrap();
        assert_eq!(message.kind, abi::RTM_NEWNEXTHOP);
        parse(&message).unwrap()
    }

    #[test]
    fn objects_read_back_as_they_were_written() {
        let exits = [
            Exit::Blackhole,
            Exit::Via { gateway: None, interface: 4 },
            Exit::Via { gateway: Some("192.0.2.1".parse().unwrap()), interface: 5 },
            Exit::Via { gateway: Some("fe80::1".parse().unwrap()), interface: 6 },
        ];
        for exit in exits {
            for form in [Form::Plain, Form::Insisting] {
                let read = there_and_back(|out| emit_single(out, abi::NLM_F_CREATE, 186, 77, (exit, form)));
                assert_eq!(read, NextHop { id: 77, protocol: 186, kind: Kind::Single(exit) });
            }
        }
        let members = vec![Member { id: 1, weight: 1 }, Member { id: 2, weight: 255 }];
        let read = there_and_back(|out| emit_group(out, abi::NLM_F_CREATE, 186, 78, &members));
        assert_eq!(read, NextHop { id: 78, protocol: 186, kind: Kind::Group(members) });
    }

    #[test]
    fn the_kernels_weight_is_one_less() {
        let mut out = Outgoing::default();
        emit_group(&mut out, 0, 186, 1, &[Member { id: 9, weight: 10 }]);
        assert_eq!(out.octets()[16 + 8 + 8 + 4 + 4], 9);
    }
}
