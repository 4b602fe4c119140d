//! What this program wants done that is not of a connection.

use std::sync::Arc;

use bgp_engine::effect::Wanted;
use bgp_engine::notice::{Notice, Severity};

use super::editing::Keeping;
use super::quarantined::Quarantined;
use crate::config::{Config, Redundancy};

/// One thing to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnEffect {
    /// Something an operator should know.
    Notice(Notice),
    /// The same of this program's own.
    Say(Severity, String),
    /// Send router advertisements on this interface, or stop (unnumbered neighbors).
    RouterAdvertisements(String, Wanted),
    /// Change the kernel's forwarding table. The answer is [`OwnInput::Fib`](super::OwnInput::Fib).
    Fib(fib::change::Batch),
    /// Write the configuration to its file. The answer is [`OwnInput::Written`](super::OwnInput::Written).
    WriteConfig(Writing),
    /// Write this configuration into the history's folder. The answer is [`OwnInput::Kept`](super::OwnInput::Kept).
    Keep(Box<Keeping>),
    /// Keep this message, and what is known of it, in a file.
    Quarantine(Box<Quarantined>),
    /// From now on these are the standby's settings.
    Redundancy(Redundancy),
}

/// A configuration to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// Which writing it is.
    pub number: u64,
    /// What.
    pub config: Arc<Config>,
}
