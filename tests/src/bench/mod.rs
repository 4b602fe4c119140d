//! The benchmark: how fast and how small a BGP router is, and whether it is right.
//!
//! # Method
//! - The table is synthetic ([`table`]): 1,000,000 distinct IPv4 prefixes at full scale, modelled on real tables,
//!   from a fixed seed; its digest is printed. Nobody's figures can be compared without the same digest.
//! - Each router runs in a network, process and mount namespace of its own ([`netns`]), as Debian ships it or from a
//!   path that the user gives, configured alike ([`daemons`]): every peer named, passive, import all, export all, no
//!   kernel routes, everything else as it is by default.
//! - The harness has its own BGP speakers ([`speaker`], [`fleet`]), in one thread, on addresses of two veth links:
//!   senders on one, receivers on the other, so that the router is the next hop. UPDATEs are encoded before anything
//!   is measured ([`encode`]). It shares the cores with the router, so its own CPU time is measured too.
//! - 'Load' is from the first UPDATE sent to the last receiver having every prefix in its final state ([`ledger`]):
//!   right path, origin, communities and next hop. Where several senders announce the same table, each attribute set
//!   has one sender with the shortest path (the others prepend once), so the final state is one for every router.
//! - CPU time is that of all of the router's processes, from the first UPDATE until it is quiet again; memory is the
//!   sum of the peaks of resident memory (VmHWM) of all of its processes ([`meter`]).
//! - The change of one route ([`probe`]) is timed from the sender's write to the receiver's read: with a full table
//!   loaded and nothing else going on, one at a time; and while another peer's table loads, one every 2 ms,
//!   however many are under way.
//! - Sessions with a hold time of 9 s are watched for silence: three seconds between octets are right, nine would
//!   have ended the session. So 'keepalives on time' is a number too.
//! - Routers take turns within a run, and medians are taken over the runs: compare ratios within one table, not
//!   seconds across machines.
//!
//! Nothing here uses the engine: the benchmark is also an oracle.

pub mod cases;
pub mod daemons;
pub mod encode;
pub mod fib;
pub mod fleet;
pub mod ledger;
pub mod meter;
pub mod netns;
pub mod probe;
pub mod report;
pub mod rig;
pub mod rng;
pub mod scan;
pub mod speaker;
pub mod table;
pub mod takeover;
