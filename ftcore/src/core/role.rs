//! What the processes can be to each other, what can be wanted of them, and what is seen and done about it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::record::Cause;

/// What the standby does while the primary lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It applies each entry as soon as the primary has survived it.
    Hot,
    /// It holds a checkpoint and the log, and applies neither.
    Warm,
    /// There is none: checkpoint and log are files, and the sockets are the keeper's as well.
    Cold,
    /// There is none, and nothing is kept.
    None,
}

impl Mode {
    /// Its name, as it is configured and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Hot => "hot",
            Mode::Warm => "warm",
            Mode::Cold => "cold",
            Mode::None => "none",
        }
    }

    /// The mode of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Mode> {
        [Mode::Hot, Mode::Warm, Mode::Cold, Mode::None].into_iter().find(|mode| mode.name() == name)
    }

    /// Whether there is a standby while the primary lives.
    #[must_use]
    pub fn has_twin(self) -> bool {
        matches!(self, Mode::Hot | Mode::Warm)
    }
}

/// A child of the keeper; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChildId(pub u32);

/// What an operator may want of the processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The twin shall lead.
    Switchover(Cause),
    /// The twin shall be replaced.
    TwinRestart,
    /// Another binary shall lead, and be the twin and the keeper.
    Upgrade(PathBuf),
    /// This shall be the mode.
    Mode(Mode),
}

/// How far a standby is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It receives, restores or catches up.
    Syncing,
    /// It holds a checkpoint and the log (warm).
    Holding,
    /// It has applied what the primary has.
    InStep,
    /// It came to another state than the primary: it must not lead.
    Diverged,
    /// It was too slow, and the log has gone on without it: it cannot lead.
    Suspended,
}

/// What a death is blamed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blame {
    /// Somebody ended it on purpose, or handed over.
    Outside,
    /// Octets of a peer or an input of the program's own, which something stands for now.
    Input,
    /// Itself, and nothing that can be left out: time, the state, or nobody knows.
    Itself,
}

/// What the keeper saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A standby says how far it is.
    Stands(ChildId, Standing),
    /// A child says that it is primary now, and of what the one before died.
    Leads(ChildId, Blame),
    /// A child ended, or could not be started.
    Ended(ChildId),
    /// The primary ended on purpose: so shall all, with this exit status.
    Finished(ChildId, u8),
    /// A standby says that what is kept does not make a state.
    Unrestorable(ChildId),
    /// The primary did not hand over as it was told.
    Refused(String),
    /// The primary wants the log to be in another memory: nobody may be following it then.
    LogToMove(ChildId),
    /// It is there, or stays where it was.
    LogMoved(ChildId),
    /// A child has given a checkpoint.
    Checkpointed(ChildId),
    /// Somebody wants something; the number names the answer.
    Ordered(u64, Order),
    /// The keeper shall end.
    StopAsked,
    /// Children of an earlier keeper came.
    Adopted {
        /// The primary.
        primary: ChildId,
        /// The twin.
        twin: Option<(ChildId, Standing)>,
    },
    /// Time has passed.
    Time,
}

/// What the keeper is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start a standby of this binary (the own one where there is none), to follow in this way; a living primary
    /// gets to know it.
    Start(ChildId, Option<PathBuf>, Follow),
    /// Tell a child.
    Tell(ChildId, Tell),
    /// End a child.
    End(ChildId, End),
    /// Let go of every connection and of the log: they are lost.
    Abandon,
    /// Say that a primary has died of itself, for the so many-th time in a row; and at which the state is given up.
    Row(u32, u32),
    /// Answer an order.
    Answer(u64, Result<(), String>),
    /// Replace the own program by this binary.
    Renew(PathBuf),
    /// End with this exit status.
    Exit(u8),
}

/// How a standby follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Follow {
    /// At once.
    Hot,
    /// Not before it must.
    Warm,
}

/// What a child is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tell {
    /// To a standby: no primary lives, lead.
    Lead,
    /// To a warm standby: apply the log from now on.
    Follow,
    /// To the primary: save a checkpoint now.
    Checkpoint,
    /// To the primary: hand over to the twin, which is in step.
    Switchover(Cause),
    /// To the primary: hand over a state; the twin's own one differs.
    HandOver(Cause),
    /// To the primary: this is the mode now.
    Mode(Mode),
    /// To the primary: end orderly.
    Stop,
    /// To the primary: nobody follows; put the log where it shall be.
    MoveLog,
}

/// How a child is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With SIGTERM.
    Asked,
    /// With SIGKILL.
    Killed,
}

/// What is configured of all this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The mode.
    pub mode: Mode,
    /// How long a primary with work to do may make no progress, in microseconds.
    pub detect_hang_us: u64,
    /// Octets of the log's ring.
    pub log_octets: u64,
    /// How long the primary waits for a slow twin at most, in microseconds.
    pub twin_lag_us: u64,
    /// How often there is a new checkpoint, in microseconds.
    pub checkpoint_interval_us: u64,
    /// How long an orderly stop of the primary may take, in microseconds.
    pub stop_us: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            mode: Mode::Hot,
            detect_hang_us: 500_000,
            log_octets: 256 << 20,
            twin_lag_us: 1_000_000,
            checkpoint_interval_us: 60_000_000,
            stop_us: 10_000_000,
        }
    }
}
