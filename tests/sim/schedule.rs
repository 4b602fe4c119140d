//! Runs with faults: who dies when, and the comparison with a run in which nobody does.

use std::env;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ftcore::core::memory::Word;
use ftcore::core::primary::Mode;
use ftcore::core::takeover::Origin;

use super::chance::Chance;
use super::cluster::{Cluster, Fates, Setup, Subject};
use super::oracle::{self, Sight};
use super::script::{Poison, Script, Stimulus, frame};
use super::toy::{Knowing, want};

/// Something that goes wrong in a step, or is done on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The primary is killed so many moments into the step.
    Kill(u64),
    /// The same, and it looks as if the primary had died of itself: its entry is suspected.
    Crash(u64),
    /// The same, and whoever takes over is killed so many moments into that.
    KillTwice(u64, u64),
    /// Primary and twin are killed at once, before the step.
    KillBoth,
    TwinDies,
    NewTwin,
    /// A twin comes that is not what it should be.
    TwinDiffers,
    /// The twin that is there becomes something else.
    TwinGoesAstray,
    /// The same, and the primary is killed so many moments later.
    AstrayAndKill(u64),
    Checkpoint,
    SwitchOver,
    /// The same, and one of both is killed so many moments into it.
    KillOver(u64),
    /// The dying primary writes so many octets of rubbish over its ring, so far from the log's end.
    Scribble(u64, u64),
    /// The dying primary writes rubbish into the words that say where the log ends.
    ScribbleWords(u64),
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
pub struct Schedule<S> {
    pub setup: Setup<S>,
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

impl<S: Clone> Schedule<S> {
    /// Nothing goes wrong.
    pub fn plain(genesis: S, script: Script) -> Self {
        let setup = Setup {
            genesis,
            mode: Mode::Hot,
            ring: 1 << 16,
            slice: 1000,
            most: usize::MAX,
            twin_every: 1,
            twin_budget: u64::MAX,
            digest_us: 1000,
            step_us: u64::MAX,
        };
        Schedule { setup, script, twin: TwinPlan::Always, faults: Vec::new() }
    }
}

/// Plays it, and holds it against everything that must be true of every run.
pub fn play<M: Subject>(schedule: &Schedule<M::Seed>) -> Played {
    let mut cluster: Cluster<M> = Cluster::start(schedule.setup.clone());
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
        cluster.begin_step();
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
        oracle::the_twin_is_the_primary(&mut cluster);
    }
    Played { sight, fates: cluster.fates, moments }
}

/// The primary as octets at the end of the script, where nothing goes wrong.
pub fn saved_after<M: Subject>(schedule: &Schedule<M::Seed>) -> Vec<u8> {
    let mut cluster: Cluster<M> = Cluster::start(schedule.setup.clone());
    let mut peers = Vec::new();
    for stimulus in &schedule.script.steps {
        cluster.stimulate(stimulus, &mut peers);
        cluster.begin_step();
        cluster.come_to_rest();
    }
    let (mut octets, lead) = (Vec::new(), cluster.lead.as_ref().expect("a primary"));
    lead.primary.state().save(&mut octets).expect("memory takes everything");
    octets
}

/// Plays it without a twin, a fault or poison.
pub fn play_alone<M: Subject>(schedule: &Schedule<M::Seed>) -> Played {
    let mut alone = Schedule { faults: Vec::new(), twin: TwinPlan::Never, ..schedule.clone() };
    alone.setup.mode = Mode::None;
    alone.setup.genesis = M::forewarned(&schedule.setup.genesis);
    play::<M>(&alone)
}

fn strike<M: Subject>(cluster: &mut Cluster<M>, fault: &Fault) {
    match fault {
        Fault::Kill(moments) => cluster.fuse.light(*moments),
        Fault::Crash(moments) => cluster.fuse.light_as(*moments, Origin::Inside),
        Fault::KillTwice(moments, then) => {
            cluster.fuse.light(*moments);
            cluster.takeover_fuse = Some(*then);
        }
        Fault::KillBoth => cluster.both_die(Origin::Outside),
        Fault::TwinDies => cluster.twin_dies(),
        Fault::NewTwin => cluster.start_twin(),
        Fault::TwinDiffers => cluster.start_twin_that_differs(),
        Fault::TwinGoesAstray => cluster.lead_twin_astray(),
        Fault::AstrayAndKill(moments) => {
            cluster.lead_twin_astray();
            cluster.fuse.light(*moments);
        }
        Fault::Checkpoint => cluster.take_checkpoint(),
        Fault::SwitchOver => {
            cluster.switch_over();
        }
        Fault::KillOver(moments) => {
            cluster.fuse.light(*moments);
            cluster.switch_over();
        }
        Fault::Scribble(back, octets) => {
            let end = cluster.word(Word::Published);
            let rubbish = Chance::new(end).octets(*octets);
            cluster.scribble(end.saturating_sub(*back), &rubbish);
        }
        Fault::ScribbleWords(seed) => {
            let mut chance = Chance::new(*seed);
            let words = [Word::Published, Word::Applied, Word::Begun, Word::Epoch];
            let end = cluster.word(Word::Published);
            let wrong = words.map(|word| {
                (word, chance.one_of(&[0, u64::MAX, end, end + 8, end - 8, chance.clone().next()]))
            });
            cluster.scribble_words(&wrong);
        }
    }
}

/// Plays it; what is wrong with it is said with what was done to it.
fn play_like<M: Subject>(alone: &Played, schedule: &Schedule<M::Seed>) -> Played {
    let told = catch_unwind(AssertUnwindSafe(|| {
        let played = play::<M>(schedule);
        oracle::assert_same(&played.sight, &alone.sight);
        assert!(!played.fates.lost, "{:?}", played.fates);
        played
    }));
    told.unwrap_or_else(|_| panic!("with these faults, each before a step: {:?}", schedule.faults))
}

/// Plays the schedule once for every moment of every step (or every so many of them), with the primary killed in it.
pub fn every_moment<M: Subject>(schedule: &Schedule<M::Seed>, every: usize) {
    let alone = play_alone::<M>(schedule);
    let plain = play::<M>(schedule);
    oracle::assert_same(&plain.sight, &alone.sight);
    for (step, moments) in plain.moments.iter().enumerate() {
        for moment in (0..*moments).step_by(every) {
            let mut killed = schedule.clone();
            killed.faults.push((step, Fault::Kill(moment)));
            let played = play_like::<M>(&alone, &killed);
            assert!(played.fates.unfit.is_empty(), "{:?}: {:?}", killed.faults, played.fates);
        }
    }
}

/// Plays it with a second death at every moment of the takeover, for some moments of the first.
pub fn every_moment_of_a_takeover<M: Subject>(schedule: &Schedule<M::Seed>) {
    let alone = play_alone::<M>(schedule);
    let plain = play::<M>(schedule);
    for (step, moments) in plain.moments.iter().enumerate() {
        for moment in (0..*moments).step_by(11) {
            for then in 0.. {
                let mut killed = schedule.clone();
                killed.faults.push((step, Fault::KillTwice(moment, then)));
                let played = play_like::<M>(&alone, &killed);
                assert!(played.fates.unfit.is_empty(), "{:?}: {:?}", killed.faults, played.fates);
                if played.fates.deaths < 2 {
                    break;
                }
            }
        }
    }
}

/// A story with every strength of poison.
pub fn poisonous() -> Script {
    let mut steps = vec![Stimulus::connect(0), Stimulus::connect(1), Stimulus::connect(2)];
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
pub fn by_chance<M: Subject>(seeds: Range<u64>, schedule: impl Fn(&mut Chance) -> Schedule<M::Seed>) {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let first = seeds.start;
    let seeds = match (number("SIM_SEED"), number("SIM_SCHEDULES")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(count)) => first..first + count,
        (None, None) => seeds,
    };
    for seed in seeds {
        let mut chance = Chance::new(seed);
        let mut schedule = schedule(&mut chance);
        schedule.faults = faults_by_chance(&mut chance, schedule.script.steps.len());
        let told = catch_unwind(AssertUnwindSafe(|| play_like::<M>(&play_alone::<M>(&schedule), &schedule)));
        assert!(told.is_ok(), "play it again with SIM_SEED={seed}");
    }
}

/// The toy's.
pub fn toy_by_chance(chance: &mut Chance, poison: Poison) -> Schedule<Knowing> {
    let mut schedule = Schedule::plain(Knowing::No, Script::by_chance(chance, poison));
    let setup = &mut schedule.setup;
    setup.slice = chance.one_of(&[5, 40, 1000]);
    setup.most = chance.one_of(&[61, 300, usize::MAX]);
    setup.ring = chance.one_of(&[1 << 14, 1 << 16]);
    setup.twin_every = chance.one_of(&[1, 1, 3, 50]);
    setup.twin_budget = chance.one_of(&[1, 500, u64::MAX]);
    schedule
}

fn faults_by_chance(chance: &mut Chance, steps: usize) -> Vec<(usize, Fault)> {
    let mut faults = Vec::new();
    for step in 0..steps {
        if !chance.percent(40) {
            continue;
        }
        let moment = chance.below(400);
        let fault = match chance.below(24) {
            0..=8 => Fault::Kill(moment),
            9..=11 => Fault::KillTwice(moment, chance.below(200)),
            12..=13 => Fault::KillBoth,
            14 => Fault::TwinDies,
            15 => Fault::NewTwin,
            16 => Fault::TwinDiffers,
            17 => Fault::Checkpoint,
            18 => Fault::KillOver(chance.below(60)),
            19..=20 => Fault::Crash(moment),
            21 => Fault::TwinGoesAstray,
            22 => Fault::AstrayAndKill(moment),
            _ => Fault::SwitchOver,
        };
        faults.push((step, fault));
    }
    faults
}
