//! The neighbor's side of the proof that a fault of the router was not noticed, and what runs on it.
//!
//! ```text
//!  router.rs   the daemon under test: who is primary, signals, `show redundancy`
//!  feed.rs     scripted peers on the node `feed`: tables, ledger, counter, deaf ears, poison
//!  world.rs    topologies/takeover with captures on every neighbor and the scripted peers up
//!  standing.rs each neighbor's own word: since when its sessions are up, how often they changed
//!  pcap.rs → wire.rs → heard.rs   each neighbor's wire: segments, connections and messages, routes
//!  shown.rs    each neighbor's own tables
//!  proof.rs    puts them together and says every difference from a router without a fault
//!  storm.rs    random hits, counted
//!  picture.rs  a run as a timeline of text
//! ```
//!
//! No part of this believes the router: what it says of itself is used to know when to hit again, never to pass.

pub mod feed;
pub mod heard;
pub mod pcap;
pub mod picture;
pub mod proof;
pub mod router;
pub mod shown;
pub mod standing;
pub mod storm;
pub mod wire;
pub mod world;
