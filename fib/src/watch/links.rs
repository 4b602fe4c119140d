//! What the kernel's messages about links and addresses add up to. Pure: messages in, changes out.
//!
//! A link comes out whole each time something of it changed that a router cares for, and never otherwise. Left
//! out are addresses that cannot be used yet (tentative: duplicate address detection runs) or at all (its
//! failure), and bridges' messages about their ports, which look like links.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

/// A link and its addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The kernel's index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Administratively up, and with a carrier.
    pub up: bool,
    /// Its hardware address: six octets for Ethernet, empty where there is none.
    pub hardware: Vec<u8>,
    /// Its usable addresses with their prefix lengths, host bits kept; in the order of their values.
    pub addresses: Vec<IpNet>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// This link is there, or is different from now on.
    Link(Link),
    /// The link with this index is gone.
    Gone(u32),
}

/// All links.
#[derive(Debug)]
pub(super) struct Links {
    links: BTreeMap<u32, Link>,
    /// Whether every message since the last dump was seen.
    trusted: bool,
}

impl Default for Links {
    fn default() -> Self {
        Links { links: BTreeMap::new(), trusted: true }
    }
}

impl Links {
    /// Notes that messages were lost.
    pub(super) fn forget_trust(&mut self) {
        self.trusted = false;
    }

    pub(super) fn trusted(&self) -> bool {
        self.trusted
    }

    /// Takes one message and says what it changed.
    pub(super) fn apply(&mut self, message: &RouteNetlinkMessage) -> Option<Change> {
        let index = self.note(message)?;
        Some(self.links.get(&index).map_or(Change::Gone(index), |link| Change::Link(link.clone())))
    }

    /// Takes one message and says whose link it changed.
    pub(super) fn note(&mut self, message: &RouteNetlinkMessage) -> Option<u32> {
        let (index, changed) = match message {
            RouteNetlinkMessage::NewLink(link) if is_link(link) => (link.header.index, self.link(link)),
            RouteNetlinkMessage::DelLink(link) if is_link(link) => {
                (link.header.index, self.links.remove(&link.header.index).is_some())
            }
            RouteNetlinkMessage::NewAddress(address) if usable(address) => {
                (address.header.index, self.add(address.header.index, address_of(address)?))
            }
            // An address that is not usable (any more) is as good as none.
            RouteNetlinkMessage::NewAddress(address) | RouteNetlinkMessage::DelAddress(address) => {
                (address.header.index, self.remove(address.header.index, address_of(address)?))
            }
            _ => return None,
        };
        changed.then_some(index)
    }

    /// Puts a new dump in the place of what was known.
    pub(super) fn replace(&mut self, fresh: Links) -> Vec<Change> {
        let old = std::mem::replace(self, fresh).links;
        let gone =
            old.keys().filter(|index| !self.links.contains_key(index)).map(|index| Change::Gone(*index));
        let changed = self.links.values().filter(|link| old.get(&link.index) != Some(link));
        gone.chain(changed.cloned().map(Change::Link)).collect()
    }

    fn link(&mut self, message: &LinkMessage) -> bool {
        let index = message.header.index;
        let before = self.links.get(&index);
        let mut link = before.cloned().unwrap_or(Link { index, ..Link::default() });
        link.up = message.header.flags.contains(LinkFlags::Up | LinkFlags::LowerUp);
        for attribute in &message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => link.name.clone_from(name),
                LinkAttribute::Address(octets) => link.hardware.clone_from(octets),
                _ => {}
            }
        }
        let changed = before != Some(&link);
        self.links.insert(index, link);
        changed
    }

    fn add(&mut self, index: u32, address: IpNet) -> bool {
        let Some(link) = self.links.get_mut(&index) else { return false };
        let place = link.addresses.binary_search(&address);
        if let Err(place) = place {
            link.addresses.insert(place, address);
        }
        place.is_err()
    }

    fn remove(&mut self, index: u32, address: IpNet) -> bool {
        let Some(link) = self.links.get_mut(&index) else { return false };
        let place = link.addresses.binary_search(&address);
        if let Ok(place) = place {
            link.addresses.remove(place);
        }
        place.is_ok()
    }
}

/// A bridge speaks of its ports in messages of its own family; a port that leaves the bridge is not gone.
fn is_link(message: &LinkMessage) -> bool {
    message.header.interface_family == AddressFamily::Unspec
}

/// The link's own address: IFA_LOCAL where there is one (then IFA_ADDRESS is the other end's).
fn address_of(message: &AddressMessage) -> Option<IpNet> {
    let mut own: Option<IpAddr> = None;
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(address) => own = Some(*address),
            AddressAttribute::Address(address) => own = own.or(Some(*address)),
            _ => {}
        }
    }
    IpNet::new(own?, message.header.prefix_len).ok()
}

fn usable(message: &AddressMessage) -> bool {
    let long = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Flags(flags) => Some(*flags),
        _ => None,
    });
    let flags = long.unwrap_or(AddressFlags::from_bits_retain(u32::from(message.header.flags.bits())));
    // An optimistic address may be used while its detection runs (RFC 4429).
    !flags.contains(AddressFlags::Dadfailed)
        && (!flags.contains(AddressFlags::Tentative) || flags.contains(AddressFlags::Optimistic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link_message(index: u32, name: &str, flags: LinkFlags) -> LinkMessage {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.flags = flags;
        message.attributes.push(LinkAttribute::IfName(name.into()));
        message
    }

    fn address_message(index: u32, address: &str, prefix_len: u8, flags: AddressFlags) -> AddressMessage {
        let mut message = AddressMessage::default();
        message.header.index = index;
        message.header.prefix_len = prefix_len;
        message.attributes.push(AddressAttribute::Address(address.parse().unwrap()));
        message.attributes.push(AddressAttribute::Flags(flags));
        message
    }

    fn with_eth0() -> Links {
        let mut links = Links::default();
        let up = LinkFlags::Up | LinkFlags::LowerUp;
        links.apply(&RouteNetlinkMessage::NewLink(link_message(3, "eth0", up))).unwrap();
        links
    }

    #[test]
    fn a_link_without_carrier_is_down() {
        let mut links = Links::default();
        let message = RouteNetlinkMessage::NewLink(link_message(3, "eth0", LinkFlags::Up));
        let Some(Change::Link(link)) = links.apply(&message) else { panic!() };
        assert_eq!((link.name.as_str(), link.up), ("eth0", false));
    }

    #[test]
    fn a_message_that_changes_nothing_says_nothing() {
        let mut links = with_eth0();
        let again = link_message(3, "eth0", LinkFlags::Up | LinkFlags::LowerUp);
        assert_eq!(links.apply(&RouteNetlinkMessage::NewLink(again)), None);
    }

    #[test]
    fn a_tentative_address_comes_when_its_detection_is_over() {
        let mut links = with_eth0();
        let early = address_message(3, "fe80::1", 64, AddressFlags::Tentative);
        assert_eq!(links.apply(&RouteNetlinkMessage::NewAddress(early)), None);
        let late = address_message(3, "fe80::1", 64, AddressFlags::Permanent);
        let Some(Change::Link(link)) = links.apply(&RouteNetlinkMessage::NewAddress(late)) else { panic!() };
        assert_eq!(link.addresses, ["fe80::1/64".parse::<IpNet>().unwrap()]);
    }

    #[test]
    fn of_a_point_to_point_link_the_own_address_counts() {
        let mut links = with_eth0();
        let mut message = address_message(3, "192.0.2.2", 32, AddressFlags::Permanent);
        message.attributes.push(AddressAttribute::Local("192.0.2.1".parse().unwrap()));
        let Some(Change::Link(link)) = links.apply(&RouteNetlinkMessage::NewAddress(message)) else {
            panic!()
        };
        assert_eq!(link.addresses, ["192.0.2.1/32".parse::<IpNet>().unwrap()]);
    }

    #[test]
    fn a_port_that_leaves_its_bridge_stays_a_link() {
        let mut links = with_eth0();
        let mut message = link_message(3, "eth0", LinkFlags::Up);
        message.header.interface_family = AddressFamily::Bridge;
        assert_eq!(links.apply(&RouteNetlinkMessage::DelLink(message.clone())), None);
        message.header.interface_family = AddressFamily::Unspec;
        assert_eq!(links.apply(&RouteNetlinkMessage::DelLink(message)), Some(Change::Gone(3)));
    }

    #[test]
    fn a_new_dump_gives_the_difference_alone() {
        let mut links = with_eth0();
        let up = LinkFlags::Up | LinkFlags::LowerUp;
        links.apply(&RouteNetlinkMessage::NewLink(link_message(4, "eth1", up)));
        links.forget_trust();
        let mut fresh = with_eth0();
        fresh.apply(&RouteNetlinkMessage::NewLink(link_message(5, "eth2", up)));
        let changes = links.replace(fresh);
        assert_eq!(changes[0], Change::Gone(4));
        assert!(matches!(&changes[1..], [Change::Link(link)] if link.name == "eth2"));
        assert!(links.trusted());
    }
}
