//! Who shall do what: the keeper's decisions, as a function of what it saw.
//!
//! There is at most one primary and one standby. Every process starts as a standby, the very first one too; it
//! leads when the primary is gone, by itself or because it is told to. So a first start, a takeover, a recovery
//! after both have died and a planned handover are one way. Nothing here starts, ends or tells anything: the
//! answer to what was seen is a list of [`Action`]s.

use std::path::PathBuf;

use super::input::Time;
use super::record::Cause;
use super::role::{Action, Blame, ChildId, End, Follow, Mode, Order, Seen, Standing, Tell};

mod deaths;
#[cfg(test)]
mod tests;

use deaths::GivingUp;

/// How many standbys in a row may end before they stand, with no primary there, until what is kept counts as
/// the reason and is given up.
const PATIENCE: u32 = 5;
/// How long the pause after the second failure in a row is; it doubles with each one, up to the longest.
const PAUSE_US: u64 = 100_000;
const LONGEST_PAUSE_US: u64 = 5_000_000;
/// How long a child that was asked to end may take.
const END_US: u64 = 2_000_000;
/// How long the log may take to be put into another memory, longer than the primary tries it; until then there is no
/// twin.
const MOVE_US: u64 = 30_000_000;
/// How long a planned handover may take, from the order to the new primary.
const PLAN_US: u64 = 60_000_000;

#[derive(Debug)]
struct Standby {
    child: ChildId,
    standing: Standing,
    follow: Follow,
    led: bool,
    ending_until: Option<Time>,
}

/// A planned handover.
#[derive(Debug)]
struct Plan {
    asker: u64,
    cause: Cause,
    binary: Option<PathBuf>,
    until: Time,
    checkpoint: Fresh,
    /// A twin was started for it.
    started: bool,
    /// How the twin stood when the primary was told to hand over.
    told: Option<Standing>,
}

/// Whether there is a checkpoint for a twin that is made for a plan alone: the log may begin behind the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fresh {
    NotAsked,
    Asked,
    There,
}

/// The log is on its way to another memory.
#[derive(Debug)]
struct Move {
    until: Time,
    told: bool,
}

#[derive(Debug)]
struct Stop {
    until: Option<Time>,
    status: u8,
}

/// The roles and what is planned with them.
#[derive(Debug)]
pub struct Roles {
    mode: Mode,
    stop_us: u64,
    binary: Option<PathBuf>,
    primary: Option<ChildId>,
    standby: Option<Standby>,
    next: u32,
    failures: u32,
    /// How many primaries have died of themselves before they had settled, one after another, and no input was to
    /// blame.
    row: u32,
    /// How many states were given up since one has settled.
    given_up: u32,
    giving_up: GivingUp,
    leads_since: Time,
    /// Until when, where it is over.
    led_until: Option<Time>,
    not_before: Time,
    plan: Option<Plan>,
    moving: Option<Move>,
    stop: Option<Stop>,
}

impl Roles {
    /// Nobody is there. An orderly stop of the primary may take `stop_us` microseconds.
    #[must_use]
    pub fn new(mode: Mode, stop_us: u64) -> Roles {
        Roles {
            mode,
            stop_us,
            binary: None,
            primary: None,
            standby: None,
            next: 1,
            failures: 0,
            row: 0,
            given_up: 0,
            giving_up: GivingUp::No,
            leads_since: Time(0),
            led_until: None,
            not_before: Time(0),
            plan: None,
            moving: None,
            stop: None,
        }
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The children of an earlier keeper are in this mode.
    pub fn begin_in(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// The primary, as far as is known.
    #[must_use]
    pub fn primary(&self) -> Option<ChildId> {
        self.primary
    }

    /// The standby; the twin, where there is a primary.
    #[must_use]
    pub fn standby(&self) -> Option<ChildId> {
        self.standby.as_ref().map(|standby| standby.child)
    }

    /// Gives the next child that came by itself a name.
    pub fn name_child(&mut self) -> ChildId {
        let child = ChildId(self.next);
        self.next += 1;
        child
    }

    /// When [`Seen::Time`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        let start = (self.standby.is_none() && self.stop.is_none()).then_some(self.not_before);
        let ending = self.standby.as_ref().and_then(|standby| standby.ending_until);
        let plan = self.plan.as_ref().map(|plan| plan.until);
        let moving = self.moving.as_ref().map(|moving| moving.until);
        let stop = self.stop.as_ref().and_then(|stop| stop.until);
        [start.filter(|at| *at > Time(0)), ending, plan, moving, stop].into_iter().flatten().min()
    }

    /// Takes what was seen at `now`.
    pub fn see(&mut self, now: Time, seen: Seen) -> Vec<Action> {
        let mut actions = Vec::new();
        match seen {
            Seen::Stands(child, standing) => self.stands(child, standing, now, &mut actions),
            Seen::Leads(child, blame) => self.leads(child, blame, now, &mut actions),
            Seen::Ended(child) => self.ended(child, now, &mut actions),
            Seen::Finished(child, status) if self.primary == Some(child) => {
                self.stop.get_or_insert(Stop { until: None, status });
            }
            Seen::Unrestorable(child) => {
                actions.extend([Action::End(child, End::Killed), Action::Abandon]);
            }
            Seen::Refused(why) => self.answer(Err(why), &mut actions),
            Seen::LogToMove(child) => self.log_to_move(child, now, &mut actions),
            Seen::LogMoved(child) if self.primary == Some(child) => self.log_moved(&mut actions),
            Seen::Ordered(asker, order) => self.ordered(asker, order, now, &mut actions),
            Seen::StopAsked => {
                self.stop.get_or_insert(Stop { until: None, status: 0 });
            }
            Seen::Adopted { primary, twin } => self.adopted(primary, twin),
            Seen::Checkpointed(child) => {
                if let Some(plan) = self.plan.as_mut().filter(|_| self.primary == Some(child)) {
                    plan.checkpoint = Fresh::There;
                }
            }
            Seen::Finished(..) | Seen::LogMoved(_) | Seen::Time => {}
        }
        match self.stop {
            Some(_) => self.go_on_stopping(now, &mut actions),
            None if self.giving_up == GivingUp::Yes => self.give_up(now, &mut actions),
            None => self.settle(now, &mut actions),
        }
        actions
    }

    fn stands(&mut self, child: ChildId, standing: Standing, now: Time, actions: &mut Vec<Action>) {
        let planned = self.plan.is_some();
        let Some(standby) = self.standby.as_mut().filter(|standby| standby.child == child) else { return };
        standby.standing = standing;
        match standing {
            Standing::InStep | Standing::Holding => self.failures = 0,
            Standing::Suspended => end(standby, now, actions),
            Standing::Diverged if !planned => end(standby, now, actions),
            Standing::Diverged | Standing::Syncing => {}
        }
    }

    /// The twin ends first: one that follows the old memory would lead with what is no longer true.
    fn log_to_move(&mut self, child: ChildId, now: Time, actions: &mut Vec<Action>) {
        let busy = self.plan.is_some() || self.moving.is_some() || self.stop.is_some();
        if self.primary != Some(child) || busy {
            // It asks again.
            return;
        }
        self.moving = Some(Move { until: Time(now.0 + MOVE_US), told: false });
        if let Some(standby) = &mut self.standby {
            end(standby, now, actions);
        }
    }

    fn log_moved(&mut self, actions: &mut Vec<Action>) {
        self.moving = None;
        // It came when the move seemed to come to nothing, and follows the old one.
        actions.extend(self.standby().map(|standby| Action::End(standby, End::Killed)));
    }

    fn leads(&mut self, child: ChildId, blame: Blame, now: Time, actions: &mut Vec<Action>) {
        self.count_death(blame, now, actions);
        self.leads_since = now;
        self.moving = None;
        if self.standby() == Some(child) {
            self.standby = None;
        }
        if let Some(old) = self.primary.replace(child).filter(|old| *old != child) {
            // It is dead or mute already; here it only must not linger.
            actions.push(Action::End(old, End::Killed));
        }
        self.failures = 0;
        let Some(plan) = self.plan.take() else { return };
        actions.push(Action::Answer(plan.asker, Ok(())));
        if let Some(binary) = plan.binary {
            self.binary = Some(binary.clone());
            actions.push(Action::Renew(binary));
        }
    }

    fn ended(&mut self, child: ChildId, now: Time, actions: &mut Vec<Action>) {
        if self.primary == Some(child) {
            self.primary = None;
            self.led_until = Some(now);
            self.moving = None;
        }
        let Some(standby) = self.standby.take_if(|standby| standby.child == child) else { return };
        if self.plan.as_ref().is_some_and(|plan| plan.started) {
            self.answer(Err("the new twin ended".to_owned()), actions);
        }
        if standby.standing != Standing::Syncing || standby.ending_until.is_some() {
            return;
        }
        self.failures += 1;
        let doubled = PAUSE_US.saturating_mul(1 << self.failures.saturating_sub(2).min(16));
        let pause = if self.failures < 2 { 0 } else { doubled.min(LONGEST_PAUSE_US) };
        self.not_before = Time(now.0 + pause);
        if self.failures >= PATIENCE && self.primary.is_none() {
            self.failures = 0;
            actions.push(Action::Abandon);
        }
    }

    fn ordered(&mut self, asker: u64, order: Order, now: Time, actions: &mut Vec<Action>) {
        let refuse = |why: &str| Action::Answer(asker, Err(why.to_owned()));
        let Some(primary) = self.primary else { return actions.push(refuse("there is no primary")) };
        if self.stop.is_some() {
            return actions.push(refuse("the program is being stopped"));
        }
        if self.plan.is_some() {
            return actions.push(refuse("a handover is under way already"));
        }
        match order {
            Order::TwinRestart => match &mut self.standby {
                Some(standby) => {
                    end(standby, now, actions);
                    actions.push(Action::Answer(asker, Ok(())));
                }
                None => actions.push(refuse("there is no twin")),
            },
            Order::Mode(mode) => {
                let changed = std::mem::replace(&mut self.mode, mode) != mode;
                // Who asks may have heard of another one.
                actions.push(Action::Tell(primary, Tell::Mode(mode)));
                if changed {
                    // A twin of the other kind is made anew: a hot one has no checkpoint to hold.
                    if let Some(standby) = &mut self.standby {
                        end(standby, now, actions);
                    }
                }
                actions.push(Action::Answer(asker, Ok(())));
            }
            Order::Switchover(cause) => self.plan(asker, cause, None, now),
            Order::Upgrade(binary) => {
                self.plan(asker, Cause::Upgrade, Some(binary), now);
                if let Some(standby) = &mut self.standby {
                    end(standby, now, actions);
                }
            }
        }
    }

    fn plan(&mut self, asker: u64, cause: Cause, binary: Option<PathBuf>, now: Time) {
        let until = Time(now.0 + PLAN_US);
        self.plan = Some(Plan {
            asker,
            cause,
            binary,
            until,
            checkpoint: Fresh::NotAsked,
            started: false,
            told: None,
        });
    }

    fn answer(&mut self, answer: Result<(), String>, actions: &mut Vec<Action>) {
        if let Some(plan) = self.plan.take() {
            actions.push(Action::Answer(plan.asker, answer));
        }
    }

    fn adopted(&mut self, primary: ChildId, twin: Option<(ChildId, Standing)>) {
        self.primary = Some(primary);
        self.standby = twin.map(|(child, standing)| Standby {
            child,
            standing,
            follow: if self.mode == Mode::Warm { Follow::Warm } else { Follow::Hot },
            led: false,
            ending_until: None,
        });
    }

    /// What follows from how things are.
    fn settle(&mut self, now: Time, actions: &mut Vec<Action>) {
        if self.plan.as_ref().is_some_and(|plan| plan.until <= now) {
            self.answer(Err("the twin did not come in step in time".to_owned()), actions);
        }
        let planned = self.plan.is_some();
        self.moving.take_if(|moving| moving.until <= now);
        if let (Some(moving), None, Some(primary)) = (&mut self.moving, &self.standby, self.primary) {
            if !std::mem::replace(&mut moving.told, true) {
                moving.until = Time(now.0 + MOVE_US);
                actions.push(Action::Tell(primary, Tell::MoveLog));
            }
            return;
        }
        if now < self.not_before {
            return self.go_on_with_plan(actions);
        }
        self.not_before = Time(0);
        let in_plan = planned && self.primary.is_some();
        match (&mut self.standby, self.primary) {
            // One that has diverged during a plan that came to nothing, or whose primary is gone, never leads.
            (Some(standby), _)
                if standby.standing == Standing::Diverged && standby.ending_until.is_none() && !in_plan =>
            {
                end(standby, now, actions);
            }
            (Some(standby), None) if !standby.led && standby.ending_until.is_none() => {
                standby.led = true;
                actions.push(Action::Tell(standby.child, Tell::Lead));
            }
            (Some(standby), _) if standby.ending_until.is_some_and(|until| until <= now) => {
                standby.ending_until = Some(Time(now.0 + END_US));
                actions.push(Action::End(standby.child, End::Killed));
            }
            // Where nobody is wanted for long, nobody stays.
            (Some(standby), Some(_)) if !planned && !self.mode.has_twin() => end(standby, now, actions),
            (None, None) => {
                if self.mode == Mode::None && self.next > 1 {
                    actions.push(Action::Abandon);
                }
                self.start(None, actions);
            }
            (None, Some(primary)) if planned || self.mode.has_twin() => {
                self.start(Some(primary), actions);
            }
            _ => {}
        }
        self.go_on_with_plan(actions);
    }

    fn start(&mut self, primary: Option<ChildId>, actions: &mut Vec<Action>) {
        let mut binary = self.binary.clone();
        let mut follow = if self.mode == Mode::Warm { Follow::Warm } else { Follow::Hot };
        if let (Some(plan), Some(primary)) = (&mut self.plan, primary) {
            binary = plan.binary.clone().or(binary);
            follow = Follow::Hot;
            if !self.mode.has_twin() && plan.checkpoint != Fresh::There {
                if std::mem::replace(&mut plan.checkpoint, Fresh::Asked) == Fresh::NotAsked {
                    actions.push(Action::Tell(primary, Tell::Checkpoint));
                }
                return;
            }
            plan.started = true;
        }
        let led = primary.is_none();
        if led {
            // The one that is to lead has nobody to follow.
            follow = Follow::Hot;
        }
        let child = self.name_child();
        let standing = Standing::Syncing;
        self.standby = Some(Standby { child, standing, follow, led, ending_until: None });
        self.not_before = Time(0);
        actions.push(Action::Start(child, binary, follow));
        if led {
            actions.push(Action::Tell(child, Tell::Lead));
        }
    }

    fn go_on_with_plan(&mut self, actions: &mut Vec<Action>) {
        let (Some(plan), Some(standby), Some(primary)) = (&mut self.plan, &mut self.standby, self.primary)
        else {
            return;
        };
        if plan.told == Some(standby.standing) || standby.ending_until.is_some() {
            return;
        }
        match standby.standing {
            Standing::Holding if standby.follow == Follow::Warm => {
                standby.follow = Follow::Hot;
                actions.push(Action::Tell(standby.child, Tell::Follow));
            }
            Standing::InStep if plan.told.is_none() => {
                plan.told = Some(Standing::InStep);
                actions.push(Action::Tell(primary, Tell::Switchover(plan.cause)));
            }
            // It may have seemed to be in step until there was a digest to compare.
            Standing::Diverged => {
                plan.told = Some(Standing::Diverged);
                actions.push(Action::Tell(primary, Tell::HandOver(plan.cause)));
            }
            Standing::InStep | Standing::Holding | Standing::Syncing | Standing::Suspended => {}
        }
    }

    /// First the standby ends, so that it does not take the primary's end for a death; then the primary.
    fn go_on_stopping(&mut self, now: Time, actions: &mut Vec<Action>) {
        self.answer(Err("the program is being stopped".to_owned()), actions);
        let Some(stop) = &mut self.stop else { return };
        if let Some(standby) = &mut self.standby {
            match standby.ending_until {
                Some(until) if until <= now => {
                    standby.ending_until = Some(Time(now.0 + END_US));
                    actions.push(Action::End(standby.child, End::Killed));
                }
                Some(_) => {}
                None => end(standby, now, actions),
            }
            return;
        }
        match (self.primary, stop.until) {
            (None, _) => actions.push(Action::Exit(stop.status)),
            (Some(primary), None) => {
                stop.until = Some(Time(now.0 + self.stop_us));
                actions.push(Action::Tell(primary, Tell::Stop));
            }
            (Some(primary), Some(until)) if until <= now => {
                stop.until = Some(Time(now.0 + END_US));
                actions.push(Action::End(primary, End::Killed));
            }
            (Some(_), Some(_)) => {}
        }
    }
}

fn end(standby: &mut Standby, now: Time, actions: &mut Vec<Action>) {
    if standby.ending_until.is_none() {
        standby.ending_until = Some(Time(now.0 + END_US));
        actions.push(Action::End(standby.child, End::Asked));
    }
}
