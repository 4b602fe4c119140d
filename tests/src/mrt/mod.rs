//! Real routing tables through a router, and what must come out.
//!
//! The MRT files of `tests/data/mrt` are read twice: by the harness' own reader ([`read`], [`source`]), which makes
//! feeds for a sender ([`feed`]), and by bgpkit-parser, from which the expectation is computed ([`expect`]). A router
//! stands between sender and receiver ([`replay`]); the receiver's routes are decoded by a third decoder ([`route`]).
//! No part of this is the engine's code.

pub mod expect;
pub mod feed;
pub mod read;
pub mod replay;
pub mod route;
pub mod source;
