//! AGGREGATOR (RFC 4271 §5.1.7) and AS4_AGGREGATOR (RFC 6793): who formed the aggregate.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::table::{Mandatory, OPTIONAL, Row, TRANSITIVE, emit_attribute, emit_header};
use super::{Disposition, Fault};
use crate::value::{AS_TRANS, Asn, RouterId};

/// Who formed the aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Aggregator {
    /// Its AS.
    pub asn: Asn,
    /// Its BGP identifier.
    pub router_id: RouterId,
}

impl fmt::Display for Aggregator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.asn, self.router_id)
    }
}

fn aggregator(asn: u32, router_id: [u8; 4]) -> Result<Aggregator, Fault> {
    //= rfc7607#section-2
    //# An UPDATE message that contains the AS number zero in the AS_PATH or AGGREGATOR attribute MUST be
    //# considered as malformed
    if asn == 0 {
        return Err(Fault::AsZero);
    }
    Ok(Aggregator { asn: Asn(asn), router_id: RouterId(u32::from_be_bytes(router_id)) })
}

fn parse_two_octet(octets: &[u8]) -> Result<Aggregator, Fault> {
    match *octets {
        [a, b, i, j, k, l] => aggregator(u32::from_be_bytes([0, 0, a, b]), [i, j, k, l]),
        _ => Err(Fault::Length(octets.len())),
    }
}

fn parse_four_octet(octets: &[u8]) -> Result<Aggregator, Fault> {
    match *octets {
        [a, b, c, d, i, j, k, l] => aggregator(u32::from_be_bytes([a, b, c, d]), [i, j, k, l]),
        _ => Err(Fault::Length(octets.len())),
    }
}

fn four_octets(aggregator: Aggregator) -> [u8; 8] {
    let [a, b, c, d] = aggregator.asn.0.to_be_bytes();
    let [i, j, k, l] = aggregator.router_id.0.to_be_bytes();
    [a, b, c, d, i, j, k, l]
}

//= rfc7606#section-7.7
//# An UPDATE message with a malformed AGGREGATOR attribute SHALL be handled using the approach of "attribute
//# discard".
pub(super) const ROW: Row = Row {
    code: 7,
    name: "AGGREGATOR",
    flags: OPTIONAL | TRANSITIVE,
    partial: 1,
    mandatory: Mandatory::No,
    malformed: Disposition::AttributeDiscard,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, inbound, draft| {
        let read = if inbound.four_octet_as { parse_four_octet(octets) } else { parse_two_octet(octets) };
        draft.rare.aggregator = Some(read?);
        Ok(())
    },
    emit: |attributes, outbound, out| match attributes.rare().aggregator {
        Some(aggregator) if outbound.four_octet_as => {
            emit_header(ROW.flags_in(attributes), ROW.code, 8, out);
            out.extend_from_slice(&four_octets(aggregator));
        }
        Some(aggregator) => {
            let asn = if aggregator.asn.is_two_octet() { aggregator.asn } else { AS_TRANS };
            emit_header(ROW.flags_in(attributes), ROW.code, 6, out);
            out.extend_from_slice(&four_octets(Aggregator { asn, ..aggregator })[2..]);
        }
        None => {}
    },
};

// RFC 6793 §6: an AS4_AGGREGATOR of another length than 8 is discarded.
pub(super) const AS4_AGGREGATOR_ROW: Row = Row {
    code: 18,
    name: "AS4_AGGREGATOR",
    flags: OPTIONAL | TRANSITIVE,
    partial: 0,
    mandatory: Mandatory::No,
    malformed: Disposition::AttributeDiscard,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, inbound, draft| {
        if inbound.four_octet_as {
            return Err(Fault::NewSpeaker);
        }
        draft.as4_aggregator = Some(parse_four_octet(octets)?);
        Ok(())
    },
    emit: |attributes, outbound, out| match attributes.rare().aggregator {
        Some(aggregator) if !outbound.four_octet_as && !aggregator.asn.is_two_octet() => {
            emit_attribute(&AS4_AGGREGATOR_ROW, &four_octets(aggregator), out);
        }
        Some(_) | None => {}
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_as_zero_is_not() {
        let expected = Aggregator { asn: Asn(65001), router_id: RouterId(0x0a00_0001) };
        assert_eq!(parse_two_octet(&[0xfd, 0xe9, 10, 0, 0, 1]), Ok(expected));
        assert_eq!(parse_four_octet(&four_octets(expected)), Ok(expected));
        assert_eq!(parse_two_octet(&[0, 0, 10, 0, 0, 1]), Err(Fault::AsZero));
        assert_eq!(parse_two_octet(&four_octets(expected)), Err(Fault::Length(8)));
    }
}
