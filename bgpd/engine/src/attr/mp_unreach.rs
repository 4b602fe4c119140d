//! MP_UNREACH_NLRI (RFC 4760 §4): withdrawn prefixes of any family. Read here as far as the prefixes, which
//! belong to the message.

use super::table::{Mandatory, OPTIONAL, Row, emit_nothing};
use super::{Disposition, Fault};
use crate::value::AfiSafi;

/// MP_UNREACH_NLRI's fields, prefixes not yet read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MpUnreach<'a> {
    /// The family.
    pub family: AfiSafi,
    /// The prefixes' octets.
    pub nlri: &'a [u8],
    /// The value as a whole.
    pub value: &'a [u8],
}

fn parse(octets: &[u8]) -> Result<MpUnreach<'_>, Fault> {
    match octets {
        [high, low, safi, nlri @ ..] => {
            let family = AfiSafi { afi: u16::from_be_bytes([*high, *low]), safi: *safi };
            Ok(MpUnreach { family, nlri, value: octets })
        }
        _ => Err(Fault::Length(octets.len())),
    }
}

// RFC 7606 §5.3: prefixes that cannot be read cannot be withdrawn either, so the session or the family ends.
pub(crate) const ROW: Row = Row {
    code: 15,
    name: "MP_UNREACH_NLRI",
    flags: OPTIONAL,
    partial: 0,
    mandatory: Mandatory::No,
    malformed: Disposition::SessionReset,
    repeated: Disposition::SessionReset,
    parse: |octets, _, draft| {
        draft.mp_unreach = Some(parse(octets)?);
        Ok(())
    },
    emit: emit_nothing,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_comes_before_the_prefixes() {
        let family = AfiSafi { afi: 2, safi: 1 };
        assert_eq!(parse(&[0, 2, 1, 0]), Ok(MpUnreach { family, nlri: &[0], value: &[0, 2, 1, 0] }));
        assert_eq!(parse(&[0, 2]), Err(Fault::Length(2)));
    }
}
