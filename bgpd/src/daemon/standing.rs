//! How the processes stand, in the words of `show redundancy`.

use bgp_engine::value::{Duration, Instant};
use ftcore::core::record;
use ftcore::core::role::Mode;
use ftcore::core::standby::TwinState as CoreTwin;
use ftcore::core::status::{Protection as CoreProtection, Status};
use ftcore::sys::child::links::Redundancy;

use super::router::Serving;
use crate::config::Standby;
use crate::show::Standing;
use crate::show::redundancy::{Digests, Log, Primary, Protection, Takeover, Twin, TwinState};

/// Reads it off; `started` is when this process was.
pub(super) fn standing(serving: &Serving, started: Instant) -> Standing {
    let Redundancy { status, twin: process, .. } = serving.links.redundancy(&serving.primary);
    let there = process.is_some();
    let Status { mode, protection, epoch, entry, twin, digest, takeovers, .. } = status;
    Standing {
        mode: match mode {
            Mode::Hot => Standby::Hot,
            Mode::Warm => Standby::Warm,
            Mode::Cold => Standby::Cold,
            Mode::None => Standby::None,
        },
        protection: match protection {
            CoreProtection::Protected => Protection::Protected,
            CoreProtection::Syncing => Protection::Syncing,
            CoreProtection::Unprotected => Protection::Unprotected,
        },
        epoch: u64::from(epoch.0),
        primary: Primary { pid: std::process::id(), started, entry: entry.0 },
        twin: Twin {
            pid: process.as_ref().map(|process| process.pid),
            version: process.and_then(|process| process.version),
            state: match twin.state {
                // A process that has not said how it stands.
                CoreTwin::Absent if there => TwinState::Syncing,
                CoreTwin::Absent => TwinState::Absent,
                CoreTwin::Syncing => TwinState::Syncing,
                CoreTwin::InStep | CoreTwin::Holding => TwinState::InStep,
                CoreTwin::Diverged => TwinState::Diverged,
                CoreTwin::Suspended => TwinState::Suspended,
            },
            applied_entry: twin.applied.0,
            lag_entries: twin.lag_entries,
            lag_octets: twin.lag_octets,
            lag: Duration::from_micros(twin.lag_us),
        },
        digest: digest.map_or_else(Digests::default, |compared| Digests {
            entry: compared.entry.0,
            primary: Some(compared.primary),
            twin: Some(compared.twin),
        }),
        takeovers: takeovers.iter().filter(|one| one.cause != record::Cause::Start).map(takeover).collect(),
        log: Log { octets: status.log_octets, capacity: status.log_capacity },
    }
}

fn takeover(takeover: &record::Takeover) -> Takeover {
    Takeover {
        epoch: u64::from(takeover.epoch.0),
        unix_ms: i64::try_from(takeover.unix_ms).unwrap_or(i64::MAX),
        cause: takeover.cause.name(),
        signal: takeover.signal.map(signal_name),
        detect: Duration::from_micros(takeover.detect_us),
        takeover: Duration::from_micros(takeover.takeover_us),
        sessions_kept: u64::from(takeover.kept),
        sessions_lost: u64::from(takeover.lost),
    }
}

/// A signal's name.
#[must_use]
pub fn signal_name(number: i32) -> String {
    let name = match number {
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGHUP => "SIGHUP",
        libc::SIGILL => "SIGILL",
        libc::SIGINT => "SIGINT",
        libc::SIGKILL => "SIGKILL",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSTOP => "SIGSTOP",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGXCPU => "SIGXCPU",
        other => return format!("SIG{other}"),
    };
    name.to_owned()
}
