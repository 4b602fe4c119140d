//! The daemon: what is around the machine in the process that serves.
//!
//! ```text
//!                    ftcore: keeper, links, log, takeover
//!                                  │
//!  peers' sockets ── ftcore ─────┐ │               ┌─ ftcore (send, close, connect, keys)
//!  interfaces (fib::watch) ──────┤ ▼               ├─ advertiser
//!  router advertisements ────────┼─▶ log ─ machine ┼─ files
//!  files, signals, clock ────────┤                 └─ log lines
//!  control socket ───────────────┘
//! ```
//!
//! `program` says what the processes hold and begins the loop, `router` is the loop, `around` what it serves besides
//! peers, `operator` and `orders` what people want. It holds no protocol state and makes no protocol decision.

pub mod advertiser;
mod applied;
mod around;
pub mod clock;
pub mod control;
mod editors;
pub mod files;
pub mod interfaces;
mod kernel;
pub mod listen;
pub mod log;
mod looks;
pub mod neighbor_discovery;
pub mod operator;
pub mod options;
mod orders;
pub mod process;
pub mod program;
pub mod quarantine;
pub mod replay;
pub mod router;
mod routes;
mod settings;
mod standing;
mod stopping;
pub mod sys;
mod tail;

pub use around::Source;
pub use kernel::check as check_kernel;
pub use settings::of as settings_of;
