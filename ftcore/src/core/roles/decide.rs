//! From events to acts. Each event changes what is known of a child; then [`Roles::balance`] looks at all of it and
//! does what is missing. Nothing is started twice because what was begun is known, too.

use std::path::PathBuf;
use std::time::Duration;

use super::{
    Act, Beginning, Binary, Child, ChildId, Event, HandOverBy, Life, Order, Outcome, Pause, Plan, PlanKind,
    Refusal, Remark, Role, Roles, Stage, Unprotected,
};
use crate::core::input::Time;
use crate::core::primary::{Mode, after};
use crate::core::record::Cause;
use crate::core::takeover::Origin;

/// A primary that dies of itself within this time has died of what it took over.
const SWIFT: Duration = Duration::from_secs(2);
/// So many of those in a row, and the next one starts from nothing: the sessions' graceful restart covers it.
const ROW: u32 = 5;
/// Who has lived for so long has put an end to a row.
const SETTLED: Duration = Duration::from_secs(60);
/// The first wait after a second failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long a switchover may take.
const SWITCHOVER_WITHIN: Duration = Duration::from_secs(5);
/// How long a new binary may take to come in step.
const UPGRADE_WITHIN: Duration = Duration::from_secs(120);
/// How long a child may take to restore.
const START_WITHIN: Duration = Duration::from_secs(120);
/// How long one may take to become primary when it is told to.
const TAKEOVER_WITHIN: Duration = Duration::from_secs(120);
/// How long an orderly end may take.
const STOP_WITHIN: Duration = Duration::from_secs(10);

impl Pause {
    fn failed(&mut self, now: Time) {
        self.failures += 1;
        if self.failures > 1 {
            let doubled = FIRST_PAUSE.saturating_mul(1 << (self.failures - 2).min(16));
            self.until = Some(after(now, doubled.min(LONGEST_PAUSE)));
        }
    }

    fn is_over(&self, now: Time) -> bool {
        self.until.is_none_or(|until| until <= now)
    }
}

impl Roles {
    /// When [`Event::Time`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        if self.life == Life::Over {
            return None;
        }
        let pauses = [self.twin_pause.until, self.primary_pause.until];
        let plan = self.plan.as_ref().map(|plan| plan.until);
        let children = self.children.values().filter_map(limit);
        pauses.into_iter().chain([plan]).flatten().chain(children).min()
    }

    /// Takes an event, and appends what is to be done.
    pub fn take(&mut self, now: Time, event: Event, acts: &mut Vec<Act>) {
        match event {
            Event::Begun | Event::AdoptionOver => self.life = Life::Running,
            Event::Adopted { child, role } => self.adopted(now, child, role),
            Event::NotStarted { child } => self.gone(now, child, Origin::Inside, acts),
            Event::Follows { child } => self.advance(now, child, Stage::Following),
            Event::InStep { child } => self.advance(now, child, Stage::InStep),
            Event::Useless { child } => self.useless(now, child, acts),
            Event::IsPrimary { child } => self.is_primary(now, child, acts),
            Event::Released { child } => self.released(now, child),
            Event::Exited { child, origin, entry: _ } => self.gone(now, child, origin, acts),
            Event::Order(order) => self.ordered(now, order, acts),
            Event::Time => {}
        }
        self.check_times(now, acts);
        match self.life {
            Life::Waiting | Life::Over => {}
            Life::Running => {
                self.pursue(now, acts);
                self.balance(now, acts);
                self.say_protection(acts);
            }
            Life::Stopping => self.wind_down(now, acts),
        }
    }

    fn adopted(&mut self, now: Time, child: ChildId, role: Role) {
        let stage = match role {
            Role::Primary => Stage::Primary,
            Role::Twin => Stage::InStep,
            Role::Standby => Stage::Following,
        };
        if role == Role::Primary {
            self.primary = Some(child);
            self.was_ready = false;
        }
        let (binary, from) = (Binary::Own, Beginning::Checkpoint);
        self.children.insert(child, Child { stage, since: now, binary, from, orphan: false });
    }

    fn advance(&mut self, now: Time, child: ChildId, stage: Stage) {
        if let Some(child) = self.children.get_mut(&child)
            && matches!(child.stage, Stage::Starting | Stage::Following)
            && child.stage != stage
        {
            child.stage = stage;
            child.since = now;
        }
    }

    fn set(&mut self, now: Time, child: ChildId, stage: Stage) {
        if let Some(child) = self.children.get_mut(&child) {
            child.stage = stage;
            child.since = now;
        }
    }

    fn useless(&mut self, now: Time, child: ChildId, acts: &mut Vec<Act>) {
        let Some(known) = self.children.get(&child) else { return };
        if matches!(known.stage, Stage::Dying | Stage::Primary) {
            return;
        }
        // Nobody is there to make a new checkpoint: the next one would come no farther.
        if self.primary.is_none() && known.orphan {
            self.log_is_useless = true;
        }
        let binary = known.binary.clone();
        self.kill(now, child, acts);
        let upgrade = self.plan.as_mut().filter(|plan| plan.to == child && !plan.told);
        match upgrade.map(|plan| plan.kind.clone()) {
            // It makes something else of the same log; it is given a checkpoint then.
            Some(PlanKind::Upgrade(_)) => {
                let to = self.start(now, Beginning::HandedOver, binary, acts);
                if let Some(plan) = &mut self.plan {
                    plan.to = to;
                }
            }
            _ => {
                self.twin_pause.failed(now);
                self.say_pause(now, acts);
            }
        }
    }

    fn is_primary(&mut self, now: Time, child: ChildId, acts: &mut Vec<Act>) {
        if let Some(old) = self.primary.replace(child).filter(|old| *old != child) {
            // Who takes over has made sure of the other's death; here it is awaited.
            self.set(now, old, Stage::Leaving);
        }
        self.set(now, child, Stage::Primary);
        self.primary_pause.until = None;
        self.twin_pause = Pause::default();
        self.log_is_useless = false;
        if !self.was_ready {
            self.was_ready = true;
            acts.push(Act::Ready);
        }
        if let Some(plan) = self.plan.take_if(|plan| plan.to == child) {
            acts.push(Act::Answer(Ok(())));
            if let PlanKind::Upgrade(path) = plan.kind {
                // The new keeper adopts, and sees to the rest.
                self.life = Life::Over;
                acts.push(Act::Renew(path));
            }
        }
    }

    fn released(&mut self, now: Time, child: ChildId) {
        if self.primary == Some(child) {
            self.primary = None;
            self.set(now, child, Stage::Leaving);
            if let Some(plan) = &self.plan {
                let to = plan.to;
                self.set(now, to, Stage::TakingOver);
            }
        }
    }

    /// A child is no more.
    fn gone(&mut self, now: Time, child: ChildId, origin: Origin, acts: &mut Vec<Act>) {
        let Some(gone) = self.children.remove(&child) else { return };
        let lived = after(gone.since, SWIFT) > now;
        match gone.stage {
            Stage::Primary => {
                self.primary = None;
                if origin == Origin::Inside && lived {
                    self.died_swiftly(now, acts);
                } else if after(gone.since, SETTLED) <= now {
                    self.row = 0;
                    self.primary_pause = Pause::default();
                }
                // What it was told to do is done by its death.
                if let Some(plan) = self.plan.take_if(|plan| plan.kind != PlanKind::Switchover || !plan.told)
                {
                    self.refuse(now, plan, acts);
                }
            }
            Stage::Stopping => self.primary = None,
            Stage::TakingOver if origin == Origin::Inside => self.died_swiftly(now, acts),
            Stage::TakingOver | Stage::Leaving | Stage::Dying => {}
            Stage::Starting | Stage::Following | Stage::InStep => {
                if gone.stage == Stage::InStep && after(gone.since, SETTLED) <= now {
                    self.twin_pause = Pause::default();
                }
                if self.primary.is_some() {
                    self.twin_pause.failed(now);
                    self.say_pause(now, acts);
                } else {
                    self.died_swiftly(now, acts);
                }
            }
        }
        if let Some(plan) = self.plan.take_if(|plan| plan.to == child) {
            if let (true, Some(primary)) = (plan.told, self.primary) {
                acts.push(Act::TakeBack { primary });
            }
            self.refuse(now, plan, acts);
        }
    }

    fn refuse(&mut self, now: Time, plan: Plan, acts: &mut Vec<Act>) {
        let refusal = match plan.kind {
            PlanKind::Switchover => Refusal::GivenUp,
            PlanKind::Upgrade(_) => Refusal::NewBinary,
        };
        acts.push(Act::Answer(Err(refusal)));
        if let (PlanKind::Upgrade(_), true) = (&plan.kind, self.children.contains_key(&plan.to)) {
            self.kill(now, plan.to, acts);
        }
    }

    fn died_swiftly(&mut self, now: Time, acts: &mut Vec<Act>) {
        self.row += 1;
        self.primary_pause.failed(now);
        if self.row == ROW {
            acts.push(Act::Say(Remark::Ladder(Beginning::Genesis)));
        }
        if let Some(until) = self.primary_pause.until.filter(|until| *until > now) {
            acts.push(Act::Say(Remark::PrimaryWaits(Duration::from_micros(until.0 - now.0))));
        }
    }

    fn say_pause(&self, now: Time, acts: &mut Vec<Act>) {
        if let Some(until) = self.twin_pause.until.filter(|until| *until > now) {
            acts.push(Act::Say(Remark::TwinWaits(Duration::from_micros(until.0 - now.0))));
        }
    }

    fn ordered(&mut self, now: Time, order: Order, acts: &mut Vec<Act>) {
        match order {
            Order::Stop => {
                if self.life != Life::Over {
                    self.life = Life::Stopping;
                }
            }
            Order::Switchover(cause) => match self.ready_twin() {
                _ if self.plan.is_some() || self.life != Life::Running => {
                    acts.push(Act::Answer(Err(Refusal::Busy)));
                }
                Some(to) if self.primary.is_some() => {
                    let until = after(now, SWITCHOVER_WITHIN);
                    let kind = PlanKind::Switchover;
                    self.plan = Some(Plan { kind, cause, to, until, told: false });
                }
                _ => acts.push(Act::Answer(Err(Refusal::NoTwin))),
            },
            Order::Upgrade(path) => self.upgrade(now, path, acts),
            Order::RestartTwin => {
                self.twin_pause = Pause::default();
                self.kill_standbys(now, acts);
                acts.push(Act::Answer(Ok(())));
            }
            Order::SetMode(mode) => {
                if mode != self.mode {
                    self.mode = mode;
                    self.twin_pause = Pause::default();
                    self.kill_standbys(now, acts);
                }
                acts.push(Act::Answer(Ok(())));
            }
        }
    }

    fn upgrade(&mut self, now: Time, path: PathBuf, acts: &mut Vec<Act>) {
        if self.plan.is_some() || self.primary.is_none() || self.life != Life::Running {
            acts.push(Act::Answer(Err(Refusal::Busy)));
            return;
        }
        self.kill_standbys(now, acts);
        let to = self.start(now, Beginning::Checkpoint, Binary::Other(path.clone()), acts);
        let until = after(now, UPGRADE_WITHIN);
        let kind = PlanKind::Upgrade(path);
        self.plan = Some(Plan { kind, cause: Cause::Upgrade, to, until, told: false });
    }

    /// Tells the primary to hand over as soon as the one that it hands over to is ready.
    fn pursue(&mut self, now: Time, acts: &mut Vec<Act>) {
        let (Some(plan), Some(primary)) = (&mut self.plan, self.primary) else { return };
        let Some(to) = self.children.get(&plan.to).filter(|_| !plan.told) else { return };
        let by = match (to.from, to.stage) {
            (Beginning::HandedOver, Stage::Following | Stage::InStep) => HandOverBy::Checkpoint,
            (Beginning::Checkpoint | Beginning::Genesis, Stage::InStep) => HandOverBy::Log,
            _ => return,
        };
        plan.told = true;
        plan.until = after(now, SWITCHOVER_WITHIN);
        acts.push(Act::HandOver { primary, to: plan.to, cause: plan.cause, by });
    }

    fn ready_twin(&self) -> Option<ChildId> {
        let ready = |child: &Child| child.stage == Stage::InStep;
        self.children.iter().find(|(_, child)| ready(child)).map(|(child, _)| *child)
    }

    /// Does what is missing.
    fn balance(&mut self, now: Time, acts: &mut Vec<Act>) {
        if self.primary.is_none() {
            self.seek_primary(now, acts);
            return;
        }
        let wanted = matches!(self.mode, Mode::Hot | Mode::Warm);
        if wanted && self.plan.is_none() && self.twin().is_none() && self.twin_pause.is_over(now) {
            self.twin_pause.until = None;
            self.start(now, Beginning::Checkpoint, Binary::Own, acts);
        }
    }

    /// Nobody is primary: the one that is farthest becomes it.
    fn seek_primary(&mut self, now: Time, acts: &mut Vec<Act>) {
        // Until the old one is gone for certain nobody else may write (I5).
        let waits =
            |child: &Child| matches!(child.stage, Stage::TakingOver | Stage::Leaving | Stage::Starting);
        let farthest = self
            .children
            .iter()
            .filter(|(_, child)| matches!(child.stage, Stage::Following | Stage::InStep))
            .max_by_key(|(_, child)| child.stage == Stage::InStep)
            .map(|(child, _)| *child);
        if let Some(child) =
            farthest.filter(|_| !self.children.values().any(|child| child.stage == Stage::Leaving))
        {
            let cause = if self.was_ready { Cause::Crash } else { Cause::Start };
            self.set(now, child, Stage::TakingOver);
            acts.push(Act::TakeOver { child, cause });
        } else if !self.children.values().any(waits) && self.primary_pause.is_over(now) {
            self.primary_pause.until = None;
            let fresh = self.was_ready && self.mode == Mode::None || self.row >= ROW || self.log_is_useless;
            if fresh {
                self.log_is_useless = false;
                acts.push(Act::NewLog);
            }
            let from = if fresh { Beginning::Genesis } else { Beginning::Checkpoint };
            self.start(now, from, Binary::Own, acts);
        }
    }

    fn wind_down(&mut self, now: Time, acts: &mut Vec<Act>) {
        // First whoever would take over from a primary that ends.
        let others: Vec<ChildId> =
            self.children.keys().filter(|child| self.primary != Some(**child)).copied().collect();
        for child in &others {
            self.kill(now, *child, acts);
        }
        match self.primary.and_then(|primary| self.children.get(&primary).map(|child| (primary, child.stage)))
        {
            Some((primary, Stage::Primary)) if others.is_empty() => {
                self.set(now, primary, Stage::Stopping);
                acts.push(Act::StopPrimary { primary });
            }
            None if self.children.is_empty() => {
                self.life = Life::Over;
                acts.push(Act::Exit(Outcome::Stopped));
            }
            _ => {}
        }
    }

    /// Puts an end to what takes too long.
    fn check_times(&mut self, now: Time, acts: &mut Vec<Act>) {
        let late = self.children.iter().filter(|(_, child)| limit(child).is_some_and(|limit| limit <= now));
        for child in late.map(|(child, _)| *child).collect::<Vec<_>>() {
            let stopping = self.children.get(&child).is_some_and(|child| child.stage == Stage::Stopping);
            self.kill(now, child, acts);
            if stopping {
                self.primary = None;
            }
        }
        if let Some(plan) = self.plan.take_if(|plan| plan.until <= now) {
            if let (true, Some(primary)) = (plan.told, self.primary) {
                acts.push(Act::TakeBack { primary });
            }
            self.refuse(now, plan, acts);
        }
        for pause in [&mut self.twin_pause, &mut self.primary_pause] {
            pause.until = pause.until.filter(|until| *until > now);
        }
    }

    fn start(&mut self, now: Time, from: Beginning, binary: Binary, acts: &mut Vec<Act>) -> ChildId {
        let child = self.adopt();
        let orphan = self.primary.is_none();
        let known = Child { stage: Stage::Starting, since: now, binary: binary.clone(), from, orphan };
        self.children.insert(child, known);
        acts.push(Act::Start { child, from, binary });
        child
    }

    fn kill(&mut self, now: Time, child: ChildId, acts: &mut Vec<Act>) {
        if self.children.get(&child).is_some_and(|child| child.stage != Stage::Dying) {
            self.set(now, child, Stage::Dying);
            acts.push(Act::Kill { child });
        }
    }

    fn kill_standbys(&mut self, now: Time, acts: &mut Vec<Act>) {
        while let Some(twin) = self.twin() {
            self.kill(now, twin, acts);
        }
    }

    fn say_protection(&mut self, acts: &mut Vec<Act>) {
        let in_step = match self.mode {
            Mode::Hot => self.ready_twin().is_some(),
            Mode::Warm => self
                .twin()
                .and_then(|twin| self.children.get(&twin))
                .is_some_and(|twin| matches!(twin.stage, Stage::Following | Stage::InStep)),
            Mode::Cold => true,
            Mode::None => false,
        };
        let protected = self.primary.is_some() && in_step;
        if protected == self.protected {
            return;
        }
        self.protected = protected;
        acts.push(Act::Say(match (protected, self.mode, self.primary) {
            (true, _, _) => Remark::Protected,
            (false, Mode::None, _) => Remark::NotProtected(Unprotected::Mode),
            (false, _, None) => Remark::NotProtected(Unprotected::TookOver),
            (false, _, Some(_)) => Remark::NotProtected(Unprotected::TwinGone),
        }));
    }
}

/// When a child has taken too long for what it is about.
fn limit(child: &Child) -> Option<Time> {
    let within = match child.stage {
        Stage::Starting if child.from == Beginning::HandedOver => return None,
        Stage::Starting => START_WITHIN,
        Stage::TakingOver => TAKEOVER_WITHIN,
        Stage::Leaving | Stage::Stopping => STOP_WITHIN,
        Stage::Following | Stage::InStep | Stage::Primary | Stage::Dying => return None,
    };
    Some(after(child.since, within))
}
