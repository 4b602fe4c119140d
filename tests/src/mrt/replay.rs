//! Real tables and streams through a router: what goes in at one side must come out at the other.
//!
//! One start of a router, in its sandbox, with one receiver and a sender for each table or stream. A sender dials,
//! sends its feed, and the receiver's table is compared with the expectation, prefix by prefix and attribute by
//! attribute; then the sender hangs up, and everything must be withdrawn before the next one dials.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::expect::{self, Expected, Rules, Way};
use super::feed;
use super::read::{Cursor, unpack};
use super::route::{Route, net};
use super::source::{Family, Speaker, Table, streams};
use crate::bench::daemons::{Daemon, Setup};
use crate::bench::encode::{AsWidth, Identity};
use crate::bench::fleet::Fleet;
use crate::bench::netns::{Link, Sandbox, enter_private_network};
use crate::bench::rig::{Failure, Scratch};
use crate::bench::scan::{Update, attributes};
use crate::bench::speaker::{Session, Sink};

/// How long a table may take from its first UPDATE.
const LIMIT: Duration = Duration::from_secs(240);

/// Something to send through a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// A table.
    Table(Table),
    /// Each speaker's stream of one family in a file of UPDATEs, one after the other.
    Streams(&'static str, Family),
}

impl Feed {
    /// The family of its routes.
    fn family(self) -> Family {
        match self {
            Self::Table(table) => table.family(),
            Self::Streams(_, family) => family,
        }
    }

    /// A full table, an IPv6 table, streams with 2-octet AS numbers, of today, and of IPv6: a list of feeds for each
    /// start of a router.
    pub fn one_of_each_kind() -> Vec<Vec<Self>> {
        let streams =
            ["updates-2013.mrt.bz2", "updates-2026.mrt.bz2"].map(|file| Self::Streams(file, Family::V4));
        let ipv6 = [Self::Table(Table::Slice2015V6), Self::Streams("updates-2016.mrt.gz", Family::V6)];
        vec![[&[Self::Table(Table::Transfer2015)], &streams[..]].concat(), ipv6.to_vec()]
    }

    /// All there is.
    pub fn everything() -> Vec<Vec<Self>> {
        let ipv4 = Table::ALL.into_iter().filter(|table| table.family() == Family::V4).map(Self::Table);
        let streams = ["updates-2013.mrt.bz2", "updates-2016.mrt.gz", "updates-2026.mrt.bz2"];
        let streams = streams.map(|file| Self::Streams(file, Family::V4));
        let ipv6 = [Self::Table(Table::Slice2015V6), Self::Streams("updates-2016.mrt.gz", Family::V6)];
        vec![ipv4.chain(streams).collect(), ipv6.to_vec()]
    }
}

/// What happened to a feed.
#[derive(Debug)]
pub struct Report {
    /// The feed's name.
    pub name: String,
    /// Routes at the receiver, all of them as expected.
    pub routes: usize,
    /// Routes that a rule kept back, by rule.
    pub refused: Vec<(&'static str, usize)>,
    /// From the first UPDATE sent to the last prefix right, in seconds.
    pub wall_s: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} routes equal, {:.1} s", self.name, self.routes, self.wall_s)?;
        self.refused.iter().try_for_each(|(why, count)| write!(f, "; {count} refused for {why}"))
    }
}

/// One sender's part: its octets and what the receiver must have when they are through.
struct Part {
    name: String,
    sender: Identity,
    bytes: Vec<u8>,
    expected: Expected,
}

/// Sends feeds of one family through a router, in a thread and network of its own; `each` hears of every feed that
/// came out as it must, the first that does not is the error.
pub fn run(daemon: &Daemon, feeds: &[Feed], each: impl FnMut(Report) + Send) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            enter_private_network()?;
            replay(daemon, feeds, each)
        });
        work.join().unwrap_or_else(|_| Err(Failure::Wrong("the harness panicked".into())))
    })
}

/// The router's side of the two links.
fn router(family: Family) -> [IpAddr; 2] {
    let addresses =
        if family == Family::V6 { ["fd00:1::a01:1", "fd00:2::a02:1"] } else { ["10.1.0.1", "10.2.0.1"] };
    addresses.map(|text| text.parse().expect("an address"))
}

/// A speaker of the harness: side 1 sends, side 2 receives.
fn speaker(family: Family, side: u8, number: u8) -> Identity {
    let address = if family == Family::V6 {
        let text = format!("fd00:{side}::a{side:02x}:{:x}", 0x100 + u16::from(number) + 1);
        text.parse().expect("an address")
    } else {
        IpAddr::from([10, side, 1, number + 1])
    };
    let asn = 64_401 + 200 * u32::from(side) + u32::from(number);
    Identity { asn, address, hold_time_s: 90, as_width: AsWidth::Four }
}

/// Everything that the feeds need, before a router is started.
fn parts(daemon: &Daemon, feeds: &[Feed], family: Family) -> Result<Vec<Part>, Failure> {
    let rules = Rules::of(daemon.kind);
    let next_hop = router(family)[1];
    let mut parts: Vec<Part> = Vec::new();
    for feed in feeds {
        match *feed {
            Feed::Table(table) => {
                let sender = speaker(family, 1, parts.len() as u8);
                let way = Way { sender_as: sender.asn, as_width: sender.as_width, next_hop, rules };
                let bytes = feed::table(&table.routes()?, &sender);
                parts.push(Part {
                    name: format!("{table:?}"),
                    sender,
                    bytes,
                    expected: expect::table(table, &way)?,
                });
            }
            Feed::Streams(file, family) => {
                let unpacked = unpack(file)?;
                let streams = streams(&unpacked, family);
                let first = parts.len();
                let sender = |wanted: &Speaker| {
                    let number = streams.keys().position(|key| key == wanted)?;
                    Some(Identity { as_width: wanted.1, ..speaker(family, 1, (first + number) as u8) })
                };
                let way = |wanted: Speaker| {
                    let Identity { asn, as_width, .. } = sender(&wanted)?;
                    Some(Way { sender_as: asn, as_width, next_hop, rules })
                };
                let mut expected = expect::streams(file, family, way)?;
                for (key, updates) in &streams {
                    let sender = sender(key).expect("each stream has a sender");
                    let expected = expected.remove(key).unwrap_or_default();
                    let bytes = feed::stream(updates, family, &sender);
                    let (peer, width) = key;
                    let old = if *width == AsWidth::Two { " (2-octet AS)" } else { "" };
                    parts.push(Part { name: format!("{file} {peer}{old}"), sender, bytes, expected });
                }
            }
        }
    }
    Ok(parts)
}

/// Starts the router and sends the feeds, one after the other.
fn replay(daemon: &Daemon, feeds: &[Feed], mut each: impl FnMut(Report)) -> Result<(), Failure> {
    let family = feeds.first().map_or(Family::V4, |feed| feed.family());
    let parts = parts(daemon, feeds, family)?;
    let receiver = speaker(family, 2, 0);
    let peers: Vec<Identity> = parts.iter().map(|part| part.sender).chain([receiver]).collect();
    let [west, east] = router(family);
    let length = if family == Family::V6 { 64 } else { 16 };
    let outside = parts.iter().map(|part| part.sender.address).collect();
    let links = [
        Link { name: "west", inside: west, outside, length },
        Link { name: "east", inside: east, outside: vec![receiver.address], length },
    ];
    let directory = Scratch::new()?;
    let command = daemon.prepare(&Setup { addresses: &[west, east], peers: &peers }, &directory.0)?;
    let sandbox = Sandbox::start(&links, &command, &directory.0)?;
    let lost = |error| Failure::Session { error, last_words: sandbox.last_words() };
    let dial = |identity, router, role| {
        Session::dial(identity, router, role, Instant::now() + Duration::from_secs(90)).map_err(lost)
    };
    let mut fleet = Fleet::new()?;
    let collector = fleet.add(dial(receiver, east, Role::Collect(Collector::default()))?).map_err(lost)?;
    for part in parts {
        let sender = fleet.add(dial(part.sender, west, Role::Discard)?).map_err(lost)?;
        let start = Instant::now();
        fleet.send(sender, Arc::new(part.bytes)).map_err(lost)?;
        let mut wall_s = 0.0;
        let settled = settle(&mut fleet, collector, &part.expected, |at| wall_s = (at - start).as_secs_f64());
        settled.map_err(lost)?;
        let different = collected(&mut fleet, collector).differences(&part.expected);
        if !different.is_empty() {
            return Err(Failure::Wrong(format!("{}: {}", part.name, different.join("; "))));
        }
        let routes = part.expected.routes.len();
        let refused = part.expected.refused.into_iter().collect();
        each(Report { name: part.name.clone(), routes, refused, wall_s });
        fleet.hang_up(sender);
        settle(&mut fleet, collector, &Expected::default(), |_| {}).map_err(lost)?;
        let left = collected(&mut fleet, collector).routes.len();
        if left > 0 {
            return Err(Failure::Wrong(format!("{}: {left} routes left after the session ended", part.name)));
        }
    }
    Ok(())
}

/// Runs the sessions until the receiver has as many routes as expected and nothing has changed for a fifth of a
/// second,
/// or nothing has come for 20 s; tells `at` when the last change came.
fn settle(
    fleet: &mut Fleet<Role>,
    collector: usize,
    expected: &Expected,
    mut at: impl FnMut(Instant),
) -> Result<(), crate::bench::speaker::SpeakerError> {
    let start = Instant::now();
    let mut last = (0, start);
    while start.elapsed() < LIMIT {
        fleet.turn(Duration::from_millis(20))?;
        let now = Instant::now();
        let state = collected(fleet, collector);
        let (updates, count) = (state.updates, state.routes.len());
        if updates != last.0 {
            last = (updates, now);
            at(now);
        }
        let enough = if count == expected.routes.len() { 200 } else { 20_000 };
        if now - last.1 > Duration::from_millis(enough) {
            break;
        }
    }
    Ok(())
}

/// The receiver's table.
fn collected(fleet: &mut Fleet<Role>, collector: usize) -> &mut Collector {
    match &mut fleet.session(collector).sink {
        Role::Collect(state) => state,
        Role::Discard => unreachable!("the receiver collects"),
    }
}

/// What a session here does with UPDATEs.
enum Role {
    Discard,
    Collect(Collector),
}

/// A receiver's table: each prefix with the attributes as they came.
#[derive(Default)]
struct Collector {
    routes: HashMap<IpNet, Arc<Vec<u8>>>,
    updates: u64,
}

impl Sink for Role {
    fn update(&mut self, body: &[u8], _at: Instant) {
        if let Self::Collect(state) = self {
            state.update(body);
        }
    }
}

impl Collector {
    /// Takes in both families' reach and unreach.
    fn update(&mut self, body: &[u8]) {
        let update = Update::split(body);
        self.updates += 1;
        let kept = Arc::new(update.attributes.to_vec());
        let mut gone = vec![(Cursor(update.withdrawn), Family::V4)];
        let mut here = vec![(Cursor(update.announced), Family::V4)];
        for attribute in attributes(update.attributes) {
            let mut value = Cursor(attribute.value);
            match attribute.code {
                14 => {
                    value.take(3);
                    let length = usize::from(value.octet());
                    value.take(length + 1);
                    here.push((value, Family::V6));
                }
                15 => {
                    value.take(3);
                    gone.push((value, Family::V6));
                }
                _ => {}
            }
        }
        for (mut nlri, family) in gone {
            while !nlri.0.is_empty() {
                self.routes.remove(&net(&mut nlri, family));
            }
        }
        for (mut nlri, family) in here {
            while !nlri.0.is_empty() {
                self.routes.insert(net(&mut nlri, family), Arc::clone(&kept));
            }
        }
    }

    /// What is not as expected: the first three of each kind, in words.
    fn differences(&self, expected: &Expected) -> Vec<String> {
        let mut decoded: HashMap<*const Vec<u8>, Route> = HashMap::new();
        let (mut missing, mut other) = (Vec::new(), Vec::new());
        for (prefix, route) in &expected.routes {
            match self.routes.get(prefix) {
                None => missing.push(format!("{prefix} is missing")),
                Some(bytes) => {
                    let have = decoded.entry(Arc::as_ptr(bytes)).or_insert_with(|| Route::decode(bytes));
                    if have != &**route {
                        other.push(format!("{prefix} is {have:?}, not {route:?}"));
                    }
                }
            }
        }
        let extra = self.routes.iter().filter(|(prefix, _)| !expected.routes.contains_key(prefix));
        let extra: Vec<String> = extra
            .map(|(prefix, bytes)| format!("{prefix} is too many: {:?}", Route::decode(bytes)))
            .collect();
        let kinds = [("missing", missing), ("different", other), ("too many", extra)];
        let mut words = Vec::new();
        for (kind, found) in kinds.into_iter().filter(|(_, found)| !found.is_empty()) {
            words.push(format!("{} {kind}, such as", found.len()));
            words.extend(found.into_iter().take(3));
        }
        words
    }
}
