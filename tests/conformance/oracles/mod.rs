//! Other crates' decoders, each with what it makes of a message in the comparison's form. A message that a decoder
//! refuses has no content.

pub(crate) mod bgpkit;
pub(crate) mod netgauze;
