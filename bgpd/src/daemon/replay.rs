//! `ftbgpd replay FILE`: gives a message that killed a process to a router of this build, in a process of its own.
//!
//! The router has the configuration and the session that were there: the neighbor connects, its OPEN is the one
//! that it had sent, and then comes the message. Exit status 0: this build survives it; 3: it does not.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use bgp_engine::session::State;
use ftcore::core::effect::Effects;
use ftcore::core::input::{ConnId, Ends, Input, ListenerId, Time};
use ftcore::core::machine::Machine;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::quarantine::{self, Kept};
use crate::machine::{Interface, Kind, OwnInput, Speaker, Surroundings, unhex};

/// The exit status for a message that kills this build too.
pub const CRASHED: u8 = 3;
/// What the process that tries it may use: seconds of processor time, octets of memory.
const SECONDS: u64 = 10;
const MEMORY: u64 = 4 << 30;
/// The name of the one interface.
const LINK: u32 = 1;

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The files.
    #[error("cannot read {path} and the .json beside it: {source}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The process that tries it.
    #[error("cannot start the process that tries the message: {0}")]
    Unstartable(io::Error),
    /// The session did not come up as it was.
    #[error("the session cannot be made as it was: {0}")]
    NoSession(String),
}

/// Tries a message in a child, and says on standard output what became of it.
///
/// # Errors
/// Where it could not be tried.
pub fn replay(file: &Path) -> Result<ExitCode, ReplayError> {
    let (kept, message) = read(file)?;
    let from = kept.what.neighbor.as_deref().unwrap_or("nobody");
    match kept.what.kind {
        Kind::Message => println!("{} octets from {from}, session {}", message.len(), kept.what.state),
        Kind::Input => println!("an input of the router's own, {} octets", message.len()),
    }
    let status = std::env::current_exe()
        .and_then(|program| Command::new(program).arg("replay").arg("--here").arg(file).status())
        .map_err(ReplayError::Unstartable)?;
    Ok(match status.code() {
        Some(0) => {
            println!("survived");
            ExitCode::SUCCESS
        }
        Some(code) if code == i32::from(NO_SESSION) => ExitCode::FAILURE,
        _ => {
            println!("crashed: {}", ending(status));
            ExitCode::from(CRASHED)
        }
    })
}

/// The child's exit status where there was no session to give the message to.
const NO_SESSION: u8 = 4;

fn ending(status: ExitStatus) -> String {
    match status.signal() {
        Some(libc::SIGXCPU | libc::SIGKILL) => format!("it came to no end within {SECONDS} s"),
        Some(signal) => format!("signal {signal}"),
        None => format!("{status}"),
    }
}

fn read(file: &Path) -> Result<(Kept, Vec<u8>), ReplayError> {
    quarantine::read(file)
        .map_err(|source| ReplayError::Unreadable { path: file.display().to_string(), source })
}

/// Tries a message in this process, which may not outlive it.
///
/// # Errors
/// Where it could not be tried.
pub fn replay_here(file: &Path) -> Result<ExitCode, ReplayError> {
    let (kept, message) = read(file)?;
    let limit = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
    for (resource, most) in [(Resource::Cpu, SECONDS), (Resource::As, MEMORY), (Resource::Core, 0)] {
        setrlimit(resource, limit(most)).map_err(|error| ReplayError::Unstartable(error.into()))?;
    }
    let set = match kept.what.kind {
        Kind::Message => Stage::set(&kept),
        Kind::Input => Ok(Stage::configured(&kept)),
    };
    match set {
        Ok(mut stage) if kept.what.kind == Kind::Input => {
            stage.step(Input::Other(&message));
            Ok(ExitCode::SUCCESS)
        }
        Ok(mut stage) => {
            stage.give(&message);
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            eprintln!("{}", ReplayError::NoSession(why));
            Ok(ExitCode::from(NO_SESSION))
        }
    }
}

/// A router with one connection.
struct Stage {
    speaker: Speaker,
    now: Time,
}

const CONN: ConnId = ConnId(1);
/// A marker, the length, the type.
const KEEPALIVE: [u8; 19] =
    [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 19, 4];

impl Stage {
    fn new() -> Stage {
        Stage { speaker: Speaker::new(1), now: Time(1_000_000) }
    }

    /// A router without a connection.
    fn configured(kept: &Kept) -> Stage {
        let mut stage = Stage::new();
        stage.configure(kept);
        stage
    }

    fn configure(&mut self, kept: &Kept) {
        let surroundings = Surroundings { without_fib: true, ..Surroundings::default() };
        self.own(&OwnInput::Configuration { text: kept.what.configuration.clone(), surroundings });
    }

    /// Brings the session to where it was.
    fn set(kept: &Kept) -> Result<Stage, String> {
        let what = &kept.what;
        let (Some(local), Some(remote)) = (what.local, what.remote) else {
            return Err("its addresses are not known".to_owned());
        };
        if what.state == State::Established.to_string() && what.open.is_none() || what.state == "unknown" {
            return Err("the neighbor's OPEN is not known".to_owned());
        }
        let mut stage = Stage::new();
        let name = what.neighbor.clone().filter(|name| name.parse::<IpAddr>().is_err());
        stage.own(&OwnInput::Interface(interface(name, local.ip(), remote.ip())));
        stage.configure(kept);
        let ends = Ends { conn: CONN, local: scoped(local), remote: scoped(remote) };
        stage.step(Input::Accepted { ends, listener: ListenerId(0) });
        let Some(open) = &what.open else { return Ok(stage) };
        let open = unhex(open).ok_or("the OPEN is not in hexadecimal")?;
        stage.give(&open);
        stage.give(&KEEPALIVE);
        let up = stage.speaker.engine().peers().any(|peer| peer.session.state() == State::Established);
        if up { Ok(stage) } else { Err("the neighbor's OPEN is not taken".to_owned()) }
    }

    fn own(&mut self, input: &OwnInput) {
        self.step(Input::Other(&input.emit()));
    }

    fn give(&mut self, octets: &[u8]) {
        self.step(Input::Received { conn: CONN, octets });
    }

    /// One input, and what follows from it.
    fn step(&mut self, input: Input<'_>) {
        let mut effects = Effects::default();
        self.speaker.step(self.now, input, &mut effects);
        while effects.more {
            effects = Effects::default();
            self.now.0 += 1;
            self.speaker.step(self.now, Input::Clock, &mut effects);
        }
    }
}

/// A link on which both addresses are neighbors.
fn interface(name: Option<String>, local: IpAddr, remote: IpAddr) -> Interface {
    let common = match (local, remote) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => 0,
    };
    let length = u8::try_from(common.saturating_sub(1)).unwrap_or_default();
    let name = name.unwrap_or_else(|| "replay".to_owned());
    Interface { index: LINK, name, up: true, addresses: vec![(local, length)] }
}

/// A link-local address is on that link.
fn scoped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(mut v6) if v6.ip().is_unicast_link_local() => {
            v6.set_scope_id(LINK);
            v6.into()
        }
        other => other,
    }
}
