//! The grammar, once, for the configuration file and the shell: one command, one file, one line of help.
//!
//! A command says where it may be typed and in what form ([`pattern`]), what it does, what its `no` does, and
//! how it is written in the running configuration; so reading and writing stand beside each other and a new
//! command is one new file, named in its folder's list. A folder is what the commands are about: `global`,
//! `instance`, `instance_last`, `peer`, `peer_family`, `family`, `route_map`, `redundancy`, `fib`, `line`, `candidate` for changes that come
//! into force as a whole, and `exec` for those that configure nothing. The order of a list is the order of the running configuration, which is FRR's.
//! Nothing here does I/O or knows how an answer travels: that is `shell`'s and the daemon's.

mod args;
mod candidate;
mod error;
mod exec;
mod family;
mod fib;
mod global;
mod grammar;
mod instance;
mod instance_last;
mod line;
mod lines;
mod local;
mod mode;
mod names;
pub mod pattern;
mod peer;
mod peer_family;
mod redundancy;
mod route_map;
mod run;
mod session;
mod words;

pub use args::Args;
pub use error::{LineError, Refusal};
pub use grammar::{Choice, Completion, Grammar, grammar};
pub use lines::{Lines, PeerLines};
pub use local::{Local, Switch};
pub use mode::{Mode, Place};
pub use names::Names;
pub use run::{Act, CandidateAct, Edit, Hold, Look, Operation, Outcome, Run};
pub use session::{Nature, Session, is_comment};

/// A command.
#[derive(Debug)]
pub struct Command {
    /// Its forms; more than one where a family or a mode has its own.
    pub forms: &'static [Form],
    /// One line of help. It stands beside every keyword that neither `words` nor the shared dictionary names.
    pub help: &'static str,
    /// Help for single words of the forms, by what help shows for them.
    pub words: &'static [(&'static str, &'static str)],
    /// What it does.
    pub run: Run,
}

/// One form of a command.
#[derive(Debug)]
pub struct Form {
    /// Where it may be typed.
    pub places: &'static [Place],
    /// Its words; see [`pattern`].
    pub text: &'static str,
    /// What may stand after `no`.
    pub no: No,
}

/// What may stand after `no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum No {
    /// The command cannot be undone.
    Never,
    /// The form itself.
    Same,
    /// This form.
    As(&'static str),
}

/// The places of the instance's lines.
const ROUTER: &[Place] = &[Place::Router];
/// The places of lines that go for a family and that FRR takes in `router bgp` too, for IPv4.
const FAMILY: &[Place] = &[Place::Router, Place::Ipv4, Place::Ipv6];

/// Every list of commands, in the order of the running configuration.
pub(crate) fn lists() -> impl Iterator<Item = &'static Command> {
    global::COMMANDS
        .iter()
        .chain(instance::COMMANDS)
        .chain(instance_last::COMMANDS)
        .chain(peer::COMMANDS)
        .chain(family::COMMANDS)
        .chain(peer_family::COMMANDS)
        .chain(route_map::COMMANDS)
        .chain(redundancy::COMMANDS)
        .chain(fib::COMMANDS)
        .chain(line::COMMANDS)
        .chain(exec::COMMANDS)
        .chain(candidate::COMMANDS)
        .chain(exec::FAULT_COMMANDS)
        .copied()
}

/// The commands that write a configuration's text from the top, in order.
pub(crate) fn top_level() -> impl Iterator<Item = &'static Command> {
    global::COMMANDS.iter().copied()
}

/// `commands![file, …]`: the commands of these files.
macro_rules! commands {
    ($($file:ident),* $(,)?) => { &[$(&$file::COMMAND),*] };
}
use commands;

#[cfg(test)]
mod tests;
