//! The simulator: the real core of ftcore, in one thread and in virtual time, with a world that the test can see.
//!
//! A process dies by a panic out of any call of the kernel or of the shared memory; so every moment of a primary, a
//! takeover and a hand-over can be its last. What must hold in the end is in `oracle`, apart from the stories. A run
//! follows from its seed: `SIM_SEED=n cargo test -p tests --test sim by_chance` plays one again, and
//! `SIM_SCHEDULES=n` plays more of them.

mod chance;
mod cluster;
mod kernel;
mod memory;
mod oracle;
mod schedule;
mod script;
mod toy;
mod world;

use schedule::{Fault, Schedule, play, play_alone};
use script::{Poison, Script};

/// Every moment of the story of everything, and a death in it; the twin is in step.
#[test]
fn no_peer_can_tell_that_the_primary_died() {
    let schedule = Schedule::plain(Script::of_everything());
    schedule::every_moment(&schedule, |_| {});
}

/// The same where there is nobody but a checkpoint, or nothing but the log.
#[test]
fn no_peer_can_tell_that_both_have_died() {
    let schedule = Schedule::plain(Script::of_everything());
    schedule::every_moment(&schedule, |schedule| schedule.twin = schedule::TwinPlan::Never);
}

/// Small rings, small slices, partial sends.
#[test]
fn no_peer_can_tell_however_the_octets_are_cut() {
    let mut schedule = Schedule::plain(Script::of_everything());
    (schedule.setup.slice, schedule.setup.most, schedule.setup.ring) = (5, 61, 1 << 14);
    schedule::every_moment(&schedule, |_| {});
}

/// The one that takes over dies as well, at every moment of that.
#[test]
fn a_takeover_can_be_died_in_at_every_moment() {
    let schedule = Schedule::plain(Script::of_everything());
    schedule::every_moment_of_a_takeover(&schedule);
}

/// Poison of every strength, with deaths at every moment around it.
#[test]
fn poison_takes_nobody_but_its_sender() {
    let schedule = Schedule::plain(schedule::poisonous());
    schedule::every_moment(&schedule, |_| {});
}

#[test]
fn a_hand_over_at_every_step() {
    let script = Script::of_everything();
    let alone = play_alone(&Schedule::plain(script.clone()));
    for step in 0..script.steps.len() {
        let mut schedule = Schedule::plain(script.clone());
        schedule.faults.push((step, Fault::SwitchOver));
        let played = play(&schedule);
        assert_eq!(played.sight, alone.sight, "a hand-over before step {step}");
    }
}

#[test]
fn by_chance() {
    schedule::by_chance(0, Poison::Without);
}

#[test]
fn by_chance_with_poison() {
    schedule::by_chance(1 << 32, Poison::With);
}
