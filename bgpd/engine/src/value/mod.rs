//! The small values of BGP, each with its text form. They depend on nothing else in the engine.

mod asn;
mod conn;
mod family;
mod path_id;
mod prefix;
mod router_id;
mod time;

pub use asn::{AS_TRANS, Asn, ParseAsnError};
pub use conn::{ConnId, IfIndex, PeerId};
pub use family::{AfiSafi, Family, PerFamily};
pub use path_id::PathId;
pub use prefix::Net;
pub use router_id::RouterId;
pub use time::{Duration, Instant};
