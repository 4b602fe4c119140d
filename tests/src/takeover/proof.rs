//! The proof: what every neighbor says and saw, against a router without a fault.
//!
//! [`Mark`] is set when all is up; from then on nothing may disturb a session. [`World::unshaken`] asks the counters
//! and the scripted peers, cheap enough to be asked after every fault; [`World::judge`] at the end asks everything.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::feed::{Pace, Peer};
use super::heard::{Heard, is_own, ledger_prefix};
use super::pcap;
use super::shown;
use super::standing::{Standing, standings};
use super::wire::{Connection, Wire};
use super::world::{NEIGHBORS, PATIENCE, ROUTER_ID, STEADY, Start, World};
use crate::lab::speaker::Route as Shown;
use crate::mrt::route::Route;

/// The generation of every world's last tables.
const LAST: u32 = u32::MAX;
/// Addresses of the router under test.
const ROUTER: [&str; 8] =
    ["10.0.2.1", "fd00:2::1", "10.0.3.1", "fd00:3::1", "10.0.4.1", "fd00:4::1", "10.0.5.1", "fd00:5::1"];

/// The moment from which on nothing may happen.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Unix time in µs.
    pub at_us: u64,
    standings: BTreeMap<(String, String), Standing>,
}

impl Mark {
    /// Now.
    pub(super) fn set(world: &World) -> Result<Mark, String> {
        Ok(Mark { at_us: now_us(), standings: world.standings()? })
    }

    /// Why a session of this neighbor is not the one that it was; `None` if it is.
    pub fn changed(&self, name: &str, session: &str, now: &Standing) -> Option<String> {
        let before = self.standings.get(&(name.to_string(), session.to_string()));
        before.map_or(Some("was not there".into()), |before| now.changed_since(before))
    }
}

fn now_us() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros() as u64
}

/// What a router without a fault comes to, by neighbor.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    tables: BTreeMap<String, BTreeSet<Shown>>,
    wires: BTreeMap<String, BTreeMap<IpNet, Route>>,
}

/// What differs from the oracle and is no fault of the router.
#[derive(Debug, Clone, Default)]
pub struct Excuses {
    /// Peers that a scenario disturbs itself.
    pub peers: Vec<Peer>,
    /// Neighbors that a scenario restarts or refreshes: their wires may repeat routes.
    pub refreshed: BTreeSet<String>,
    /// Neighbors whose sessions a scenario restarts.
    pub restarted: BTreeSet<String>,
}

/// What the proof found.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Everything that speaks against it; empty is a proof.
    pub complaints: Vec<String>,
    /// UPDATEs that the router sent after the mark, of all wires.
    pub updates: usize,
    /// Octets of them.
    pub octets: usize,
    /// Announcements of the ledger, each seen once by each neighbor.
    pub ledger: u32,
    /// The longest time that a neighbor's session had been up in the end, in seconds.
    pub uptime_s: f64,
}

impl World {
    /// How the sessions stand, by neighbor and session.
    pub fn standings(&self) -> Result<BTreeMap<(String, String), Standing>, String> {
        let mut all = BTreeMap::new();
        for name in NEIGHBORS {
            let of_node = standings(self.lab.node(name)).map_err(|error| error.to_string())?;
            all.extend(of_node.into_iter().map(|(session, s)| ((name.to_string(), session), s)));
        }
        Ok(all)
    }

    /// What the neighbors' counters and the scripted peers say against the router since the mark.
    pub fn unshaken(&self, excuses: &Excuses) -> Vec<String> {
        let Some(mark) = &self.mark else { return vec!["there is no mark".into()] };
        let mut found = Vec::new();
        match self.standings() {
            Ok(now) => {
                for ((name, session), before) in &mark.standings {
                    if excuses.restarted.contains(name) {
                        continue;
                    }
                    let changed = match now.get(&(name.clone(), session.clone())) {
                        Some(standing) => standing.changed_since(before),
                        None => Some("is not shown any more".into()),
                    };
                    found.extend(changed.map(|what| format!("{name}: session {session}: {what}")));
                }
            }
            Err(error) => found.push(error),
        }
        for peer in STEADY.iter().filter(|peer| !excuses.peers.contains(peer)) {
            let seen = self.feed.seen(*peer);
            found.extend(seen.endings.iter().map(|why| format!("scripted {peer:?}: {why}")));
        }
        found
    }

    /// Brings the tables to their last state and compares all there is to compare with the oracle's; without one,
    /// the tables are compared with nothing. The captures end here.
    pub fn judge(&mut self, oracle: Option<&Oracle>, excuses: &Excuses) -> (Verdict, Oracle) {
        let mut verdict = Verdict::default();
        let settled = self.settle(oracle).unwrap_or_else(|complaint| {
            verdict.complaints.push(complaint);
            BTreeMap::new()
        });
        verdict.complaints.extend(self.unshaken(excuses));
        let uptimes = self.standings().unwrap_or_default();
        verdict.uptime_s = uptimes.values().map(|standing| standing.uptime_s).fold(0.0, f64::max);
        verdict.ledger = self.feed.status().ledger;
        let until_us = now_us();
        for (name, tap) in &mut self.taps {
            verdict.complaints.extend(tap.stop().err().map(|error| format!("{name}: {error}")));
        }
        let mut found = Oracle { tables: settled, wires: BTreeMap::new() };
        let names: Vec<String> = self.taps.keys().cloned().collect();
        for name in names {
            let wire = match self.wire(&name) {
                Ok(wire) => wire,
                Err(error) => {
                    verdict.complaints.push(error);
                    continue;
                }
            };
            let heard = self.judge_wire(&name, &wire, until_us, excuses, &mut verdict);
            if let Some(expected) = oracle.and_then(|oracle| oracle.wires.get(&name)) {
                verdict.complaints.extend(compare(&name, expected, &heard));
            }
            found.wires.insert(name, heard);
        }
        (verdict, found)
    }

    /// What a neighbor's wire has seen so far; after [`World::judge`], everything.
    pub fn wire(&self, name: &str) -> Result<Wire, String> {
        let tap = self.taps.get(name).ok_or_else(|| format!("{name} has no capture"))?;
        let segments = pcap::read(&tap.file).map_err(|error| format!("{name}: {error}"))?;
        Ok(Wire::of(&segments))
    }

    /// Sends the last tables and waits until every neighbor shows what the oracle's showed.
    fn settle(&self, oracle: Option<&Oracle>) -> Result<BTreeMap<String, BTreeSet<Shown>>, String> {
        self.feed.pace(Pace::Rest);
        self.load(LAST);
        self.drain()?;
        let mut last = self.tables()?;
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            std::thread::sleep(std::time::Duration::from_millis(500));
            let now = self.tables()?;
            let differences: Vec<String> = match oracle {
                Some(oracle) => {
                    let of = |name: &String| shown::differences(name, &oracle.tables[name], &now[name]);
                    now.keys().flat_map(of).collect()
                }
                None if now == last => Vec::new(),
                None => vec!["the tables still change".into()],
            };
            if differences.is_empty() {
                return Ok(now);
            }
            if std::time::Instant::now() > deadline {
                return Err(format!("tables: {}", differences.join("; ")));
            }
            last = now;
        }
    }

    fn tables(&self) -> Result<BTreeMap<String, BTreeSet<Shown>>, String> {
        let mut tables = BTreeMap::new();
        for name in NEIGHBORS {
            let table = shown::tables(self.lab.node(name)).map_err(|error| error.to_string())?;
            tables.insert(name.to_string(), table);
        }
        Ok(tables)
    }

    /// Judges one capture; the routes that its node has been told by the router.
    fn judge_wire(
        &self,
        name: &str,
        wire: &Wire,
        until_us: u64,
        excuses: &Excuses,
        verdict: &mut Verdict,
    ) -> BTreeMap<IpNet, Route> {
        let mark_us = self.mark.as_ref().map_or(0, |mark| mark.at_us);
        let guests = [Peer::Poisoner, Peer::Flapper];
        let excused: Vec<IpAddr> = excuses.peers.iter().chain(&guests).map(|peer| peer.address()).collect();
        let complaints = &mut verdict.complaints;
        if !excuses.restarted.contains(name) {
            let found = wire.disturbances(mark_us..until_us, |address| excused.contains(&address));
            complaints.extend(found.into_iter().map(|what| format!("{name}'s wire: {what}")));
        }
        let mut routes = BTreeMap::new();
        let mut ledger: BTreeMap<u32, u32> = BTreeMap::new();
        let mut sessions = 0;
        for connection in wire.living(mark_us) {
            let Some(place) = router_end(connection) else { continue };
            let neighbor = connection.ends[1 - place].ip();
            if excused.contains(&neighbor) {
                continue;
            }
            sessions += 1;
            let (messages, _) = connection.directions[place].messages();
            let heard = Heard::play(&messages);
            verdict.updates += heard.updates;
            verdict.octets += heard.octets;
            if heard.backwards > 0 {
                complaints.push(format!("{name}'s wire: the counter went back {} times", heard.backwards));
            }
            // A router that tells all anew may also withdraw from a peer what it never told it: the peer's own routes.
            if !heard.ledger_withdrawn.is_empty() && neighbor != Peer::Ledger.address() {
                let count = heard.ledger_withdrawn.len();
                complaints.push(format!("{name}'s wire: {count} entries of the ledger withdrawn"));
            }
            if !heard.repeats.is_empty() && !excuses.refreshed.contains(name) {
                let (count, first) = (heard.repeats.len(), heard.repeats[0]);
                complaints.push(format!("{name}'s wire: {count} routes told again as they were, as {first}"));
            }
            for (number, times) in heard.ledger {
                let known = ledger.entry(number).or_default();
                *known = (*known).max(times);
            }
            routes.extend(heard.routes.into_iter().filter(|(prefix, _)| !is_own(prefix)));
        }
        if sessions == 0 {
            complaints.push(format!("{name}'s wire: no session lives on"));
        }
        complaints.extend(self.judge_ledger(name, &ledger, excuses));
        routes
    }

    /// Every prefix of the ledger that was announced to the router came, and came once.
    fn judge_ledger(&self, name: &str, told: &BTreeMap<u32, u32>, excuses: &Excuses) -> Vec<String> {
        let announced = self.feed.status().ledger.min(0x1_0000);
        let lost: Vec<u32> = (0..announced).filter(|number| !told.contains_key(number)).collect();
        let doubled: Vec<u32> = told.iter().filter(|(_, times)| **times > 1).map(|(n, _)| *n).collect();
        let mut found = Vec::new();
        if let Some(first) = lost.first() {
            let (count, prefix) = (lost.len(), super::heard::as_net(ledger_prefix(*first)));
            found.push(format!("{name}'s wire: {count} of {announced} UPDATEs lost, as that of {prefix}"));
        }
        if let Some(first) = doubled.first().filter(|_| !excuses.refreshed.contains(name)) {
            let prefix = super::heard::as_net(ledger_prefix(*first));
            found.push(format!("{name}'s wire: {} UPDATEs doubled, as that of {prefix}", doubled.len()));
        }
        found
    }
}

/// The end of a connection that is the router's: it has one of its addresses, or, where both are link-local, its BGP
/// identifier.
fn router_end(connection: &Connection) -> Option<usize> {
    let addresses: Vec<IpAddr> = ROUTER.iter().filter_map(|text| text.parse().ok()).collect();
    connection.ends.iter().position(|end| {
        let link_local = matches!(end.ip(), IpAddr::V6(v6) if v6.segments()[0] == 0xfe80);
        addresses.contains(&end.ip()) || (link_local && connection.speaks_as(end.ip()) == Some(ROUTER_ID))
    })
}

/// Every difference between the routes that two runs told a neighbor, at most some written out.
fn compare(name: &str, expected: &BTreeMap<IpNet, Route>, told: &BTreeMap<IpNet, Route>) -> Vec<String> {
    let lost: Vec<&IpNet> = expected.keys().filter(|prefix| !told.contains_key(prefix)).collect();
    let stray: Vec<&IpNet> = told.keys().filter(|prefix| !expected.contains_key(prefix)).collect();
    let other: Vec<&IpNet> =
        told.keys().filter(|p| expected.get(p).is_some_and(|route| route != &told[p])).collect();
    let mut found = Vec::new();
    for (what, prefixes) in [("lost", lost), ("too many", stray), ("with other attributes", other)] {
        if let Some(first) = prefixes.first() {
            let count = prefixes.len();
            found.push(format!("{name}'s wire: {count} routes {what}, as {first}: {:?}", told.get(first)));
        }
    }
    found
}

/// What a router of the same build without twin and without a fault comes to.
pub fn oracle(start: &Start) -> Result<Oracle, String> {
    let mut world = World::start(&Start { standby: "none", ..start.clone() })?;
    let (verdict, oracle) = world.judge(None, &Excuses::default());
    if verdict.complaints.is_empty() {
        return Ok(oracle);
    }
    Err(format!("the run without a fault: {}\n{}", verdict.complaints.join("\n"), world.lab.logs()))
}
