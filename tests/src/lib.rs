//! What the tests share.

pub mod bench;
