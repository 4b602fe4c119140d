//! A router around a machine that does what a test tells it, on loopback sockets and in a thread of its own.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use bgp_engine::effect::{Effect, Effects};
use bgp_engine::input::{Connection, Input};
use bgp_engine::value::{ConnId, Instant};
use bgpd::daemon::control::{Answer, Console, Reply};
use bgpd::daemon::machine::Machine;
use bgpd::daemon::router::{Places, Router};
use bgpd::daemon::stepper::Work;

/// What the machine saw, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Interface(String),
    Accepted(Connection),
    Connected(Connection),
    ConnectFailed(ConnId, i32),
    Closed(ConnId, i32),
    Received(ConnId, Vec<u8>),
    Drained(ConnId, u64),
    Other(String),
}

type Script = Box<dyn FnMut(&Input<'_>, &mut Effects) + Send>;

/// Tells the test what it saw, and answers as the test's script says.
pub(crate) struct Scripted {
    seen: Sender<Seen>,
    script: Script,
    /// Steps taken.
    pub(crate) steps: u64,
}

impl Machine for Scripted {
    fn step(&mut self, _now: Instant, input: Input<'_>, effects: &mut Effects) {
        self.steps += 1;
        (self.script)(&input, effects);
        let seen = match input {
            Input::Interface(interface) => Seen::Interface(interface.name),
            Input::Accepted(connection) => Seen::Accepted(connection),
            Input::Connected(connection) => Seen::Connected(connection),
            Input::ConnectFailed { conn, errno } => Seen::ConnectFailed(conn, errno),
            Input::Closed { conn, errno } => Seen::Closed(conn, errno),
            Input::Received { conn, octets } => Seen::Received(conn, octets.to_vec()),
            Input::Drained { conn, octets } => Seen::Drained(conn, octets),
            other => Seen::Other(format!("{other:?}")),
        };
        // A test that is over listens no more.
        let _ = self.seen.send(seen);
    }
}

/// What the control socket's requests come to: an answer, made by this function out of the request.
pub(crate) type Ask = Box<dyn FnMut(&[u8]) -> Box<dyn Answer<Scripted>> + Send>;

struct ScriptedConsole(Ask);

impl Console<Scripted> for ScriptedConsole {
    fn ask(&mut self, _machine: &Scripted, request: &[u8]) -> Reply<Scripted> {
        Reply { inputs: vec![], answer: (self.0)(request) }
    }

    fn reload(&mut self) -> Result<Option<Input<'static>>, Vec<String>> {
        Ok(None)
    }
}

/// No answer at all.
pub(crate) struct Silence;

impl Answer<Scripted> for Silence {
    fn go_on(&mut self, _machine: &Scripted, _to: &mut Vec<u8>) -> Work {
        Work::Done
    }
}

/// A router that runs until the process ends.
pub(crate) struct Running {
    pub(crate) seen: Receiver<Seen>,
    pub(crate) listening: Vec<SocketAddr>,
    pub(crate) control: PathBuf,
}

/// Starts a router that listens on a free port of `address`.
pub(crate) fn start(address: &str, script: impl FnMut(&Input<'_>, &mut Effects) + Send + 'static) -> Running {
    start_with(address, script, Box::new(|_| Box::new(Silence)))
}

/// The same with answers for the control socket.
pub(crate) fn start_with(
    address: &str,
    script: impl FnMut(&Input<'_>, &mut Effects) + Send + 'static,
    ask: Ask,
) -> Running {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let control = std::env::temp_dir().join(format!("ftbgpd-scripted-{}-{number}.sock", std::process::id()));
    let (to_test, seen) = channel();
    let (to_start, started) = channel();
    let machine = Scripted { seen: to_test, script: Box::new(script), steps: 0 };
    let places =
        Places { listen: vec![SocketAddr::new(address.parse().unwrap(), 0)], control: control.clone() };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let configuration = Input::Configure(Box::default());
            let router = Router::open(machine, ScriptedConsole(ask), configuration, &places).await;
            let mut router = router.unwrap();
            to_start.send(router.listening().collect()).unwrap();
            router.run().await.unwrap();
        });
    });
    Running { seen, listening: started.recv().unwrap(), control }
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

    pub(crate) fn accepted(&self) -> Connection {
        self.wait(|seen| match seen {
            Seen::Accepted(connection) => Some(connection),
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
pub(crate) fn echo(input: &Input<'_>, effects: &mut Effects) {
    if let Input::Received { conn, octets } = input {
        effects.list.push(Effect::Send { conn: *conn, octets: octets.to_vec().into() });
    }
}
