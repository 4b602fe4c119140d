//! Extended next hop encoding (RFC 8950 §4).

use alloc::vec::Vec;

use nom::number::complete::be_u16;
use nom::{IResult, Parser};

use super::Capability;
use super::family::all;
use crate::value::AfiSafi;

/// A family, and the AFI of the next hops that the speaker takes in it besides the family's own.
pub type ExtendedNextHopFamily = (AfiSafi, u16);

/// AFI, SAFI and next hop AFI, two octets each.
fn entry(input: &[u8]) -> IResult<&[u8], (u16, u16, u16)> {
    (be_u16, be_u16, be_u16).parse(input)
}

pub(super) fn parse(value: &[u8]) -> Option<Capability> {
    let entries = all(value, entry)?.into_iter();
    let known = entries.filter_map(|(afi, safi, next_hop_afi)| {
        Some((AfiSafi { afi, safi: u8::try_from(safi).ok()? }, next_hop_afi))
    });
    Some(Capability::ExtendedNextHop(known.collect()))
}

pub(super) fn emit(families: &[ExtendedNextHopFamily], out: &mut Vec<u8>) {
    for (family, next_hop_afi) in families {
        out.extend_from_slice(&family.afi.to_be_bytes());
        out.extend_from_slice(&[0, family.safi]);
        out.extend_from_slice(&next_hop_afi.to_be_bytes());
    }
}
