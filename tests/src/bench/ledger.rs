//! What a receiver has, against what it must have in the end.
//!
//! [`PrefixIndex`] numbers the table's prefixes; a [`Ledger`] holds for each number a digest of the attributes last
//! received and counts, as they come, how many are as expected. So 'complete' is known in the moment in which the
//! last UPDATE is read, and costs the harness one look-up a prefix. A digest covers ORIGIN, AS_PATH behind the first
//! hop (which must be the router's), COMMUNITIES; the next hop must be the router's own address.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::rng::{digest, mix};
use super::scan::{Update, nlri};
use super::table::Prefix4;

/// Numbers of distinct prefixes, by open addressing with at most half of the slots in use.
#[derive(Debug)]
pub struct PrefixIndex {
    slots: Vec<u64>,
    mask: u64,
    count: usize,
}

impl PrefixIndex {
    /// Numbers `prefixes` in their order; they must be distinct and fewer than 2^26.
    pub fn new(prefixes: &[Prefix4]) -> Self {
        let size = (prefixes.len() * 2).next_power_of_two().max(2);
        let mut index = Self { slots: vec![u64::MAX; size], mask: size as u64 - 1, count: prefixes.len() };
        for (number, &prefix) in prefixes.iter().enumerate() {
            let mut at = mix(key(prefix)) & index.mask;
            while index.slots[at as usize] != u64::MAX {
                at = (at + 1) & index.mask;
            }
            index.slots[at as usize] = key(prefix) << 26 | number as u64;
        }
        index
    }

    /// The prefix' number, if it is one of the table's.
    pub fn number(&self, prefix: Prefix4) -> Option<usize> {
        let key = key(prefix);
        let mut at = mix(key) & self.mask;
        loop {
            let slot = self.slots[at as usize];
            if slot == u64::MAX {
                return None;
            }
            if slot >> 26 == key {
                return Some((slot & 0x03ff_ffff) as usize);
            }
            at = (at + 1) & self.mask;
        }
    }
}

/// 38 bits that tell prefixes apart.
fn key(prefix: Prefix4) -> u64 {
    u64::from(prefix.address) << 6 | u64::from(prefix.length)
}

/// The digest of a route's attributes, never 0 (0 stands for 'no route').
pub fn attribute_digest(origin: u8, path_behind_router: &[u8], communities: &[u8]) -> u32 {
    let state = digest(u64::from(origin), path_behind_router);
    (digest(state, communities) >> 32) as u32 | 1
}

/// One receiver's state.
#[derive(Debug)]
pub struct Ledger {
    index: Arc<PrefixIndex>,
    expected: Arc<Vec<u32>>,
    state: Vec<u32>,
    complete: usize,
    router_as: u32,
    router: Ipv4Addr,
    foreign: u64,
    strangers: u64,
}

impl Ledger {
    /// An empty one, for the neighbor of a router with this AS and address; nothing is expected yet.
    pub fn new(index: Arc<PrefixIndex>, router_as: u32, router: Ipv4Addr) -> Self {
        let count = index.count;
        let state = vec![0; count];
        let expected = Arc::new(vec![0; count]);
        Self { expected, index, complete: count, state, router_as, router, foreign: 0, strangers: 0 }
    }

    /// From now on complete means this: a digest a prefix, 0 for none.
    pub fn expect(&mut self, expected: Arc<Vec<u32>>) {
        self.complete = self.state.iter().zip(expected.iter()).filter(|(have, want)| have == want).count();
        self.expected = expected;
    }

    /// Whether each prefix is as expected.
    pub fn is_complete(&self) -> bool {
        self.complete == self.expected.len()
    }

    /// How many prefixes are as expected, and of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.complete, self.expected.len())
    }

    /// Routes that came with another first hop or next hop than the router's. Must stay 0.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// How often a prefix came that the index does not know.
    pub fn strangers(&self) -> u64 {
        self.strangers
    }

    /// An order-independent digest of everything held now.
    pub fn digest(&self) -> u64 {
        let held = self.state.iter().enumerate().filter(|(_, have)| **have != 0);
        held.fold(0, |sum, (number, &have)| sum.wrapping_add(mix((number as u64) << 32 | u64::from(have))))
    }

    /// Takes in the body of an UPDATE. Prefixes that the index does not know are only counted.
    pub fn update(&mut self, body: &[u8]) {
        let update = Update::split(body);
        for prefix in nlri(update.withdrawn) {
            self.set(prefix, 0);
        }
        if update.announced.is_empty() {
            return;
        }
        let route = update.attributes();
        let path = route.path_behind(self.router_as);
        if path.is_none() || route.next_hop != self.router.octets() {
            self.foreign += 1;
        }
        let have = attribute_digest(route.origin, path.unwrap_or_default(), route.communities);
        for prefix in nlri(update.announced) {
            self.set(prefix, have);
        }
    }

    /// Writes down one prefix' state.
    fn set(&mut self, prefix: Prefix4, have: u32) {
        let Some(number) = self.index.number(prefix) else {
            self.strangers += 1;
            return;
        };
        let want = self.expected[number];
        self.complete += usize::from(have == want);
        self.complete -= usize::from(self.state[number] == want);
        self.state[number] = have;
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode::{self, AsWidth, HEADER, Identity};
    use super::super::table::Table;
    use super::*;

    const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 1);

    /// What a router of AS 65000 would send on: the table as its own, with the sender's AS behind it.
    fn passed_on(table: &Table) -> (Vec<u8>, Vec<u32>) {
        let router =
            Identity { asn: 65_000, address: ROUTER.into(), hold_time_s: 90, as_width: AsWidth::Four };
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for run in &table.runs {
            let attributes = encode::attributes(&router, &run.set, 1);
            let members = &table.prefixes[run.members.clone()];
            encode::announce(&mut bytes, &attributes, members);
            let path: Vec<u8> = run.set.tail.iter().flat_map(|asn| asn.to_be_bytes()).collect();
            let communities: Vec<u8> = run.set.communities.iter().flat_map(|v| v.to_be_bytes()).collect();
            expected.extend(members.iter().map(|_| attribute_digest(run.set.origin, &path, &communities)));
        }
        (bytes, expected)
    }

    fn feed(ledger: &mut Ledger, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = usize::from(u16::from_be_bytes([rest[16], rest[17]]));
            ledger.update(&rest[HEADER..length]);
            rest = &rest[length..];
        }
    }

    #[test]
    fn a_ledger_is_complete_exactly_when_the_last_prefix_is_right() {
        let table = Table::generate(3, 1_000);
        let (bytes, expected) = passed_on(&table);
        let index = Arc::new(PrefixIndex::new(&table.prefixes));
        let mut ledger = Ledger::new(index, 65_000, ROUTER);
        assert!(ledger.is_complete());
        ledger.expect(Arc::new(expected));
        assert_eq!(ledger.progress(), (0, 1_000));
        let (last, mut start) = (bytes.len(), 0);
        loop {
            let length = usize::from(u16::from_be_bytes([bytes[start + 16], bytes[start + 17]]));
            if start + length == last {
                break;
            }
            start += length;
        }
        feed(&mut ledger, &bytes[..start]);
        assert!(!ledger.is_complete());
        feed(&mut ledger, &bytes[start..]);
        assert!(ledger.is_complete());
        assert_eq!(ledger.foreign(), 0);
        let full = ledger.digest();
        let mut gone = Vec::new();
        encode::withdraw(&mut gone, &table.prefixes);
        ledger.expect(Arc::new(vec![0; 1_000]));
        feed(&mut ledger, &gone);
        assert!(ledger.is_complete());
        assert_ne!(ledger.digest(), full);
    }

    #[test]
    fn a_wrong_attribute_or_next_hop_is_noticed() {
        let table = Table::generate(3, 50);
        let (bytes, expected) = passed_on(&table);
        let index = Arc::new(PrefixIndex::new(&table.prefixes));
        let mut wrong = bytes.clone();
        wrong[HEADER + 2 + 2 + 3] ^= 1;
        let mut ledger = Ledger::new(Arc::clone(&index), 65_000, ROUTER);
        ledger.expect(Arc::new(expected));
        feed(&mut ledger, &wrong);
        assert!(!ledger.is_complete());
        feed(&mut ledger, &bytes);
        assert!(ledger.is_complete());
        let mut other = Ledger::new(index, 65_000, Ipv4Addr::new(10, 2, 0, 2));
        feed(&mut other, &bytes);
        assert!(other.foreign() > 0);
    }
}
