//! What a command does: the kinds of effect a line can have.

use std::path::PathBuf;
use std::sync::Arc;

use bgp_engine::config::{BgpConfig, FamilyConfig, Neighbor, NeighborFamily, NeighborName, NeighborSettings};
use bgp_engine::policy::RouteMapEntry;
use bgp_engine::value::Family;
use serde::{Deserialize, Serialize};

use super::{Args, Lines, Local, Mode, PeerLines, Refusal, Session};
use crate::config::{Config, Fib, Redundancy};
use crate::show::{Layout, Show};

/// Changes a `T` as a line says.
pub(crate) type Change<T> = fn(&mut T, &Args<'_>) -> Result<(), Refusal>;

/// How a line and its `no` change a `T`, and how the line is written.
#[derive(Debug)]
pub struct Edit<T> {
    /// What the line does.
    pub set: Change<T>,
    /// What its `no` does.
    pub unset: Change<T>,
    /// Writes the line if it is in force.
    pub write: fn(&T, &mut Lines<'_>),
}

/// What a command does.
#[derive(Debug)]
pub enum Run {
    /// Changes what is neither an instance's nor a block's.
    Global(Edit<Config>),
    /// Enters a block.
    Block {
        /// Which.
        enter: fn(&Args<'_>) -> Result<Mode, Refusal>,
        /// How the block comes to be, goes, and is written as a whole.
        edit: Edit<Config>,
    },
    /// Changes the BGP instance.
    Instance(Edit<BgpConfig>),
    /// Changes a family's settings of the instance.
    Family {
        /// What the line does.
        set: fn(&mut FamilyConfig, Family, &Args<'_>) -> Result<(), Refusal>,
        /// What its `no` does.
        unset: fn(&mut FamilyConfig, Family, &Args<'_>) -> Result<(), Refusal>,
        /// Writes the line if it is in force.
        write: fn(&FamilyConfig, &mut Lines<'_>),
    },
    /// Makes, removes or binds a neighbor or a peer group.
    PeerItself {
        /// What the line does.
        set: Change<BgpConfig>,
        /// What its `no` does.
        unset: Change<BgpConfig>,
        /// Writes the line if it is in force.
        write: fn(&PeerView<'_>, &mut PeerLines<'_, '_>),
    },
    /// Changes a neighbor's or peer group's settings.
    Peer {
        /// What the line does.
        set: Change<NeighborSettings>,
        /// What its `no` does.
        unset: Change<NeighborSettings>,
        /// Writes the line if it is in force.
        write: fn(&NeighborSettings, &mut PeerLines<'_, '_>),
    },
    /// Changes a neighbor's or peer group's settings in a family.
    PeerFamily {
        /// What the line does.
        set: Change<NeighborFamily>,
        /// What its `no` does.
        unset: Change<NeighborFamily>,
        /// Writes the line if it is in force.
        write: fn(&NeighborFamily, &mut PeerLines<'_, '_>),
    },
    /// Changes whether a neighbor or peer group takes part in a family.
    Activation {
        /// What the line and its `no` do.
        change: fn(&mut BgpConfig, Family, &Args<'_>, Negation) -> Result<(), Refusal>,
        /// Writes the line if it is in force.
        write: fn(&NeighborFamily, &mut PeerLines<'_, '_>),
    },
    /// Changes an entry of a route map.
    RouteMap(Edit<RouteMapEntry>),
    /// Changes the `redundancy` block.
    Redundancy(Edit<Redundancy>),
    /// Changes the `fib` block.
    Fib(Edit<Fib>),
    /// Moves between modes, or asks about the grammar.
    Session(fn(&mut Session, &Args<'_>) -> Result<Outcome, Refusal>),
    /// Configures nothing and has something done.
    Operation(fn(&Args<'_>) -> Result<Operation, Refusal>),
}

/// Whether a line stands there plain or with `no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Negation {
    /// Plain.
    Plain,
    /// With `no`.
    No,
}

/// A neighbor or a peer group, to be written.
#[derive(Clone, Copy, Debug)]
pub enum PeerView<'a> {
    /// A peer group.
    Group(&'a NeighborSettings),
    /// A neighbor.
    Neighbor(&'a NeighborName, &'a Neighbor),
}

impl<'a> PeerView<'a> {
    /// What was written for it.
    #[must_use]
    pub fn settings(&self) -> &'a NeighborSettings {
        match self {
            PeerView::Group(settings) => settings,
            PeerView::Neighbor(_, neighbor) => &neighbor.settings,
        }
    }
}

/// What has come of a line.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing: the line is empty or a comment.
    Nothing,
    /// The configuration has been changed.
    Configured,
    /// The session is in another mode; the configuration may have been changed.
    Entered,
    /// The session is over.
    Leave,
    /// This is to be done.
    Run(Operation),
    /// The shell that the line was typed into does this; for the daemon it is nothing, but for the log's lines.
    Shell(Local),
}

/// What a command has done outside the configuration.
#[derive(Debug)]
pub enum Operation {
    /// Give this answer, which is written bit by bit.
    Show(Box<dyn Show>),
    /// Put this into the engine.
    Command(bgp_engine::input::Command),
    /// Write the running configuration to the file that the daemon was started with.
    WriteConfig,
    /// Give this answer.
    Text(String),
    /// Do this with a candidate or with applied configurations.
    Candidate(CandidateAct),
    /// Show this of candidates and applied configurations.
    Look(Look),
    /// Give the last lines of the log.
    Log,
    /// Have the processes do this. It is no input: it changes nothing that the twin must know.
    Act(Act),
}

/// Whether others may change the configuration while somebody is at work on a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hold {
    /// Nobody else may.
    Exclusive,
    /// Others may; what they did is brought together with it when it is put in force.
    Private,
}

/// What is done with candidates and applied configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateAct {
    /// A candidate is begun.
    Open(Hold),
    /// Its session is left.
    Close,
    /// The candidate is dropped, and its session left.
    Abort,
    /// Its changes are dropped.
    Discard,
    /// It is looked at as a whole.
    Check,
    /// It is put in force (`commit`).
    Apply {
        /// Why.
        comment: Option<String>,
        /// Unless it is confirmed within so many minutes, what was before comes again.
        confirm_within_min: Option<u32>,
    },
    /// An applied configuration becomes the candidate, or is put in force; 0 is the one in force.
    Rollback(usize),
    /// The candidate of the session with this number is dropped.
    Drop(u32),
}

/// What an operator wants to see of candidates and applied configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The candidate.
    Candidate,
    /// In what it differs.
    Compare {
        /// From which applied configuration; 0 is the one in force.
        with: usize,
    },
    /// An applied configuration.
    Applied(usize),
    /// In what the one in force differs from an earlier one.
    AppliedSince(usize),
    /// Who put what in force, and when.
    History(Layout),
    /// Who is at work on a candidate.
    Sessions(Layout),
}

/// What is done by the processes and not by the router that they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The twin becomes the primary.
    Switchover,
    /// Another process becomes the twin.
    RestartTwin,
    /// What the kernel has is compared with what it should have.
    CompareKernel,
    /// The router goes on as the program in this file.
    Upgrade(PathBuf),
    /// The configuration file is read again.
    Reload,
    /// A process fails, so many entries from now.
    #[cfg(feature = "fault")]
    Fault {
        /// Which process.
        victim: crate::machine::fault::Victim,
        /// How.
        fault: crate::machine::fault::Fault,
        /// So many entries of the log later.
        after: u32,
    },
}

/// Does what a command's line says to `config`.
pub(super) fn apply(
    run: &Run,
    negation: Negation,
    args: &Args<'_>,
    mode: &Mode,
    config: &mut Arc<Config>,
) -> Result<(), Refusal> {
    let config = Arc::make_mut(config);
    match run {
        Run::Global(edit) | Run::Block { edit, .. } => change(edit, negation)(config, args),
        Run::Instance(edit) => change(edit, negation)(instance(config)?, args),
        Run::Family { set, unset, .. } => {
            let family = mode.family();
            let change = if negation == Negation::Plain { set } else { unset };
            change(&mut instance(config)?.families[family], family, args)
        }
        Run::PeerItself { set, unset, .. } => {
            let change = if negation == Negation::Plain { set } else { unset };
            change(instance(config)?, args)
        }
        Run::Peer { set, unset, .. } => {
            let change = if negation == Negation::Plain { set } else { unset };
            change(super::peer::settings(instance(config)?, args)?, args)
        }
        Run::PeerFamily { set, unset, .. } => {
            let change = if negation == Negation::Plain { set } else { unset };
            let settings = super::peer::settings(instance(config)?, args)?;
            change(&mut settings.families[mode.family()], args)
        }
        Run::Activation { change, .. } => change(instance(config)?, mode.family(), args, negation),
        Run::RouteMap(edit) => change(edit, negation)(entry(config, mode)?, args),
        Run::Redundancy(edit) => change(edit, negation)(&mut config.redundancy, args),
        Run::Fib(edit) => change(edit, negation)(&mut config.fib, args),
        Run::Session(_) | Run::Operation(_) => Ok(()),
    }
}

fn change<T>(edit: &Edit<T>, negation: Negation) -> Change<T> {
    match negation {
        Negation::Plain => edit.set,
        Negation::No => edit.unset,
    }
}

fn instance(config: &mut Config) -> Result<&mut BgpConfig, Refusal> {
    config
        .engine
        .bgp
        .as_mut()
        .ok_or_else(|| Refusal::new("There is no BGP instance: enter 'router bgp ASN' first"))
}

/// The route map's entry that the session is in. It is made again where another session has removed it.
fn entry<'c>(config: &'c mut Config, mode: &Mode) -> Result<&'c mut RouteMapEntry, Refusal> {
    let Mode::RouteMap { name, action, sequence } = mode else {
        return Err(Refusal::new("Enter 'route-map NAME permit|deny SEQUENCE' first"));
    };
    let map = config.engine.route_maps.entry(name.clone()).or_default();
    Ok(map.entries.entry(*sequence).or_insert_with(|| RouteMapEntry::new(*action)))
}
