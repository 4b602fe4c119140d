//! Where stories are told: a world, the oracle that it is held against, and the words that stories are made of.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::takeover::proof::{Excuses, Oracle, oracle};
use tests::takeover::router::{Redundancy, Role, Router, Takeover};
use tests::takeover::storm::{describe, new_takeovers};
use tests::takeover::world::{Start, World};

/// How long the router may take to be protected again.
pub(crate) const RECOVERY: Duration = Duration::from_secs(40);

/// A failure class and how it is brought about; a story that is well gives a note for the table.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) tell: fn(&mut Stage) -> Result<String, String>,
}

/// A running world and what its stories have disturbed themselves.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) excuses: Excuses,
    /// The router was ended on purpose: what is said of one that never ends does not hold of it.
    pub(crate) ended: bool,
}

impl Stage {
    fn build(start: &Start) -> Result<Stage, String> {
        let world = World::start(start)?;
        let stage = Stage { world, excuses: Excuses::default(), ended: false };
        stage.router().protected(RECOVERY)?;
        Ok(stage)
    }

    /// The daemon under test.
    pub(crate) fn router(&self) -> Router<'_> {
        self.world.router()
    }

    /// Does something to a protected router that must lead to exactly one takeover, and waits until it is protected
    /// again.
    pub(crate) fn takeover(
        &self,
        act: impl FnOnce(&Router<'_>) -> Result<(), String>,
    ) -> Result<Takeover, String> {
        let router = self.router();
        let (_, before) = router.protected(RECOVERY)?;
        act(&router)?;
        let (_, after) = router.taken_over(before.epoch, RECOVERY)?;
        let new: Vec<&Takeover> = new_takeovers(&before, &after).collect();
        match new[..] {
            [one] => Ok(one.clone()),
            _ => Err(format!("{} takeovers instead of one: {new:?}", new.len())),
        }
    }

    /// Does something that must not lead to a takeover, and waits until the router is protected (again).
    pub(crate) fn no_takeover(
        &self,
        act: impl FnOnce(&Router<'_>) -> Result<(), String>,
    ) -> Result<Redundancy, String> {
        let router = self.router();
        let (_, before) = router.protected(RECOVERY)?;
        act(&router)?;
        let (_, after) = router.protected(RECOVERY)?;
        match after.epoch - before.epoch {
            0 => Ok(after),
            more => Err(format!("{more} takeovers: {:?}", after.takeovers.first())),
        }
    }

    /// Sends the primary a signal; the takeover.
    pub(crate) fn hit(&self, signal: Signal) -> Result<Takeover, String> {
        self.takeover(|router| router.signal(Role::Primary, signal).map(drop))
    }

    /// What is wrong after a story: the router does not pass changes on, or somebody noticed something.
    fn unwell(&self) -> Option<String> {
        if let Err(error) = self.world.echo(Duration::from_secs(20)) {
            return Some(error);
        }
        let shaken = self.world.unshaken(&self.excuses);
        (!shaken.is_empty()).then(|| shaken.join("; "))
    }
}

/// A takeover that must have this cause (and signal), in a line.
pub(crate) fn by(takeover: &Takeover, cause: &str, signal: Option<&str>) -> Result<String, String> {
    let line = describe(takeover);
    let right = takeover.cause == cause && (signal.is_none() || takeover.signal.as_deref() == signal);
    if right && takeover.sessions_lost == 0 { Ok(line) } else { Err(format!("{line}; expected {cause}")) }
}

/// Waits a random part of `longest`; the moments of a run differ, and each one must be survived.
pub(crate) fn pause_within(longest: Duration) {
    let chance = u64::from(std::time::UNIX_EPOCH.elapsed().unwrap_or_default().subsec_nanos() / 7);
    std::thread::sleep(longest * (chance % 1_000) as u32 / 1_000);
}

/// Tells stories one after the other, prints a line for each, and proves at the end that nobody noticed. A story
/// that fails does not spoil the others: they get a new world.
pub(crate) fn play(title: &str, start: &Start, stories: &[Story]) {
    let _turn = turn();
    let only = std::env::var("TAKEOVER_ONLY").unwrap_or_default();
    let told: Vec<&Story> = stories.iter().filter(|story| story.name.contains(&only)).collect();
    if told.is_empty() {
        return;
    }
    let oracle = the_oracle();
    let (mut stage, mut failures) = (None, Vec::new());
    println!("\n{title}");
    for story in told {
        let started = Instant::now();
        let outcome = tell(&mut stage, start, story);
        let seconds = started.elapsed().as_secs_f64();
        match outcome {
            Ok(note) => println!("  {:<44} {seconds:5.1} s  {note}", story.name),
            Err(error) => {
                println!("  {:<44} {seconds:5.1} s  FAILED: {error}", story.name);
                if let Some(stage) = stage.take() {
                    println!("{}", stage.world.lab.logs());
                }
                failures.push(format!("{}: {error}", story.name));
            }
        }
    }
    if let Some(mut stage) = stage.filter(|stage| !stage.ended) {
        let (verdict, _) = stage.world.judge(Some(oracle), &stage.excuses);
        println!(
            "  {} UPDATEs of {} octets on the wires, {} entries of the ledger, longest uptime {:.0} s: {} complaints",
            verdict.updates,
            verdict.octets,
            verdict.ledger,
            verdict.uptime_s,
            verdict.complaints.len()
        );
        failures.extend(verdict.complaints);
    }
    assert!(failures.is_empty(), "{title}:\n{}", failures.join("\n"));
}

fn tell(stage: &mut Option<Stage>, start: &Start, story: &Story) -> Result<String, String> {
    let stage = match stage {
        Some(stage) => stage,
        None => stage.insert(Stage::build(start)?),
    };
    let note = (story.tell)(stage)?;
    match stage.unwell() {
        Some(what) => Err(format!("{note}; then {what}")),
        None => Ok(note),
    }
}

/// One world at a time: the machine is small, and some stories need it.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a router without a fault comes to; found out once.
pub(crate) fn the_oracle() -> &'static Oracle {
    static ORACLE: OnceLock<Oracle> = OnceLock::new();
    ORACLE.get_or_init(|| oracle(&Start::hot()).unwrap_or_else(|error| panic!("{error}")))
}

/// The build with hidden faults, which lies in `fault` beside the usual one.
pub(crate) fn with_faults() -> Start {
    let own = std::env::current_exe().unwrap_or_default();
    let directories = own.ancestors().skip(1).take(2);
    let found: Option<PathBuf> = directories
        .map(|directory| directory.join("fault"))
        .find(|directory| directory.join("ftbgpd").exists());
    let programs = found.expect("the fault build is there: tests/fault.sh makes it");
    Start { programs: Some(programs), ..Start::hot() }
}
