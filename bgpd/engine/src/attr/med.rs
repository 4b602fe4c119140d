//! MULTI_EXIT_DISC (RFC 4271 §5.1.4): the neighboring AS's wish among several links to it.

use super::table::{Mandatory, OPTIONAL, Row, emit_attribute};
use super::{Disposition, Fault};

/// Four octets as a number, the value of several attributes.
pub(super) fn parse_u32(octets: &[u8]) -> Result<u32, Fault> {
    <[u8; 4]>::try_from(octets).map(u32::from_be_bytes).map_err(|_| Fault::Length(octets.len()))
}

//= rfc7606#section-7.4
//# An UPDATE message with a malformed MULTI_EXIT_DISC attribute SHALL be handled using the approach of
//# "treat-as-withdraw".
pub(super) const ROW: Row = Row {
    code: 4,
    name: "MULTI_EXIT_DISC",
    flags: OPTIONAL,
    partial: 0,
    mandatory: Mandatory::No,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, _, draft| parse_u32(octets).map(|med| draft.attributes.med = Some(med)),
    emit: |attributes, _, out| {
        if let Some(med) = attributes.med {
            emit_attribute(&ROW, &med.to_be_bytes(), out);
        }
    },
};
