//! Scripted peers on the node `feed`: a thread in that node's network, whose sessions end loudly.
//!
//! Each peer is a session of the benchmark's speaker. A thread of its own serves a set of peers, so that one that dials
//! never makes another late. What a peer saw is kept: an ended session is part of the proof like a neighbor's counter.
//! The *pace* keeps two things going while nothing else happens: the ledger (a new prefix again and again) and the
//! counter (one prefix that changes); see [`super::heard`].

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::heard::ledger_prefix;
use crate::bench::encode::{self, AsWidth, Identity};
use crate::bench::fleet::Fleet;
use crate::bench::probe::{self, Watcher};
use crate::bench::speaker::{Session, Sink};
use crate::bench::table::AttributeSet;
use crate::lab::Node;

/// How long a peer dials until it gives up.
const DIAL_LIMIT: Duration = Duration::from_secs(30);
/// Between two turns of the thread.
const TURN: Duration = Duration::from_millis(2);

/// A scripted peer of topologies/takeover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// Announces a table, IPv4.
    Loader4,
    /// Announces a table, IPv6.
    Loader6,
    /// Announces the ledger and the counter.
    Ledger,
    /// May stop reading.
    Deaf,
    /// Says what crashes a parser.
    Poisoner,
    /// Comes and goes.
    Flapper,
    /// Announces a table to BIRD, which hands it on to the router, IPv4.
    Behind4,
    /// The same, IPv6.
    Behind6,
}

impl Peer {
    /// The peer's AS and address, and the router's.
    fn row(self) -> (u32, &'static str, &'static str) {
        match self {
            Peer::Loader4 => (65_111, "10.0.5.11", "10.0.5.1"),
            Peer::Loader6 => (65_111, "fd00:5::11", "fd00:5::1"),
            Peer::Ledger => (65_112, "10.0.5.12", "10.0.5.1"),
            Peer::Deaf => (65_113, "10.0.5.13", "10.0.5.1"),
            Peer::Poisoner => (65_114, "10.0.5.14", "10.0.5.1"),
            Peer::Flapper => (65_115, "10.0.5.15", "10.0.5.1"),
            Peer::Behind4 => (65_116, "10.0.6.11", "10.0.6.2"),
            Peer::Behind6 => (65_116, "fd00:6::11", "fd00:6::2"),
        }
    }

    /// Who it is.
    pub fn identity(self) -> Identity {
        let (asn, address, _) = self.row();
        let address = address.parse().expect("the table has addresses");
        // The router of topologies/takeover offers 30 s too: a peer says KEEPALIVE in thirds of what it offers.
        Identity { asn, address, hold_time_s: 30, as_width: AsWidth::Four }
    }

    /// Its address.
    pub fn address(self) -> IpAddr {
        self.identity().address
    }

    /// The router that it speaks with.
    fn router(self) -> IpAddr {
        self.row().2.parse().expect("the table has addresses")
    }
}

/// How the ledger and the counter go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Not at all.
    Rest,
    /// A change every 20 ms, a new prefix every 100 ms.
    Steady,
}

/// What to do next, in the order given.
enum Order {
    Dial(Peer),
    Send(Peer, Arc<Vec<u8>>),
    StopReading(Peer),
    ReadAgain(Peer),
    HangUp(Peer),
    Pace(Pace),
    End,
}

/// What a peer has seen so far.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Whether its session is up.
    pub up: bool,
    /// How each session that it did not end itself ended.
    pub endings: Vec<String>,
    /// Whether something waits to be sent.
    pub unsent: bool,
    /// The highest number of the counter that has come.
    pub counter: Option<u32>,
}

/// What all peers of a feed have seen.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// By peer.
    pub peers: BTreeMap<Peer, Seen>,
    /// How many prefixes of the ledger have been announced.
    pub ledger: u32,
    /// The counter's last number.
    pub counter: u32,
    /// Orders done.
    done: usize,
}

/// The thread and its peers.
#[derive(Debug)]
pub struct Feed {
    orders: Sender<Order>,
    given: Mutex<usize>,
    status: Arc<Mutex<Status>>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// A thread in the network of `node`, with no session yet.
    pub fn start(node: &Node) -> std::io::Result<Feed> {
        let network = node.network()?;
        let (orders, inbox) = channel();
        let status = Arc::new(Mutex::new(Status::default()));
        let shared = Arc::clone(&status);
        let thread = std::thread::Builder::new().name("feed".into()).spawn(move || {
            use std::os::fd::AsFd;
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("root may enter a network that it has made");
            Lines {
                inbox,
                status: shared,
                fleets: BTreeMap::new(),
                pace: Pace::Rest,
                next_tick: Instant::now(),
            }
            .serve();
        })?;
        Ok(Feed { orders, given: Mutex::new(0), status, thread: Some(thread) })
    }

    /// What the peers have seen.
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    /// What one of them has seen.
    pub fn seen(&self, peer: Peer) -> Seen {
        self.status().peers.remove(&peer).unwrap_or_default()
    }

    /// Brings a session up if it is not, and waits for it.
    pub fn dial(&self, peer: Peer) -> Result<(), String> {
        self.give(Order::Dial(peer));
        self.finish(DIAL_LIMIT + Duration::from_secs(1));
        let seen = self.seen(peer);
        if seen.up { Ok(()) } else { Err(format!("{peer:?} has no session: {:?}", seen.endings.last())) }
    }

    /// Begins to bring a session up.
    pub fn begin_dial(&self, peer: Peer) {
        self.give(Order::Dial(peer));
    }

    /// Sends whole messages behind those that already wait.
    pub fn send(&self, peer: Peer, messages: Arc<Vec<u8>>) {
        self.give(Order::Send(peer, messages));
    }

    /// Leaves what the router sends in the socket.
    pub fn stop_reading(&self, peer: Peer) {
        self.give(Order::StopReading(peer));
    }

    /// Reads again.
    pub fn read_again(&self, peer: Peer) {
        self.give(Order::ReadAgain(peer));
    }

    /// Ends a session with a Cease.
    pub fn hang_up(&self, peer: Peer) {
        self.give(Order::HangUp(peer));
        self.finish(Duration::from_secs(5));
    }

    /// Sets how ledger and counter go on.
    pub fn pace(&self, pace: Pace) {
        self.give(Order::Pace(pace));
        self.finish(Duration::from_secs(5));
    }

    /// Waits until all that was given has been sent; whether that was so in time.
    pub fn sent(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        self.finish(limit);
        while Instant::now() < deadline {
            if self.status().peers.values().all(|seen| !seen.unsent || !seen.up) {
                return true;
            }
            std::thread::sleep(TURN);
        }
        false
    }

    fn give(&self, order: Order) {
        *lock(&self.given) += 1;
        // A thread that has ended has panicked, which its end says.
        let _ = self.orders.send(order);
    }

    /// Waits until the thread has done all orders, or for `limit`.
    fn finish(&self, limit: Duration) {
        let given = *lock(&self.given);
        let deadline = Instant::now() + limit;
        while lock(&self.status).done < given && Instant::now() < deadline {
            std::thread::sleep(TURN);
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.give(Order::End);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts what the others' changes of the counter say.
#[derive(Debug, Default)]
struct Ears(Watcher);

impl Sink for Ears {
    fn update(&mut self, body: &[u8], at: Instant) {
        self.0.update(body, at);
    }
}

/// The thread's own things: a fleet of one session for each peer, so that an end has an owner.
struct Lines {
    inbox: Receiver<Order>,
    status: Arc<Mutex<Status>>,
    fleets: BTreeMap<Peer, Fleet<Ears>>,
    pace: Pace,
    next_tick: Instant,
}

impl Lines {
    fn serve(&mut self) {
        loop {
            match self.inbox.try_recv() {
                Ok(Order::End) | Err(TryRecvError::Disconnected) => return,
                Ok(order) => {
                    self.follow(order);
                    lock(&self.status).done += 1;
                    continue;
                }
                Err(TryRecvError::Empty) => {}
            }
            self.tick();
            let peers: Vec<Peer> = self.fleets.keys().copied().collect();
            for peer in peers {
                self.turn(peer);
            }
            std::thread::sleep(TURN);
        }
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Dial(peer) => self.dial(peer),
            Order::Send(peer, messages) => self.send(peer, messages),
            Order::StopReading(peer) => self.with(peer, |fleet| fleet.stop_reading(0)),
            Order::ReadAgain(peer) => self.with(peer, |fleet| fleet.read_again(0)),
            Order::HangUp(peer) => {
                if let Some(mut fleet) = self.fleets.remove(&peer) {
                    fleet.hang_up(0);
                }
                self.note(peer, |seen| seen.up = false);
            }
            Order::Pace(pace) => {
                self.pace = pace;
                self.next_tick = Instant::now();
            }
            Order::End => {}
        }
    }

    fn with(&mut self, peer: Peer, act: impl FnOnce(&mut Fleet<Ears>)) {
        if let Some(fleet) = self.fleets.get_mut(&peer) {
            act(fleet);
        }
    }

    fn note(&self, peer: Peer, change: impl FnOnce(&mut Seen)) {
        change(lock(&self.status).peers.entry(peer).or_default());
    }

    fn dial(&mut self, peer: Peer) {
        if self.fleets.contains_key(&peer) {
            return;
        }
        let deadline = Instant::now() + DIAL_LIMIT;
        let session = Session::dial(peer.identity(), peer.router(), Ears::default(), deadline);
        let joined = session.map_err(|error| error.to_string()).and_then(|session| {
            let mut fleet = Fleet::new().map_err(|error| error.to_string())?;
            fleet.add(session).map_err(|error| error.to_string())?;
            Ok(fleet)
        });
        match joined {
            Ok(fleet) => {
                self.fleets.insert(peer, fleet);
                self.note(peer, |seen| seen.up = true);
            }
            Err(error) => self.ended(peer, error),
        }
    }

    fn ended(&mut self, peer: Peer, why: String) {
        self.fleets.remove(&peer);
        self.note(peer, |seen| {
            seen.up = false;
            seen.endings.push(why);
        });
    }

    fn send(&mut self, peer: Peer, messages: Arc<Vec<u8>>) {
        let Some(fleet) = self.fleets.get_mut(&peer) else { return };
        match fleet.send(0, messages) {
            Ok(()) => self.note(peer, |seen| seen.unsent = true),
            Err(error) => self.ended(peer, error.to_string()),
        }
    }

    fn turn(&mut self, peer: Peer) {
        let Some(fleet) = self.fleets.get_mut(&peer) else { return };
        if let Err(error) = fleet.turn(Duration::ZERO) {
            return self.ended(peer, error.to_string());
        }
        let session = fleet.session(0);
        let (unsent, counter) = (session.has_output(), session.sink.0.latest());
        self.note(peer, |seen| (seen.unsent, seen.counter) = (unsent, counter));
    }

    /// Sends the next change of the counter, and with every fifth one the next prefix of the ledger.
    fn tick(&mut self) {
        let due = self.pace == Pace::Steady && Instant::now() >= self.next_tick;
        if !due || !self.fleets.contains_key(&Peer::Ledger) {
            return;
        }
        self.next_tick += Duration::from_millis(20);
        let sender = Peer::Ledger.identity();
        let mut messages = Vec::new();
        {
            let mut status = lock(&self.status);
            status.counter += 1;
            messages.extend(probe::change(&sender, status.counter));
            if status.counter.is_multiple_of(5) {
                let set = AttributeSet { origin: 0, tail: vec![], communities: vec![] };
                let attributes = encode::attributes(&sender, &set, 1);
                encode::announce(&mut messages, &attributes, &[ledger_prefix(status.ledger)]);
                status.ledger += 1;
            }
        }
        self.send(Peer::Ledger, Arc::new(messages));
    }
}
