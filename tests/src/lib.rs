//! What the tests share.
//!
//! [`lab`] runs topologies of real daemons in private namespaces.

pub mod lab;
