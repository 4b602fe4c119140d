//! ORIGINATOR_ID (RFC 4456 §8): the router that brought a reflected route into the AS.

use super::med::parse_u32;
use super::table::{Mandatory, OPTIONAL, Row, emit_attribute};
use super::{Disposition, Fault};
use crate::value::{PeerKind, RouterId};

//= rfc7606#section-7.9
//# if it is received from an external neighbor, it SHALL be discarded using the approach of "attribute discard"
pub(super) const ROW: Row = Row {
    code: 9,
    name: "ORIGINATOR_ID",
    flags: OPTIONAL,
    partial: 0,
    mandatory: Mandatory::No,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, inbound, draft| {
        if inbound.peer == PeerKind::External {
            return Err(Fault::ExternalPeer);
        }
        draft.rare.originator_id = Some(RouterId(parse_u32(octets)?));
        Ok(())
    },
    emit: |attributes, outbound, out| match attributes.rare().originator_id {
        Some(id) if outbound.peer != PeerKind::External => emit_attribute(&ROW, &id.0.to_be_bytes(), out),
        Some(_) | None => {}
    },
};
