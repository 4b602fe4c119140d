//! LOCAL_PREF (RFC 4271 §5.1.5): the AS's own degree of preference, never sent out of it.

use super::med::parse_u32;
use super::table::{Mandatory, Row, TRANSITIVE, emit_attribute};
use super::{Disposition, Fault};
use crate::value::PeerKind;

//= rfc7606#section-7.5
//# if it is received from an external neighbor, it SHALL be discarded using the approach of "attribute
//# discard"; or if it is received from an internal neighbor, it SHALL be considered malformed if its length
//# is not equal to 4.
pub(super) const ROW: Row = Row {
    code: 5,
    name: "LOCAL_PREF",
    flags: TRANSITIVE,
    partial: 0,
    mandatory: Mandatory::Internal,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, inbound, draft| {
        if inbound.peer == PeerKind::External {
            return Err(Fault::ExternalPeer);
        }
        draft.attributes.local_pref = Some(parse_u32(octets)?);
        Ok(())
    },
    emit: |attributes, outbound, out| match attributes.local_pref {
        Some(local_pref) if outbound.peer != PeerKind::External => {
            emit_attribute(&ROW, &local_pref.to_be_bytes(), out);
        }
        Some(_) | None => {}
    },
};
