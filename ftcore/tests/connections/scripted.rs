//! A primary around a machine that does what a test tells it, on loopback sockets and in a thread of its own.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use ftcore::core::effect::{Effect, Effects};
use ftcore::core::input::{ConnId, Ends, Input, Time};
use ftcore::core::kernel::Kernel;
use ftcore::core::machine::Machine;
use ftcore::core::primary::{Primary, Settings, Work};
use ftcore::core::private::PrivateMemory;
use ftcore::core::record::Cause;
use ftcore::core::standby::Standby;
use ftcore::core::succession::take_over;
use ftcore::core::takeover::{Circumstances, Evidence, Listeners, Origin};
use ftcore::core::trial::NoTrial;
use ftcore::sys::sockets::{NotShared, Sockets, Source};

/// The first input.
pub(crate) const BEGIN: &[u8] = b"begin";

/// What the machine saw, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Accepted(Ends),
    Connected(Ends),
    ConnectFailed(ConnId, i32),
    Closed(ConnId, i32),
    Received(ConnId, Vec<u8>),
    Drained(ConnId, u64),
    Other(String),
}

type Script = Box<dyn FnMut(&Input<'_>, &mut Effects<()>) + Send>;

/// Tells the test what it saw, and answers as the test's script says.
struct Scripted {
    seen: Sender<Seen>,
    script: Script,
}

impl Machine for Scripted {
    type Effect = ();

    fn step(&mut self, _now: Time, input: Input<'_>, effects: &mut Effects<()>) {
        (self.script)(&input, effects);
        let seen = match input {
            Input::Accepted { ends, .. } => Seen::Accepted(ends),
            Input::Connected(ends) => Seen::Connected(ends),
            Input::ConnectFailed { conn, errno } => Seen::ConnectFailed(conn, errno),
            Input::Closed { conn, errno } => Seen::Closed(conn, errno),
            Input::Received { conn, octets } => Seen::Received(conn, octets.to_vec()),
            Input::Drained { conn, octets } => Seen::Drained(conn, octets),
            other => Seen::Other(format!("{other:?}")),
        };
        // A test that is over listens no more.
        let _ = self.seen.send(seen);
    }

    fn save(&self, _: &mut dyn io::Write) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn restore(_: &[u8]) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn digest(&self) -> u64 {
        0
    }

    fn units(&self, _: ConnId, octets: &[u8]) -> Vec<usize> {
        vec![octets.len()]
    }
}

/// A primary that runs until the process ends.
pub(crate) struct Running {
    pub(crate) seen: Receiver<Seen>,
    pub(crate) listening: Vec<SocketAddr>,
}

/// Starts a primary that listens on a free port of `address`.
pub(crate) fn start(
    address: &str,
    script: impl FnMut(&Input<'_>, &mut Effects<()>) + Send + 'static,
) -> Running {
    let (to_test, seen) = channel();
    let (to_start, started) = channel();
    let machine = Scripted { seen: to_test, script: Box::new(script) };
    let address = SocketAddr::new(address.parse().unwrap(), 0);
    std::thread::spawn(move || {
        let mut sockets = Sockets::new(Box::new(NotShared)).unwrap();
        sockets.listeners.open(address).unwrap();
        sockets.register_listeners().unwrap();
        to_start.send(sockets.listeners.iter().map(|(_, address, _)| address).collect()).unwrap();
        let mut primary = lead(machine, &mut sockets);
        primary.other(&mut sockets, BEGIN);
        loop {
            turn(&mut primary, &mut sockets);
        }
    });
    Running { seen, listening: started.recv().unwrap() }
}

/// The first primary of all.
fn lead(machine: Scripted, sockets: &mut Sockets) -> Primary<Scripted, PrivateMemory> {
    let detected = sockets.now();
    let evidence =
        Evidence { cause: Cause::Start, signal: None, origin: Origin::Outside, detect_us: 0, detected };
    let circumstances = Circumstances {
        evidence,
        accepted: Vec::new(),
        unix_ms: 0,
        listeners: Listeners::Same,
        settings: Settings { mode: ftcore::core::role::Mode::None, ..Settings::default() },
    };
    let (standby, memory) = (Standby::genesis(machine), PrivateMemory::new(4 << 20));
    take_over(standby, memory, sockets, &mut NoTrial, &circumstances).unwrap().0
}

fn turn(primary: &mut Primary<Scripted, PrivateMemory>, sockets: &mut Sockets) {
    let wants = primary.wants();
    let until = |at: Time| Duration::from_micros(at.0.saturating_sub(sockets.now().0));
    let patience = match wants.work {
        Work::Left => Duration::ZERO,
        Work::Done => {
            wants.deadline.map_or(Duration::from_millis(100), until).min(Duration::from_millis(100))
        }
    };
    let count = sockets.collect(Some(patience)).unwrap();
    primary.begin_turn(sockets);
    for n in 0..count {
        match sockets.ready(n) {
            Some((Source::Socket(socket), readiness)) => {
                let _ = primary.ready(sockets, socket, readiness, 16 << 10);
            }
            Some((Source::Listener(listener), _)) => {
                for accepted in sockets.accept(listener) {
                    primary.accepted(sockets, accepted);
                }
            }
            Some((Source::Own(_), _)) | None => {}
        }
    }
    sockets.resume_listeners();
    primary.clock(sockets);
    primary.flush(sockets);
    primary.take_others().for_each(drop);
    let _ = primary.end_turn(sockets);
}

impl Running {
    /// Waits for something that fits, and passes over what does not.
    pub(crate) fn wait<T>(&self, mut fits: impl FnMut(Seen) -> Option<T>) -> T {
        loop {
            let seen = self.seen.recv_timeout(Duration::from_secs(20)).expect("the input did not come");
            if let Some(found) = fits(seen) {
                return found;
            }
        }
    }

    pub(crate) fn accepted(&self) -> Ends {
        self.wait(|seen| match seen {
            Seen::Accepted(ends) => Some(ends),
            _ => None,
        })
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.listening[0]).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }
}

/// A script that sends back what it receives.
pub(crate) fn echo(input: &Input<'_>, effects: &mut Effects<()>) {
    if let Input::Received { conn, octets } = input {
        effects.list.push(Effect::Send { conn: *conn, octets: octets.to_vec().into() });
    }
}
