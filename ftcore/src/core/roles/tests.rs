use std::path::PathBuf;

use super::deaths::{ANEW_US, MOST_IN_A_ROW, SETTLED_US};
use super::*;
use crate::core::role::Action::{Abandon, Answer, Exit, Renew, Start, Tell as Told};
use crate::core::role::Standing::{Diverged, Holding, InStep, Syncing};

const FIRST: ChildId = ChildId(1);
const SECOND: ChildId = ChildId(2);
const THIRD: ChildId = ChildId(3);

/// A keeper whose time goes on by a millisecond with every event.
struct Story {
    roles: Roles,
    now: Time,
}

impl Story {
    fn new(mode: Mode) -> Story {
        Story { roles: Roles::new(mode, 10_000_000), now: Time(1) }
    }

    fn see(&mut self, seen: Seen) -> Vec<Action> {
        self.now.0 += 1000;
        self.roles.see(self.now, seen)
    }

    /// Two that are in step.
    fn protected(mode: Mode) -> Story {
        let mut story = Story::new(mode);
        story.see(Seen::Time);
        story.see(leads(FIRST));
        let standing = if mode == Mode::Warm { Holding } else { InStep };
        story.see(Seen::Stands(SECOND, standing));
        story
    }
}

fn leads(child: ChildId) -> Seen {
    Seen::Leads(child, Blame::Outside)
}

fn start(child: ChildId) -> Action {
    Start(child, None, Follow::Hot)
}

fn died(child: ChildId) -> Seen {
    Seen::Ended(child)
}

fn killed(child: ChildId) -> Action {
    Action::End(child, End::Killed)
}

fn asked(child: ChildId) -> Action {
    Action::End(child, End::Asked)
}

#[test]
fn the_first_child_leads_and_the_second_follows() {
    let mut story = Story::new(Mode::Hot);
    assert_eq!(story.see(Seen::Time), [start(FIRST), Told(FIRST, Tell::Lead)]);
    assert_eq!(story.see(Seen::Time), []);
    assert_eq!(story.see(leads(FIRST)), [start(SECOND)]);
    assert_eq!(story.see(Seen::Stands(SECOND, InStep)), []);
    assert_eq!((story.roles.primary(), story.roles.standby()), (Some(FIRST), Some(SECOND)));
    assert_eq!(story.roles.deadline(), None);
}

#[test]
fn a_twin_that_diverged_during_a_plan_is_replaced_when_that_comes_to_nothing() {
    let mut story = Story::protected(Mode::Hot);
    let order = Order::Switchover(Cause::Switchover);
    assert_eq!(
        story.see(Seen::Ordered(7, order.clone())),
        [Told(FIRST, Tell::Switchover(Cause::Switchover))]
    );
    assert_eq!(story.see(Seen::Stands(SECOND, Diverged)), [Told(FIRST, Tell::HandOver(Cause::Switchover))]);
    let no = "no".to_owned();
    assert_eq!(story.see(Seen::Refused(no.clone())), [Answer(7, Err(no)), asked(SECOND)]);
    assert_eq!(story.see(died(SECOND)), [start(THIRD)]);
}

#[test]
fn a_dead_primary_is_followed_by_its_twin_whichever_is_heard_first() {
    let mut story = Story::protected(Mode::Hot);
    assert_eq!(story.see(died(FIRST)), [Told(SECOND, Tell::Lead)]);
    assert_eq!(story.see(leads(SECOND)), [start(THIRD)]);
    assert_eq!(story.see(Seen::Stands(THIRD, InStep)), []);
    assert_eq!(story.see(leads(THIRD)), [killed(SECOND), start(ChildId(4))]);
    assert_eq!(story.see(died(SECOND)), []);
}

#[test]
fn a_dead_twin_is_replaced_at_once_and_one_that_cannot_start_more_and_more_slowly() {
    let mut story = Story::protected(Mode::Hot);
    assert_eq!(story.see(died(SECOND)), [start(THIRD)]);
    assert_eq!(story.see(died(THIRD)), [start(ChildId(4))]);
    assert_eq!(story.see(died(ChildId(4))), []);
    let due = story.roles.deadline().unwrap();
    assert_eq!(due.0 - story.now.0, PAUSE_US);
    story.now = due;
    assert_eq!(story.see(Seen::Time), [start(ChildId(5))]);
    assert_eq!(story.see(died(ChildId(5))), []);
    assert_eq!(story.roles.deadline().unwrap().0 - story.now.0, 2 * PAUSE_US);
    assert_eq!(story.roles.primary(), Some(FIRST), "a living primary is never given up for that");
}

#[test]
fn both_dead_are_followed_by_one_that_leads() {
    let mut story = Story::protected(Mode::Hot);
    assert_eq!(story.see(died(SECOND)), [start(THIRD)]);
    assert_eq!(story.see(died(FIRST)), [Told(THIRD, Tell::Lead)]);
    assert_eq!(story.see(died(THIRD)), [start(ChildId(4)), Told(ChildId(4), Tell::Lead)]);
}

#[test]
fn what_kills_everyone_who_restores_it_is_given_up() {
    let mut story = Story::protected(Mode::Hot);
    story.see(died(SECOND));
    story.see(died(FIRST));
    let mut actions = Vec::new();
    for child in 3..3 + PATIENCE {
        actions = story.see(died(ChildId(child)));
        story.now.0 += LONGEST_PAUSE_US;
        if !actions.contains(&Abandon) {
            story.see(Seen::Time);
        }
    }
    assert_eq!(actions, [Abandon]);
}

#[test]
fn warm_is_made_hot_before_a_switchover() {
    let mut story = Story::new(Mode::Warm);
    story.see(Seen::Time);
    assert_eq!(story.see(leads(FIRST)), [Start(SECOND, None, Follow::Warm)]);
    story.see(Seen::Stands(SECOND, Holding));
    assert_eq!(
        story.see(Seen::Ordered(7, Order::Switchover(Cause::Switchover))),
        [Told(SECOND, Tell::Follow)]
    );
    assert_eq!(story.see(Seen::Stands(SECOND, Syncing)), []);
    assert_eq!(story.see(Seen::Stands(SECOND, InStep)), [Told(FIRST, Tell::Switchover(Cause::Switchover))]);
    let done = story.see(leads(SECOND));
    assert_eq!(done, [killed(FIRST), Answer(7, Ok(())), Start(THIRD, None, Follow::Warm)]);
}

#[test]
fn without_a_twin_one_is_made_for_a_switchover() {
    for mode in [Mode::Cold, Mode::None] {
        let mut story = Story::new(mode);
        story.see(Seen::Time);
        assert_eq!(story.see(leads(FIRST)), []);
        let planned = story.see(Seen::Ordered(7, Order::Switchover(Cause::Switchover)));
        assert_eq!(planned, [Told(FIRST, Tell::Checkpoint)]);
        assert_eq!(story.see(Seen::Time), []);
        assert_eq!(story.see(Seen::Checkpointed(FIRST)), [start(SECOND)]);
        assert_eq!(
            story.see(Seen::Stands(SECOND, InStep)),
            [Told(FIRST, Tell::Switchover(Cause::Switchover))]
        );
        assert_eq!(story.see(leads(SECOND)), [killed(FIRST), Answer(7, Ok(()))]);
        assert_eq!(story.see(died(FIRST)), []);
    }
}

#[test]
fn without_standby_a_dead_primary_takes_its_connections_along_but_cold_keeps_them() {
    for (mode, abandoned) in [(Mode::Cold, vec![]), (Mode::None, vec![Abandon])] {
        let mut story = Story::new(mode);
        assert_eq!(story.see(Seen::Time), [start(FIRST), Told(FIRST, Tell::Lead)]);
        story.see(leads(FIRST));
        let actions = story.see(died(FIRST));
        assert_eq!(actions, [abandoned, vec![start(SECOND), Told(SECOND, Tell::Lead)]].concat());
    }
}

#[test]
fn an_upgrade_replaces_the_twin_then_the_primary_then_the_keeper() {
    let mut story = Story::protected(Mode::Hot);
    let path = PathBuf::from("/new");
    assert_eq!(story.see(Seen::Ordered(9, Order::Upgrade(path.clone()))), [asked(SECOND)]);
    assert_eq!(story.see(died(SECOND)), [Start(THIRD, Some(path.clone()), Follow::Hot)]);
    assert_eq!(story.see(Seen::Stands(THIRD, Diverged)), [Told(FIRST, Tell::HandOver(Cause::Upgrade))]);
    let done = story.see(leads(THIRD));
    let next = Start(ChildId(4), Some(path.clone()), Follow::Hot);
    assert_eq!(done, [killed(FIRST), Answer(9, Ok(())), Renew(path), next]);
}

#[test]
fn an_upgrade_that_does_not_stand_is_refused_and_the_old_binary_goes_on() {
    let mut story = Story::protected(Mode::Hot);
    story.see(Seen::Ordered(9, Order::Upgrade(PathBuf::from("/new"))));
    story.see(died(SECOND));
    let refused = story.see(died(THIRD));
    assert_eq!(refused, [Answer(9, Err("the new twin ended".to_owned())), start(ChildId(4))]);
}

#[test]
fn a_diverged_twin_is_replaced() {
    let mut story = Story::protected(Mode::Hot);
    assert_eq!(story.see(Seen::Stands(SECOND, Diverged)), [asked(SECOND)]);
    assert_eq!(story.see(died(SECOND)), [start(THIRD)]);
}

#[test]
fn a_stop_ends_the_twin_first_and_kills_who_does_not_go() {
    let mut story = Story::protected(Mode::Hot);
    assert_eq!(story.see(Seen::StopAsked), [asked(SECOND)]);
    story.now = story.roles.deadline().unwrap();
    assert_eq!(story.see(Seen::Time), [killed(SECOND)]);
    assert_eq!(story.see(died(SECOND)), [Told(FIRST, Tell::Stop)]);
    assert_eq!(story.see(died(FIRST)), [Exit(0)]);
}

#[test]
fn a_primary_that_ends_on_purpose_ends_all_with_its_status() {
    let mut story = Story::protected(Mode::Hot);
    assert_eq!(story.see(Seen::Finished(FIRST, 3)), [asked(SECOND)]);
    assert_eq!(story.see(died(FIRST)), []);
    assert_eq!(story.see(died(SECOND)), [Exit(3)]);
}

#[test]
fn a_mode_without_twin_ends_it_and_one_with_a_twin_starts_it() {
    let mut story = Story::protected(Mode::Hot);
    let none = story.see(Seen::Ordered(1, Order::Mode(Mode::None)));
    assert_eq!(none, [Told(FIRST, Tell::Mode(Mode::None)), asked(SECOND), Answer(1, Ok(()))]);
    assert_eq!(story.see(died(SECOND)), []);
    let warm = story.see(Seen::Ordered(2, Order::Mode(Mode::Warm)));
    let started = Start(THIRD, None, Follow::Warm);
    assert_eq!(warm, [Told(FIRST, Tell::Mode(Mode::Warm)), Answer(2, Ok(())), started]);
}

#[test]
fn the_log_moves_while_nobody_follows_it() {
    let mut story = Story::protected(Mode::Hot);
    assert_eq!(story.see(Seen::LogToMove(SECOND)), [], "only the primary has a say in that");
    assert_eq!(story.see(Seen::LogToMove(FIRST)), [asked(SECOND)]);
    assert_eq!(story.see(died(SECOND)), [Told(FIRST, Tell::MoveLog)]);
    assert_eq!(story.see(Seen::Time), []);
    assert_eq!(story.see(Seen::LogMoved(FIRST)), [start(THIRD)]);

    story.see(Seen::LogToMove(FIRST));
    assert_eq!(story.see(died(THIRD)), [Told(FIRST, Tell::MoveLog)]);
    let next = ChildId(4);
    assert_eq!(story.see(died(FIRST)), [start(next), Told(next, Tell::Lead)], "it did not come to it");
    assert_eq!(story.see(leads(next)), [start(ChildId(5))]);

    story.see(Seen::LogToMove(next));
    story.see(died(ChildId(5)));
    story.now = story.roles.deadline().unwrap();
    assert_eq!(story.see(Seen::Time), [start(ChildId(6))], "it takes too long");
}

#[test]
fn adopted_children_are_left_as_they_are() {
    let mut story = Story::new(Mode::Hot);
    let (primary, twin) = (story.roles.name_child(), story.roles.name_child());
    assert_eq!(story.see(Seen::Adopted { primary, twin: Some((twin, InStep)) }), []);
    assert_eq!(story.see(died(primary)), [Told(twin, Tell::Lead)]);
}

impl Story {
    /// The primary dies after so long, and whoever takes over says what is to blame, before or after the keeper sees
    /// the death.
    fn dies_after(&mut self, us: u64, blame: Blame) -> Vec<Action> {
        self.now.0 += us;
        let (primary, standby) = (self.roles.primary().unwrap(), self.roles.standby().unwrap());
        if us.is_multiple_of(2) {
            assert_eq!(self.see(died(primary)), [Told(standby, Tell::Lead)]);
        }
        let actions = self.see(Seen::Leads(standby, blame));
        self.see(died(primary));
        if let Some(twin) = self.roles.standby() {
            self.see(Seen::Stands(twin, InStep));
        }
        actions
    }

    /// Everything ends and begins anew from nothing; the answer is how long that took, in microseconds.
    fn given_up(&mut self) -> u64 {
        let primary = self.roles.primary().unwrap();
        if let Some(standby) = self.roles.standby() {
            assert_eq!(self.see(died(standby)), [killed(primary)]);
        }
        assert_eq!(self.see(died(primary)), [Abandon]);
        assert_eq!(self.see(Seen::Time), [], "not at once");
        let due = self.roles.deadline().unwrap();
        let waited = due.0 - self.now.0;
        self.now = due;
        let anew = self.see(Seen::Time);
        let next = self.roles.standby().unwrap();
        assert_eq!(anew, [start(next), Told(next, Tell::Lead)]);
        self.see(leads(next));
        self.see(Seen::Stands(self.roles.standby().unwrap(), InStep));
        waited
    }
}

#[test]
fn a_state_that_kills_one_primary_after_the_other_is_given_up() {
    // At once, or when a timer runs out that all of them have.
    for after_us in [1000, 1_500_001, SETTLED_US - 10_000] {
        let mut story = Story::protected(Mode::Hot);
        for n in 1..=MOST_IN_A_ROW {
            let actions = story.dies_after(after_us, Blame::Itself);
            assert_eq!(actions[0], Action::Row(n, MOST_IN_A_ROW + 1));
            assert!(matches!(actions.last(), Some(Start(..))), "{actions:?}");
        }
        let (last, leader) = (MOST_IN_A_ROW + 1, story.roles.standby().unwrap());
        let actions = story.dies_after(after_us, Blame::Itself);
        assert!(
            actions.contains(&Action::Row(last, last)) && actions.contains(&killed(leader)),
            "{actions:?}"
        );
        assert!(story.given_up() <= ANEW_US);
    }
}

#[test]
fn what_dies_of_itself_from_nothing_begins_more_and_more_rarely() {
    let mut story = Story::protected(Mode::Hot);
    let mut pauses = Vec::new();
    for _ in 0..9 {
        while !story
            .dies_after(1_500_000, Blame::Itself)
            .contains(&Action::Row(MOST_IN_A_ROW + 1, MOST_IN_A_ROW + 1))
        {}
        pauses.push(story.given_up().div_ceil(1_000_000));
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn kills_from_outside_poison_and_deaths_of_old_primaries_are_no_row() {
    let mut story = Story::protected(Mode::Hot);
    for n in 0..10 * MOST_IN_A_ROW {
        let actions = match n % 3 {
            0 => story.dies_after(SETTLED_US, Blame::Itself),
            1 => story.dies_after(1000, Blame::Input),
            _ => story.dies_after(1001, Blame::Outside),
        };
        assert!(matches!(actions.last(), Some(Start(..))), "{n}: {actions:?}");
    }
}

#[test]
fn a_new_version_that_diverges_only_when_it_is_told_to_lead_is_given_the_state() {
    let mut story = Story::protected(Mode::Hot);
    let path = PathBuf::from("/new");
    story.see(Seen::Ordered(9, Order::Upgrade(path)));
    story.see(died(SECOND));
    assert_eq!(story.see(Seen::Stands(THIRD, InStep)), [Told(FIRST, Tell::Switchover(Cause::Upgrade))]);
    assert_eq!(story.see(Seen::Stands(THIRD, Diverged)), [Told(FIRST, Tell::HandOver(Cause::Upgrade))]);
    assert_eq!(story.see(Seen::Stands(THIRD, InStep)), []);
}
