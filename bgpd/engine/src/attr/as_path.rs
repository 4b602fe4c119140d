//! AS_PATH (RFC 4271 §5.1.2, RFC 5065, RFC 6793), AS_SET rejection (RFC 9774).

use super::List;

use crate::value::Asn;

/// An AS path, kept as its octets on the wire with four octets an AS: segments of type, count, ASes.
/// Always well-formed: no empty segment, no unknown type, no octets left over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AsPath(List<u8>);

/// A segment's type (RFC 4271 §4.3, RFC 5065 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SegmentType {
    /// AS_SET: unordered.
    Set = 1,
    /// AS_SEQUENCE: ordered, the nearest AS first.
    Sequence = 2,
    /// AS_CONFED_SEQUENCE.
    ConfedSequence = 3,
    /// AS_CONFED_SET.
    ConfedSet = 4,
}

/// One segment of a path: its type and its ASes' octets, four each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// What kind of segment.
    pub kind: SegmentType,
    octets: &'a [u8],
}

impl<'a> Segment<'a> {
    /// The segment's ASes in order.
    pub fn asns(self) -> impl DoubleEndedIterator<Item = Asn> + ExactSizeIterator + 'a {
        self.octets.chunks_exact(4).map(|o| Asn(u32::from_be_bytes([o[0], o[1], o[2], o[3]])))
    }
}
