//! MP_REACH_NLRI (RFC 4760 §3): announced prefixes of any family with their next hop. Read here as far as the
//! prefixes, which belong to the message.

use nom::Parser;
use nom::bytes::complete::take;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16};

use super::table::{Mandatory, OPTIONAL, Row, emit_nothing};
use super::{Disposition, Fault};
use crate::value::AfiSafi;

/// MP_REACH_NLRI's fields, next hop and prefixes not yet read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MpReach<'a> {
    /// The family.
    pub family: AfiSafi,
    /// The next hop's octets.
    pub next_hop: &'a [u8],
    /// The prefixes' octets.
    pub nlri: &'a [u8],
    /// The value as a whole.
    pub value: &'a [u8],
}

//= rfc4760#section-3
//# Reserved: A 1 octet field that MUST be set to 0, and SHOULD be ignored upon receipt.
fn parse(octets: &[u8]) -> Result<MpReach<'_>, Fault> {
    let fields = (be_u16::<_, nom::error::Error<_>>, be_u8, length_data(be_u8), take(1_usize)).parse(octets);
    let (nlri, (afi, safi, next_hop, _reserved)) = fields.map_err(|_| Fault::Length(octets.len()))?;
    Ok(MpReach { family: AfiSafi { afi, safi }, next_hop, nlri, value: octets })
}

//= rfc7606#section-7.11
//# it will not be possible to reliably locate the NLRI; thus, the "session reset" or "AFI/SAFI disable"
//# approach MUST be used.
pub(crate) const ROW: Row = Row {
    code: 14,
    name: "MP_REACH_NLRI",
    flags: OPTIONAL,
    partial: 0,
    mandatory: Mandatory::No,
    malformed: Disposition::SessionReset,
    //= rfc7606#section-3
    //# If the MP_REACH_NLRI attribute or the MP_UNREACH_NLRI [RFC4760] attribute appears more than once in the
    //# UPDATE message, then a NOTIFICATION message MUST be sent with the Error Subcode "Malformed Attribute
    //# List".
    repeated: Disposition::SessionReset,
    parse: |octets, _, draft| {
        draft.mp_reach = Some(parse(octets)?);
        Ok(())
    },
    emit: emit_nothing,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_told_apart() {
        let octets = [0, 2, 1, 2, 0xaa, 0xbb, 0, 8, 10];
        let family = AfiSafi { afi: 2, safi: 1 };
        assert_eq!(
            parse(&octets),
            Ok(MpReach { family, next_hop: &[0xaa, 0xbb], nlri: &[8, 10], value: &octets })
        );
        for len in 0..7 {
            assert_eq!(parse(&octets[..len]), Err(Fault::Length(len)));
        }
    }
}
