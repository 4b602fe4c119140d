//! Only to Customer (RFC 9234 §5): the AS beyond which a route may only go down to customers.

use super::Disposition;
use super::med::parse_u32;
use super::table::{Mandatory, OPTIONAL, Row, TRANSITIVE, emit_header};
use crate::value::Asn;

//= rfc9234#section-5
//# The OTC Attribute is considered malformed if the length value is not 4. An UPDATE message with a malformed
//# OTC Attribute SHALL be handled using the approach of "treat-as-withdraw"
pub(super) const ROW: Row = Row {
    code: 35,
    name: "OTC",
    flags: OPTIONAL | TRANSITIVE,
    partial: 32,
    mandatory: Mandatory::No,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, _, draft| {
        draft.rare.otc = Some(Asn(parse_u32(octets)?));
        Ok(())
    },
    emit: |attributes, _, out| {
        if let Some(asn) = attributes.rare().otc {
            emit_header(ROW.flags_in(attributes), ROW.code, 4, out);
            out.extend_from_slice(&asn.0.to_be_bytes());
        }
    },
};
