//! The loop: waits until something is there, gives everything that is ready its turn, and again.
//!
//! A turn is short whatever comes: of each connection at most a slice is read, of each listener a few
//! connections are taken, each answer to an operator grows by a slice, and the machine's own work is one step.
//! So a table that loads delays another peer's octets, a timer or an operator by a few milliseconds.

use std::io;
use std::time::Duration;

use bgp_engine::input::{Command, Input};
use bgp_engine::value::{ConnId, Instant};
use fib::watch::{Change, Watch, WatchError};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::clock;
use super::connections::Outcome;
use super::control::{Console, Control};
use super::listen::{ListenError, Listeners};
use super::machine::Machine;
use super::poll::{Interest, Poll, Token};
use super::stepper::{Outside, Stepper, Work};

/// The buffer that everything is read into, and with it what a single connection may bring in a turn: some 1,500
/// prefixes, so that another peer's change waits a millisecond or two for them. More octets a call save nothing.
const SLICE: usize = 16 * 1024;
/// What all connections together may bring in a turn; beyond it each one's slice becomes smaller.
const TURN: usize = 128 * 1024;
/// The smallest slice: a message of the usual size.
const LEAST_SLICE: usize = 4096;
/// How many turns with work in them may follow each other before the runtime looks for signals and links.
const TURNS_AT_ONCE: u32 = 8;
/// How long an orderly stop may take.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// Tokens below this are connections' numbers.
const FIRST: u64 = u64::MAX - (1 << 40);
const ADVERTISER: Token = Token(FIRST);
const LISTENERS: Token = Token(FIRST + 1);
const CONTROL: Token = Token(FIRST + (1 << 32));

/// Why the router cannot run, or runs no more.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// A socket to listen on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The kernel's links.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The control socket.
    #[error("cannot make the control socket {}: {source}", path.display())]
    Control {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What the loop itself stands on.
    #[error("cannot wait for events: {0}")]
    Poll(#[from] io::Error),
}

/// Where a router listens.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// For peers; port 179 of every address where empty.
    pub listen: Vec<std::net::SocketAddr>,
    /// For operators.
    pub control: std::path::PathBuf,
}

/// A router: a machine and everything around it.
pub struct Router<M, C> {
    stepper: Stepper<M>,
    control: Control<M>,
    console: C,
    watch: Watch,
    signals: Signals,
    buffer: Box<[u8]>,
    stop_by: Option<Instant>,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

enum Woken {
    Stop(&'static str),
    Reload,
    Link(Change),
    Events,
}

impl<M: Machine, C: Console<M>> Router<M, C> {
    /// Opens everything, tells the machine which links there are, and then its configuration: in this order,
    /// because what a configuration means depends on the links. Must be called in a runtime of one thread.
    ///
    /// # Errors
    /// Where something cannot be opened.
    pub async fn open(
        machine: M,
        console: C,
        configuration: Input<'static>,
        places: &Places,
    ) -> Result<Self, RouterError> {
        let poll = Poll::new()?;
        let signals = Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        };
        let mut watch = Watch::open().await?;
        let listeners = Listeners::open(&poll, &places.listen, LISTENERS)?;
        let control = Control::open(&poll, &places.control, CONTROL)
            .map_err(|source| RouterError::Control { path: places.control.clone(), source })?;
        let advertiser = (Default::default(), ADVERTISER);
        let outside = Outside { poll, connections: Default::default(), listeners, advertiser };
        let mut stepper = Stepper::new(machine, outside);
        for _ in 0..watch.waiting() {
            stepper.take_link(watch.next().await?);
        }
        stepper.take(configuration);
        let buffer = vec![0; SLICE].into_boxed_slice();
        Ok(Router { stepper, control, console, watch, signals, buffer, stop_by: None })
    }

    /// Where peers can connect to.
    pub fn listening(&self) -> impl Iterator<Item = std::net::SocketAddr> {
        self.stepper.outside.listeners.addresses()
    }

    /// Runs until it is told to stop by a signal; then ends every session, waits until the ends are sent, and
    /// returns.
    ///
    /// # Errors
    /// Where it cannot go on.
    pub async fn run(&mut self) -> Result<(), RouterError> {
        let mut turns = 0;
        while !self.is_over() {
            turns += 1;
            if turns < TURNS_AT_ONCE && self.work() == Work::Left {
                self.turn()?;
                continue;
            }
            turns = 0;
            match self.rest().await? {
                Woken::Stop(signal) => self.stop(signal),
                Woken::Reload => self.reload(),
                Woken::Link(change) => self.stepper.take_link(change),
                Woken::Events => {}
            }
            self.turn()?;
        }
        self.control.close();
        Ok(())
    }

    /// Waits until there is something to do.
    async fn rest(&mut self) -> Result<Woken, RouterError> {
        let deadline = self.stepper.deadline().into_iter().chain(self.stop_by).min();
        let sleep = deadline.map(clock::until);
        let work = self.work() == Work::Left || sleep.is_some_and(|sleep| sleep.is_zero());
        let Router { stepper, watch, signals, .. } = self;
        // In this order, and with the runtime's own turn where there is work: signals and links are rare and
        // must not wait behind octets.
        tokio::select! {
            biased;
            _ = signals.terminate.recv() => Ok(Woken::Stop("SIGTERM")),
            _ = signals.interrupt.recv() => Ok(Woken::Stop("SIGINT")),
            _ = signals.hangup.recv() => Ok(Woken::Reload),
            change = watch.next() => Ok(Woken::Link(change?)),
            ready = stepper.outside.poll.wait() => Ok(ready.map(|()| Woken::Events)?),
            () = tokio::task::yield_now(), if work => Ok(Woken::Events),
            () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => Ok(Woken::Events),
        }
    }

    /// Whether there is something to do that no event will announce.
    fn work(&self) -> Work {
        if self.stepper.work() == Work::Left { Work::Left } else { self.control.work() }
    }

    /// Gives everything that is ready its turn.
    fn turn(&mut self) -> Result<(), RouterError> {
        if self.stepper.outside.poll.count() == 0 {
            self.stepper.outside.poll.collect()?;
        }
        let count = self.stepper.outside.poll.count();
        let slice = (TURN / count.max(1)).clamp(LEAST_SLICE, SLICE);
        for n in 0..count {
            if let Some((token, interest)) = self.stepper.outside.poll.ready(n) {
                self.dispatch(token, interest, slice);
            }
        }
        self.stepper.outside.poll.forget();
        self.stepper.take_owed();
        self.stepper.keep_house();
        self.stepper.take_clock();
        self.stepper.flush();
        self.control.go_on(&mut self.stepper, &mut self.console);
        Ok(())
    }

    fn dispatch(&mut self, token: Token, interest: Interest, slice: usize) {
        let Outside { poll, listeners, .. } = &mut self.stepper.outside;
        if token == ADVERTISER {
            self.stepper.hear();
        } else if listeners.owns(token) {
            for (socket, remote) in listeners.accept(poll, token, clock::now()) {
                self.stepper.accept(socket, remote);
            }
        } else if self.control.owns(token) {
            self.control.ready(poll, token, interest);
        } else if token.0 < FIRST {
            self.serve(ConnId(token.0), interest, slice);
        }
    }

    fn serve(&mut self, conn: ConnId, interest: Interest, slice: usize) {
        if self.stepper.outside.connections.wants_flush(conn, interest) {
            self.stepper.flush_one(conn);
        }
        let Outside { poll, connections, .. } = &mut self.stepper.outside;
        match connections.read(poll, conn, interest, &mut self.buffer[..slice]) {
            Outcome::Nothing => {}
            Outcome::Received(count) => {
                self.stepper.take(Input::Received { conn, octets: &self.buffer[..count] });
            }
            Outcome::Input(input) => self.stepper.take(input),
        }
    }

    fn reload(&mut self) {
        match self.console.reload() {
            Ok(Some(input)) => {
                tracing::info!("the configuration file was read again");
                self.stepper.take(input);
            }
            Ok(None) => tracing::info!("the configuration file was read again: nothing has changed"),
            Err(errors) => {
                for error in errors {
                    tracing::error!("{error}");
                }
                tracing::error!("the configuration stays as it was: correct the file and send SIGHUP again");
            }
        }
    }

    fn stop(&mut self, signal: &str) {
        if self.stop_by.is_some() {
            return;
        }
        tracing::info!("{signal}: stopping");
        self.stop_by = Some(clock::now() + STOP_WITHIN);
        let Outside { poll, listeners, advertiser, .. } = &mut self.stepper.outside;
        listeners.close(poll);
        advertiser.0.stop();
        self.stepper.take(Input::Command(Command::Stop));
    }

    fn is_over(&self) -> bool {
        self.stop_by
            .is_some_and(|stop_by| self.stepper.outside.connections.count() == 0 || clock::now() >= stop_by)
    }
}
