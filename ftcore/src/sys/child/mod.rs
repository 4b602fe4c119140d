//! A child: what it receives, how it stands by, and how it serves.
pub mod join;
