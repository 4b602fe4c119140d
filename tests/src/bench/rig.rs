//! A router in its sandbox with all of the harness' sessions up, ready to be measured.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::daemons::{Daemon, ROUTER_AS, Setup};
use super::encode::{self, AsWidth, Identity};
use super::fleet::Fleet;
use super::ledger::{Ledger, PrefixIndex};
use super::meter::{self, Cost};
use super::netns::{Link, Sandbox, SandboxError};
use super::probe::{self, Watcher};
use super::speaker::{Session, Sink, SpeakerError};

/// The router's address towards senders, its router id.
pub const UP: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
/// The router's address towards receivers, the next hop that they must see.
pub const DOWN: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 1);
/// The hold time of sessions on which keepalives are watched.
pub const SHORT_HOLD_S: u16 = 9;
/// How long a router may take from its start to the last session.
const START_LIMIT: Duration = Duration::from_secs(90);
/// A router is quiet when it has used less CPU time than this …
const QUIET_CPU_S: f64 = 0.025;
/// … in this time.
const QUIET_SPAN: Duration = Duration::from_millis(300);

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The receivers were not complete in time.
    #[error("over {0:?}")]
    Over(Duration),
    /// A session did not come up, or ended.
    #[error("{error}; the router's last words: {last_words}")]
    Session {
        /// What happened.
        error: SpeakerError,
        /// The end of its log.
        last_words: String,
    },
    /// A receiver got what the router should not have sent.
    #[error("{0}")]
    Wrong(String),
    /// No sandbox.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A file, or epoll.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What a session of the benchmark does with UPDATEs.
#[derive(Debug)]
pub enum Role {
    /// Reads them past: a sender, which gets the others' routes back.
    Discard,
    /// Keeps a ledger.
    Receive(Ledger),
    /// Keeps a ledger and looks for changes of the probe.
    Watch(Ledger, Watcher),
}

impl Sink for Role {
    fn update(&mut self, body: &[u8], at: Instant) {
        match self {
            Self::Discard => {}
            Self::Receive(ledger) => ledger.update(body),
            Self::Watch(ledger, watcher) => {
                ledger.update(body);
                watcher.update(body, at);
            }
        }
    }
}

/// How many of which.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Speakers that announce the table.
    pub senders: usize,
    /// Speakers that must get it.
    pub receivers: usize,
    /// Speakers that announce the probe: 0 or 1. With one, the first receiver watches for it.
    pub probers: usize,
}

/// Everything that a measurement needs.
pub struct Rig {
    /// The sessions: senders first, then receivers, then the prober.
    pub fleet: Fleet<Role>,
    /// Who they are, in the same order.
    pub identities: Vec<Identity>,
    shape: Shape,
    /// Where the router runs.
    pub sandbox: Sandbox,
    _directory: Scratch,
}

impl Rig {
    /// Starts the router and brings up all sessions. The calling thread must be in its private network.
    pub fn start(daemon: &Daemon, shape: Shape, index: &Arc<PrefixIndex>) -> Result<Self, Failure> {
        let identities = identities(shape);
        let directory = Scratch::new()?;
        let setup = Setup { addresses: &[UP.into(), DOWN.into()], peers: &identities };
        let command = daemon.prepare(&setup, &directory.0)?;
        let sandbox = Sandbox::start(&links(&identities), &command, &directory.0)?;
        let mut rig = Self { fleet: Fleet::new()?, identities, shape, sandbox, _directory: directory };
        rig.establish(index).map_err(|error| rig.session_failed(error))?;
        rig.warm_up()?;
        Ok(rig)
    }

    /// Sends one route from the first sender to all receivers, and withdraws it.
    ///
    /// Some routers hold back what they have for new sessions for a while (FRR: up to 10 s, the more peers the
    /// longer). That is no part of a load, so it is over before anything is measured.
    fn warm_up(&mut self) -> Result<(), Failure> {
        let mut withdraw = Vec::new();
        encode::withdraw(&mut withdraw, &[probe::PREFIX]);
        let before = self.strangers();
        for (messages, times) in [(probe::change(&self.identities[0], 0), 1), (withdraw, 2)] {
            self.send(0, &Arc::new(messages))?;
            let deadline = Instant::now() + START_LIMIT;
            while self.strangers().iter().zip(&before).any(|(now, before)| *now < before + times) {
                self.turn(Duration::from_millis(100))?;
                if Instant::now() > deadline {
                    return Err(Failure::Wrong("the first route did not come through".into()));
                }
            }
        }
        self.quiet(Duration::from_secs(20))
    }

    /// Each receiver's count of routes outside of the table.
    fn strangers(&mut self) -> Vec<u64> {
        self.receivers().map(|number| self.ledger(number).strangers()).collect()
    }

    /// Dials every session.
    fn establish(&mut self, index: &Arc<PrefixIndex>) -> Result<(), SpeakerError> {
        let deadline = Instant::now() + START_LIMIT;
        for (number, identity) in self.identities.iter().enumerate() {
            let receiver = number.checked_sub(self.shape.senders).filter(|at| *at < self.shape.receivers);
            let ledger = || Ledger::new(Arc::clone(index), ROUTER_AS, DOWN);
            let (router, role) = match receiver {
                None => (UP, Role::Discard),
                Some(0) if self.shape.probers > 0 => (DOWN, Role::Watch(ledger(), Watcher::default())),
                Some(_) => (DOWN, Role::Receive(ledger())),
            };
            let session = Session::dial(*identity, router.into(), role, deadline)?;
            self.fleet.add(session)?;
        }
        Ok(())
    }

    /// The numbers of the receivers' sessions.
    pub fn receivers(&self) -> core::ops::Range<usize> {
        self.shape.senders..self.shape.senders + self.shape.receivers
    }

    /// A receiver's ledger.
    pub fn ledger(&mut self, number: usize) -> &mut Ledger {
        match &mut self.fleet.session(number).sink {
            Role::Receive(ledger) | Role::Watch(ledger, _) => ledger,
            Role::Discard => unreachable!("a sender keeps no ledger"),
        }
    }

    /// The first receiver's watcher.
    pub fn watcher(&mut self) -> &mut Watcher {
        let number = self.shape.senders;
        match &mut self.fleet.session(number).sink {
            Role::Watch(_, watcher) => watcher,
            Role::Receive(_) | Role::Discard => unreachable!("this rig has no prober"),
        }
    }

    /// From now on each receiver expects this.
    pub fn expect(&mut self, expected: &Arc<Vec<u32>>) {
        for number in self.receivers() {
            self.ledger(number).expect(Arc::clone(expected));
        }
    }

    /// Whether each receiver is as it expects to be.
    pub fn is_complete(&mut self) -> bool {
        self.receivers().all(|number| self.ledger(number).is_complete())
    }

    /// Sends on a session.
    pub fn send(&mut self, number: usize, messages: &Arc<Vec<u8>>) -> Result<(), Failure> {
        self.fleet.send(number, Arc::clone(messages)).map_err(|error| self.session_failed(error))
    }

    /// One turn of the event loop.
    pub fn turn(&mut self, limit: Duration) -> Result<(), Failure> {
        self.fleet.turn(limit).map_err(|error| self.session_failed(error))
    }

    /// What the router has used so far.
    pub fn cost(&self) -> Cost {
        meter::cost(&self.sandbox.processes())
    }

    /// Lets the sessions run until the router uses no CPU time any more, or until `limit`.
    pub fn quiet(&mut self, limit: Duration) -> Result<(), Failure> {
        let deadline = Instant::now() + limit;
        loop {
            let before = self.cost().cpu_s;
            let until = Instant::now() + QUIET_SPAN;
            while Instant::now() < until {
                self.turn(Duration::from_millis(20))?;
            }
            if self.cost().cpu_s - before < QUIET_CPU_S || Instant::now() > deadline {
                return Ok(());
            }
        }
    }

    /// Names the router's part in a lost session.
    fn session_failed(&self, error: SpeakerError) -> Failure {
        Failure::Session { error, last_words: self.sandbox.last_words() }
    }
}

/// Senders in 10.1.1.0/24 and on with AS 64601 and on; receivers in 10.2.1.0/24 and on with AS 64801 and on. The
/// last of each, where there are several, and all that have to do with a probe, have the short hold time.
fn identities(shape: Shape) -> Vec<Identity> {
    let address = |side: u8, number: usize| {
        IpAddr::from([10, side, 1 + (number / 200) as u8, 1 + (number % 200) as u8])
    };
    let hold = |number: usize, count: usize| {
        let watched = shape.probers > 0 || (count > 1 && number + 1 == count);
        if watched { SHORT_HOLD_S } else { 90 }
    };
    let senders = (0..shape.senders).map(|number| Identity {
        asn: 64_601 + number as u32,
        address: address(1, number),
        hold_time_s: hold(number, shape.senders),
        as_width: AsWidth::Four,
    });
    let receivers = (0..shape.receivers).map(|number| Identity {
        asn: 64_801 + number as u32,
        address: address(2, number),
        hold_time_s: hold(number, shape.receivers),
        as_width: AsWidth::Four,
    });
    let probers = (0..shape.probers).map(|_| Identity {
        asn: 64_999,
        address: IpAddr::from([10, 1, 250, 1]),
        hold_time_s: SHORT_HOLD_S,
        as_width: AsWidth::Four,
    });
    senders.chain(receivers).chain(probers).collect()
}

/// Two links, so that the router is the next hop between them: RFC 4271 §5.1.3 lets a router that shares a subnet
/// with both sides keep the sender's address, and not all do the same then.
fn links(identities: &[Identity]) -> [Link; 2] {
    let side = |octet| {
        let of_side = identities.iter().filter(|identity| identity.router_id().octets()[1] == octet);
        of_side.map(|identity| identity.address).collect()
    };
    [
        Link { name: "west", inside: UP.into(), outside: side(1), length: 16 },
        Link { name: "east", inside: DOWN.into(), outside: side(2), length: 16 },
    ]
}

/// A directory for one run, removed with it.
#[derive(Debug)]
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// A new one under the system's directory for temporary files. What a harness that was killed has left there
    /// is removed first.
    pub fn new() -> std::io::Result<Self> {
        for entry in std::fs::read_dir(std::env::temp_dir())?.filter_map(Result::ok) {
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| name.strip_prefix("ftbgp-bench-")?.split('-').next());
            if owner.is_some_and(|pid| !std::path::Path::new("/proc").join(pid).exists()) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ftbgp-bench-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
