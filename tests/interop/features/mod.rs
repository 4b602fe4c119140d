//! The rows of the matrix: one file a feature, a scenario a function.

pub(crate) mod extended;
pub(crate) mod graceful;
pub(crate) mod paths;
pub(crate) mod protection;
pub(crate) mod refresh;
pub(crate) mod routes;
