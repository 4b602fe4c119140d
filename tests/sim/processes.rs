//! The processes themselves: the keeper's real `Roles` and the twin's real `Detector` over virtual children that come in
//! step, lead, hang, starve and die at random, with news on its way for some time.
//!
//! The oracle: never do two lead; a hang is found within its bound while somebody watches; who is only starved is left
//! alone; and once nothing goes wrong any more there are a primary and a twin in step.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ftcore::core::detector::{Detector, Judgement, Observation, Thread, ThreadState};
use ftcore::core::input::Time;
use ftcore::core::primary::{Mode, Work};
use ftcore::core::record::Cause;
use ftcore::core::role::{Action, Blame, ChildId, Order, Seen, Standing, Tell};
use ftcore::core::roles::Roles;

use super::chance::Chance;

/// A step of the virtual time, in microseconds.
const STEP_US: u64 = 1_000;
/// How long no progress is a hang.
const LIMIT_US: u64 = 500_000;
/// Within which a hang must be over: the limit, and what observations and a death take.
const BOUND_US: u64 = LIMIT_US + 4 * (LIMIT_US / 10);
/// How long things go wrong, and how long there is to come to rest after it.
const TROUBLE_US: u64 = 20_000_000;
const REST_US: u64 = 15_000_000;

/// What keeps a process from its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Well,
    /// Stopped, since then.
    Stopped(u64),
    /// In an endless loop, since then.
    Loops(u64),
    /// The machine does not let it run until then.
    Starved(u64),
}

/// A virtual process.
#[derive(Debug)]
struct Child {
    condition: Condition,
    /// Where it leads, there is nothing else to it.
    leads: bool,
    standing: Standing,
    in_step_at: u64,
    /// The primary that it watches, and with what.
    watches: Option<(ChildId, Detector, u64)>,
    told_to_lead: bool,
    /// What it is told, and when that is there.
    told: VecDeque<(u64, Tell)>,
    ends_at: Option<u64>,
    tick: u64,
    ran_us: u64,
    waited_us: u64,
    /// By whom it is watched, and since when without a break.
    watched_since: Option<(ChildId, u64)>,
}

struct Host {
    now: u64,
    chance: Chance,
    roles: Roles,
    children: BTreeMap<ChildId, Child>,
    /// What the keeper will see, and when.
    news: Vec<(u64, u64, Seen)>,
    sent: u64,
    counts: Counts,
}

/// Whether something goes wrong now and then.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Some,
    None,
}

/// What a run was about.
#[derive(Default, Debug)]
struct Counts {
    takeovers: u32,
    hangs: u32,
    starved: u32,
    switchovers: u32,
}

impl Child {
    fn new(in_step_at: u64, watches: Option<ChildId>) -> Child {
        let detector = || Detector::new(Duration::from_micros(LIMIT_US));
        Child {
            condition: Condition::Well,
            leads: false,
            standing: Standing::Syncing,
            in_step_at,
            watches: watches.map(|primary| (primary, detector(), 0)),
            told_to_lead: false,
            told: VecDeque::new(),
            ends_at: None,
            tick: 0,
            ran_us: 0,
            waited_us: 0,
            watched_since: None,
        }
    }

    /// What the kernel says of it. A wait for the processor is accounted for when it is over.
    fn thread(&self) -> Thread {
        let state = match self.condition {
            Condition::Well => ThreadState::Sleeping,
            Condition::Stopped(_) => ThreadState::Stopped,
            Condition::Loops(_) | Condition::Starved(_) => ThreadState::Running,
        };
        let (ran, waited) = (Duration::from_micros(self.ran_us), Duration::from_micros(self.waited_us));
        Thread { state, ran, waited }
    }

    /// Lives for a step.
    fn live(&mut self, now: u64) {
        match self.condition {
            Condition::Well => self.tick += 1,
            Condition::Stopped(_) => {}
            Condition::Loops(_) => self.ran_us += STEP_US,
            Condition::Starved(until) if until <= now => {
                self.tick += 1;
                self.condition = Condition::Well;
            }
            // Let run for a moment now and then, too little to come to anything.
            Condition::Starved(_) if now.is_multiple_of(100_000) => {
                self.ran_us += STEP_US / 10;
                self.waited_us += 100_000;
            }
            Condition::Starved(_) => {}
        }
    }

    fn is_able(&self) -> bool {
        matches!(self.condition, Condition::Well)
    }
}

impl Host {
    fn new(seed: u64) -> Host {
        let mut host = Host {
            now: STEP_US,
            chance: Chance::new(seed),
            roles: Roles::new(Mode::Hot, 1_000_000),
            children: BTreeMap::new(),
            news: Vec::new(),
            sent: 0,
            counts: Counts::default(),
        };
        host.report(Seen::Time);
        host
    }

    /// News for the keeper; what one child says comes in its order, so all of it does.
    fn report(&mut self, seen: Seen) {
        let earliest = self.news.iter().map(|(at, ..)| *at).max().unwrap_or_default();
        let at = (self.now + self.chance.below(20) * STEP_US).max(earliest);
        self.sent += 1;
        self.news.push((at, self.sent, seen));
    }

    fn keeper_sees(&mut self) {
        let now = self.now;
        let mut heard: Vec<Seen> = Vec::new();
        self.news.retain(|(at, _, seen)| {
            let is_due = *at <= now;
            if is_due {
                heard.push(seen.clone());
            }
            !is_due
        });
        if self.roles.deadline().is_some_and(|at| at.0 <= now) {
            heard.push(Seen::Time);
        }
        for seen in heard {
            for action in self.roles.see(Time(now), seen) {
                self.act(action);
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Start(id, _, _) => {
                let watches = self.roles.primary();
                let in_step_at = self.now + (5 + self.chance.below(300)) * STEP_US;
                self.children.insert(id, Child::new(in_step_at, watches));
            }
            Action::Tell(id, tell) => {
                let at = self.now + self.chance.below(10) * STEP_US;
                if let Some(child) = self.children.get_mut(&id) {
                    let at = child.told.back().map_or(at, |(last, _)| at.max(*last));
                    child.told.push_back((at, tell));
                }
            }
            Action::End(id, _) => {
                let at = self.now + (1 + self.chance.below(30)) * STEP_US;
                if let Some(child) = self.children.get_mut(&id) {
                    child.ends_at.get_or_insert(at);
                }
            }
            Action::Abandon => panic!("the state is given up, and no state has killed anybody"),
            Action::Answer(..) | Action::Row(..) | Action::Renew(_) | Action::Exit(_) => {}
        }
    }

    fn dies(&mut self, id: ChildId) {
        if self.children.remove(&id).is_some() {
            self.report(Seen::Ended(id));
        }
    }

    /// One process's turn.
    fn turn(&mut self, id: ChildId) {
        let now = self.now;
        let Some(child) = self.children.get_mut(&id) else { return };
        child.live(now);
        if child.ends_at.is_some_and(|at| at <= now) {
            return self.dies(id);
        }
        if !child.is_able() {
            return;
        }
        let mut told = Vec::new();
        while child.told.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, tell)) = child.told.pop_front() else { break };
            told.push(tell);
        }
        child.told_to_lead |= told.contains(&Tell::Lead);
        if child.leads {
            for tell in told {
                match tell {
                    Tell::Switchover(_) => self.hand_over(id),
                    Tell::HandOver(_) => self.report(Seen::Refused("no state can be given".to_owned())),
                    _ => {}
                }
            }
            return;
        }
        if child.standing == Standing::Syncing && now >= child.in_step_at {
            child.standing = Standing::InStep;
            self.report(Seen::Stands(id, Standing::InStep));
        }
        self.stand_by(id);
    }

    fn stand_by(&mut self, id: ChildId) {
        let Some(child) = self.children.get(&id) else { return };
        let primary = child.watches.as_ref().map(|(primary, ..)| *primary);
        let leads = match primary {
            // Diverged or not even made: the keeper has another one.
            _ if child.standing == Standing::Diverged => false,
            Some(primary) => !self.children.contains_key(&primary),
            None => child.told_to_lead,
        };
        if leads {
            if let Some(child) = self.children.get_mut(&id) {
                (child.leads, child.watches) = (true, None);
            }
            self.counts.takeovers += 1;
            self.report(Seen::Leads(id, Blame::Outside));
        } else if let Some(primary) = primary {
            self.watch(id, primary);
        }
    }

    /// The twin looks at its primary, as `watch` does.
    fn watch(&mut self, id: ChildId, primary: ChildId) {
        let now = self.now;
        let Some(seen) = self.children.get_mut(&primary) else { return };
        if seen.watched_since.is_none_or(|(by, _)| by != id) {
            seen.watched_since = Some((id, now));
        }
        let (thread, tick, condition) = (seen.thread(), seen.tick, seen.condition);
        let Some((_, detector, observed)) =
            self.children.get_mut(&id).and_then(|child| child.watches.as_mut())
        else {
            return;
        };
        if now < *observed + detector.interval().as_micros() as u64 {
            return;
        }
        *observed = now;
        let (deadline, work) = (None, Work::Left);
        match detector.observe(&Observation { now: Time(now), tick, deadline, work, primary: thread }) {
            Judgement::Fine => {}
            Judgement::Starved { .. } => self.counts.starved += 1,
            Judgement::Hung { how, .. } => {
                let hangs = matches!(condition, Condition::Stopped(_) | Condition::Loops(_));
                assert!(hangs, "{condition:?} is said to be {how:?}");
                self.counts.hangs += 1;
                self.dies(primary);
            }
        }
    }

    /// The primary releases, where its twin is in step.
    fn hand_over(&mut self, id: ChildId) {
        let follows = |child: &Child| {
            child.standing == Standing::InStep && child.watches.as_ref().is_some_and(|(of, ..)| *of == id)
        };
        if self.children.values().any(follows) {
            self.counts.switchovers += 1;
            self.dies(id);
        } else {
            self.report(Seen::Refused("nobody is there".to_owned()));
        }
    }

    fn something_goes_wrong(&mut self) {
        let ids: Vec<ChildId> = self.children.keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        let (id, now) = (self.chance.one_of(&ids), self.now);
        let length = (1 + self.chance.below(1_500)) * STEP_US;
        match self.chance.below(7) {
            0 | 1 => self.dies(id),
            2 => self.afflict(id, Condition::Stopped(now)),
            3 => self.afflict(id, Condition::Loops(now)),
            4 => self.afflict(id, Condition::Starved(now + length)),
            5 => self.report(Seen::Ordered(now, Order::Switchover(Cause::Switchover))),
            _ => {
                let standby = self.children.get_mut(&id).filter(|child| !child.leads);
                if let Some(child) = standby.filter(|child| child.standing == Standing::InStep) {
                    child.standing = Standing::Diverged;
                    self.report(Seen::Stands(id, Standing::Diverged));
                }
            }
        }
    }

    /// A standby that hangs or starves is nobody's matter here: it is left behind, and then ended, by its primary.
    fn afflict(&mut self, id: ChildId, condition: Condition) {
        if let Some(child) = self.children.get_mut(&id).filter(|child| child.leads && child.is_able()) {
            child.condition = condition;
            child.watched_since = None;
        }
    }

    /// What must be true at every moment.
    fn look(&self) {
        let leads: Vec<ChildId> =
            self.children.iter().filter(|(_, child)| child.leads).map(|(id, _)| *id).collect();
        assert!(leads.len() <= 1, "{leads:?} lead at once");
        let watched = |primary: &ChildId| {
            self.children.values().any(|child| {
                child.standing == Standing::InStep
                    && child.is_able()
                    && child.watches.as_ref().is_some_and(|(of, ..)| of == primary)
            })
        };
        for (id, child) in self.children.iter().filter(|(id, child)| child.leads && watched(id)) {
            let (Condition::Stopped(since) | Condition::Loops(since)) = child.condition else { continue };
            let counted = child.watched_since.map_or(since, |(_, watched)| watched.max(since));
            assert!(self.now <= counted + BOUND_US, "{id:?} hangs since {since}, watched since {counted}");
        }
    }

    fn run(&mut self, length: u64, trouble: Trouble) {
        let until = self.now + length;
        while self.now < until {
            self.now += STEP_US;
            if trouble == Trouble::Some && self.chance.below(400) == 0 {
                self.something_goes_wrong();
            }
            self.keeper_sees();
            for id in self.children.keys().copied().collect::<Vec<_>>() {
                self.turn(id);
                self.look();
            }
            // Whom nobody watches any more is not found out by anybody.
            let watched: Vec<ChildId> = self
                .children
                .values()
                .filter_map(|child| child.watches.as_ref())
                .map(|(of, ..)| *of)
                .collect();
            for (id, child) in &mut self.children {
                if !watched.contains(id) {
                    child.watched_since = None;
                }
            }
        }
    }
}

/// The processes go through twenty seconds of trouble, and are a primary and its twin again afterwards.
fn survive(seed: u64) -> Counts {
    let mut host = Host::new(seed);
    host.run(TROUBLE_US, Trouble::Some);
    host.run(REST_US, Trouble::None);
    let leads = host.children.values().filter(|child| child.leads && child.is_able()).count();
    let follow =
        host.children.values().filter(|child| !child.leads && child.standing == Standing::InStep).count();
    let roles = &host.roles;
    assert_eq!((leads, follow), (1, 1), "no primary and twin in step: {:?}, {roles:?}", host.children);
    host.counts
}

#[test]
fn processes_by_chance() {
    let mut all = Counts::default();
    for seed in 0..300 {
        let counts = std::panic::catch_unwind(|| survive(seed));
        let counts = counts.unwrap_or_else(|_| panic!("with seed {seed}"));
        all.takeovers += counts.takeovers;
        all.hangs += counts.hangs;
        all.starved += counts.starved;
        all.switchovers += counts.switchovers;
    }
    println!("{all:?}");
    assert!(
        all.takeovers > 1_000 && all.hangs > 300 && all.starved > 100 && all.switchovers > 100,
        "{all:?}"
    );
}
