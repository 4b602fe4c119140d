//! What the tests share: [`lab`] runs topologies of real daemons in private namespaces, [`bench`] measures
//! routers, [`mrt`] reads real routing data.

pub mod bench;
pub mod lab;
pub mod mrt;
