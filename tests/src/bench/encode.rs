//! The harness' own encoder: whole BGP messages as bytes, made before anything is measured.
//!
//! Always true: a message is at most 4,096 octets, AS numbers in its tables are four octets (the benchmark's sessions negotiate that), and
//! nothing here is the engine's code, since the benchmark is also an oracle.

use std::net::{IpAddr, Ipv4Addr};

use super::table::{AttributeSet, Prefix4, Table};

/// RFC 4271 §4.1: a message's header without its body.
pub const HEADER: usize = 19;
/// RFC 4271 §4.1: the longest message.
pub const LONGEST: usize = 4_096;

/// Message types of RFC 4271 §4.1 and RFC 2918.
pub mod kind {
    /// OPEN.
    pub const OPEN: u8 = 1;
    /// UPDATE.
    pub const UPDATE: u8 = 2;
    /// NOTIFICATION.
    pub const NOTIFICATION: u8 = 3;
    /// KEEPALIVE.
    pub const KEEPALIVE: u8 = 4;
    /// ROUTE-REFRESH, RFC 2918.
    pub const ROUTE_REFRESH: u8 = 5;
}

/// Who speaks: what an OPEN says, and what the speaker's routes carry.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// The own AS, also the first hop of each path.
    pub asn: u32,
    /// The own end of the session, also the next hop of each route.
    pub address: IpAddr,
    /// The hold time to offer, in seconds.
    pub hold_time_s: u16,
    /// Which AS numbers it can read and write.
    pub as_width: AsWidth,
}

/// The octets of an AS number on a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AsWidth {
    /// A speaker of before RFC 6793.
    Two,
    /// Everyone else.
    Four,
}

impl Identity {
    /// The BGP identifier: the address, or the last four octets of an IPv6 address.
    pub fn router_id(&self) -> Ipv4Addr {
        router_id(self.address)
    }
}

/// The address as a BGP identifier; of an IPv6 address the last four octets.
pub fn router_id(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(address) => Ipv4Addr::from(u128::from(address) as u32),
    }
}

/// One message of this type around `body`.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + body.len());
    begin(&mut out, kind);
    out.extend_from_slice(body);
    finish(&mut out, 0);
    out
}

/// An OPEN with multiprotocol (IPv4 and IPv6 unicast), route refresh and 4-octet AS capabilities (the last one if it can), RFC 5492.
pub fn open(identity: &Identity) -> Vec<u8> {
    let mut capabilities = vec![1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 2, 0];
    if identity.as_width == AsWidth::Four {
        capabilities.extend_from_slice(&[65, 4]);
        capabilities.extend_from_slice(&identity.asn.to_be_bytes());
    }
    let short_as = u16::try_from(identity.asn).unwrap_or(23_456);
    let mut body = vec![4];
    body.extend_from_slice(&short_as.to_be_bytes());
    body.extend_from_slice(&identity.hold_time_s.to_be_bytes());
    body.extend_from_slice(&identity.router_id().octets());
    body.extend_from_slice(&[capabilities.len() as u8 + 2, 2, capabilities.len() as u8]);
    body.extend_from_slice(&capabilities);
    message(kind::OPEN, &body)
}

/// The path attributes of one set as `sender`, which has an IPv4 address, announces them; its own AS stands `own_hops` times in front.
pub fn attributes(sender: &Identity, set: &AttributeSet, own_hops: usize) -> Vec<u8> {
    let mut out = vec![0x40, 1, 1, set.origin];
    let hops = own_hops + set.tail.len();
    out.extend_from_slice(&[0x40, 2, (2 + 4 * hops) as u8, 2, hops as u8]);
    for asn in core::iter::repeat_n(&sender.asn, own_hops).chain(&set.tail) {
        out.extend_from_slice(&asn.to_be_bytes());
    }
    out.extend_from_slice(&[0x40, 3, 4]);
    out.extend_from_slice(&sender.router_id().octets());
    if !set.communities.is_empty() {
        out.extend_from_slice(&[0xc0, 8, (4 * set.communities.len()) as u8]);
        set.communities.iter().for_each(|value| out.extend_from_slice(&value.to_be_bytes()));
    }
    out
}

/// Appends UPDATEs that announce `prefixes` with `attributes`, as many as 4,096 octets ask for.
pub fn announce(out: &mut Vec<u8>, attributes: &[u8], prefixes: &[Prefix4]) {
    let mut rest = prefixes.iter().peekable();
    while rest.peek().is_some() {
        let start = out.len();
        begin(out, kind::UPDATE);
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&(attributes.len() as u16).to_be_bytes());
        out.extend_from_slice(attributes);
        while let Some(prefix) = rest.next_if(|prefix| out.len() - start + 1 + prefix.octets() <= LONGEST) {
            prefix.emit(out);
        }
        finish(out, start);
    }
}

/// Appends UPDATEs that withdraw `prefixes`, full messages.
pub fn withdraw(out: &mut Vec<u8>, prefixes: &[Prefix4]) {
    let mut rest = prefixes.iter().peekable();
    while rest.peek().is_some() {
        let start = out.len();
        begin(out, kind::UPDATE);
        out.extend_from_slice(&[0, 0]);
        while let Some(prefix) = rest.next_if(|prefix| out.len() - start + 3 + prefix.octets() <= LONGEST) {
            prefix.emit(out);
        }
        let length = (out.len() - start - HEADER - 2) as u16;
        out[start + HEADER..start + HEADER + 2].copy_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        finish(out, start);
    }
}

/// A whole table as `sender` announces it, End-of-RIB last.
///
/// Of several senders the one that [`best_sender`] names has the shortest path: the others put their AS in front
/// twice. So there is one right choice for each prefix, whatever a router does between equals.
pub fn table(sender: &Identity, index: usize, senders: usize, table: &Table) -> Vec<u8> {
    let mut out = Vec::new();
    for (run, entry) in table.runs.iter().enumerate() {
        let own_hops = if best_sender(run, senders) == index { 1 } else { 2 };
        let attributes = attributes(sender, &entry.set, own_hops);
        announce(&mut out, &attributes, &table.prefixes[entry.members.clone()]);
    }
    out.extend_from_slice(&message(kind::UPDATE, &[0; 4]));
    out
}

/// The same of a lone sender, with `hops` next hops in turn: its own address and those behind it.
pub fn table_over(sender: &Identity, hops: u8, table: &Table) -> Vec<u8> {
    let mut out = Vec::new();
    for (run, entry) in table.runs.iter().enumerate() {
        let further = (run % usize::from(hops.max(1))) as u32;
        let hop = Ipv4Addr::from(u32::from(sender.router_id()).wrapping_add(further));
        let attributes = attributes(&Identity { address: hop.into(), ..*sender }, &entry.set, 1);
        announce(&mut out, &attributes, &table.prefixes[entry.members.clone()]);
    }
    out.extend_from_slice(&message(kind::UPDATE, &[0; 4]));
    out
}

/// The sender whose path wins for this run.
pub fn best_sender(run: usize, senders: usize) -> usize {
    (super::rng::mix(run as u64) % senders as u64) as usize
}

/// Starts a message whose length [`finish`] will write.
fn begin(out: &mut Vec<u8>, kind: u8) {
    out.extend_from_slice(&[0xff; 16]);
    out.extend_from_slice(&[0, 0, kind]);
}

/// Writes the length of the message that began at `start` and ends here.
fn finish(out: &mut [u8], start: usize) {
    let length = (out.len() - start) as u16;
    out[start + 16..start + 18].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Identity {
        Identity {
            asn: 64_600,
            address: Ipv4Addr::new(10, 1, 1, 1).into(),
            hold_time_s: 90,
            as_width: AsWidth::Four,
        }
    }

    #[test]
    fn an_update_is_byte_for_byte_what_the_rfc_draws() {
        let set = AttributeSet { origin: 2, tail: vec![70_000], communities: vec![0x0001_0002] };
        let attributes = attributes(&sender(), &set, 1);
        let mut out = Vec::new();
        announce(&mut out, &attributes, &[Prefix4 { address: 0xc633_6400, length: 22 }]);
        let mut expected = vec![0xff; 16];
        expected
            .extend_from_slice(&[0, 58, 2, 0, 0, 0, 31, 0x40, 1, 1, 2, 0x40, 2, 10, 2, 2, 0, 0, 0xfc, 0x58]);
        expected.extend_from_slice(&[0, 1, 0x11, 0x70, 0x40, 3, 4, 10, 1, 1, 1, 0xc0, 8, 4, 0, 1, 0, 2]);
        expected.extend_from_slice(&[22, 0xc6, 0x33, 0x64]);
        assert_eq!(out, expected);
    }

    #[test]
    fn messages_are_never_too_long_and_lose_no_prefix() {
        let table = Table::generate(1, 4_000);
        for bytes in [
            {
                let mut out = Vec::new();
                announce(&mut out, &attributes(&sender(), &table.runs[0].set, 1), &table.prefixes);
                out
            },
            {
                let mut out = Vec::new();
                withdraw(&mut out, &table.prefixes);
                out
            },
        ] {
            let (mut at, mut messages) = (0, 0);
            while at < bytes.len() {
                let length = usize::from(u16::from_be_bytes([bytes[at + 16], bytes[at + 17]]));
                assert!((HEADER..=LONGEST).contains(&length));
                at += length;
                messages += 1;
            }
            assert_eq!(at, bytes.len());
            assert!((3..=6).contains(&messages), "{messages}");
        }
    }
}
