//! The kernel's messages about routes and next hops, as octets, and the sockets that carry them.
//!
//! Own encoding for what comes by the million: one buffer for many messages, nothing allocated for a route. What is
//! read is not trusted: a length that does not fit ends the reading, it never goes past the buffer. Here is no
//! decision about what to send.

pub(crate) mod abi;
pub(crate) mod exchange;
pub(crate) mod next_hop;
pub(crate) mod outgoing;
pub(crate) mod parse;
pub(crate) mod route;
pub(crate) mod socket;
