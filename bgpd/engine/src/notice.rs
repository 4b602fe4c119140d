//! What the engine has to say to an operator: typed, so that tests and JSON logs need not read text.

use alloc::string::String;
use core::fmt;

use crate::config::NeighborName;
use crate::value::Family;

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Goes wrong.
    Error,
    /// May go wrong.
    Warning,
    /// Worth knowing.
    Notice,
    /// Detail.
    Debug,
}

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How much it matters.
    pub severity: Severity,
    /// Whom it is about.
    pub peer: Option<NeighborName>,
    /// What happened.
    pub event: NoticeEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeEvent {
    /// A session reached Established.
    Established,
    /// A session left Established, or an attempt failed; the reason as FRR words it.
    Down(String),
    /// A message or attribute was not well; what was wrong and what was done.
    Malformed(String),
    /// A message crashed a process of this router; what is done about it.
    Poison(String),
    /// A connection was refused; why.
    Refused(String),
    /// A prefix limit's threshold or the limit itself was passed.
    PrefixLimit {
        /// Of which family.
        family: Family,
        /// How many there are.
        count: u32,
        /// How many there may be.
        limit: u32,
    },
    /// A route cannot be sent: its attributes do not fit the message.
    TooLarge(String),
    /// Something in the configuration has no effect as things are, and what to do.
    Configuration(String),
    /// Anything else of a session's life.
    Session(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(peer) = &self.peer {
            write!(f, "neighbor {peer}: ")?;
        }
        match &self.event {
            NoticeEvent::Established => f.write_str("session is up"),
            NoticeEvent::Down(reason) => write!(f, "session is down: {reason}"),
            NoticeEvent::Malformed(text)
            | NoticeEvent::Poison(text)
            | NoticeEvent::Refused(text)
            | NoticeEvent::TooLarge(text)
            | NoticeEvent::Configuration(text)
            | NoticeEvent::Session(text) => f.write_str(text),
            NoticeEvent::PrefixLimit { family, count, limit } => {
                write!(f, "{count} {family} prefixes, the limit is {limit}")
            }
        }
    }
}
