//! An engine that was saved and restored goes on as if nothing had been.

mod config;
mod hostile;
mod pair;
mod scenario;
