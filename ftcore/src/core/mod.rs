//! What is decided, and nothing that touches the outside: the log, the connections' streams, roles, detection,
//! takeover. Everything here runs as it is in the simulator.

mod apply;
pub mod detector;
mod drive;
pub mod effect;
pub mod entry;
pub mod input;
pub mod kernel;
pub mod log;
pub mod machine;
pub mod memory;
mod moving;
pub mod primary;
pub mod private;
pub mod queue;
pub mod record;
pub mod role;
pub mod roles;
pub mod snapshot;
pub mod standby;
pub mod state;
pub mod status;
pub mod streams;
pub mod succession;
pub mod takeover;
pub mod trial;
