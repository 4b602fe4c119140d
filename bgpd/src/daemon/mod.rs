//! The daemon: one thread that brings inputs to the engine and carries out its effects.
//!
//! ```text
//!  peers' sockets ─ poll ─ connections ─┐                       ┌─ connections (send, close, connect)
//!  listeners ───────────────────────────┤                       ├─ listeners (keys)
//!  links (fib::watch) ──────────────────┼─▶ stepper ─ machine ──┼─ advertiser
//!  router advertisements ───────────────┤                       └─ log
//!  control socket, signals, clock ──────┘
//! ```
//!
//! It holds no protocol state and makes no protocol decision. What is read into is one buffer for all
//! connections, so an idle peer costs a table entry and its socket.

pub mod advertiser;
pub mod clock;
pub mod connections;
pub mod control;
pub mod listen;
pub mod log;
pub mod machine;
pub mod neighbor_discovery;
pub mod operator;
pub mod options;
pub mod poll;
pub mod process;
pub mod queue;
pub mod router;
pub mod run_dir;
pub mod socket;
pub mod stepper;
pub mod sys;
