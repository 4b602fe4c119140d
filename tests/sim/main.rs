//! The simulator: the real core of ftcore, in one thread and in virtual time, with a world that the test can see.
//!
//! A process dies by a panic out of any call of the kernel or of the shared memory; so every moment of a primary, a
//! takeover and a hand-over can be its last. What must hold in the end is in `oracle`, apart from the stories. A run
//! follows from its seed: `SIM_SEED=n cargo test -p tests --test sim by_chance` plays one again, and
//! `SIM_SCHEDULES=n` plays more of them; the test's name says whose: `router_by_chance` is the real router's.

mod bgp;
mod bgp_chance;
mod chance;
mod cluster;
mod damaged;
mod kernel;
mod memory;
mod oracle;
mod processes;
mod schedule;
mod script;
mod toy;
mod world;

use bgpd::machine::{OwnInput, Speaker, Surroundings};
use bgpd::shell::protocol::Status;
use ftcore::core::effect::Effects;
use ftcore::core::input::{Input, Time};
use ftcore::core::machine::Machine as _;
use schedule::{Fault, Schedule, TwinPlan, play, play_alone};
use script::{Poison, Script};
use toy::{Knowing, Toy};

/// Schedules of the router by chance, where nobody says how many.
const ROUTERS: u64 = 2000;

/// Every moment of the story of everything, and a death in it; the twin is in step.
#[test]
fn no_peer_can_tell_that_the_primary_died() {
    let schedule = Schedule::plain(Knowing::No, Script::of_everything());
    schedule::every_moment::<Toy>(&schedule, 1);
}

/// The same where there is nobody but a checkpoint, or nothing but the log.
#[test]
fn no_peer_can_tell_that_both_have_died() {
    let mut schedule = Schedule::plain(Knowing::No, Script::of_everything());
    schedule.twin = TwinPlan::Never;
    schedule::every_moment::<Toy>(&schedule, 1);
}

/// Small rings, small slices, partial sends.
#[test]
fn no_peer_can_tell_however_the_octets_are_cut() {
    let mut schedule = Schedule::plain(Knowing::No, Script::of_everything());
    (schedule.setup.slice, schedule.setup.most, schedule.setup.ring) = (5, 61, 1 << 14);
    schedule::every_moment::<Toy>(&schedule, 3);
}

/// The one that takes over dies as well, at every moment of that.
#[test]
fn a_takeover_can_be_died_in_at_every_moment() {
    let schedule = Schedule::plain(Knowing::No, Script::of_everything());
    schedule::every_moment_of_a_takeover::<Toy>(&schedule);
}

/// Poison of every strength, with deaths at every moment around it.
#[test]
fn poison_takes_nobody_but_its_sender() {
    let schedule = Schedule::plain(Knowing::No, schedule::poisonous());
    schedule::every_moment::<Toy>(&schedule, 1);
}

/// A twin that went astray never leads, whenever the primary dies: before there was a digest, or behind it.
#[test]
fn a_twin_that_went_astray_never_leads() {
    let script = Script::of_everything();
    let mut schedule = Schedule::plain(Knowing::No, script.clone());
    let alone = play_alone::<Toy>(&schedule);
    for digest_us in [1, 1000, 1_000_000] {
        schedule.setup.digest_us = digest_us;
        for step in 0..script.steps.len() {
            for moment in (0..200).step_by(7) {
                schedule.faults = vec![(step, Fault::AstrayAndKill(moment))];
                let played = play::<Toy>(&schedule);
                oracle::assert_same(&played.sight, &alone.sight);
                let said = &played.fates.unfit;
                let killed = played.fates.deaths > 0;
                assert!(!said.is_empty() || !killed, "nobody noticed: step {step}, moment {moment}");
                assert!(said.iter().all(|why| why.contains("diverged")), "{said:?}");
            }
        }
    }
}

/// The same of the router.
#[test]
fn a_router_that_went_astray_never_leads() {
    let mut schedule = bgp::schedule();
    let alone = play_alone::<Speaker>(&schedule);
    for step in 0..schedule.script.steps.len() {
        for moment in (0..600).step_by(97) {
            schedule.faults = vec![(step, Fault::AstrayAndKill(moment))];
            let played = play::<Speaker>(&schedule);
            oracle::assert_same(&played.sight, &alone.sight);
            assert!(
                !played.fates.unfit.is_empty() || played.fates.deaths == 0,
                "nobody noticed: step {step}"
            );
        }
    }
}

#[test]
fn a_hand_over_at_every_step() {
    let script = Script::of_everything();
    let alone = play_alone::<Toy>(&Schedule::plain(Knowing::No, script.clone()));
    for step in 0..script.steps.len() {
        let mut schedule = Schedule::plain(Knowing::No, script.clone());
        schedule.faults.push((step, Fault::SwitchOver));
        let played = play::<Toy>(&schedule);
        oracle::assert_same(&played.sight, &alone.sight);
        assert_eq!(played.fates.reports.len(), 2, "a hand-over before step {step}");
    }
}

/// Either of both dies in the middle of a hand-over.
#[test]
fn a_hand_over_can_be_died_in_at_every_moment() {
    let script = Script::of_everything();
    let alone = play_alone::<Toy>(&Schedule::plain(Knowing::No, script.clone()));
    for step in (0..script.steps.len()).step_by(3) {
        for moment in 0..120 {
            let mut schedule = Schedule::plain(Knowing::No, script.clone());
            schedule.faults.push((step, Fault::KillOver(moment)));
            let played = play::<Toy>(&schedule);
            oracle::assert_same(&played.sight, &alone.sight);
            assert!(!played.fates.lost, "before step {step}, killed {moment} moments into it");
        }
    }
}

/// A primary that goes wild can write anything into its part of the memory before it dies: what the twin has applied
/// is not hurt by it, and what it has not is never taken for what was said.
#[test]
fn rubbish_in_the_ring_is_never_believed() {
    let script = Script::of_everything();
    let alone = play_alone::<Toy>(&Schedule::plain(Knowing::No, script.clone()));
    for (twin_every, step) in [(1, 4), (1, 12), (1_000_000, 4), (1_000_000, 12)] {
        for back in (0..3000).step_by(37) {
            let mut schedule = Schedule::plain(Knowing::No, script.clone());
            schedule.setup.twin_every = twin_every;
            schedule.faults.push((step, Fault::Scribble(back, 1 + back % 90)));
            let played = play::<Toy>(&schedule);
            if twin_every == 1 {
                oracle::assert_same(&played.sight, &alone.sight);
            } else if played.fates.lost {
                assert!(!played.fates.unfit.is_empty(), "given up without a reason");
                oracle::assert_no_more(&played.sight, &alone.sight);
            } else {
                oracle::assert_same(&played.sight, &alone.sight);
            }
        }
    }
}

#[test]
fn rubbish_in_the_words_is_never_believed() {
    let script = Script::of_everything();
    let alone = play_alone::<Toy>(&Schedule::plain(Knowing::No, script.clone()));
    for seed in 0..300 {
        let mut schedule = Schedule::plain(Knowing::No, script.clone());
        schedule.faults.push((3 + seed as usize % 12, Fault::ScribbleWords(seed)));
        let played = play::<Toy>(&schedule);
        if played.fates.lost {
            oracle::assert_no_more(&played.sight, &alone.sight);
        } else {
            oracle::assert_same(&played.sight, &alone.sight);
        }
    }
}

/// The script of the router has sessions, and tables in both directions.
#[test]
fn the_routers_script_is_a_story() {
    let played = play_alone::<Speaker>(&bgp::schedule());
    let messages: Vec<[usize; 5]> =
        played.sight.peers.iter().map(|peer| bgp::messages(&peer.octets)).collect();
    println!("OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE-REFRESH of each connection: {messages:?}");
    assert!(messages[0][1] > 10 && messages[1][1] > 10 && messages[2][1] > 20, "{messages:?}");
    assert!(messages.iter().any(|of| of[2] > 0), "no NOTIFICATION: {messages:?}");
}

/// The router: sessions, tables both ways, withdrawals, a refresh, a NOTIFICATION, with a death in every so many
/// moments.
#[test]
fn no_neighbor_can_tell_that_the_router_died() {
    schedule::every_moment::<Speaker>(&bgp::schedule(), 5);
}

#[test]
fn no_neighbor_can_tell_that_both_routers_died() {
    let mut schedule = bgp::schedule();
    schedule.twin = TwinPlan::Never;
    (schedule.setup.slice, schedule.setup.most) = (100, 900);
    schedule::every_moment::<Speaker>(&schedule, 11);
}

#[test]
fn by_chance() {
    schedule::by_chance::<Toy>(0..3000, |chance| schedule::toy_by_chance(chance, Poison::Without));
}

#[test]
fn by_chance_with_poison() {
    let first = 1 << 32;
    schedule::by_chance::<Toy>(first..first + 3000, |chance| schedule::toy_by_chance(chance, Poison::With));
}

/// The router: neighbors, loads, withdrawals, refreshes, flaps, lines of an operator, and every fault.
#[test]
fn router_by_chance() {
    schedule::by_chance::<Speaker>(0..ROUTERS, bgp_chance::schedule_by_chance);
}

/// The scripts by chance are not about nothing: sessions come up, UPDATEs pass both ways, some sessions end.
#[test]
fn what_chance_has_the_neighbors_do_is_a_story() {
    let mut counts = [0; 5];
    for seed in 0..40 {
        let schedule = bgp_chance::schedule_by_chance(&mut chance::Chance::new(seed));
        let played = play_alone::<Speaker>(&schedule);
        for peer in &played.sight.peers {
            counts.iter_mut().zip(bgp::messages(&peer.octets)).for_each(|(sum, count)| *sum += count);
        }
    }
    println!("OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE-REFRESH of 40 schedules: {counts:?}");
    let [opens, updates, notifications, keepalives, _] = counts;
    assert!(opens > 100 && updates > 1000 && notifications > 20 && keepalives > 100, "{counts:?}");
}

#[test]
fn every_line_that_chance_may_type_is_understood() {
    let mut speaker = Speaker::new(1);
    let (mut effects, surroundings) = (Effects::default(), Surroundings::default());
    let text = bgp_chance::config(0);
    let mut give = |speaker: &mut Speaker, input: OwnInput| {
        speaker.step(Time(1), Input::Other(&input.emit()), &mut effects);
    };
    give(&mut speaker, OwnInput::Configuration { text, surroundings });
    for (number, (mode, line)) in bgp_chance::LINES.iter().enumerate() {
        let line = bgp_chance::line_of(number as u64 + 1, mode, line, 1);
        give(&mut speaker, OwnInput::Line(line.clone()));
        let outcome = speaker.outcome(line.request);
        assert!(outcome.is_some_and(|outcome| outcome.status == Status::Obeyed), "{line:?}: {outcome:?}");
    }
}

#[test]
fn a_damaged_snapshot_is_refused_or_restored_and_nobody_dies_of_it() {
    let mut script = Script::of_everything();
    // While there are connections of every kind.
    script.steps.truncate(script.steps.len() - 4);
    damaged::survive::<Toy>(&schedule::saved_after::<Toy>(&Schedule::plain(Knowing::No, script)), 4000);
    let mut schedule = bgp::schedule();
    schedule.script.steps.truncate(13);
    damaged::survive::<Speaker>(&schedule::saved_after::<Speaker>(&schedule), 3000);
}
