//! Hits, each timed from kill(2) to the first new octet at the receiver.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::subject::Subject;
use crate::bench::daemons::Daemon;
use crate::bench::netns::enter_private_network;
use crate::bench::probe::ms;
use crate::bench::rig::Failure;
use crate::bench::rng::Rng;

/// How long a hit may silence the router until the run is given up.
const LIMIT: Duration = Duration::from_secs(120);

/// What is done to the primary, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// SIGKILL with nothing else going on.
    Idle,
    /// SIGKILL while the whole table comes again with other attributes.
    Loading,
    /// A panic in the middle of an entry; the fault build's.
    InsideAnEntry,
    /// SIGSTOP.
    Hang,
}

impl Kind {
    /// The row's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Idle => "SIGKILL, idle",
            Self::Loading => "SIGKILL, during a load",
            Self::InsideAnEntry => "crash inside an entry",
            Self::Hang => "SIGSTOP (detect hang 500 ms)",
        }
    }

    /// The figure for p50 and p99 with a hot twin, in ms.
    pub fn target_ms(self) -> (f64, f64) {
        match self {
            Self::Idle | Self::Loading => (2.0, 10.0),
            Self::InsideAnEntry => (50.0, 50.0),
            Self::Hang => (502.0, 510.0),
        }
    }
}

/// What the hits of one kind gave, each list in the order of the hits.
#[derive(Debug, Clone, Default)]
pub struct Delays {
    /// kill(2) to the arrival of a change sent after it, ms.
    pub change_ms: Vec<f64>,
    /// kill(2) to the end of the receiver's longest silence, ms; only of hits during a load.
    pub stream_ms: Vec<f64>,
    /// kill(2) to 'protected', s.
    pub protected_s: Vec<f64>,
    /// The slowest change while the next twin synchronised, ms: the primary's longest pause.
    pub pause_ms: Vec<f64>,
    /// Detection and takeover as the router reports them, ms.
    pub reported_ms: Vec<f64>,
    /// Sessions that the router reports as lost.
    pub lost: u64,
}

/// One start of a router, hit `hits` times; in a thread and network of its own.
pub fn run(daemon: &Daemon, prefixes: usize, kind: Kind, hits: usize) -> Result<Delays, String> {
    std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            enter_private_network().map_err(Failure::from)?;
            let mut subject = Subject::load(daemon, prefixes)?;
            let mut delays = Delays::default();
            let mut rng = Rng::new(prefixes as u64 ^ 0x0074_616b_656f_7665);
            for _ in 0..hits {
                hit(&mut subject, daemon, kind, &mut rng, &mut delays)?;
            }
            Ok(delays)
        });
        let outcome: Result<Delays, Failure> =
            work.join().unwrap_or_else(|_| Err(Failure::Wrong("the harness panicked".into())));
        outcome.map_err(|failure| failure.to_string())
    })
}

/// Hits once and waits until the router is protected again.
fn hit(
    subject: &mut Subject,
    daemon: &Daemon,
    kind: Kind,
    rng: &mut Rng,
    delays: &mut Delays,
) -> Result<(), Failure> {
    let (_, before) = subject.protected(daemon, 0)?;
    // Not in step with the router's own timers.
    let until = Instant::now() + Duration::from_micros(rng.below(100_000).into());
    while Instant::now() < until {
        subject.rig.turn(until.saturating_duration_since(Instant::now()))?;
    }
    let struck = match kind {
        Kind::Idle => subject.strike(subject.primary()?, Signal::KILL)?,
        Kind::Hang => subject.strike(subject.primary()?, Signal::STOP)?,
        Kind::Loading => strike_in_a_load(subject, rng)?,
        Kind::InsideAnEntry => {
            // The next entry dies of it: the change that is sent now.
            subject.shell(&daemon.program, "debug fault panic")?;
            Instant::now()
        }
    };
    let number = subject.send_change()?;
    let arrived = subject.arrival(number, LIMIT)?;
    delays.change_ms.push(ms(arrived.saturating_duration_since(struck)));
    if kind == Kind::Loading {
        delays.stream_ms.extend(subject.rig.watcher().first_sound().map(ms));
        subject.complete(LIMIT)?;
    }
    let (pause_ms, after) = subject.protected(daemon, before.epoch)?;
    delays.protected_s.push(struck.elapsed().as_secs_f64());
    delays.pause_ms.push(pause_ms);
    if let Some(takeover) = after.takeovers.first() {
        delays.reported_ms.push(takeover.detect_msec + takeover.takeover_msec);
        delays.lost += takeover.sessions_lost;
    }
    Ok(())
}

/// Lets the table come again and kills somewhere in it.
fn strike_in_a_load(subject: &mut Subject, rng: &mut Rng) -> Result<Instant, Failure> {
    let primary = subject.primary()?;
    subject.renew_table()?;
    let until = Instant::now() + Duration::from_micros(20_000 + u64::from(rng.below(400_000)));
    while Instant::now() < until && !subject.rig.is_complete() {
        subject.rig.turn(Duration::from_millis(1))?;
    }
    let struck = subject.strike(primary, Signal::KILL)?;
    subject.rig.watcher().listen_from(struck);
    Ok(struck)
}
