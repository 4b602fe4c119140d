//! The kernel's side of the router against the real kernel: what `ip` shows of what the crate `fib` has written, and what
//! the crate sees of what `ip` has written. Each test has a network of its own; needs root and iproute2.

mod comparing;
mod dumping;
mod links;
mod others;
mod rights;
mod watching;
mod without_objects;
mod world;
mod writing;
