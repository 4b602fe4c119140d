//! Two sessions on a network in virtual time: connections with delays, orders and losses of one seed.

use std::collections::BTreeMap;

use bgp_engine::effect::Close;
use bgp_engine::session::{Action, Event, Session, State};
use bgp_engine::value::{ConnId, Duration, Instant};
use bgp_engine::wire::{Dialect, Message, frame};

use super::foreign::Foreign;

/// Random numbers of a seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// What is on its way to a router.
#[derive(Clone, Debug)]
enum Arrival {
    Start,
    /// The SYN of a connection that the other router opens.
    Syn(ConnId),
    Accepted(ConnId),
    Connected(ConnId),
    ConnectFailed(ConnId),
    Octets(ConnId, Vec<u8>),
    /// A FIN or an RST.
    End(ConnId),
}

/// One router's speaker.
#[expect(clippy::large_enum_variant, reason = "there are two of them")]
pub(crate) enum Speaker {
    Ours(Session),
    Foreign(Foreign),
}

impl Speaker {
    fn step(&mut self, event: Event<'_>, now: Instant, out: &mut Vec<Action>) {
        match self {
            Speaker::Ours(session) => session.step(event, now, out),
            Speaker::Foreign(foreign) => foreign.step(event, now, out),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Speaker::Ours(session) => session.deadline(),
            Speaker::Foreign(foreign) => foreign.deadline(),
        }
    }

    fn state(&self) -> State {
        match self {
            Speaker::Ours(session) => session.state(),
            Speaker::Foreign(foreign) => foreign.state(),
        }
    }

    fn connection(&self) -> Option<ConnId> {
        match self {
            Speaker::Ours(session) => session.connection(),
            Speaker::Foreign(foreign) => foreign.connection(),
        }
    }
}

/// One router: its speaker, and the connections whose ends it holds.
struct Node {
    session: Speaker,
    started: bool,
    /// Open ends: whether the session has been told of the connection.
    open: BTreeMap<ConnId, bool>,
    connecting: Option<ConnId>,
    /// When the last octets for this router on a connection arrive: streams keep their order.
    last: BTreeMap<ConnId, Instant>,
    ups: Vec<ConnId>,
    downs: Vec<String>,
}

pub(crate) struct Network {
    pub(crate) random: Random,
    pub(crate) now: Instant,
    /// The longest delay of anything, in microseconds.
    delay: u64,
    nodes: [Node; 2],
    queue: BTreeMap<(Instant, u64), (usize, Arrival)>,
    sequence: u64,
    next_conn: u64,
    pub(crate) log: Vec<String>,
    /// Nothing arrives any more.
    pub(crate) silent: bool,
}

impl Network {
    pub(crate) fn new(seed: u64, delay: Duration, speakers: [Speaker; 2]) -> Network {
        let node = |session| Node {
            session,
            started: false,
            open: BTreeMap::new(),
            connecting: None,
            last: BTreeMap::new(),
            ups: Vec::new(),
            downs: Vec::new(),
        };
        Network {
            random: Random(seed),
            now: Instant::default(),
            delay: u64::try_from(delay.as_micros()).unwrap(),
            nodes: speakers.map(node),
            queue: BTreeMap::new(),
            sequence: 0,
            next_conn: 1,
            log: Vec::new(),
            silent: false,
        }
    }

    /// Starts a router so long after the beginning; until then it refuses connections.
    pub(crate) fn start(&mut self, node: usize, after: Duration) {
        self.post(node, self.now + after, Arrival::Start);
    }

    /// Runs until `end`.
    pub(crate) fn run(&mut self, end: Instant) {
        loop {
            let arrival = self.queue.first_key_value().map(|((at, _), _)| *at);
            let clock = (0..2).filter_map(|node| Some((self.nodes[node].session.deadline()?, node))).min();
            match (arrival, clock) {
                (Some(at), _) if at <= end && clock.is_none_or(|(clock, _)| at <= clock) => {
                    let (_, (node, arrival)) = self.queue.pop_first().unwrap();
                    self.now = self.now.max(at);
                    self.arrive(node, arrival);
                }
                (_, Some((at, node))) if at <= end => {
                    self.now = self.now.max(at);
                    self.step(node, Event::Clock);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    pub(crate) fn state(&self, node: usize) -> State {
        self.nodes[node].session.state()
    }

    pub(crate) fn connection(&self, node: usize) -> Option<ConnId> {
        self.nodes[node].session.connection()
    }

    /// How many connections have been asked for.
    pub(crate) fn connects(&self) -> u64 {
        self.next_conn - 1
    }

    pub(crate) fn ups(&self, node: usize) -> usize {
        self.nodes[node].ups.len()
    }

    pub(crate) fn downs(&self, node: usize) -> &[String] {
        &self.nodes[node].downs
    }

    /// Both ends of a random connection die, as by a reset from the network.
    pub(crate) fn cut_one(&mut self) {
        let conns: Vec<ConnId> =
            self.nodes[0].open.keys().chain(self.nodes[1].open.keys()).copied().collect();
        if conns.is_empty() {
            return;
        }
        let chosen = usize::try_from(self.random.below(conns.len() as u64)).unwrap();
        let conn = conns[chosen];
        self.log.push(format!("{:>9} cut {}", self.now.as_micros(), conn.0));
        for node in 0..2 {
            self.post(node, self.now, Arrival::End(conn));
        }
    }

    fn post(&mut self, node: usize, at: Instant, arrival: Arrival) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), (node, arrival));
    }

    fn some_delay(&mut self) -> Duration {
        Duration::from_micros(1 + self.random.below(self.delay))
    }

    /// Puts something into the stream of `conn` towards `node`.
    fn post_in_order(&mut self, node: usize, conn: ConnId, arrival: Arrival) {
        let soonest = self.now + self.some_delay();
        let last = self.nodes[node].last.entry(conn).or_default();
        *last = soonest.max(*last);
        let at = *last;
        self.post(node, at, arrival);
    }

    fn arrive(&mut self, node: usize, arrival: Arrival) {
        if self.silent {
            return;
        }
        self.log.push(format!("{:>9} {node} <- {}", self.now.as_micros(), brief(&arrival)));
        match arrival {
            Arrival::Start => {
                self.nodes[node].started = true;
                self.step(node, Event::Start);
            }
            Arrival::Syn(conn) if self.nodes[node].started => {
                self.nodes[node].open.insert(conn, false);
                self.post_in_order(node, conn, Arrival::Accepted(conn));
                self.post_in_order(1 - node, conn, Arrival::Connected(conn));
            }
            Arrival::Syn(conn) => {
                let answered = self.now + self.some_delay();
                self.post(1 - node, answered, Arrival::ConnectFailed(conn));
            }
            Arrival::Accepted(conn) => {
                if let Some(told) = self.nodes[node].open.get_mut(&conn) {
                    *told = true;
                    self.step(node, Event::Accepted(conn));
                }
            }
            Arrival::Connected(conn) if self.nodes[node].connecting == Some(conn) => {
                self.nodes[node].connecting = None;
                self.nodes[node].open.insert(conn, true);
                self.step(node, Event::Connected(conn));
            }
            // It was given up meanwhile: the other end learns of it.
            Arrival::Connected(conn) => self.post_in_order(1 - node, conn, Arrival::End(conn)),
            Arrival::ConnectFailed(conn) => {
                if self.nodes[node].connecting.take_if(|connecting| *connecting == conn).is_some() {
                    self.step(node, Event::ConnectFailed(conn));
                }
            }
            Arrival::Octets(conn, octets) => self.receive(node, conn, &octets),
            Arrival::End(conn) => {
                if self.nodes[node].open.remove(&conn) == Some(true) {
                    self.step(node, Event::Closed(conn));
                }
            }
        }
    }

    fn receive(&mut self, node: usize, conn: ConnId, octets: &[u8]) {
        if !self.nodes[node].open.contains_key(&conn) {
            // Octets for a closed end are answered by an RST.
            self.post_in_order(1 - node, conn, Arrival::End(conn));
            return;
        }
        let frame = frame::next(octets, frame::MAX_LEN).unwrap().unwrap();
        match bgp_engine::wire::parse(&frame, &Dialect::default()).unwrap() {
            Message::Open(open) => self.step(node, Event::Open(conn, &open)),
            Message::Keepalive => self.step(node, Event::Keepalive(conn)),
            Message::Notification(told) => self.step(node, Event::Notification(conn, &told)),
            Message::Update(_) => self.step(node, Event::Update(conn)),
            Message::RouteRefresh(_) => self.step(node, Event::RouteRefresh(conn)),
        }
    }

    fn step(&mut self, node: usize, event: Event<'_>) {
        let mut actions = Vec::new();
        let before = self.nodes[node].session.state();
        self.nodes[node].session.step(event, self.now, &mut actions);
        let after = self.nodes[node].session.state();
        let words: Vec<String> =
            actions.iter().map(super::fixture::brief).filter(|w| !w.is_empty()).collect();
        self.log.push(format!(
            "{:>9} {node}    {before} -> {after}: {}",
            self.now.as_micros(),
            words.join(", ")
        ));
        for action in actions {
            self.act(node, action);
        }
    }

    fn act(&mut self, node: usize, action: Action) {
        match action {
            Action::Connect => {
                let conn = ConnId(self.next_conn);
                self.next_conn += 1;
                assert_eq!(self.nodes[node].connecting.replace(conn), None, "one attempt at a time");
                let arrives = self.now + self.some_delay();
                self.post(1 - node, arrives, Arrival::Syn(conn));
            }
            Action::CancelConnect => {
                let conn = self.nodes[node].connecting.take().expect("something to cancel");
                self.log.push(format!("{:>9} {node}    (cancelled {})", self.now.as_micros(), conn.0));
            }
            Action::Send(conn, octets) => {
                assert!(self.nodes[node].open.contains_key(&conn), "sends on what is open");
                self.post_in_order(1 - node, conn, Arrival::Octets(conn, octets));
                let node = &mut self.nodes[node].session;
                node.step(Event::Progress { conn, outstanding: 0 }, self.now, &mut Vec::new());
            }
            Action::Close(conn, Close::Orderly | Close::Abort) => {
                assert!(self.nodes[node].open.remove(&conn).is_some(), "closes what is open");
                self.post_in_order(1 - node, conn, Arrival::End(conn));
            }
            Action::Up { conn, .. } => self.nodes[node].ups.push(conn),
            Action::Down { reason, .. } => self.nodes[node].downs.push(reason.to_string()),
            Action::FlushStale(_) | Action::Notice(..) => {}
        }
    }
}

fn brief(arrival: &Arrival) -> String {
    match arrival {
        Arrival::Octets(conn, octets) => format!("octets of {}, type {}", conn.0, octets[18]),
        other => format!("{other:?}"),
    }
}
