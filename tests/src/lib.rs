//! What the tests share.
//!
//! [`fuzz`] has the fuzz targets.

pub mod fuzz;
