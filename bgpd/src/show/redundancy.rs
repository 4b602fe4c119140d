//! `show redundancy`: who is primary, who stands by, and what was survived.

use bgp_engine::value::{Duration, Instant};
use serde_json::{Value, json};

use super::text::{push_json, put};
use super::time::uptime;
use super::{Layout, Progress, Router, Show};
use crate::config::Standby;

/// How the processes stand, as the one that answers knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How the twin stands by.
    pub mode: Standby,
    /// Whether a crash would be survived now.
    pub protection: Protection,
    /// How many primaries there have been.
    pub epoch: u64,
    /// The process that answers.
    pub primary: Primary,
    /// The other one.
    pub twin: Twin,
    /// The last digests that were compared.
    pub digest: Digests,
    /// The newest first.
    pub takeovers: Vec<Takeover>,
    /// The log.
    pub log: Log,
}

/// Whether a crash would be survived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protection {
    /// It would.
    Protected,
    /// Not yet.
    Syncing,
    /// It would not.
    #[default]
    Unprotected,
}

impl Protection {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Protection::Protected => "protected",
            Protection::Syncing => "syncing",
            Protection::Unprotected => "unprotected",
        }
    }
}

/// The process that answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Primary {
    /// Its number.
    pub pid: u32,
    /// When it started.
    pub started: Instant,
    /// The last entry that it has applied.
    pub entry: u64,
}

/// The process that stands by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    /// Its number; `None` where there is none.
    pub pid: Option<u32>,
    /// Its program's version.
    pub version: Option<String>,
    /// How it stands.
    pub state: TwinState,
    /// The last entry that it has applied.
    pub applied_entry: u64,
    /// Entries that it has yet to apply.
    pub lag_entries: u64,
    /// The same in octets of the log.
    pub lag_octets: u64,
    /// How long ago it had applied all that there was.
    pub lag: Duration,
}

/// How a twin stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TwinState {
    /// It could take over now.
    InStep,
    /// It is on the way.
    Syncing,
    /// There is none.
    #[default]
    Absent,
    /// It came to something else than the primary and must not take over.
    Diverged,
    /// The primary waits for it no more.
    Suspended,
}

impl TwinState {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            TwinState::InStep => "inStep",
            TwinState::Syncing => "syncing",
            TwinState::Absent => "absent",
            TwinState::Diverged => "diverged",
            TwinState::Suspended => "suspended",
        }
    }
}

/// What both came to at an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// The entry.
    pub entry: u64,
    /// What the primary came to.
    pub primary: Option<u64>,
    /// What the twin came to.
    pub twin: Option<u64>,
}

/// A change of primaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takeover {
    /// The epoch that began.
    pub epoch: u64,
    /// When, in milliseconds since 1970.
    pub unix_ms: i64,
    /// `crash`, `hang`, `poison`, `oom`, `stop`, `switchover` or `upgrade`.
    pub cause: &'static str,
    /// The signal that the old primary died by.
    pub signal: Option<String>,
    /// From the last progress (a crash: from the death) until it was seen.
    pub detect: Duration,
    /// From there until the first octet was written, or could be.
    pub takeover: Duration,
    /// Sessions that went on.
    pub sessions_kept: u64,
    /// Sessions that did not.
    pub sessions_lost: u64,
}

/// The log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Octets since the oldest entry that is kept.
    pub octets: u64,
    /// Octets that there is room for.
    pub capacity: u64,
}

/// The answer, which is short: it is written in one slice.
#[derive(Debug)]
pub struct Redundancy {
    layout: Layout,
}

impl Redundancy {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Redundancy { layout }
    }
}

impl Show for Redundancy {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        match self.layout {
            Layout::Text => push_text(router, out),
            Layout::Json => push_json(out, &json(router)),
        }
        Progress::Done
    }
}

/// Milliseconds with microseconds.
fn msec(span: Duration) -> f64 {
    span.as_micros() as f64 / 1000.0
}

fn hex(digest: Option<u64>) -> Option<String> {
    digest.map(|digest| format!("{digest:016x}"))
}

impl Digests {
    fn equal(self) -> bool {
        self.primary.is_some() && self.primary == self.twin
    }
}

fn json(router: &Router<'_>) -> Value {
    let standing = router.standing;
    let Standing { primary, twin, digest, log, .. } = standing;
    let takeover = |takeover: &Takeover| {
        json!({
            "epoch": takeover.epoch,
            "time": takeover.unix_ms,
            "cause": takeover.cause,
            "signal": takeover.signal,
            "detectMsec": msec(takeover.detect),
            "takeoverMsec": msec(takeover.takeover),
            "sessionsKept": takeover.sessions_kept,
            "sessionsLost": takeover.sessions_lost,
        })
    };
    json!({
        "mode": standing.mode.name(),
        "state": standing.protection.name(),
        "epoch": standing.epoch,
        "primary": {
            "pid": primary.pid,
            "version": super::VERSION,
            "uptimeMsec": msec(router.clock.since(primary.started)),
            "entry": primary.entry,
        },
        "twin": {
            "pid": twin.pid,
            "version": twin.version,
            "state": twin.state.name(),
            "appliedEntry": twin.applied_entry,
            "lagEntries": twin.lag_entries,
            "lagBytes": twin.lag_octets,
            "lagMsec": msec(twin.lag),
        },
        "digest": {
            "entry": digest.entry,
            "primary": hex(digest.primary),
            "twin": hex(digest.twin),
            "equal": digest.equal(),
        },
        "takeovers": standing.takeovers.iter().map(takeover).collect::<Vec<_>>(),
        "log": { "bytes": log.octets, "capacity": log.capacity },
        "poison": router.engine.quarantined(),
    })
}

fn push_text(router: &Router<'_>, out: &mut String) {
    let standing = router.standing;
    let Standing { primary, twin, digest, log, .. } = standing;
    let state = match standing.protection {
        Protection::Unprotected => "NOT PROTECTED",
        other => other.name(),
    };
    put!(out, "Redundancy mode: {}, state: {state}, epoch {}\n", standing.mode.name(), standing.epoch);
    let up = uptime(router.clock.since(primary.started));
    let (pid, entry) = (primary.pid, primary.entry);
    put!(out, "  Primary: pid {pid}, version {}, up {up}, entry {entry}\n", super::VERSION);
    match twin.pid {
        None => put!(out, "  Twin: {}\n", twin.state.name()),
        Some(pid) => {
            let (version, state) = (twin.version.as_deref().unwrap_or("unknown"), twin.state.name());
            put!(out, "  Twin: pid {pid}, version {version}, {state}, entry {}", twin.applied_entry);
            let (entries, octets, ms) = (twin.lag_entries, twin.lag_octets, msec(twin.lag));
            put!(out, ", behind by {entries} entries, {octets} bytes, {ms:.3} ms\n");
        }
    }
    if let Some(value) = hex(digest.primary) {
        let what = match digest.twin {
            None => "not compared yet",
            Some(_) if digest.equal() => "the same in both",
            Some(_) => "NOT THE SAME in the twin",
        };
        put!(out, "  Digest: {value} at entry {}, {what}\n", digest.entry);
    }
    put!(out, "  Log: {} of {} bytes\n", log.octets, log.capacity);
    let poison = router.engine.quarantined();
    if poison > 0 {
        put!(out, "  Messages that killed a process and were got over: {poison}, kept in poison/\n");
    }
    if standing.takeovers.is_empty() {
        out.push_str("  Takeovers: none\n");
        return;
    }
    out.push_str("  Takeovers, the newest first:\n");
    out.push_str(
        "    Epoch  Time                      Cause       Signal    Detected    Taken over  Kept  Lost\n",
    );
    for takeover in &standing.takeovers {
        let date = super::time::date(takeover.unix_ms / 1000);
        let signal = takeover.signal.as_deref().unwrap_or("-");
        let (detect, took) = (msec(takeover.detect), msec(takeover.takeover));
        let (kept, lost) = (takeover.sessions_kept, takeover.sessions_lost);
        put!(out, "    {:5}  {date:24}  {:10}  {signal:8}", takeover.epoch, takeover.cause);
        put!(out, "  {detect:7.3} ms  {took:7.3} ms  {kept:4}  {lost:4}\n");
    }
}
