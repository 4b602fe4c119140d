//! ATOMIC_AGGREGATE (RFC 4271 §5.1.6): an aggregate whose AS_PATH lacks some of the ASes it came through.

use super::table::{Mandatory, Row, TRANSITIVE, emit_attribute};
use super::{Disposition, Fault};

//= rfc7606#section-7.6
//# An UPDATE message with a malformed ATOMIC_AGGREGATE attribute SHALL be handled using the approach of
//# "attribute discard".
pub(super) const ROW: Row = Row {
    code: 6,
    name: "ATOMIC_AGGREGATE",
    flags: TRANSITIVE,
    partial: 0,
    mandatory: Mandatory::No,
    malformed: Disposition::AttributeDiscard,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, _, draft| {
        draft.attributes.atomic_aggregate = octets.is_empty();
        if octets.is_empty() { Ok(()) } else { Err(Fault::Length(octets.len())) }
    },
    emit: |attributes, _, out| {
        if attributes.atomic_aggregate {
            emit_attribute(&ROW, &[], out);
        }
    },
};
