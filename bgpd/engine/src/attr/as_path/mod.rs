//! AS_PATH (RFC 4271 §5.1.2, RFC 5065, RFC 6793), AS_SET rejection (RFC 9774).
//!
//! A path is kept as its octets on the wire, four octets an AS, and never changed in place: the edits in
//! `edit` give a new path. `wire` reads and writes both wire forms and merges AS4_PATH, `text` is the text.

mod edit;
#[cfg(test)]
mod properties;
mod text;
mod wire;

pub use text::ParseAsPathError;
pub(super) use wire::{AS4_PATH_ROW, ROW};

use super::List;
use crate::value::Asn;

/// The most ASes that a segment can hold: their number is one octet.
const SEGMENT_MAX: usize = 255;

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

impl SegmentType {
    /// Whether the segment tells member ASes of a confederation.
    #[must_use]
    pub const fn is_confed(self) -> bool {
        matches!(self, SegmentType::ConfedSequence | SegmentType::ConfedSet)
    }

    /// Whether the segment is unordered.
    #[must_use]
    pub const fn is_set(self) -> bool {
        matches!(self, SegmentType::Set | SegmentType::ConfedSet)
    }

    const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            1 => Some(SegmentType::Set),
            2 => Some(SegmentType::Sequence),
            3 => Some(SegmentType::ConfedSequence),
            4 => Some(SegmentType::ConfedSet),
            _ => None,
        }
    }
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
        self.octets.as_chunks::<4>().0.iter().map(|octets| Asn(u32::from_be_bytes(*octets)))
    }

    /// How many hops the segment counts for in a comparison of paths, confederations left out.
    const fn hops(self) -> u32 {
        match self.kind {
            SegmentType::Sequence => (self.octets.len() / 4) as u32,
            SegmentType::Set => 1,
            SegmentType::ConfedSequence | SegmentType::ConfedSet => 0,
        }
    }

    /// How many hops inside the confederation the segment counts for.
    const fn confed_hops(self) -> u32 {
        match self.kind {
            SegmentType::ConfedSequence => (self.octets.len() / 4) as u32,
            SegmentType::ConfedSet => 1,
            SegmentType::Sequence | SegmentType::Set => 0,
        }
    }
}

/// Goes through a path's segments, the nearest first.
#[derive(Clone, Debug)]
pub struct Segments<'a>(&'a [u8]);

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let ([kind, count], rest) = self.0.split_first_chunk::<2>()?;
        let (octets, rest) = rest.split_at_checked(usize::from(*count) * 4)?;
        self.0 = rest;
        Some(Segment { kind: SegmentType::from_octet(*kind)?, octets })
    }
}

impl AsPath {
    /// The path of a route that begins in this AS.
    pub const EMPTY: AsPath = AsPath(List::EMPTY);

    /// The path as on the wire, four octets an AS.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Whether the path has no segment.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The segments, the nearest first.
    #[must_use]
    pub fn segments(&self) -> Segments<'_> {
        Segments(&self.0)
    }

    /// Every AS of every segment, in the order of the octets.
    pub fn asns(&self) -> impl Iterator<Item = Asn> + '_ {
        self.segments().flat_map(Segment::asns)
    }

    //= rfc4271#section-9.1.2.2
    //# when counting this number, an AS_SET counts as 1, no matter how many ASes are in the set
    //= rfc5065#section-5.3
    //# AS_CONFED_SEQUENCE and AS_CONFED_SET path segments MUST NOT be counted
    /// The path's length as the decision process compares it.
    #[must_use]
    pub fn hop_count(&self) -> u32 {
        self.segments().map(Segment::hops).sum()
    }

    /// The path's length inside the confederation.
    #[must_use]
    pub fn confed_hop_count(&self) -> u32 {
        self.segments().map(Segment::confed_hops).sum()
    }

    /// Whether the AS stands anywhere in the path.
    #[must_use]
    pub fn contains(&self, asn: Asn) -> bool {
        self.asns().any(|other| other == asn)
    }

    /// How often the AS stands in the path.
    #[must_use]
    pub fn count(&self, asn: Asn) -> usize {
        self.asns().filter(|other| *other == asn).count()
    }

    /// The neighboring AS as the comparison of MEDs needs it (RFC 4271 §9.1.2.2 c): the first AS after the
    /// confederation's segments, if a sequence stands there.
    #[must_use]
    pub fn first_asn(&self) -> Option<Asn> {
        let segment = self.segments().find(|segment| !segment.kind.is_confed())?;
        if segment.kind == SegmentType::Sequence { segment.asns().next() } else { None }
    }

    /// The AS that the route began in, if the path ends with a sequence.
    #[must_use]
    pub fn origin_asn(&self) -> Option<Asn> {
        let segment = self.segments().last()?;
        if segment.kind == SegmentType::Sequence { segment.asns().next_back() } else { None }
    }

    /// Whether the path begins with a sequence, of the confederation or not, whose first AS is this one: what a
    /// neighbor of that AS must send (RFC 4271 §6.3).
    #[must_use]
    pub fn starts_with_asn(&self, asn: Asn) -> bool {
        self.segments().next().is_some_and(|first| !first.kind.is_set() && first.asns().next() == Some(asn))
    }

    /// Whether the path has an AS_SET or an AS_CONFED_SET.
    #[must_use]
    pub fn has_set(&self) -> bool {
        self.segments().any(|segment| segment.kind.is_set())
    }

    /// Whether the path has a segment of a confederation.
    #[must_use]
    pub fn has_confed(&self) -> bool {
        self.segments().any(|segment| segment.kind.is_confed())
    }

    /// Whether the path has an AS and none that is not for private use.
    #[must_use]
    pub fn is_all_private(&self) -> bool {
        !self.is_empty() && self.asns().all(Asn::is_private)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> AsPath {
        text.parse().unwrap()
    }

    #[test]
    fn a_set_is_one_hop_and_a_confederation_none() {
        let path = path("(65003 65004) [65005,65006] 1 2 3 {4,5,6}");
        assert_eq!(path.hop_count(), 4);
        assert_eq!(path.confed_hop_count(), 3);
        assert_eq!(AsPath::EMPTY.hop_count(), 0);
    }

    #[test]
    fn the_neighboring_as_is_the_first_after_the_confederation() {
        assert_eq!(path("(65003) 1 2").first_asn(), Some(Asn(1)));
        assert_eq!(path("{7} 1 2").first_asn(), None);
        assert_eq!(path("(65003)").first_asn(), None);
        assert_eq!(AsPath::EMPTY.first_asn(), None);
    }

    #[test]
    fn the_origin_is_the_last_as_of_a_sequence() {
        assert_eq!(path("1 2 3").origin_asn(), Some(Asn(3)));
        assert_eq!(path("1 2 {3,4}").origin_asn(), None);
        assert_eq!(AsPath::EMPTY.origin_asn(), None);
    }

    #[test]
    fn a_path_starts_with_the_first_as_of_its_first_sequence_alone() {
        assert!(path("1 2").starts_with_asn(Asn(1)));
        assert!(!path("1 2").starts_with_asn(Asn(2)));
        assert!(path("(65003) 1").starts_with_asn(Asn(65003)));
        assert!(!path("{1}").starts_with_asn(Asn(1)));
        assert!(!AsPath::EMPTY.starts_with_asn(Asn(1)));
    }

    #[test]
    fn ases_are_found_and_counted_in_every_segment() {
        let path = path("1 2 2 {2,3}");
        assert!(path.contains(Asn(3)));
        assert!(!path.contains(Asn(4)));
        assert_eq!(path.count(Asn(2)), 3);
    }

    #[test]
    fn private_means_every_as() {
        assert!(path("64512 {65000}").is_all_private());
        assert!(!path("64512 1").is_all_private());
        assert!(!AsPath::EMPTY.is_all_private());
    }
}
