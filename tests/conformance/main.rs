//! The codec against octets and decoders that nobody here wrote: messages of other projects' tests, and real
//! update streams decoded by other crates beside it.

mod differential;
mod exabgp;
mod fields;
mod mrt_messages;
mod oracles;
mod tcpdump;
