//! CLUSTER_LIST (RFC 4456 §8): the reflection clusters that a route has passed, the nearest first.

use super::table::{Mandatory, OPTIONAL, Row, emit_header};
use super::{Disposition, Fault, List};
use crate::value::{PeerKind, RouterId};

//= rfc7606#section-7.10
//# if it is received from an external neighbor, it SHALL be discarded using the approach of "attribute
//# discard"; or if it is received from an internal neighbor, it SHALL be considered malformed if its length
//# is not a non-zero multiple of 4.
pub(super) const ROW: Row = Row {
    code: 10,
    name: "CLUSTER_LIST",
    flags: OPTIONAL,
    partial: 0,
    mandatory: Mandatory::No,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, inbound, draft| {
        if inbound.peer == PeerKind::External {
            return Err(Fault::ExternalPeer);
        }
        draft.rare.cluster_list = List::parse(octets, |id| RouterId(u32::from_be_bytes(id)))?;
        Ok(())
    },
    emit: |attributes, outbound, out| {
        let list = &attributes.rare().cluster_list;
        if !list.is_empty() && outbound.peer != PeerKind::External {
            emit_header(ROW.flags, ROW.code, list.len() * 4, out);
            list.iter().for_each(|id| out.extend_from_slice(&id.0.to_be_bytes()));
        }
    },
};
