//! What the tests share: [`lab`] runs topologies of real daemons in private namespaces, [`bench`] measures
//! routers, [`mrt`] reads real routing data, [`fuzz`] has the fuzz targets, [`takeover`] proves on the neighbors' side
//! that a fault was not noticed.

pub mod bench;
pub mod fuzz;
pub mod lab;
pub mod mrt;
pub mod takeover;
