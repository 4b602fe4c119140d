//! What a neighbor has been told: the messages of its wire played into a table, with what must not happen on the way.
//!
//! Three things are watched besides the table. The *ledger* is a range of prefixes of which each is announced to the
//! router once: told twice, withdrawn or never told, an UPDATE was doubled or lost. The *counter* is one prefix whose
//! route changes again and again, numbered: a number that comes after a higher one came out of order. A *repeat* is a
//! route told again as it was, which a router that does not forget what it sent has no reason to do.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::wire::Message;
use crate::bench::encode::kind;
use crate::bench::probe;
use crate::bench::scan::{Update, attributes};
use crate::bench::table::Prefix4;
use crate::mrt::read::Cursor;
use crate::mrt::route::{Family, Route, net};

/// The ledger's range: 198.19.0.0/16, of the range for benchmarks (RFC 2544).
const LEDGER: u32 = 0xc613_0000;

/// The ledger's prefix of this number, which counts from 0 to 65,535 and then on from 0.
pub fn ledger_prefix(number: u32) -> Prefix4 {
    Prefix4 { address: LEDGER | (number & 0xffff), length: 32 }
}

/// Whether a prefix belongs to the proof's own traffic (ledger, counter, poison): 198.18.0.0/15.
pub fn is_own(prefix: &IpNet) -> bool {
    matches!(prefix, IpNet::V4(net) if net.addr().octets()[0] == 198 && net.addr().octets()[1] & 0xfe == 18)
}

/// A direction of a session, played.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The routes as they stand at the end. A link-local next hop, which differs from run to run, is `fe80::`.
    pub routes: BTreeMap<IpNet, Route>,
    /// How often each prefix of the ledger was announced, by number.
    pub ledger: BTreeMap<u32, u32>,
    /// Prefixes of the ledger that were withdrawn.
    pub ledger_withdrawn: Vec<u32>,
    /// The counter's highest number.
    pub counter: Option<u32>,
    /// How often a lower number of the counter followed a higher one.
    pub backwards: u32,
    /// Routes that were told again as they were.
    pub repeats: Vec<IpNet>,
    /// UPDATEs.
    pub updates: usize,
    /// Octets of UPDATEs without their headers.
    pub octets: usize,
}

impl Heard {
    /// Plays messages; those of other kinds than UPDATE are passed over.
    pub fn play(messages: &[Message]) -> Heard {
        let mut heard = Heard::default();
        for message in messages.iter().filter(|message| message.kind == kind::UPDATE) {
            heard.updates += 1;
            heard.octets += message.body.len();
            heard.update(&message.body);
        }
        heard
    }

    /// Takes in the body of an UPDATE, IPv4 and IPv6 unicast, RFC 4271 §4.3 and RFC 4760.
    fn update(&mut self, body: &[u8]) {
        let update = Update::split(body);
        let (mut withdrawn, mut announced) =
            (nets(update.withdrawn, Family::V4), nets(update.announced, Family::V4));
        for attribute in attributes(update.attributes) {
            let mut value = Cursor(attribute.value);
            match attribute.code {
                14 => {
                    let family = family(&mut value);
                    let length = usize::from(value.octet());
                    value.take(length + 1);
                    announced.extend(nets(value.0, family));
                }
                15 => {
                    let family = family(&mut value);
                    withdrawn.extend(nets(value.0, family));
                }
                _ => {}
            }
        }
        for prefix in withdrawn {
            self.ledger_withdrawn.extend(ledger_number(&prefix));
            self.routes.remove(&prefix);
        }
        if announced.is_empty() {
            return;
        }
        let mut route = Route::decode(update.attributes);
        if matches!(route.next_hop, Some(IpAddr::V6(hop)) if hop.segments()[0] == 0xfe80) {
            route.next_hop = Some(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0).into());
        }
        self.count(&route, &announced);
        for prefix in announced {
            if self.routes.get(&prefix) == Some(&route) {
                self.repeats.push(prefix);
            }
            self.routes.insert(prefix, route.clone());
        }
    }

    /// Notes what the announced prefixes say about the ledger and the counter.
    fn count(&mut self, route: &Route, announced: &[IpNet]) {
        for prefix in announced {
            if let Some(number) = ledger_number(prefix) {
                *self.ledger.entry(number).or_default() += 1;
            }
            let is_counter = *prefix == as_net(probe::PREFIX);
            if let Some(number) =
                route.communities.first().and_then(|c| probe::number(*c)).filter(|_| is_counter)
            {
                self.backwards += u32::from(self.counter > Some(number));
                self.counter = self.counter.max(Some(number));
            }
        }
    }
}

/// AFI and SAFI off the front of an attribute's value; only unicast is negotiated.
fn family(value: &mut Cursor<'_>) -> Family {
    let afi = value.short();
    value.octet();
    if afi == 2 { Family::V6 } else { Family::V4 }
}

fn nets(octets: &[u8], family: Family) -> Vec<IpNet> {
    let mut rest = Cursor(octets);
    let mut found = Vec::new();
    while !rest.0.is_empty() {
        found.push(net(&mut rest, family));
    }
    found
}

/// A prefix of the benchmark in the form that the rest of the world has.
pub fn as_net(prefix: Prefix4) -> IpNet {
    let address = std::net::Ipv4Addr::from(prefix.address);
    ipnet::Ipv4Net::new(address, prefix.length).expect("a prefix has at most 32 bits").into()
}

fn ledger_number(prefix: &IpNet) -> Option<u32> {
    let IpNet::V4(net) = prefix else { return None };
    let address = u32::from(net.addr());
    (net.prefix_len() == 32 && address & 0xffff_0000 == LEDGER).then_some(address & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::encode::{self, AsWidth, HEADER, Identity};
    use crate::bench::table::AttributeSet;

    fn sender() -> Identity {
        Identity {
            asn: 64_601,
            address: "10.0.5.12".parse().unwrap(),
            hold_time_s: 90,
            as_width: AsWidth::Four,
        }
    }

    fn announced(number: u32) -> Message {
        let set = AttributeSet { origin: 0, tail: vec![], communities: vec![] };
        let mut out = Vec::new();
        encode::announce(&mut out, &encode::attributes(&sender(), &set, 1), &[ledger_prefix(number)]);
        Message { at_us: 0, kind: kind::UPDATE, body: out[HEADER..].to_vec() }
    }

    fn changed(number: u32) -> Message {
        let body = probe::change(&sender(), number)[HEADER..].to_vec();
        Message { at_us: 0, kind: kind::UPDATE, body }
    }

    #[test]
    fn a_doubled_message_and_one_out_of_order_are_noticed() {
        let good = Heard::play(&[announced(0), changed(1), announced(1), changed(3)]);
        assert_eq!((good.ledger.len(), good.counter, good.backwards, good.updates), (2, Some(3), 0, 4));
        assert!(good.repeats.is_empty() && good.ledger.values().all(|times| *times == 1));
        let bad = Heard::play(&[announced(0), announced(0), changed(3), changed(2)]);
        assert_eq!((bad.ledger[&0], bad.repeats.len(), bad.backwards), (2, 1, 1));
    }

    #[test]
    fn a_withdrawn_ledger_entry_is_noticed() {
        let mut out = Vec::new();
        encode::withdraw(&mut out, &[ledger_prefix(4)]);
        let gone = Message { at_us: 0, kind: kind::UPDATE, body: out[HEADER..].to_vec() };
        let heard = Heard::play(&[announced(4), gone]);
        assert_eq!(heard.ledger_withdrawn, [4]);
        assert!(heard.routes.is_empty());
    }
}
