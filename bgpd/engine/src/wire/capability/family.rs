//! A family in a capability's value (RFC 4760 §8).

use alloc::vec::Vec;

use nom::number::complete::{be_u8, be_u16};
use nom::{IResult, Parser};

use super::Capability;
use crate::value::AfiSafi;

/// AFI of two octets, one reserved, SAFI.
pub(super) fn parse(value: &[u8]) -> Option<Capability> {
    match *value {
        [high, low, _reserved, safi] => {
            Some(Capability::MultiProtocol(AfiSafi { afi: u16::from_be_bytes([high, low]), safi }))
        }
        _ => None,
    }
}

pub(super) fn emit(numbers: AfiSafi, out: &mut Vec<u8>) {
    let [high, low] = numbers.afi.to_be_bytes();
    out.extend_from_slice(&[high, low, 0, numbers.safi]);
}

/// AFI of two octets, SAFI: the short form of the other capabilities.
pub(super) fn afi_safi(input: &[u8]) -> IResult<&[u8], AfiSafi> {
    (be_u16, be_u8).map(|(afi, safi)| AfiSafi { afi, safi }).parse(input)
}

pub(super) fn emit_afi_safi(numbers: AfiSafi, out: &mut Vec<u8>) {
    let [high, low] = numbers.afi.to_be_bytes();
    out.extend_from_slice(&[high, low, numbers.safi]);
}

/// All that `item` reads, one after the other, to the last octet.
pub(super) fn all<'a, T>(value: &'a [u8], item: impl Fn(&'a [u8]) -> IResult<&'a [u8], T>) -> Option<Vec<T>> {
    let mut items = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let (after, read) = item(rest).ok()?;
        items.push(read);
        rest = after;
    }
    Some(items)
}
