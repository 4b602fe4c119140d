//! What is decided, and nothing that touches the outside: the log, the connections' streams, roles, detection,
//! takeover. Everything here runs as it is in the simulator.

pub mod effect;
pub mod input;
pub mod kernel;
pub mod machine;
pub mod memory;
pub mod role;
pub mod casting;
