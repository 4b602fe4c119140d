//! A route's attributes in one normal form, and the harness' own decoder into it.
//!
//! Two routes are equal in this form exactly if they say the same: neighboring AS_SEQUENCEs are one, communities
//! are sorted and each stands once, the extended-length bit does not count.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::read::Cursor;
use crate::bench::scan::{Attribute, attributes};

/// IPv4 or IPv6, unicast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4 unicast.
    V4,
    /// IPv6 unicast.
    V6,
}

/// An AS_PATH segment: its type (1 set, 2 sequence, 3 and 4 of confederations) and AS numbers.
pub type Segment = (u8, Vec<u32>);

/// All that a route's attributes say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// 0 IGP, 1 EGP, 2 incomplete.
    pub origin: u8,
    /// Sets are sorted, neighboring sequences joined.
    pub path: Vec<Segment>,
    /// From NEXT_HOP or MP_REACH_NLRI (the global one).
    pub next_hop: Option<IpAddr>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF.
    pub local_pref: Option<u32>,
    /// ATOMIC_AGGREGATE.
    pub atomic: bool,
    /// AGGREGATOR.
    pub aggregator: Option<(u32, Ipv4Addr)>,
    /// COMMUNITIES.
    pub communities: BTreeSet<u32>,
    /// EXTENDED COMMUNITIES.
    pub extended: BTreeSet<[u8; 8]>,
    /// LARGE COMMUNITIES.
    pub large: BTreeSet<[u32; 3]>,
    /// Every other attribute: code, flags that count ([`counted_flags`]), value.
    pub others: BTreeSet<(u8, u8, Vec<u8>)>,
}

impl Route {
    /// Puts an AS in front.
    pub fn prepend(&mut self, asn: u32) {
        match self.path.first_mut() {
            Some((2, hops)) => hops.insert(0, asn),
            _ => self.path.insert(0, (2, vec![asn])),
        }
    }

    /// Adds a segment at the end in the normal form.
    pub fn push_segment(&mut self, kind: u8, mut hops: Vec<u32>) {
        if kind == 1 || kind == 4 {
            hops.sort_unstable();
        }
        match self.path.last_mut() {
            Some((2, before)) if kind == 2 => before.append(&mut hops),
            _ => self.path.push((kind, hops)),
        }
    }

    /// Whether the path names this AS.
    pub fn names(&self, asn: u32) -> bool {
        self.path.iter().any(|(_, hops)| hops.contains(&asn))
    }

    /// Whether the path has an AS_SET.
    pub fn has_set(&self) -> bool {
        self.path.iter().any(|&(kind, _)| kind == 1 || kind == 4)
    }

    /// Decodes attributes of a session with 4-octet AS numbers; MP_REACH_NLRI gives only the next hop.
    pub fn decode(bytes: &[u8]) -> Self {
        let mut route = Self::default();
        for Attribute { flags, code, value } in attributes(bytes) {
            let mut value = Cursor(value);
            match code {
                1 => route.origin = value.octet(),
                2 => {
                    while !value.0.is_empty() {
                        let (kind, count) = (value.octet(), value.octet());
                        let hops = (0..count).map(|_| value.long()).collect();
                        route.push_segment(kind, hops);
                    }
                }
                3 => route.next_hop = Some(Ipv4Addr::from(value.long()).into()),
                4 => route.med = Some(value.long()),
                5 => route.local_pref = Some(value.long()),
                6 => route.atomic = true,
                7 => route.aggregator = Some((value.long(), Ipv4Addr::from(value.long()))),
                8 => route.communities = longs(value.0).collect(),
                14 => route.next_hop = Some(mp_next_hop(value)),
                15 => {}
                16 => {
                    let chunks = value.0.chunks_exact(8);
                    route.extended = chunks.map(|chunk| chunk.try_into().expect("eight octets")).collect();
                }
                32 => {
                    let words: Vec<u32> = longs(value.0).collect();
                    route.large = words.chunks_exact(3).map(|three| [three[0], three[1], three[2]]).collect();
                }
                _ => {
                    route.others.insert((code, counted_flags(code, flags), value.0.to_vec()));
                }
            }
        }
        route
    }
}

/// The flags of an attribute that the normal form keeps as octets: not extended length, and not the partial bit of
/// ONLY_TO_CUSTOMER (35), which routers that know it write anew (BIRD keeps it, FRR does not).
pub fn counted_flags(code: u8, flags: u8) -> u8 {
    flags & if code == 35 { 0xc0 } else { 0xe0 }
}

/// Four octets at a time.
fn longs(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).map(|four| u32::from_be_bytes(four.try_into().expect("four octets")))
}

/// The (first) next hop of an MP_REACH_NLRI, RFC 4760 §3, RFC 2545 §3.
fn mp_next_hop(mut value: Cursor<'_>) -> IpAddr {
    value.take(3);
    match value.octet() {
        4 => Ipv4Addr::from(value.long()).into(),
        _ => {
            let octets: [u8; 16] = value.take(16).try_into().expect("sixteen octets");
            Ipv6Addr::from(octets).into()
        }
    }
}

/// A prefix off the front of NLRI.
pub fn net(rest: &mut Cursor<'_>, family: Family) -> IpNet {
    let length = rest.octet();
    let octets = rest.take(usize::from(length).div_ceil(8));
    if family == Family::V6 {
        let mut address = [0; 16];
        address[..octets.len()].copy_from_slice(octets);
        Ipv6Net::new(address.into(), length).expect("an IPv6 length").trunc().into()
    } else {
        let mut address = [0; 4];
        address[..octets.len()].copy_from_slice(octets);
        Ipv4Net::new(address.into(), length).expect("an IPv4 length").trunc().into()
    }
}

/// Appends a prefix as NLRI.
pub fn emit_net(out: &mut Vec<u8>, prefix: IpNet) {
    let octets = usize::from(prefix.prefix_len()).div_ceil(8);
    out.push(prefix.prefix_len());
    match prefix {
        IpNet::V4(net) => out.extend_from_slice(&net.addr().octets()[..octets]),
        IpNet::V6(net) => out.extend_from_slice(&net.addr().octets()[..octets]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_two_sequences_is_the_same_as_in_one() {
        let whole = Route::decode(&[0x40, 2, 10, 2, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
        let split = Route::decode(&[0x50, 2, 0, 12, 2, 1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 2]);
        assert_eq!(whole, split);
        let set = Route::decode(&[0x40, 2, 12, 2, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 2]);
        assert_ne!(whole, set);
        assert!(set.has_set() && set.names(2));
    }

    #[test]
    fn an_attribute_that_nobody_knows_counts_with_its_flags() {
        let one = Route::decode(&[0xc0, 99, 1, 7]);
        assert_ne!(one, Route::decode(&[0xe0, 99, 1, 7]));
        assert_eq!(one, Route::decode(&[0xd0, 99, 0, 1, 7]));
    }

    #[test]
    fn nlri_comes_back() {
        for text in ["0.0.0.0/0", "192.0.2.0/25", "2001:db8::/33", "::/0"] {
            let prefix: IpNet = text.parse().unwrap();
            let mut out = Vec::new();
            emit_net(&mut out, prefix);
            let family = if text.contains(':') { Family::V6 } else { Family::V4 };
            assert_eq!(net(&mut Cursor(&out), family), prefix);
        }
    }
}
