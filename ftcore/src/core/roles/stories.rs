//! Stories of a keeper: what happens, and what it does about it.

use super::*;

use Order::{RestartTwin, SetMode, Stop, Switchover, Upgrade};

fn follows(child: u64) -> Event {
    Event::Follows { child: ChildId(child) }
}

fn in_step(child: u64) -> Event {
    Event::InStep { child: ChildId(child) }
}

fn useless(child: u64) -> Event {
    Event::Useless { child: ChildId(child) }
}

fn is_primary(child: u64) -> Event {
    Event::IsPrimary { child: ChildId(child) }
}

fn released(child: u64) -> Event {
    Event::Released { child: ChildId(child) }
}

fn killed(child: u64) -> Event {
    Event::Exited { child: ChildId(child), origin: Origin::Outside, entry: None }
}

fn crashed(child: u64) -> Event {
    Event::Exited { child: ChildId(child), origin: Origin::Inside, entry: Some(EntryNumber(9)) }
}

fn order(order: Order) -> Event {
    Event::Order { id: OrderId(7), order }
}

fn adopted(roles: &mut Roles, role: Role) -> Event {
    Event::Adopted { child: roles.adopt(), role }
}

/// An act in a few words.
fn words(act: &Act) -> String {
    let binary = |binary: &Binary| match binary {
        Binary::Own => String::new(),
        Binary::Other(path) => format!(" {}", path.display()),
    };
    match act {
        Act::Start { child, from, binary: which } => format!("start {} {from:?}{}", child.0, binary(which)),
        Act::TakeOver { child, cause } => format!("take over {} {}", child.0, cause.name()),
        Act::HandOver { primary, to, cause, by } => {
            format!("hand over {} {} {} {by:?}", primary.0, to.0, cause.name())
        }
        Act::TakeBack { primary } => format!("take back {}", primary.0),
        Act::StopPrimary { primary } => format!("stop {}", primary.0),
        Act::Kill { child } => format!("kill {}", child.0),
        Act::Ready => "ready".into(),
        Act::NewLog => "new log".into(),
        Act::Renew(path) => format!("renew {}", path.display()),
        Act::Answer { result, .. } => format!("answer {result:?}"),
        Act::Say(remark) => format!("say {remark:?}"),
        Act::Exit(outcome) => format!("exit {outcome:?}"),
    }
}

/// A keeper, and the time.
struct Keeper {
    roles: Roles,
    now: Time,
}

impl Keeper {
    fn new(mode: Mode) -> Self {
        Keeper { roles: Roles::new(mode), now: Time(1_000_000) }
    }

    /// One with a primary, child 1, and in the mode hot a twin in step, child 2.
    fn protected() -> Self {
        let mut keeper = Keeper::new(Mode::Hot);
        keeper.after(0, Event::Begun, &["start 1 Checkpoint"]);
        keeper.after(5, follows(1), &["take over 1 start"]);
        keeper.after(5, is_primary(1), &["ready", "start 2 Checkpoint"]);
        keeper.after(5, follows(2), &[]);
        keeper.after(5, in_step(2), &["say Protected"]);
        keeper
    }

    /// So many milliseconds later something happens, and this is done.
    fn after(&mut self, ms: u64, event: Event, expected: &[&str]) {
        self.now = Time(self.now.0 + ms * 1000);
        let mut acts = Vec::new();
        let told = format!("{event:?}");
        self.roles.take(self.now, event, &mut acts);
        let acts: Vec<String> = acts.iter().map(words).collect();
        assert_eq!(acts, expected, "after {told}");
    }

    /// The next deadline passes.
    fn wait(&mut self, expected: &[&str]) {
        let deadline = self.roles.deadline().expect("something to wait for");
        assert!(deadline > self.now, "a deadline that is over");
        self.now = deadline;
        self.after(0, Event::Time, expected);
    }
}

const UNPROTECTED: &str = "say NotProtected(TookOver)";

#[test]
fn the_twin_takes_over_and_a_new_one_is_started() {
    let mut keeper = Keeper::protected();
    keeper.after(9000, killed(1), &["take over 2 crash", UNPROTECTED]);
    keeper.after(1, is_primary(2), &["start 3 Checkpoint"]);
    keeper.after(1, follows(3), &[]);
    keeper.after(1, in_step(3), &["say Protected"]);
    // The twin may be quicker than the news of the death.
    keeper.after(9000, is_primary(3), &["start 4 Checkpoint", UNPROTECTED]);
    keeper.after(1, killed(2), &[]);
    keeper.after(1, in_step(4), &["say Protected"]);
}

#[test]
fn ten_kills_in_a_row_are_ten_takeovers() {
    let mut keeper = Keeper::protected();
    for n in 1..=10 {
        let (takes, starts) = (format!("take over {} crash", n + 1), format!("start {} Checkpoint", n + 2));
        keeper.after(300, killed(n), &[&takes, UNPROTECTED]);
        keeper.after(1, is_primary(n + 1), &[&starts]);
        keeper.after(200, in_step(n + 2), &["say Protected"]);
    }
}

#[test]
fn a_kill_during_synchronisation_is_waited_for() {
    let mut keeper = Keeper::protected();
    keeper.after(1, killed(1), &["take over 2 crash", UNPROTECTED]);
    keeper.after(1, is_primary(2), &["start 3 Checkpoint"]);
    keeper.after(1, killed(2), &[]);
    keeper.after(50, follows(3), &["take over 3 crash"]);
    keeper.after(1, is_primary(3), &["start 4 Checkpoint"]);
}

#[test]
fn both_die_together() {
    let mut keeper = Keeper::protected();
    keeper.after(1, killed(1), &["take over 2 crash", UNPROTECTED]);
    keeper.after(0, killed(2), &["start 3 Checkpoint"]);
    keeper.after(50, follows(3), &["take over 3 crash"]);
    keeper.after(1, is_primary(3), &["start 4 Checkpoint"]);
}

#[test]
fn a_twin_that_dies_again_and_again_is_started_ever_more_seldom() {
    let mut keeper = Keeper::protected();
    keeper.after(1, crashed(2), &["start 3 Checkpoint", "say NotProtected(TwinGone)"]);
    keeper.after(1, crashed(3), &["say TwinWaits(100ms)"]);
    keeper.wait(&["start 4 Checkpoint"]);
    keeper.after(1, useless(4), &["kill 4", "say TwinWaits(200ms)"]);
    keeper.after(1, killed(4), &[]);
    keeper.wait(&["start 5 Checkpoint"]);
    for n in 5..30_u64 {
        let mut acts = Vec::new();
        keeper.roles.take(keeper.now, crashed(n), &mut acts);
        let pause = keeper.roles.deadline().expect("a pause").0 - keeper.now.0;
        assert!(pause <= 60_000_000 && pause >= 400_000, "{pause}");
        keeper.wait(&[&format!("start {} Checkpoint", n + 1)]);
    }
    keeper.after(1, in_step(30), &["say Protected"]);
    keeper.after(61_000, crashed(30), &["start 31 Checkpoint", "say NotProtected(TwinGone)"]);
}

#[test]
fn a_diverged_twin_never_becomes_primary() {
    let mut keeper = Keeper::protected();
    keeper.after(1, useless(2), &["kill 2", "say NotProtected(TwinUseless)"]);
    keeper.after(0, killed(1), &["start 3 Checkpoint"]);
    keeper.after(1, killed(2), &[]);
    keeper.after(1, follows(3), &["take over 3 crash"]);
}

#[test]
fn the_ladder_ends_with_a_fresh_start_and_longer_waits() {
    let mut keeper = Keeper::protected();
    keeper.after(1, crashed(2), &["start 3 Checkpoint", "say NotProtected(TwinGone)"]);
    keeper.after(1, killed(3), &["say TwinWaits(100ms)"]);
    keeper.after(3000, crashed(1), &["start 4 Checkpoint"]);
    let mut started = vec!["start 4 Checkpoint".to_owned()];
    for _ in 0..40 {
        let twin = keeper.roles.twin().map(|child| child.0);
        // Whoever becomes primary dies at once.
        let event = match (keeper.roles.primary(), twin) {
            (Some(primary), _) => crashed(primary.0),
            (None, Some(twin)) => follows(twin),
            (None, None) => Event::Time,
        };
        let mut acts = Vec::new();
        keeper.roles.take(keeper.now, event, &mut acts);
        for act in acts.clone() {
            match act {
                Act::TakeOver { child, .. } => keeper.roles.take(keeper.now, is_primary(child.0), &mut acts),
                Act::Kill { child } => keeper.roles.take(keeper.now, killed(child.0), &mut acts),
                _ => {}
            }
        }
        if acts.is_empty() {
            keeper.now = keeper.roles.deadline().expect("a pause");
        }
        started.extend(acts.iter().map(words).filter(|words| !words.starts_with("say")));
    }
    let fresh = started.iter().position(|words| words.contains("Genesis")).expect("a fresh start");
    assert_eq!(started[fresh - 1], "new log");
    assert!(started[..fresh].iter().filter(|words| words.starts_with("take over")).count() >= 3);
}

#[test]
fn a_log_that_nobody_can_follow_is_given_up() {
    let mut keeper = Keeper::protected();
    keeper.after(1, killed(1), &["take over 2 crash", UNPROTECTED]);
    keeper.after(1, useless(2), &["kill 2"]);
    keeper.after(1, killed(2), &["start 3 Checkpoint"]);
    keeper.after(1, useless(3), &["kill 3", "say TwinWaits(100ms)"]);
    keeper.after(1, killed(3), &["new log", "start 4 Genesis"]);
    keeper.after(1, follows(4), &["take over 4 crash"]);
}

#[test]
fn a_switchover() {
    let mut keeper = Keeper::protected();
    keeper.after(1, order(Switchover(Cause::Switchover)), &["hand over 1 2 switchover Log"]);
    keeper.after(0, order(RestartTwin), &["answer Err(Busy)"]);
    keeper.after(1, released(1), &[UNPROTECTED]);
    keeper.after(1, is_primary(2), &["answer Ok(())", "start 3 Checkpoint"]);
    keeper.after(1, killed(1), &[]);
    keeper.after(1, order(Switchover(Cause::Stop)), &["answer Err(NoTwin)"]);
    keeper.after(1, in_step(3), &["say Protected"]);
    keeper.after(1, order(Switchover(Cause::Stop)), &["hand over 2 3 stop Log"]);
    keeper.wait(&["take back 2", "answer Err(GivenUp)"]);
    keeper.after(1, order(Switchover(Cause::Stop)), &["hand over 2 3 stop Log"]);
    keeper.after(
        1,
        killed(3),
        &["take back 2", "answer Err(GivenUp)", "start 4 Checkpoint", "say NotProtected(TwinGone)"],
    );
}

#[test]
fn nobody_writes_until_the_old_one_is_gone() {
    let mut keeper = Keeper::protected();
    keeper.after(1, order(Switchover(Cause::Switchover)), &["hand over 1 2 switchover Log"]);
    keeper.after(1, released(1), &[UNPROTECTED]);
    keeper.after(1, killed(2), &["answer Err(GivenUp)"]);
    keeper.wait(&["kill 1"]);
    keeper.after(1, killed(1), &["start 3 Checkpoint"]);
}

#[test]
fn an_upgrade_that_follows_the_same_log() {
    let mut keeper = Keeper::protected();
    keeper.after(1, order(Upgrade("/new".into())), &["kill 2", "say NotProtected(TwinGone)"]);
    keeper.after(1, killed(2), &["start 3 Checkpoint /new"]);
    keeper.after(1, follows(3), &[]);
    keeper.after(1, in_step(3), &["hand over 1 3 upgrade Log", "say Protected"]);
    keeper.after(1, released(1), &[UNPROTECTED]);
    keeper.after(1, is_primary(3), &["answer Ok(())", "renew /new"]);
    keeper.after(1, killed(1), &[]);
}

#[test]
fn an_upgrade_that_makes_something_else_of_the_log() {
    let mut keeper = Keeper::protected();
    keeper.after(1, order(Upgrade("/new".into())), &["kill 2", "say NotProtected(TwinGone)"]);
    keeper.after(1, killed(2), &["start 3 Checkpoint /new"]);
    keeper.after(1, useless(3), &["kill 3"]);
    keeper.after(1, killed(3), &["start 4 HandedOver /new"]);
    keeper.after(1, follows(4), &["hand over 1 4 upgrade Checkpoint"]);
    keeper.after(1, released(1), &[]);
    keeper.after(1, is_primary(4), &["answer Ok(())", "renew /new"]);
}

#[test]
fn a_crash_in_the_middle_of_such_an_upgrade() {
    let mut keeper = Keeper::protected();
    keeper.after(1, order(Upgrade("/new".into())), &["kill 2", "say NotProtected(TwinGone)"]);
    keeper.after(1, killed(2), &["start 3 Checkpoint /new"]);
    keeper.after(1, useless(3), &["kill 3"]);
    keeper.after(1, killed(3), &["start 4 HandedOver /new"]);
    keeper.after(1, killed(1), &["answer Err(NewBinary)", "kill 4", "start 5 Checkpoint"]);
    keeper.after(1, follows(5), &["take over 5 crash"]);
}

#[test]
fn a_binary_that_does_not_start() {
    let mut keeper = Keeper::protected();
    keeper.after(1, order(Upgrade("/new".into())), &["kill 2", "say NotProtected(TwinGone)"]);
    keeper.after(1, killed(2), &["start 3 Checkpoint /new"]);
    let gone = Event::NotStarted { child: ChildId(3) };
    keeper.after(1, gone, &["answer Err(NewBinary)", "start 4 Checkpoint"]);
}

#[test]
fn modes_change() {
    let mut keeper = Keeper::protected();
    keeper.after(1, order(SetMode(Mode::None)), &["kill 2", "answer Ok(())", "say NotProtected(Mode)"]);
    keeper.after(1, killed(2), &[]);
    keeper.after(1, order(SetMode(Mode::Cold)), &["answer Ok(())", "say Protected"]);
    keeper.after(
        1,
        order(SetMode(Mode::Warm)),
        &["answer Ok(())", "start 3 Checkpoint", "say NotProtected(TwinGone)"],
    );
    keeper.after(1, follows(3), &["say Protected"]);
    keeper.after(1, killed(1), &["take over 3 crash", UNPROTECTED]);
}

#[test]
fn without_a_log_a_new_primary_starts_from_nothing() {
    let mut keeper = Keeper::new(Mode::None);
    keeper.after(0, Event::Begun, &["start 1 Checkpoint", "say NotProtected(Mode)"]);
    keeper.after(1, follows(1), &["take over 1 start"]);
    keeper.after(1, is_primary(1), &["ready"]);
    keeper.after(9000, killed(1), &["new log", "start 2 Genesis"]);
}

#[test]
fn a_new_keeper_adopts() {
    let mut keeper = Keeper::new(Mode::Hot);
    let primary = adopted(&mut keeper.roles, Role::Primary);
    keeper.after(0, primary, &[]);
    let twin = adopted(&mut keeper.roles, Role::Twin);
    keeper.after(1, twin, &[]);
    keeper.after(1, Event::AdoptionOver, &["ready", "say Protected"]);
    keeper.after(1, killed(1), &["take over 2 crash", UNPROTECTED]);
}

#[test]
fn a_stop_ends_the_twin_first() {
    let mut keeper = Keeper::protected();
    keeper.after(1, order(Stop), &["kill 2"]);
    keeper.after(1, killed(2), &["stop 1"]);
    keeper.after(1, killed(1), &["exit Stopped"]);
    let mut keeper = Keeper::protected();
    keeper.after(1, order(Stop), &["kill 2"]);
    keeper.after(1, killed(2), &["stop 1"]);
    keeper.wait(&["kill 1"]);
    keeper.after(1, killed(1), &["exit Stopped"]);
    let mut keeper = Keeper::protected();
    keeper.after(1, order(Stop), &["kill 2"]);
    keeper.after(1, killed(1), &[]);
    keeper.after(1, killed(2), &["exit Stopped"]);
}
