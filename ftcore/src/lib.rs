//! Makes a deterministic program outlive its process.
//!
//! A program is a [`Machine`](core::machine::Machine): inputs in, effects out, and nothing else. Here its inputs
//! are ordered in a log, a second process follows the log, and when the first one dies the second goes on in the
//! middle of every connection's stream. `core` decides and is pure; `sys` is the kernel's edge.
#![deny(unsafe_code)]

pub mod core;
#[expect(
    unsafe_code,
    reason = "the kernel's edge: shared memory, fork, signals and the robust list have no safe names"
)]
pub mod sys;
