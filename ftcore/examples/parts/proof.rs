//! Drives a machine as a primary would, with a real folder and clients that are octets in memory.
//!
//! Beside the machine runs another that is saved and restored after every step. Each test is thereby a test that
//! the two want the same, octet for octet, that their digests agree, and that the restored one still knows which
//! orders it waits for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use ftcore::core::effect::{Close, Effect, Effects};
use ftcore::core::input::{ConnId, Ends, FIRST_OWN_CONN, Input, ListenerId, Time};
use ftcore::core::machine::Machine;

use super::disk::{Order, Told};
use super::folder::Folder;

/// A folder of a test's own, gone with it.
pub struct Ground(pub PathBuf);

impl Ground {
    pub fn new(name: &str) -> Ground {
        static GROUNDS: AtomicU32 = AtomicU32::new(0);
        let number = GROUNDS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ftcore-{name}-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for a test");
        Ground(path)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The machine, its double, and all that was seen of them.
pub struct Proof<M> {
    pub machine: M,
    double: M,
    pub now: Time,
    folder: Folder,
    /// What each connection was sent.
    pub sent: BTreeMap<ConnId, Vec<u8>>,
    /// Which connections the machine has ended, and how.
    pub ended: BTreeMap<ConnId, Close>,
    /// Datagrams sent and not looked at yet: from which socket, to whom.
    pub datagrams: VecDeque<(ConnId, SocketAddr, Bytes)>,
    /// Octets are given in pieces of at most so many.
    pub piece: usize,
    /// Whether the clients read.
    pub reading: bool,
    /// The size of the last saved state, and of the largest.
    pub state_size: usize,
    pub largest_state: usize,
    incoming: BTreeMap<ConnId, Vec<u8>>,
    held: BTreeSet<ConnId>,
    orders: VecDeque<Order>,
    undrained: VecDeque<(ConnId, u64)>,
    deadline: Option<Time>,
    turn: usize,
    more: bool,
}

impl<M: Machine<Effect = Order>> Proof<M> {
    pub fn new(make: impl Fn() -> M, ground: &Ground) -> Proof<M> {
        Proof {
            machine: make(),
            double: make(),
            now: Time(1_000_000),
            folder: Folder::open(&ground.0).expect("a folder"),
            sent: BTreeMap::new(),
            ended: BTreeMap::new(),
            datagrams: VecDeque::new(),
            piece: usize::MAX,
            reading: true,
            state_size: 0,
            largest_state: 0,
            incoming: BTreeMap::new(),
            held: BTreeSet::new(),
            orders: VecDeque::new(),
            undrained: VecDeque::new(),
            deadline: None,
            turn: 0,
            more: false,
        }
    }

    /// A client connects.
    pub fn accept(&mut self, conn: u64) -> ConnId {
        let (local, remote) = ("127.0.0.1:80".parse().unwrap(), "127.0.0.2:4000".parse().unwrap());
        let ends = Ends { conn: ConnId(conn), local, remote };
        self.step(Input::Accepted { ends, listener: ListenerId(0) });
        ends.conn
    }

    /// A client sends; everything is done that follows from it. Returns what it was sent thereupon.
    pub fn exchange(&mut self, conn: ConnId, octets: &[u8]) -> Vec<u8> {
        let before = self.sent.get(&conn).map_or(0, Vec::len);
        self.incoming.entry(conn).or_default().extend(octets);
        self.settle();
        self.sent.get(&conn).map_or(Vec::new(), |sent| sent[before..].to_vec())
    }

    /// Whether the machine lets a client's octets wait.
    pub fn holds(&self, conn: ConnId) -> bool {
        self.held.contains(&conn)
    }

    /// Does what is to be done until nothing is, some of each kind in turn.
    pub fn settle(&mut self) {
        let mut idle = 0;
        while idle < 4 {
            self.turn += 1;
            let done = match self.turn % 4 {
                0 => self.more.then(|| self.step(Input::Clock)).is_some(),
                1 => self.receive(),
                2 => self.carry_out(),
                _ => self.drain(),
            };
            idle = if done { 0 } else { idle + 1 };
        }
    }

    /// Lets time pass, with every deadline in it.
    pub fn pass(&mut self, seconds: u64) {
        let until = Time(self.now.0 + seconds * 1_000_000);
        while let Some(deadline) = self.deadline.filter(|deadline| *deadline <= until) {
            self.now = deadline.max(self.now);
            self.step(Input::Clock);
            self.settle();
            assert!(self.deadline.is_none_or(|next| next > deadline), "a deadline that nothing moves");
        }
        self.now = until;
    }

    fn receive(&mut self) -> bool {
        let ready = |(conn, octets): &(&ConnId, &mut Vec<u8>)| {
            !octets.is_empty() && !self.held.contains(conn) && !self.ended.contains_key(conn)
        };
        let Some((conn, octets)) = self.incoming.iter_mut().find(ready) else { return false };
        let (conn, piece): (ConnId, Vec<u8>) =
            (*conn, octets.drain(..octets.len().min(self.piece)).collect());
        self.step(Input::Received { conn, octets: &piece });
        true
    }

    fn carry_out(&mut self) -> bool {
        let Some(Order { number, work }) = self.orders.pop_front() else { return false };
        let mut read = Vec::new();
        let answer = self.folder.carry_out(&work, &mut read);
        // Done twice: what a takeover may lead to.
        let mut again = Vec::new();
        assert_eq!(answer, self.folder.carry_out(&work, &mut again), "{work:?} for the second time");
        self.step(Input::Other(&Told::Answered { number, answer }.emit()));
        true
    }

    fn drain(&mut self) -> bool {
        if !self.reading {
            return false;
        }
        let Some((conn, octets)) = self.undrained.pop_front() else { return false };
        if !self.ended.contains_key(&conn) {
            self.step(Input::Drained { conn, octets });
        }
        true
    }

    /// One step of both.
    pub fn step(&mut self, input: Input<'_>) {
        self.now.0 += 1;
        if let Input::Received { conn, octets } = input {
            let ends = self.machine.units(conn, octets);
            let rising = ends.windows(2).all(|pair| pair[0] < pair[1]);
            assert!(rising && ends.last().is_none_or(|end| *end <= octets.len()), "{ends:?}");
        }
        let (mut effects, mut same) = (Effects::default(), Effects::default());
        self.double.step(self.now, input.clone(), &mut same);
        self.machine.step(self.now, input, &mut effects);
        assert_eq!(effects.list, same.list, "the restored machine wants something else");
        assert_eq!((effects.deadline, effects.more), (same.deadline, same.more));
        self.double = self.restored();
        (self.deadline, self.more) = (effects.deadline, effects.more);
        effects.list.into_iter().for_each(|effect| self.note(effect));
    }

    /// The double as it comes back from what it saved.
    fn restored(&mut self) -> M {
        let mut state = Vec::new();
        self.double.save(&mut state).expect("memory takes all");
        self.state_size = state.len();
        self.largest_state = self.largest_state.max(self.state_size);
        let restored = M::restore(&state).expect("what was saved can be restored");
        assert_eq!(restored.digest(), self.machine.digest(), "the restored machine's digest");
        assert_eq!(restored.unfinished(), self.machine.unfinished(), "the restored machine's orders");
        restored
    }

    fn note(&mut self, effect: Effect<Order>) {
        match effect {
            Effect::Send { conn, octets } => {
                assert!(!self.ended.contains_key(&conn), "octets for {conn:?}, which is ended");
                self.undrained.push_back((conn, octets.len() as u64));
                self.sent.entry(conn).or_default().extend(&octets);
            }
            Effect::Close { conn, how } => {
                assert_eq!(self.ended.insert(conn, how), None, "{conn:?} is ended twice");
            }
            Effect::Hold { conn } => assert!(self.held.insert(conn)),
            Effect::Release { conn } => assert!(self.held.remove(&conn)),
            Effect::OpenDatagram { conn, .. } => assert!(conn.0 >= FIRST_OWN_CONN),
            Effect::SendDatagram { conn, to, octets } => {
                assert!(!self.ended.contains_key(&conn), "a datagram from {conn:?}, which is ended");
                self.datagrams.push_back((conn, to, octets));
            }
            Effect::Other(order) => self.orders.push_back(order),
            other => panic!("{other:?} was not to be expected"),
        }
    }
}
