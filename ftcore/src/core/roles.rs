//! What the keeper decides: which child is started, when, from what, and which one becomes primary.
//!
//! Every child starts as a standby. A standby that is in step takes over by itself when its primary dies; all
//! else is ordered here. Children are named by number, a number is never used again.

mod decide;
#[cfg(test)]
mod stories;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::entry::EntryNumber;
use super::input::Time;
use super::primary::Mode;
use super::record::Cause;
use super::takeover::Origin;

/// A child's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildId(pub u64);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The keeper has begun, and nobody was there.
    Begun,
    /// A child of an earlier keeper was taken over, and is this.
    Adopted {
        /// The number it is given here: a new one, from [`Roles::adopt`].
        child: ChildId,
        /// What it is.
        role: Role,
    },
    /// All that are alive of an earlier keeper's children have been adopted, or the wait for them is over and none is alive.
    AdoptionOver,
    /// A child could not be started.
    NotStarted {
        /// Which.
        child: ChildId,
    },
    /// A child has restored and follows (warm: holds).
    Follows {
        /// Which.
        child: ChildId,
    },
    /// A child is in step.
    InStep {
        /// Which.
        child: ChildId,
    },
    /// A child can never take over: it has diverged, the log is damaged or has left it behind, or an entry of the
    /// log kills whoever applies it.
    Useless {
        /// Which.
        child: ChildId,
    },
    /// A child is primary now.
    IsPrimary {
        /// Which.
        child: ChildId,
    },
    /// The primary has released and says so before it drops out.
    Released {
        /// Which.
        child: ChildId,
    },
    /// A process is gone, for certain (pidfd).
    Exited {
        /// Which.
        child: ChildId,
        /// Where it came from.
        origin: Origin,
        /// What the dying process was in.
        entry: Option<EntryNumber>,
    },
    /// Somebody wants something.
    Order(Order),
    /// Nothing but time.
    Time,
}

/// What a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Primary.
    Primary,
    /// In step.
    Twin,
    /// On the way there.
    Standby,
}

/// What an operator, a signal or the program wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// An orderly end of the whole program.
    Stop,
    /// The other one shall be primary.
    Switchover(Cause),
    /// This binary from now on.
    Upgrade(PathBuf),
    /// A new twin.
    RestartTwin,
    /// Another mode.
    SetMode(Mode),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Start a child.
    Start {
        /// Its number.
        child: ChildId,
        /// What it starts from.
        from: Beginning,
        /// Which binary.
        binary: Binary,
    },
    /// Order a standby to follow to the log's end and become primary. The old primary is dead or there was none.
    TakeOver {
        /// Which.
        child: ChildId,
        /// Why.
        cause: Cause,
    },
    /// Order the primary to hand over to the child in step, which expects it.
    HandOver {
        /// The primary.
        primary: ChildId,
        /// Who becomes primary.
        to: ChildId,
        /// Why.
        cause: Cause,
        /// By way of what.
        by: HandOverBy,
    },
    /// Order the primary to go on, where it has not released yet.
    TakeBack {
        /// The primary.
        primary: ChildId,
    },
    /// Order the primary to end the program's sessions in an orderly way and exit.
    StopPrimary {
        /// The primary.
        primary: ChildId,
    },
    /// SIGKILL.
    Kill {
        /// Whom.
        child: ChildId,
    },
    /// Tell the world that the program is ready.
    Ready,
    /// Throw away log and checkpoint, and make new ones.
    NewLog,
    /// Become the new binary.
    Renew(PathBuf),
    /// Answer the order.
    Answer(Result<(), Refusal>),
    /// Say it to the operator.
    Say(Remark),
    /// End the keeper: well or not.
    Exit(Outcome),
}

/// What a child starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Beginning {
    /// The newest checkpoint and the log; the genesis machine where there is no checkpoint.
    Checkpoint,
    /// The genesis machine, and a log that is empty.
    Genesis,
    /// The checkpoint that the primary makes as its last act: it is waited for.
    HandedOver,
}

/// How a state gets from one primary to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandOverBy {
    /// The next one has followed the log to its end.
    Log,
    /// The primary stops at an entry, makes a checkpoint there with what waits to be sent, and the next one
    /// restores that: for a binary that makes something else of the same log.
    Checkpoint,
}

/// Which binary a child runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binary {
    /// The keeper's own.
    Own,
    /// Another one.
    Other(PathBuf),
}

/// Why an order is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody to hand over to.
    #[error("there is no twin in step to hand over to")]
    NoTwin,
    /// Another order is under way.
    #[error("another order is still being carried out")]
    Busy,
    /// It did not work, and all is as before.
    #[error("it took too long and was given up; the primary goes on")]
    GivenUp,
    /// The new binary cannot be started or does not come in step.
    #[error("the new binary did not come in step; the primary goes on")]
    NewBinary,
}

/// What an operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Not protected from now on.
    NotProtected(Unprotected),
    /// Protected.
    Protected,
    /// A twin is tried again only after this.
    TwinWaits(Duration),
    /// Primaries die soon after each other: the next one starts from this.
    Ladder(Beginning),
    /// They go on dying: the next one is tried only after this.
    PrimaryWaits(Duration),
}

/// Why there is no protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unprotected {
    /// The mode is `none`.
    Mode,
    /// The twin is gone.
    TwinGone,
    /// The twin has diverged, or was left behind.
    TwinUseless,
    /// The primary died; the twin is primary now and has none.
    TookOver,
}

/// How the keeper ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// As it was told.
    Stopped,
    /// It cannot go on.
    Failed,
}

/// The decisions.
#[derive(Clone, Debug)]
pub struct Roles {
    mode: Mode,
    life: Life,
    next: u64,
    children: BTreeMap<ChildId, Child>,
    primary: Option<ChildId>,
    plan: Option<Plan>,
    twin_pause: Pause,
    primary_pause: Pause,
    /// How many primaries have died of themselves soon after they had become that, one after another.
    row: u32,
    /// The log cannot be followed to its end by anybody.
    log_is_useless: bool,
    was_ready: bool,
    protected: bool,
}

/// What the keeper is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// Nothing was said yet, or children of an earlier keeper are still awaited.
    Waiting,
    Running,
    Stopping,
    /// Nothing more is decided here.
    Over,
}

#[derive(Clone, Debug)]
struct Child {
    stage: Stage,
    /// Since when it is at that stage.
    since: Time,
    binary: Binary,
    from: Beginning,
    /// Whether it was started while nobody was primary.
    orphan: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Starting,
    Following,
    InStep,
    /// It was told to become primary.
    TakingOver,
    Primary,
    /// It was primary and has let go.
    Leaving,
    /// It was told to end in an orderly way.
    Stopping,
    /// It was killed from here.
    Dying,
}

/// An order that takes more than a moment.
#[derive(Clone, Debug)]
struct Plan {
    kind: PlanKind,
    cause: Cause,
    /// Who shall be primary.
    to: ChildId,
    /// When it is given up.
    until: Time,
    /// Whether the primary was told.
    told: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PlanKind {
    Switchover,
    Upgrade(PathBuf),
}

/// A wait that grows with each failure.
#[derive(Clone, Debug, Default)]
struct Pause {
    failures: u32,
    until: Option<Time>,
}

impl Roles {
    /// Before [`Event::Begun`].
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Roles {
            mode,
            life: Life::Waiting,
            next: 1,
            children: BTreeMap::new(),
            primary: None,
            plan: None,
            twin_pause: Pause::default(),
            primary_pause: Pause::default(),
            row: 0,
            log_is_useless: false,
            was_ready: false,
            protected: false,
        }
    }

    /// The number for a child that was not started here.
    pub fn adopt(&mut self) -> ChildId {
        let child = ChildId(self.next);
        self.next += 1;
        child
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The primary.
    #[must_use]
    pub fn primary(&self) -> Option<ChildId> {
        self.primary
    }

    /// The child that is the twin, or on the way there.
    #[must_use]
    pub fn twin(&self) -> Option<ChildId> {
        let standby = |stage| matches!(stage, Stage::Starting | Stage::Following | Stage::InStep);
        self.children.iter().find(|(_, child)| standby(child.stage)).map(|(child, _)| *child)
    }
}
