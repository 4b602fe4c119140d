//! A storm: hits at random moments on a router that works, counted, and what they broke.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::proof::Excuses;
use super::router::{Redundancy, Role, Takeover};
use super::world::World;
use crate::bench::probe::percentile;
use crate::bench::rng::Rng;

/// How long the router may take to be protected again.
const RECOVERY: Duration = Duration::from_secs(60);

/// Whether a hit waits for the router to be protected again after the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It waits.
    Polite,
    /// It only waits for the next primary, and may find it without a twin in step.
    Rude,
}

/// What is done to the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hit {
    /// SIGKILL.
    Kill,
    /// SIGSEGV.
    Segv,
    /// SIGABRT.
    Abort,
    /// SIGSTOP: it hangs until it is found out.
    Stop,
}

impl Hit {
    const ALL: [Hit; 4] = [Hit::Kill, Hit::Segv, Hit::Abort, Hit::Stop];

    /// The signal that does it.
    pub fn signal(self) -> Signal {
        match self {
            Hit::Kill => Signal::KILL,
            Hit::Segv => Signal::SEGV,
            Hit::Abort => Signal::ABORT,
            Hit::Stop => Signal::STOP,
        }
    }
}

/// How hard it storms.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// How many hits.
    pub hits: u32,
    /// Of the random moments and kinds; the same seed hits alike.
    pub seed: u64,
    /// Whether hits wait.
    pub manner: Manner,
}

/// What happened.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// By kind.
    pub hits: BTreeMap<Hit, u32>,
    /// How many of them fell while tables were being sent.
    pub under_load: u32,
    /// How often tables were sent.
    pub loads: u32,
    /// Takeovers that the router itself reports, by cause.
    pub takeovers: BTreeMap<String, u32>,
    /// Detection and takeover of each crash together, in ms, as the router itself reports it; sorted at the end.
    pub crash_ms: Vec<f64>,
    /// What was broken: complaints of neighbors and scripted peers, each once.
    pub resets: Vec<String>,
}

impl Counts {
    /// All hits.
    pub fn all(&self) -> u32 {
        self.hits.values().sum()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self.hits.iter().map(|(hit, count)| format!("{count} {hit:?}")).collect();
        let causes: Vec<String> = self.takeovers.iter().map(|(cause, n)| format!("{n} {cause}")).collect();
        write!(
            f,
            "{} hits ({}), {} of them while tables loaded ({} loads); takeovers: {}; crash to takeover, as the router \
             says (ms): p50 {:.2}, p99 {:.2}; resets: {}",
            self.all(),
            kinds.join(", "),
            self.under_load,
            self.loads,
            causes.join(", "),
            percentile(&self.crash_ms, 0.5),
            percentile(&self.crash_ms, 0.99),
            self.resets.len()
        )
    }
}

impl Storm {
    /// Hits the world's router and counts; `progress` is told each hit. Ends early when the router does not come back,
    /// which is the error.
    pub fn rage(
        &self,
        world: &World,
        excuses: &Excuses,
        counts: &mut Counts,
        mut progress: impl FnMut(u32, &str),
    ) -> Result<(), String> {
        let mut rng = Rng::new(self.seed);
        for number in 1..=self.hits {
            let hit = Hit::ALL[rng.weighted(&[5, 2, 1, 2])];
            match self.strike(world, hit, &mut rng, counts) {
                Ok(line) => progress(number, &line),
                Err(error) => return Err(format!("hit {number}, {hit:?}: {error}")),
            }
            for reset in world.unshaken(excuses) {
                if !counts.resets.contains(&reset) {
                    progress(number, &format!("RESET: {reset}"));
                    counts.resets.push(reset);
                }
            }
        }
        counts.crash_ms.sort_by(f64::total_cmp);
        Ok(())
    }

    /// One hit at a random moment, and the wait for what must follow.
    fn strike(&self, world: &World, hit: Hit, rng: &mut Rng, counts: &mut Counts) -> Result<String, String> {
        let router = world.router();
        let before = match self.manner {
            Manner::Polite => router.protected(RECOVERY)?.1,
            Manner::Rude => router.wait("an answer", RECOVERY, |_| true)?.1,
        };
        let loads = rng.below(2) == 0;
        if loads {
            counts.loads += 1;
            world.load(counts.loads);
        }
        // Within a load's first 200 ms, or at any moment of the second and a half after.
        let pause_us = rng.below(if loads { 200_000 } else { 1_500_000 });
        std::thread::sleep(Duration::from_micros(pause_us.into()));
        let sends = world.feed.status().peers.values().any(|seen| seen.unsent);
        counts.under_load += u32::from(sends || loads);
        let struck = Instant::now();
        router.signal(Role::Primary, hit.signal())?;
        *counts.hits.entry(hit).or_default() += 1;
        let (_, after) = match self.manner {
            Manner::Polite => router.taken_over(before.epoch, RECOVERY)?,
            Manner::Rude => router.wait("the next epoch", RECOVERY, |said| said.epoch > before.epoch)?,
        };
        let back = struck.elapsed();
        world.echo(Duration::from_secs(20))?;
        for takeover in new_takeovers(&before, &after) {
            *counts.takeovers.entry(takeover.cause.clone()).or_default() += 1;
            if takeover.cause == "crash" {
                counts.crash_ms.push(takeover.detect_msec + takeover.takeover_msec);
            }
        }
        let said = after.takeovers.first().map_or("no takeover shown".into(), describe);
        let load = if loads { " in a load" } else { "" };
        let state = match self.manner {
            Manner::Polite => "protected again",
            Manner::Rude => "next epoch",
        };
        Ok(format!("{hit:?}{load}: {said}; {state} after {:.1} s", back.as_secs_f64()))
    }
}

/// Those that came after what was said before, newest first.
pub fn new_takeovers<'a>(before: &Redundancy, after: &'a Redundancy) -> impl Iterator<Item = &'a Takeover> {
    let epoch = before.epoch;
    after.takeovers.iter().filter(move |takeover| takeover.epoch > epoch)
}

/// A takeover in a line.
pub fn describe(takeover: &Takeover) -> String {
    let Takeover { epoch, cause, signal, detect_msec, takeover_msec, sessions_kept, sessions_lost, .. } =
        takeover;
    let signal = signal.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
    format!(
        "epoch {epoch}: {cause}{signal}, detected in {detect_msec:.2} ms, taken over in {takeover_msec:.2} ms, \
         {sessions_kept} sessions kept, {sessions_lost} lost"
    )
}
