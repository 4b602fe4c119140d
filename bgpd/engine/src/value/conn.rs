//! Names for the things outside that inputs and effects speak of.

use serde::{Deserialize, Serialize};

/// A TCP connection, named by whoever opened it: the shell around the engine gives a number to each accepted
/// connection, the engine one to each that it asks for. A number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnId(pub u64);

/// A network interface's index in the kernel; 0 is no interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IfIndex(pub u32);

/// A peer's place in the engine's table of peers: small, given in order of appearance, used again after the
/// peer's removal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerId(pub u16);
