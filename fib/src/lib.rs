//! The kernel's side of the router: links, addresses and routes, watched and written by netlink.
//!
//! The crate knows the kernel and nothing of BGP: what it hands on are its own plain types, and who uses it
//! turns them into what it needs. `README.md` has the picture.
#![forbid(unsafe_code)]

pub mod change;
pub mod dump;
pub mod host;
mod netlink;
pub mod reconcile;
pub mod settings;
pub mod watch;
pub mod writer;
