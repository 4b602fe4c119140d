//! The keeper: starts primary and twin, accepts for them, holds a duplicate of everything they hold, and starts
//! anew what died.
//!
//! It reads no octet that a peer sent and decides nothing: what is to be done is [`Roles`]'s answer to what it
//! sees here. It may be killed, stopped or replaced at any time; its children go on without it, and come to the
//! next one by themselves with all that they hold.

mod act;
pub mod adopt;
pub mod child;
pub mod holdings;
pub mod kept;
pub mod notify;
pub mod run_dir;
mod turn;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::process::ExitCode;

use rustix::event::epoll::{self, EventData, EventFlags};

use crate::core::role::{ChildId, Settings};
use crate::core::roles::Roles;
use crate::sys::channel::ChannelListener;
use crate::sys::own;
use crate::sys::process::Exit;
use crate::sys::signals::Signals;
use crate::sys::socket;
use crate::sys::title::{self, Part};

use self::adopt::Adoption;
use self::child::Child;
use self::holdings::{Holdings, Listener};
use self::notify::Notify;
use self::run_dir::RunDir;

pub(in crate::sys) use self::turn::time;

/// The environment's name for the descriptor of the run directory's lock, over an execve.
const LOCK: &str = "FTCORE_LOCK";

/// How a program is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its name, as in its processes' titles.
    pub program: String,
    /// Where its processes say who they are. One keeper to a directory.
    pub run_dir: PathBuf,
    /// Where checkpoint and log are in cold mode.
    pub state_dir: PathBuf,
    /// What is configured to begin with.
    pub settings: Settings,
}

/// The same of what its oom_score_adj was before it became a keeper's.
const SCORE: &str = "FTCORE_SCORE";

/// What a program opens before it has any child.
#[derive(Debug, Default)]
pub struct Opened {
    /// Listening sockets: connections that come to them are the machine's. The first has the name 0.
    pub listeners: Vec<Listener>,
    /// Anything else that every process of the program shall hold, by the program's own names.
    pub offered: Vec<(String, OwnedFd)>,
}

/// A socket that listens on `address`.
///
/// # Errors
/// The kernel's.
pub fn listen(address: SocketAddr) -> io::Result<Listener> {
    let socket = socket::listen(address)?;
    Ok(Listener { address: socket::local(&socket)?, socket })
}

/// Where a readiness came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Signals,
    Door,
    Listener(u32),
    Link(ChildId),
    End(ChildId),
}

impl Source {
    fn token(self) -> EventData {
        let (kind, number) = match self {
            Source::Signals => (0, 0),
            Source::Door => (1, 0),
            Source::Listener(number) => (2, number),
            Source::Link(child) => (3, child.0),
            Source::End(child) => (4, child.0),
        };
        EventData::new_u64(kind << 32 | u64::from(number))
    }

    fn of(token: u64) -> Option<Source> {
        // The lower half is the number.
        let number = token as u32;
        Some(match token >> 32 {
            0 => Source::Signals,
            1 => Source::Door,
            2 => Source::Listener(number),
            3 => Source::Link(ChildId(number)),
            4 => Source::End(ChildId(number)),
            _ => return None,
        })
    }
}

/// The keeper of one program.
struct Keeper {
    options: Options,
    /// Opens what the program has open before it has children.
    open: Box<dyn Fn() -> io::Result<Opened>>,
    settings: Settings,
    dir: RunDir,
    lock: OwnedFd,
    epoll: OwnedFd,
    signals: Signals,
    door: ChannelListener,
    notify: Notify,
    roles: Roles,
    children: BTreeMap<ChildId, Child>,
    holdings: Holdings,
    adoption: Adoption,
    /// A log was begun before.
    began: bool,
    /// A stop was asked for while children of an earlier keeper were waited for.
    stop_asked: bool,
    /// The configuration is to be read again, and there was nobody to do it.
    reload_asked: bool,
    /// Children that could not be started.
    unstarted: Vec<ChildId>,
    /// How the last primary ended.
    last_exit: Option<Exit>,
    /// Until when no connection is accepted, since the descriptors ran out.
    accept_after: Option<std::time::Instant>,
    /// What oom_score_adj was when this process began.
    usual_score: String,
}

/// Runs the keeper until it shall end.
pub(super) fn run(options: Options, open: Box<dyn Fn() -> io::Result<Opened>>) -> ExitCode {
    if let Err(error) = title::begin_as(&options.program, Part::Keeper) {
        tracing::debug!("the keeper goes on without its title: {error}");
    }
    let begun = take_lock(&options).and_then(|lock| Keeper::begin(options, lock, open));
    let ended = begun.and_then(Keeper::keep);
    ended.unwrap_or_else(|error| {
        tracing::error!("{error}");
        ExitCode::FAILURE
    })
}

/// The run directory's lock: the inherited one, or a new one.
fn take_lock(options: &Options) -> io::Result<OwnedFd> {
    let inherited = std::env::var(LOCK).ok().and_then(|number| number.parse::<RawFd>().ok());
    if let Some(number) = inherited.filter(|number| *number > 2) {
        // SAFETY: an earlier image of this process left it open for this one, and said so; nobody else here
        // knows of it.
        let lock = unsafe { OwnedFd::from_raw_fd(number) };
        if rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::CLOEXEC).is_ok() {
            return Ok(lock);
        }
    }
    run_dir::take(&options.run_dir).map_err(io::Error::other)
}

impl Keeper {
    fn begin(
        options: Options,
        lock: OwnedFd,
        open: Box<dyn Fn() -> io::Result<Opened>>,
    ) -> io::Result<Keeper> {
        let signals = Signals::block(&[libc::SIGTERM, libc::SIGINT, libc::SIGHUP])?;
        let own_score = || std::fs::read_to_string("/proc/self/oom_score_adj").unwrap_or_default();
        let usual_score = std::env::var(SCORE).unwrap_or_else(|_| own_score());
        if let Err(error) = own::raise_descriptor_limit() {
            tracing::warn!("the limit of open files stays as it is: {error}");
        }
        // The lowest is a privilege; without it the keeper is killed as any other.
        if std::fs::write("/proc/self/oom_score_adj", "-1000").is_err() {
            tracing::debug!("the keeper may be killed for lack of memory as any other process");
        }
        let dir = RunDir::new(&options.run_dir);
        let own = std::process::id();
        dir.say(Part::Keeper, own)?;
        // The lock says that what lies there is a dead keeper's.
        let _ = std::fs::remove_file(dir.socket());
        let door = ChannelListener::open(&dir.socket())?;
        let living = dir.living(&options.program);
        let holdings = match living {
            // Its children bring what is open.
            Some(_) => Holdings::default(),
            None => Holdings::new(open()?),
        };
        let settings = options.settings;
        let keeper = Keeper {
            roles: Roles::new(settings.mode, settings.stop_us),
            settings,
            dir,
            lock,
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            signals,
            door,
            notify: Notify::from_environment(),
            children: BTreeMap::new(),
            holdings,
            adoption: Adoption::new(living),
            began: false,
            stop_asked: false,
            reload_asked: false,
            unstarted: Vec::new(),
            last_exit: None,
            accept_after: None,
            usual_score,
            open,
            options,
        };
        keeper.watch(&keeper.signals, Source::Signals)?;
        keeper.watch(&keeper.door, Source::Door)?;
        for (id, listener) in &keeper.holdings.listeners {
            keeper.watch(&listener.socket, Source::Listener(id.0))?;
        }
        if let Some(pid) = living {
            tracing::info!("process {pid} serves here; waiting for it to come to this keeper");
        }
        Ok(keeper)
    }

    /// Opens what is to be open where nobody has it open.
    fn begin_anew(&mut self) -> io::Result<()> {
        self.holdings = Holdings::new((self.open)()?);
        for (id, listener) in &self.holdings.listeners {
            self.watch(&listener.socket, Source::Listener(id.0))?;
        }
        Ok(())
    }

    fn watch(&self, what: impl AsFd, source: Source) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, what, source.token(), EventFlags::IN)?)
    }

    /// Executes another binary, or the own one again, in this process; its children come to it. It returns only
    /// where that failed.
    fn renew(&self, binary: &std::path::Path) {
        use std::os::unix::process::CommandExt;
        let inherited = rustix::io::fcntl_setfd(&self.lock, rustix::io::FdFlags::empty());
        let error = match inherited {
            Ok(()) => std::process::Command::new(binary)
                .arg0(Part::Keeper.title(&self.options.program))
                .args(std::env::args_os().skip(1))
                .env(LOCK, self.lock.as_raw_fd().to_string())
                .env(SCORE, &self.usual_score)
                .exec(),
            Err(error) => error.into(),
        };
        let _ = rustix::io::fcntl_setfd(&self.lock, rustix::io::FdFlags::CLOEXEC);
        tracing::error!("the keeper goes on as it is: {} cannot be executed: {error}", binary.display());
    }
}
