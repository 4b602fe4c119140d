//! Runs with faults: who dies when, and the comparison with a run in which nobody does.

use std::env;

use ftcore::core::primary::Mode;
use ftcore::core::takeover::Origin;

use super::chance::Chance;
use super::cluster::{Cluster, Fates, Setup};
use super::oracle::{self, Sight};
use super::script::{Poison, Script, Stimulus, frame};
use super::toy::{Knowing, Toy, want};

/// Something that goes wrong in a step, or is done on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The primary is killed so many moments into the step.
    Kill(u64),
    /// The same, and whoever takes over is killed so many moments into that.
    KillTwice(u64, u64),
    /// Primary and twin are killed at once, before the step.
    KillBoth,
    TwinDies,
    NewTwin,
    /// A twin comes that is not what it should be.
    TwinDiffers,
    Checkpoint,
    SwitchOver,
}

/// When there is a twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TwinPlan {
    /// As soon as there is none.
    Always,
    Never,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub setup: Setup,
    pub script: Script,
    pub twin: TwinPlan,
    /// Before which step.
    pub faults: Vec<(usize, Fault)>,
}

/// What a run came to.
pub struct Played {
    pub sight: Sight,
    pub fates: Fates,
    /// Moments of the primary's in each step.
    pub moments: Vec<u64>,
}

impl Schedule {
    /// Nothing goes wrong.
    pub fn plain(script: Script) -> Self {
        let setup = Setup {
            genesis: Toy::new(Knowing::No),
            mode: Mode::Hot,
            ring: 1 << 16,
            slice: 1000,
            most: usize::MAX,
            twin_every: 1,
            twin_budget: u64::MAX,
            digest_us: 1000,
        };
        Schedule { setup, script, twin: TwinPlan::Always, faults: Vec::new() }
    }
}

/// Plays it, and holds it against everything that must be true of every run.
pub fn play(schedule: &Schedule) -> Played {
    let mut cluster = Cluster::start(schedule.setup.clone());
    let (mut peers, mut moments) = (Vec::new(), Vec::new());
    for (n, stimulus) in schedule.script.steps.iter().enumerate() {
        let before = cluster.fuse.moments();
        if schedule.twin == TwinPlan::Always && !cluster.has_twin() {
            cluster.start_twin();
        }
        for (_, fault) in schedule.faults.iter().filter(|(step, _)| *step == n) {
            strike(&mut cluster, fault);
        }
        cluster.stimulate(stimulus, &mut peers);
        cluster.come_to_rest();
        cluster.fuse.put_out();
        cluster.takeover_fuse = None;
        moments.push(cluster.fuse.moments() - before);
        if cluster.fates.lost {
            break;
        }
    }
    let sight = Sight::of(&cluster.world.borrow());
    if !cluster.fates.lost {
        oracle::the_log_tells_the_whole_story(&cluster, &schedule.setup.genesis);
        oracle::nothing_is_left_behind(&cluster);
    }
    Played { sight, fates: cluster.fates, moments }
}

/// The same without a twin, a fault or poison.
pub fn play_alone(schedule: &Schedule) -> Played {
    let mut alone = Schedule { faults: Vec::new(), twin: TwinPlan::Never, ..schedule.clone() };
    alone.setup.mode = Mode::None;
    alone.setup.genesis = Toy::new(Knowing::Yes);
    play(&alone)
}

fn strike(cluster: &mut Cluster, fault: &Fault) {
    match fault {
        Fault::Kill(moments) => cluster.fuse.light(*moments),
        Fault::KillTwice(moments, then) => {
            cluster.fuse.light(*moments);
            cluster.takeover_fuse = Some(*then);
        }
        Fault::KillBoth => cluster.both_die(Origin::Outside),
        Fault::TwinDies => cluster.twin_dies(),
        Fault::NewTwin => cluster.start_twin(),
        Fault::TwinDiffers => cluster.start_twin_that_differs(),
        Fault::Checkpoint => cluster.take_checkpoint(),
        Fault::SwitchOver => {
            cluster.switch_over();
        }
    }
}

/// Plays the schedule once for every moment of every step, with the primary killed in it.
pub fn every_moment(schedule: &Schedule, change: impl Fn(&mut Schedule)) {
    let mut schedule = schedule.clone();
    change(&mut schedule);
    let alone = play_alone(&schedule);
    let plain = play(&schedule);
    assert_eq!(plain.sight, alone.sight, "without a fault");
    for (step, moments) in plain.moments.iter().enumerate() {
        for moment in 0..*moments {
            let mut killed = schedule.clone();
            killed.faults.push((step, Fault::Kill(moment)));
            let played = play(&killed);
            assert_eq!(played.sight, alone.sight, "killed in step {step} at moment {moment}");
            assert!(!played.fates.lost && played.fates.unfit.is_empty(), "{:?}", played.fates);
        }
    }
}

/// Plays it with a second death at every moment of the takeover, for some moments of the first.
pub fn every_moment_of_a_takeover(schedule: &Schedule) {
    let alone = play_alone(schedule);
    let plain = play(schedule);
    for (step, moments) in plain.moments.iter().enumerate() {
        for moment in (0..*moments).step_by(11) {
            for then in 0.. {
                let mut killed = schedule.clone();
                killed.faults.push((step, Fault::KillTwice(moment, then)));
                let played = play(&killed);
                let told =
                    format!("killed in step {step} at moment {moment}, and again {then} moments later");
                assert_eq!(played.sight, alone.sight, "{told}");
                assert!(!played.fates.lost && played.fates.unfit.is_empty(), "{told}: {:?}", played.fates);
                if played.fates.deaths < 2 {
                    break;
                }
            }
        }
    }
}

/// A story with every strength of poison.
pub fn poisonous() -> Script {
    let mut steps = vec![Stimulus::Connect, Stimulus::Connect, Stimulus::Connect];
    for (peer, kind) in [
        (0, want::POISON),
        (0, want::ECHO),
        (1, want::STRONG_POISON),
        (2, want::DEADLY_POISON),
        (0, want::POISON),
        (0, want::SHOUT),
    ] {
        steps.push(Stimulus::Send(peer, frame(kind, b"abc")));
    }
    Script { steps }
}

/// So many schedules by chance; those that `SIM_SEED` and `SIM_SCHEDULES` say, where they are set.
pub fn by_chance(first: u64, poison: Poison) {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => first..first + number("SIM_SCHEDULES").unwrap_or(3000),
    };
    for seed in seeds {
        let schedule = schedule_by_chance(&mut Chance::new(seed), poison);
        let again = format!("play it again with SIM_SEED={seed}: {:?}", schedule.faults);
        let told = std::panic::catch_unwind(|| {
            let alone = play_alone(&schedule);
            let played = play(&schedule);
            assert_eq!(played.sight, alone.sight);
            assert!(!played.fates.lost, "{:?}", played.fates);
        });
        assert!(told.is_ok(), "{again}");
    }
}

fn schedule_by_chance(chance: &mut Chance, poison: Poison) -> Schedule {
    let mut schedule = Schedule::plain(Script::by_chance(chance, poison));
    let setup = &mut schedule.setup;
    setup.slice = chance.one_of(&[3, 20, 100, 1000]);
    setup.most = chance.one_of(&[17, 300, usize::MAX]);
    setup.ring = chance.one_of(&[1 << 14, 1 << 16]);
    setup.twin_every = chance.one_of(&[1, 1, 3, 50]);
    setup.twin_budget = chance.one_of(&[1, 500, u64::MAX]);
    for step in 0..schedule.script.steps.len() {
        if !chance.percent(40) {
            continue;
        }
        let moment = chance.below(400);
        let fault = match chance.below(20) {
            0..=8 => Fault::Kill(moment),
            9..=11 => Fault::KillTwice(moment, chance.below(200)),
            12..=13 => Fault::KillBoth,
            14 => Fault::TwinDies,
            15 => Fault::NewTwin,
            16 => Fault::TwinDiffers,
            17 => Fault::Checkpoint,
            _ => Fault::SwitchOver,
        };
        schedule.faults.push((step, fault));
    }
    schedule
}
