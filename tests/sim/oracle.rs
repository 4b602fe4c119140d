//! What must be true in the end, whatever has happened. Nothing here knows of faults.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use ftcore::core::effect::{Effect, Effects};
use ftcore::core::entry::Content;
use ftcore::core::input::{ConnId, Input, Time};
use ftcore::core::kernel::Phase;
use ftcore::core::log::{self, Cursor};
use ftcore::core::machine::Machine;
use ftcore::core::memory::{Memory, Word};
use ftcore::core::private::PrivateMemory;
use ftcore::core::standby::Standby;
use ftcore::core::state::State;

use super::cluster::{Cluster, Subject};
use super::kernel::{Fuse, VirtualKernel};
use super::world::{KEEPER, World};

/// What a peer at the other end of a connection has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub peer: SocketAddr,
    pub octets: Vec<u8>,
    pub fin: bool,
    pub rst: bool,
}

/// What the whole world has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    pub peers: Vec<Seen>,
    pub files: BTreeMap<u64, Vec<u8>>,
    pub datagrams: BTreeSet<Vec<u8>>,
}

impl Sight {
    /// Of the world as it is now.
    pub fn of(world: &World) -> Self {
        let connections =
            world.sockets.values().filter(|socket| socket.phase != Phase::Fresh && socket.remote.port() != 0);
        let peers = connections.map(|socket| Seen {
            peer: socket.remote,
            octets: socket.seen.clone(),
            fin: socket.fin,
            rst: socket.rst,
        });
        let datagrams = world.datagrams.iter().cloned().collect();
        Sight { peers: peers.collect(), files: world.files.clone(), datagrams }
    }
}

/// Where two runs differ.
pub fn assert_same(seen: &Sight, expected: &Sight) {
    for (n, (seen, expected)) in seen.peers.iter().zip(&expected.peers).enumerate() {
        let same = seen.octets.iter().zip(&expected.octets).take_while(|(one, other)| one == other).count();
        let around =
            |of: &Seen| format!("{:?}", &of.octets[same.saturating_sub(4)..of.octets.len().min(same + 12)]);
        assert!(
            seen == expected,
            "connection {n} has seen {} octets (FIN {}, RST {}), and should have {} (FIN {}, RST {}); \
             they differ at {same}: {} for {}",
            seen.octets.len(),
            seen.fin,
            seen.rst,
            expected.octets.len(),
            expected.fin,
            expected.rst,
            around(seen),
            around(expected)
        );
    }
    assert_eq!(seen.peers.len(), expected.peers.len(), "connections");
    assert_eq!(seen.files, expected.files, "files");
    assert_eq!(seen.datagrams, expected.datagrams, "datagrams");
}

/// Where a run was given up, peers have seen nothing but the beginning of what they should.
pub fn assert_no_more(seen: &Sight, expected: &Sight) {
    for (seen, expected) in seen.peers.iter().zip(&expected.peers) {
        assert!(expected.octets.starts_with(&seen.octets), "{}: what should not have been sent", seen.peer);
    }
}

/// A machine that is overheard.
struct Overheard<M> {
    machine: M,
    sent: Rc<RefCell<BTreeMap<u64, Vec<u8>>>>,
}

impl<M: Subject> Machine for Overheard<M> {
    type Effect = M::Effect;

    fn step(&mut self, now: Time, input: Input<'_>, effects: &mut Effects<M::Effect>) {
        self.machine.step(now, input, effects);
        for effect in &effects.list {
            if let Effect::Send { conn, octets } = effect {
                self.sent.borrow_mut().entry(conn.0).or_default().extend_from_slice(octets);
            }
        }
    }

    fn save(&self, to: &mut dyn io::Write) -> io::Result<()> {
        self.machine.save(to)
    }

    fn restore(_: &[u8]) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn digest(&self) -> u64 {
        self.machine.digest()
    }

    fn glance(&self) -> u64 {
        self.machine.glance()
    }

    fn units(&self, conn: ConnId, octets: &[u8]) -> Vec<usize> {
        self.machine.units(conn, octets)
    }
}

/// Plays the whole log again on a machine that no fault has touched: every digest in it must be that machine's, what
/// peers have seen must be what it sends, and what it has received what peers have sent.
pub fn the_log_tells_the_whole_story<M: Subject>(cluster: &Cluster<M>, seed: &M::Seed) {
    let history = cluster.history.borrow();
    let mut memory = PrivateMemory::new(history.len().max(64));
    memory.octets_mut(0, history.len()).copy_from_slice(&history);
    let applied = cluster.word(Word::Applied);
    memory.store(Word::Applied, applied);
    let world = cluster.world.borrow();
    let sent = Rc::default();
    let machine = Overheard { machine: M::genesis(seed), sent: Rc::clone(&sent) };
    let mut standby = Standby::genesis(machine);
    let nowhere = Rc::new(RefCell::new(World::default()));
    let mut kernel = VirtualKernel::new(&nowhere, KEEPER + 1, &Fuse::new());
    let followed = standby.follow(&mut memory, &mut kernel, u64::MAX);
    followed.unwrap_or_else(|error| panic!("the log cannot be played again: {error}; {:?}", cluster.fates));
    let lead = cluster.lead.as_ref().expect("a primary");
    assert_eq!(standby.state().digest(), lead.primary.state().digest(), "the log makes another state");
    let told = Told::of(&memory, applied);
    for (conn, cookie) in &told.sockets {
        let socket = &world.sockets[cookie];
        let made = sent.borrow().get(conn).cloned().unwrap_or_default();
        assert!(made.starts_with(&socket.seen), "socket {cookie}: a peer has seen what was not sent");
        let received = told.received.get(conn).cloned().unwrap_or_default();
        assert!(socket.sent.starts_with(&received), "socket {cookie}: the log has what was not received");
        check_end(lead.primary.state(), ConnId(*conn), socket, (&made, &received));
    }
}

/// Whoever is still connected has seen everything and was heard in everything.
fn check_end<M: Subject>(
    state: &State<M>,
    conn: ConnId,
    socket: &super::world::Socket,
    octets: (&[u8], &[u8]),
) {
    let Some(stream) = state.streams().get(conn) else { return };
    assert_eq!(socket.seen, octets.0, "not everything was sent");
    if !stream.is_established() {
        return;
    }
    if stream.received == socket.sent.len() as u64 {
        assert_eq!(socket.sent, octets.1, "not everything was heard");
    }
}

/// What a log says without a machine.
#[derive(Default)]
struct Told {
    /// Which socket a connection has.
    sockets: BTreeMap<u64, u64>,
    received: BTreeMap<u64, Vec<u8>>,
}

impl Told {
    fn of(memory: &PrivateMemory, limit: u64) -> Self {
        let (mut told, mut cursor, mut buffer) = (Told::default(), Cursor::default(), Vec::new());
        while let Some((entry, end)) = log::read(memory, &cursor, limit, &mut buffer).expect("read before") {
            cursor = Cursor::behind(&entry, end);
            match entry.content {
                Content::Accepted { ends, socket, .. } => {
                    told.sockets.insert(ends.conn.0, socket.0);
                }
                Content::Opened { conn, socket } => {
                    told.sockets.insert(conn.0, socket.0);
                }
                Content::Received { conn, octets } => {
                    told.received.entry(conn.0).or_default().extend_from_slice(octets);
                }
                _ => {}
            }
        }
        told
    }
}

/// No socket is held that nobody needs, and none is missing.
pub fn nothing_is_left_behind<M: Subject>(cluster: &Cluster<M>) {
    assert_eq!(
        cluster.world.borrow().held(),
        cluster.known_sockets(),
        "sockets that are held, and that are known"
    );
}

/// The twin's state is the primary's, octet for octet.
pub fn the_twin_is_the_primary<M: Subject>(cluster: &mut Cluster<M>) {
    if let Some([primary, twin]) = cluster.both_saved() {
        let same = primary.iter().zip(&twin).take_while(|(one, other)| one == other).count();
        assert!(primary == twin, "the twin's state differs at octet {same} of {}", primary.len());
    }
}
