//! The session's tests that need only what the session shows to the engine: its whole table, two of them on a
//! simulated network, and events in any order.

mod any_order;
mod fixture;
mod foreign;
mod lifecycle;
mod negotiating;
mod network;
mod restart;
mod simultaneous_start;
mod table;
