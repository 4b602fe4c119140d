//! The small values of BGP, each with its text form. They depend on nothing else in the engine.

mod asn;
mod conn;
mod digest;
mod family;
mod fib;
pub mod octets;
mod path_id;
mod peer_kind;
mod prefix;
mod route_kind;
mod router_id;
mod time;
mod way;

pub use self::fib::{FibBatch, FibChange, FibReport, GroupId, Hop, Ways};
pub use asn::{AS_TRANS, Asn, ParseAsnError};
pub use conn::{ConnId, IfIndex, PeerId};
pub use digest::{Digest, mix};
pub use family::{AfiSafi, Family, PerFamily};
pub use path_id::PathId;
pub use peer_kind::PeerKind;
pub use prefix::{Net, octets_of_length};
pub use route_kind::RouteKind;
pub use router_id::RouterId;
pub use time::{Duration, Instant};
pub use way::Way;
