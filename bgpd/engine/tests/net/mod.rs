//! A network of engines in memory: connections carry octets in order, time is virtual, everything follows from
//! the script.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use bgp_engine::config::Configuration;
use bgp_engine::effect::{Effect, Effects};
use bgp_engine::engine::Engine;
use bgp_engine::input::{Connection, Input, Interface};
use bgp_engine::notice::Notice;
use bgp_engine::value::{ConnId, Duration, FibBatch, IfIndex, Instant};

/// What is on its way to an engine.
enum Parcel {
    Accepted(Connection),
    Connected(Connection),
    Failed(ConnId),
    Octets(ConnId, Vec<u8>),
    Closed(ConnId),
    Drained(ConnId, u64),
}

/// Engines and what is on its way between them.
pub struct Net {
    pub engines: Vec<Engine>,
    pub now: Instant,
    queue: VecDeque<(usize, Parcel)>,
    /// Each connection's other end.
    ends: BTreeMap<(usize, ConnId), (usize, ConnId)>,
    addresses: BTreeMap<IpAddr, usize>,
    next: u64,
    deadlines: Vec<Option<Instant>>,
    pub notices: Vec<(usize, Notice)>,
    /// What each engine's kernel was told and has not answered. Nobody is told before [`FibReport::Attached`].
    ///
    /// [`FibReport::Attached`]: bgp_engine::value::FibReport::Attached
    pub told: VecDeque<(usize, FibBatch)>,
    /// All octets that each engine has sent, with the connection.
    pub sent: Vec<Vec<(ConnId, Vec<u8>)>>,
    more: Vec<bool>,
}

impl Net {
    /// Engines on one subnet: engine `n` has the address `10.0.0.(n + 1)/24`.
    pub fn new(count: usize) -> Net {
        let mut net = Net {
            engines: (0..count).map(|n| Engine::new(n as u64 + 1)).collect(),
            now: Instant::from_micros(1_000_000),
            queue: VecDeque::new(),
            ends: BTreeMap::new(),
            addresses: BTreeMap::new(),
            next: 1,
            deadlines: vec![None; count],
            notices: Vec::new(),
            told: VecDeque::new(),
            sent: vec![Vec::new(); count],
            more: vec![false; count],
        };
        for n in 0..count {
            let address: IpAddr = format!("10.0.0.{}", n + 1).parse().unwrap();
            net.addresses.insert(address, n);
            let interface = Interface {
                index: IfIndex(2),
                name: "eth0".into(),
                up: true,
                addresses: vec![format!("{address}/24").parse().unwrap()],
            };
            net.input(n, Input::Interface(interface));
        }
        net
    }

    pub fn configure(&mut self, n: usize, config: Configuration) {
        self.input(n, Input::Configure(Box::new(config)));
    }

    pub fn input(&mut self, n: usize, input: Input<'_>) {
        let mut effects = Effects::default();
        self.engines[n].step(self.now, input, &mut effects);
        self.deadlines[n] = effects.deadline;
        self.more[n] = effects.more;
        for effect in effects.list {
            self.carry_out(n, effect);
        }
    }

    fn carry_out(&mut self, n: usize, effect: Effect) {
        match effect {
            Effect::Connect { conn, remote, .. } => self.connect(n, conn, remote),
            Effect::Send { conn, octets } => {
                self.queue.push_back((n, Parcel::Drained(conn, octets.len() as u64)));
                self.sent[n].push((conn, octets.to_vec()));
                if let Some(&(other, end)) = self.ends.get(&(n, conn)) {
                    self.queue.push_back((other, Parcel::Octets(end, octets.to_vec())));
                }
            }
            Effect::Close { conn, .. } => {
                if let Some((other, end)) = self.ends.remove(&(n, conn)) {
                    self.queue.push_back((other, Parcel::Closed(end)));
                }
            }
            Effect::Notice(notice) => self.notices.push((n, notice)),
            Effect::Fib(batch) => self.told.push_back((n, batch)),
            Effect::Options { .. } | Effect::ListenKey { .. } | Effect::RouterAdvertisements { .. } => {}
        }
    }

    fn connect(&mut self, n: usize, conn: ConnId, remote: SocketAddr) {
        let Some(&other) = self.addresses.get(&remote.ip()) else {
            return self.queue.push_back((n, Parcel::Failed(conn)));
        };
        let end = ConnId(self.next);
        self.next += 1;
        let local: IpAddr = format!("10.0.0.{}", n + 1).parse().unwrap();
        let local = SocketAddr::new(local, 40_000 + u16::try_from(self.next % 20_000).unwrap());
        self.ends.insert((n, conn), (other, end));
        self.ends.insert((other, end), (n, conn));
        let interface = IfIndex(0);
        self.queue.push_back((
            other,
            Parcel::Accepted(Connection { conn: end, local: remote, remote: local, interface }),
        ));
        self.queue.push_back((n, Parcel::Connected(Connection { conn, local, remote, interface })));
    }

    /// Delivers everything that is on its way, and what follows from it, without time passing.
    pub fn settle(&mut self) {
        loop {
            while let Some((n, parcel)) = self.queue.pop_front() {
                match parcel {
                    Parcel::Accepted(connection) => self.input(n, Input::Accepted(connection)),
                    Parcel::Connected(connection) => self.input(n, Input::Connected(connection)),
                    Parcel::Failed(conn) => self.input(n, Input::ConnectFailed { conn, errno: 111 }),
                    Parcel::Octets(conn, octets) => self.input(n, Input::Received { conn, octets: &octets }),
                    Parcel::Closed(conn) => {
                        self.ends.remove(&(n, conn));
                        self.input(n, Input::Closed { conn, errno: 0 });
                    }
                    Parcel::Drained(conn, octets) => self.input(n, Input::Drained { conn, octets }),
                }
            }
            match self.more.iter().position(|&more| more) {
                Some(n) => self.input(n, Input::Clock),
                None => return,
            }
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.settle();
            let next = (0..self.engines.len()).filter_map(|n| self.deadlines[n].map(|at| (at, n))).min();
            match next {
                Some((at, n)) if at <= end => {
                    self.now = self.now.max(at);
                    self.input(n, Input::Clock);
                }
                Some(_) | None => break,
            }
        }
        self.now = end;
    }
}
