//! A machine that places orders, made a program: what runs it, and how it is started.

use std::cell::{Cell, OnceCell};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use ftcore::core::input::Time;
use ftcore::core::kernel::Kernel;
use ftcore::core::machine::Machine;
use ftcore::core::role::{Mode, Settings};
use ftcore::sys::child::serve::Turn;
use ftcore::sys::keeper::{self, Opened, Options};
use ftcore::sys::poll::Interest;
use ftcore::sys::program::{self, Program};
use ftcore::sys::sockets::Source;

use super::desk::Desk;
use super::disk::{Order, Told};

/// The desk's number among what the loop waits for.
const BELL: u64 = 1 << 32;
/// How often the machine is told the time of day, in microseconds.
const TELL_EVERY: u64 = 60_000_000;
/// The log's ring: some seconds of a fast network's octets.
const LOG_OCTETS: u64 = 64 << 20;

/// How a program is kept alive, as its command line says it.
#[derive(Debug, Args)]
pub struct Keeping {
    /// The folder to serve.
    pub folder: PathBuf,
    /// Where the processes say who they are: keeper.pid, primary.pid, twin.pid.
    #[arg(long, value_name = "DIR")]
    pub run_dir: PathBuf,
    /// What stands by while the primary lives.
    #[arg(long, value_enum, default_value_t = Standby::Hot)]
    pub standby: Standby,
}

/// The standby modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Standby {
    /// A twin that does all that the primary does.
    Hot,
    /// A twin that holds what it needs to catch up.
    Warm,
    /// Nobody: state and log are kept in files.
    Cold,
    /// Nobody, and nothing is kept.
    None,
}

impl Keeping {
    /// Runs a program like this. `genesis` makes its machine, of a number that no other start has.
    pub fn run<M: Machine<Effect = Order> + 'static>(
        self,
        program: &str,
        listen: Option<SocketAddr>,
        genesis: impl Fn(u64) -> M + 'static,
    ) -> ExitCode {
        tracing_subscriber::fmt().with_writer(io::stderr).with_target(false).init();
        let mode = match self.standby {
            Standby::Hot => Mode::Hot,
            Standby::Warm => Mode::Warm,
            Standby::Cold => Mode::Cold,
            Standby::None => Mode::None,
        };
        let options = Options {
            program: program.to_owned(),
            state_dir: self.run_dir.clone(),
            run_dir: self.run_dir,
            settings: Settings { mode, log_octets: LOG_OCTETS, ..Settings::default() },
        };
        let (folder, genesis) = (self.folder, Box::new(genesis));
        program::run(Server { listen, folder, genesis, at_work: OnceCell::new() }, options)
    }
}

/// The program: a machine and its desk.
struct Server<M> {
    listen: Option<SocketAddr>,
    folder: PathBuf,
    genesis: Box<dyn Fn(u64) -> M>,
    /// Set up in the process that is primary, in its first turn.
    at_work: OnceCell<AtWork>,
}

/// What only the primary has.
struct AtWork {
    desk: Desk,
    /// When the machine was told the time of day.
    told: Cell<Option<Time>>,
}

impl<M: Machine<Effect = Order> + 'static> Program for Server<M> {
    type Machine = M;

    fn genesis(&self, seed: u64) -> M {
        (self.genesis)(seed)
    }

    fn open(&self) -> io::Result<Opened> {
        let listeners = self.listen.map(keeper::listen).transpose()?;
        Ok(Opened { listeners: listeners.into_iter().collect(), ..Opened::default() })
    }

    fn attend(&self, turn: &mut Turn<'_, M>) {
        if let Err(error) = self.work(turn) {
            tracing::error!("{}: {error}", self.folder.display());
            turn.end = Some(1);
        }
    }
}

impl<M: Machine<Effect = Order>> Server<M> {
    /// Takes the desk's answers to the machine, and the machine's orders to the desk. Those that an earlier
    /// primary left unanswered are among the first turn's.
    fn work(&self, turn: &mut Turn<'_, M>) -> io::Result<()> {
        if self.at_work.get().is_none() {
            let desk = Desk::open(&self.folder)?;
            turn.sockets.poll().add(desk.bell(), Source::Own(BELL).token(), Interest::IN)?;
            let _ = self.at_work.set(AtWork { desk, told: Cell::new(None) });
        }
        let Some(AtWork { desk, told }) = self.at_work.get() else { return Ok(()) };
        let now = turn.sockets.now();
        if told.get().is_none_or(|told| now.0 >= told.0 + TELL_EVERY) {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let unix_us = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
            turn.input(&Told::TimeOfDay { unix_us }.emit());
            told.set(Some(now));
        }
        for answer in desk.answers() {
            turn.input(&answer);
        }
        for (_, order) in turn.others() {
            desk.place(order);
        }
        Ok(())
    }
}
