//! What the tests share: [`lab`] runs topologies of real daemons in private namespaces, [`bench`] measures
//! routers, [`mrt`] reads real routing data, [`fuzz`] has the fuzz targets.

pub mod bench;
pub mod fuzz;
pub mod lab;
pub mod mrt;
