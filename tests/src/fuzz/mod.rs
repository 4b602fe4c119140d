//! Fuzz targets: what a fuzzer, the corpus test and a reproduction run alike.
//!
//! A target takes any octets and must come back: it panics only where something is wrong. Beside not panicking, each
//! holds what was read against what is written from it. [`TARGETS`] has a row a target; a new one is a function here,
//! a row, a file in `tests/fuzz/fuzz_targets` and a folder in `tests/fuzz/corpus`.

mod config;
mod frame;
mod mutate;
mod open;
mod update;

pub use config::config;
pub use frame::frame;
pub use mutate::Mutator;
pub use open::open;
pub use update::update;

/// Runs octets through a reader.
pub type Target = fn(&[u8]);

/// Every target by its name, which is its folder in the corpus too.
pub const TARGETS: [(&str, Target); 4] =
    [("config", config), ("frame", frame), ("open", open), ("update", update)];
