//! The shell as a person uses it: keys pressed one after the other in a terminal, against a router that runs; and as a
//! program uses it, without one.

mod batch;
mod keys;
mod living;
mod terminal;
