//! The table of path attributes: a row a code, and the only place that knows which codes there are.

use alloc::vec::Vec;

use super::draft::Draft;
use super::{
    Disposition, Fault, PathAttributes, aggregator, aigp, as_path, atomic_aggregate, cluster_list,
    communities, extended_communities, ipv6_extended_communities, large_communities, local_pref, med,
    mp_reach, mp_unreach, next_hop, only_to_customer, origin, originator_id,
};
use crate::value::{Family, PeerKind};

/// The Optional bit of the attribute flags (RFC 4271 §4.3).
pub const OPTIONAL: u8 = 0x80;
/// The Transitive bit.
pub const TRANSITIVE: u8 = 0x40;
/// The Partial bit.
pub const PARTIAL: u8 = 0x20;
/// The Extended Length bit.
pub const EXTENDED_LENGTH: u8 = 0x10;

/// When an attribute has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mandatory {
    /// Never.
    No,
    /// With every announced prefix.
    Announcement,
    /// With prefixes in the message's own NLRI field.
    NlriField,
    /// With every prefix that an internal peer announces.
    Internal,
}

/// What is to be known of the sender to read attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Inbound {
    /// Whether both speakers have four-octet AS numbers (RFC 6793).
    pub four_octet_as: bool,
    /// Whether IPv4 prefixes may have an IPv6 next hop (RFC 8950).
    pub extended_next_hop: bool,
    /// What the sender is to this router.
    pub peer: PeerKind,
    /// Whether paths with an AS_SET are refused (RFC 9774).
    pub reject_as_sets: bool,
    /// Whether AIGP is taken from this peer (RFC 7311 §3.2).
    pub aigp: bool,
}

/// What is to be known of the receiver to write attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outbound {
    /// The family of the prefixes that the attributes go with.
    pub family: Family,
    /// Whether both speakers have four-octet AS numbers (RFC 6793).
    pub four_octet_as: bool,
    /// What the receiver is to this router.
    pub peer: PeerKind,
    /// Whether AIGP is sent to this peer (RFC 7311 §3.2).
    pub aigp: bool,
}

/// Reads a value into the draft.
pub type Parse = for<'a> fn(&'a [u8], &Inbound, &mut Draft<'a>) -> Result<(), Fault>;
/// Appends the attribute with its header, if the set has it and the receiver may see it.
pub type Emit = fn(&PathAttributes, &Outbound, &mut Vec<u8>);

/// One attribute's definition.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The type code.
    pub code: u8,
    /// The name, as the RFCs write it.
    pub name: &'static str,
    /// The Optional and Transitive bits that the attribute must have.
    pub flags: u8,
    /// The attribute's bit in [`PartialBits`]; 0 where the Partial bit has no meaning.
    pub partial: u8,
    /// When it has to be there.
    pub mandatory: Mandatory,
    /// The reaction to a malformed value (RFC 7606 §7).
    pub malformed: Disposition,
    /// The reaction to a second occurrence (RFC 7606 §3 g).
    pub repeated: Disposition,
    /// Its reader.
    pub parse: Parse,
    /// Its writer.
    pub emit: Emit,
}

//= rfc4271#section-5
//# If a path with a recognized, transitive optional attribute is accepted and passed along to other BGP peers and
//# the Partial bit in the Attribute Flags octet is set to 1 by some previous AS, it MUST NOT be set back to 0 by
//# the current AS.
/// Which of a set's attributes came with the Partial bit, by [`Row::partial`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartialBits(pub u8);

impl Row {
    /// The flags with which the attribute goes on.
    pub(super) const fn flags_in(&self, attributes: &PathAttributes) -> u8 {
        if attributes.partial.0 & self.partial == 0 { self.flags } else { self.flags | PARTIAL }
    }
}

/// Every attribute that this router knows, in ascending order of code, which is the order of emission.
pub static TABLE: &[Row] = &ROWS;

const ROWS: [Row; 19] = [
    origin::ROW,
    as_path::ROW,
    next_hop::ROW,
    med::ROW,
    local_pref::ROW,
    atomic_aggregate::ROW,
    aggregator::ROW,
    communities::ROW,
    originator_id::ROW,
    cluster_list::ROW,
    mp_reach::ROW,
    mp_unreach::ROW,
    extended_communities::ROW,
    as_path::AS4_PATH_ROW,
    aggregator::AS4_AGGREGATOR_ROW,
    ipv6_extended_communities::ROW,
    aigp::ROW,
    large_communities::ROW,
    only_to_customer::ROW,
];

const NO_ROW: u8 = u8::MAX;

/// From a code to its row's place.
static PLACES: [u8; 256] = places();

const fn places() -> [u8; 256] {
    let mut places = [NO_ROW; 256];
    let mut place = 0;
    while place < ROWS.len() {
        places[ROWS[place].code as usize] = place as u8;
        assert!(
            place == 0 || ROWS[place - 1].code < ROWS[place].code,
            "the rows stand in ascending order of code"
        );
        place += 1;
    }
    places
}

/// The row of this code, if the attribute is known.
#[inline]
#[must_use]
pub fn row(code: u8) -> Option<&'static Row> {
    TABLE.get(usize::from(PLACES[usize::from(code)]))
}

/// Appends every attribute of the set that the receiver may see, in ascending order of code, without
/// MP_REACH_NLRI and MP_UNREACH_NLRI, which belong to the message.
pub fn emit(attributes: &PathAttributes, outbound: &Outbound, out: &mut Vec<u8>) {
    let mut unknown = attributes.rare().unknown.iter().peekable();
    for row in TABLE {
        while let Some(earlier) = unknown.next_if(|unknown| unknown.code < row.code) {
            earlier.emit(out);
        }
        (row.emit)(attributes, outbound, out);
    }
    unknown.for_each(|later| later.emit(out));
}

/// Appends one attribute's header (RFC 4271 §4.3), for a value of `len` octets.
pub(crate) fn emit_header(flags: u8, code: u8, len: usize, out: &mut Vec<u8>) {
    match u8::try_from(len) {
        Ok(len) => out.extend_from_slice(&[flags, code, len]),
        Err(_) => {
            let [high, low] = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
            out.extend_from_slice(&[flags | EXTENDED_LENGTH, code, high, low]);
        }
    }
}

/// Appends one attribute.
pub(crate) fn emit_attribute(row: &Row, value: &[u8], out: &mut Vec<u8>) {
    emit_header(row.flags, row.code, value.len(), out);
    out.extend_from_slice(value);
}

/// For attributes that are never part of a set.
pub(super) fn emit_nothing(_: &PathAttributes, _: &Outbound, _: &mut Vec<u8>) {}
