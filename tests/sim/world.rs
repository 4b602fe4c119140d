//! The world outside of a program, as far as it can be seen from its sockets: connections with the octets that peers
//! have sent and read, files, and the time. Nothing here moves by itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ftcore::core::input::{Cookie, ListenerId};
use ftcore::core::kernel::{Accepted, Phase, Readiness};

/// A process's number. The keeper is [`KEEPER`].
pub type Process = u32;
/// The one that holds a duplicate of every socket.
pub const KEEPER: Process = 0;

/// What becomes of an attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Succeeds,
    Refused,
}

/// One end of a connection, in the kernel's hands, and what the peer at the other end has seen of it.
#[derive(Clone, Debug)]
pub struct Socket {
    pub phase: Phase,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub fate: Fate,
    /// Where an attempt has its outcome.
    pub resolves_at: u64,
    /// Octets that the peer has sent and no process has read.
    pub unread: VecDeque<u8>,
    pub consumed: u64,
    /// Everything that the peer has sent.
    pub sent: Vec<u8>,
    pub peer_ended: bool,
    pub reset: bool,
    /// How many octets the kernel still takes.
    pub room: usize,
    /// Everything that was taken: what the peer sees.
    pub seen: Vec<u8>,
    /// What the peer was shown at the end of it.
    pub fin: bool,
    pub rst: bool,
    pub holders: BTreeSet<Process>,
    /// Datagrams that wait.
    pub datagrams: VecDeque<Vec<u8>>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub now: u64,
    pub sockets: BTreeMap<u64, Socket>,
    /// Connections that were accepted for the program and that no primary has taken yet.
    pub waiting: Vec<Accepted>,
    /// Living processes that follow or lead.
    pub alive: BTreeSet<Process>,
    /// What was stored, by the name that the program gave it.
    pub files: BTreeMap<u64, Vec<u8>>,
    /// Inputs of the program's own that wait to be given to it.
    pub answers: VecDeque<Vec<u8>>,
    /// Datagrams that left.
    pub datagrams: Vec<Vec<u8>>,
    pub next: u64,
}

/// How many octets the kernel takes before the peer reads.
const ROOM: usize = 3000;

/// An address of this machine.
pub fn address(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

impl World {
    fn add(&mut self, socket: Socket) -> u64 {
        self.next += 1;
        self.sockets.insert(self.next, socket);
        self.next
    }

    fn socket(&self, phase: Phase, remote: SocketAddr) -> Socket {
        Socket {
            phase,
            local: address(179),
            remote,
            fate: Fate::Succeeds,
            resolves_at: 0,
            unread: VecDeque::new(),
            consumed: 0,
            sent: Vec::new(),
            peer_ended: false,
            reset: false,
            room: ROOM,
            seen: Vec::new(),
            fin: false,
            rst: false,
            holders: self.alive.iter().copied().chain([KEEPER]).collect(),
            datagrams: VecDeque::new(),
        }
    }

    /// A peer connects; the keeper accepts and hands on. The answer is the socket.
    pub fn peer_connects(&mut self, remote: SocketAddr) -> u64 {
        let socket = self.socket(Phase::Open, remote);
        let (local, remote) = (socket.local, socket.remote);
        let cookie = self.add(socket);
        self.waiting.push(Accepted { socket: Cookie(cookie), listener: ListenerId(0), local, remote });
        cookie
    }

    /// A process makes a socket, to connect to a peer's port: that of an odd number refuses.
    pub fn opens(&mut self, remote: SocketAddr) -> u64 {
        let mut socket = self.socket(Phase::Fresh, remote);
        socket.fate = if remote.port() % 2 == 1 { Fate::Refused } else { Fate::Succeeds };
        self.add(socket)
    }

    /// A process makes a datagram socket.
    pub fn opens_datagram(&mut self) -> u64 {
        let socket = self.socket(Phase::Open, address(0));
        self.add(socket)
    }

    pub fn peer_sends(&mut self, cookie: u64, octets: &[u8]) {
        if let Some(socket) = self.sockets.get_mut(&cookie).filter(|socket| !socket.rst && !socket.peer_ended)
        {
            socket.unread.extend(octets);
            socket.sent.extend(octets);
        }
    }

    pub fn peer_reads(&mut self, cookie: u64, octets: usize) {
        if let Some(socket) = self.sockets.get_mut(&cookie) {
            socket.room = (socket.room + octets).min(ROOM);
        }
    }

    pub fn peer_ends(&mut self, cookie: u64) {
        if let Some(socket) = self.sockets.get_mut(&cookie) {
            socket.peer_ended = true;
        }
    }

    pub fn peer_resets(&mut self, cookie: u64) {
        if let Some(socket) = self.sockets.get_mut(&cookie) {
            socket.reset = true;
            socket.phase = Phase::Over;
        }
    }

    /// What a socket is ready for.
    pub fn readiness(&self, cookie: u64) -> Readiness {
        let Some(socket) = self.sockets.get(&cookie) else { return Readiness::default() };
        let resolved = socket.phase == Phase::Connecting && socket.resolves_at <= self.now;
        let open = socket.phase == Phase::Open;
        let read = open && (!socket.unread.is_empty() || socket.peer_ended || !socket.datagrams.is_empty());
        let over = socket.phase == Phase::Over;
        Readiness { read: read || over, write: resolved || (open && socket.room > 0), over }
    }

    /// A process lets go of a socket; one that writes does so for all.
    pub fn forget(&mut self, cookie: u64, process: Process, leads: Leads) {
        if let Some(socket) = self.sockets.get_mut(&cookie) {
            socket.holders.remove(&process);
            if leads == Leads::Yes {
                socket.holders.remove(&KEEPER);
            }
        }
    }

    /// A process is no more.
    pub fn dies(&mut self, process: Process) {
        self.alive.remove(&process);
        for socket in self.sockets.values_mut() {
            socket.holders.remove(&process);
        }
    }

    /// A process is started: it is given all that the keeper holds.
    pub fn starts(&mut self, process: Process) {
        self.alive.insert(process);
        for socket in self.sockets.values_mut().filter(|socket| socket.holders.contains(&KEEPER)) {
            socket.holders.insert(process);
        }
    }

    /// Sockets that the keeper holds.
    pub fn held(&self) -> BTreeSet<u64> {
        let held = self.sockets.iter().filter(|(_, socket)| socket.holders.contains(&KEEPER));
        held.map(|(cookie, _)| *cookie).collect()
    }
}

/// Whether a process is the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    Yes,
    No,
}
