//! Edits of a path. Each gives a new path and leaves the old one as it is.

use alloc::vec::Vec;

use super::{AsPath, SEGMENT_MAX, Segment, SegmentType};
use crate::value::Asn;

/// Builds a path, segment after segment.
#[derive(Default)]
pub(super) struct Builder(Vec<u8>);

impl Builder {
    pub(super) fn with_capacity(octets: usize) -> Self {
        Builder(Vec::with_capacity(octets))
    }

    /// Adds segments of this kind for the ASes, as many as they need; none for no AS.
    pub(super) fn push(&mut self, kind: SegmentType, asns: impl IntoIterator<Item = Asn>) {
        let mut start = self.0.len();
        let mut count: u8 = 0;
        for asn in asns {
            if count == u8::MAX {
                self.0[start + 1] = count;
                start = self.0.len();
                count = 0;
            }
            if count == 0 {
                self.0.extend_from_slice(&[kind as u8, 0]);
            }
            self.0.extend_from_slice(&asn.0.to_be_bytes());
            count += 1;
        }
        if count > 0 {
            self.0[start + 1] = count;
        }
    }

    fn push_segment(&mut self, segment: Segment<'_>) {
        self.0.extend_from_slice(&[
            segment.kind as u8,
            u8::try_from(segment.octets.len() / 4).unwrap_or(u8::MAX),
        ]);
        self.0.extend_from_slice(segment.octets);
    }

    pub(super) fn finish(self) -> AsPath {
        AsPath(self.0.into())
    }
}

impl AsPath {
    /// A path that is one sequence of these ASes, the nearest first.
    #[must_use]
    pub fn from_asns(asns: impl IntoIterator<Item = Asn>) -> AsPath {
        let mut builder = Builder::default();
        builder.push(SegmentType::Sequence, asns);
        builder.finish()
    }

    /// A path that is a sequence and then a set, each left out where it is empty.
    #[must_use]
    pub fn from_parts(sequence: Vec<Asn>, set: Vec<Asn>) -> AsPath {
        let mut builder = Builder::default();
        builder.push(SegmentType::Sequence, sequence);
        builder.push(SegmentType::Set, set);
        builder.finish()
    }

    //= rfc4271#section-5.1.2
    //# if the first path segment of the AS_PATH is of type AS_SEQUENCE, the local system prepends its own AS
    //# number as the last element of the sequence […]. If the act of prepending will cause an overflow in the
    //# AS_PATH segment (i.e., more than 255 ASes), it SHOULD prepend a new segment of type AS_SEQUENCE
    /// The path with the AS in front, `times` times, in a leading AS_SEQUENCE.
    #[must_use]
    pub fn prepend(&self, asn: Asn, times: usize) -> AsPath {
        self.prepend_to(SegmentType::Sequence, asn, times)
    }

    /// The path with the member AS in front, in a leading AS_CONFED_SEQUENCE (RFC 5065 §4.1).
    #[must_use]
    pub fn prepend_confed(&self, asn: Asn) -> AsPath {
        self.prepend_to(SegmentType::ConfedSequence, asn, 1)
    }

    fn prepend_to(&self, kind: SegmentType, asn: Asn, times: usize) -> AsPath {
        let mut builder = Builder::with_capacity(self.0.len() + times * 4 + 2);
        let mut segments = self.segments();
        let mergeable = segments.clone().next().filter(|first| first.kind == kind);
        let present = mergeable.map_or(0, |first| first.octets.len() / 4);
        let room = (SEGMENT_MAX - present).min(times);
        builder.push(kind, core::iter::repeat_n(asn, times - room));
        if let Some(first) = mergeable {
            builder.push(kind, core::iter::repeat_n(asn, room).chain(first.asns()));
            segments.next();
        } else {
            builder.push(kind, core::iter::repeat_n(asn, room));
        }
        segments.for_each(|segment| builder.push_segment(segment));
        builder.finish()
    }

    /// The path without the confederation's segments, as it leaves the confederation (RFC 5065 §4.1).
    #[must_use]
    pub fn strip_confed(&self) -> AsPath {
        let mut builder = Builder::with_capacity(self.0.len());
        self.segments().filter(|segment| !segment.kind.is_confed()).for_each(|s| builder.push_segment(s));
        builder.finish()
    }

    /// The path with each of its ASes kept, replaced or, for `None`, left out. Segments that become empty go.
    #[must_use]
    pub fn map(&self, change: impl Fn(Asn) -> Option<Asn>) -> AsPath {
        let mut builder = Builder::with_capacity(self.0.len());
        for segment in self.segments() {
            builder.push(segment.kind, segment.asns().filter_map(&change));
        }
        builder.finish()
    }

    /// The path with `new` wherever `old` was (as-override).
    #[must_use]
    pub fn replace(&self, old: Asn, new: Asn) -> AsPath {
        self.map(|asn| Some(if asn == old { new } else { asn }))
    }

    /// The path without the ASes for private use, but for `keep`: the receiver's own AS must stay, or its loop
    /// detection fails.
    #[must_use]
    pub fn remove_private(&self, keep: Asn) -> AsPath {
        self.map(|asn| (!asn.is_private() || asn == keep).then_some(asn))
    }

    /// The path with `new` in place of each AS for private use, but for `keep`.
    #[must_use]
    pub fn replace_private(&self, new: Asn, keep: Asn) -> AsPath {
        self.map(|asn| Some(if asn.is_private() && asn != keep { new } else { asn }))
    }

    /// This path's segments and then the other's, sequences that meet made one where they fit.
    #[must_use]
    pub(super) fn followed_by(&self, tail: &AsPath) -> AsPath {
        let mut builder = Builder::with_capacity(self.0.len() + tail.0.len());
        let mut head: Vec<Segment<'_>> = self.segments().collect();
        let mut rest = tail.segments();
        let joined = head.last().zip(rest.clone().next()).filter(|(last, first)| {
            let count = (last.octets.len() + first.octets.len()) / 4;
            last.kind == first.kind && !last.kind.is_set() && count <= SEGMENT_MAX
        });
        let joined = joined.map(|(last, first)| (*last, first));
        if joined.is_some() {
            head.pop();
            rest.next();
        }
        head.into_iter().for_each(|segment| builder.push_segment(segment));
        if let Some((last, first)) = joined {
            builder.push(last.kind, last.asns().chain(first.asns()));
        }
        rest.for_each(|segment| builder.push_segment(segment));
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn path(text: &str) -> AsPath {
        text.parse().unwrap()
    }

    #[test]
    fn prepending_fills_the_leading_sequence_and_then_opens_one() {
        assert_eq!(path("2 3").prepend(Asn(1), 2).to_string(), "1 1 2 3");
        assert_eq!(path("{2,3}").prepend(Asn(1), 1).to_string(), "1 {2,3}");
        assert_eq!(AsPath::EMPTY.prepend(Asn(1), 1).to_string(), "1");
        assert_eq!(path("2").prepend(Asn(1), 0), path("2"));
        let full = AsPath::from_asns((0..254).map(|_| Asn(9)));
        let counts = |path: &AsPath| path.segments().map(|s| s.asns().len()).collect::<Vec<_>>();
        assert_eq!(counts(&full.prepend(Asn(1), 1)), [255]);
        assert_eq!(counts(&full.prepend(Asn(1), 2)), [1, 255]);
        assert_eq!(counts(&full.prepend(Asn(1), 300)), [255, 44, 255]);
        assert_eq!(full.prepend(Asn(1), 300).hop_count(), 554);
    }

    #[test]
    fn a_member_as_goes_into_the_confederations_sequence() {
        assert_eq!(path("1 2").prepend_confed(Asn(65003)).to_string(), "(65003) 1 2");
        assert_eq!(path("(65004) 1").prepend_confed(Asn(65003)).to_string(), "(65003 65004) 1");
        assert_eq!(path("(65004) 1 [5,6] 2").strip_confed().to_string(), "1 2");
    }

    #[test]
    fn ases_are_replaced_and_removed_but_the_receivers() {
        assert_eq!(path("1 2 {2}").replace(Asn(2), Asn(9)).to_string(), "1 9 {9}");
        assert_eq!(path("64512 1 {65000} 65001").remove_private(Asn(65001)).to_string(), "1 65001");
        assert_eq!(path("64512 1 65001").replace_private(Asn(9), Asn(65001)).to_string(), "9 1 65001");
    }

    #[test]
    fn paths_of_more_than_a_segment_are_built() {
        let path = AsPath::from_asns((1..=600).map(Asn));
        assert_eq!(path.segments().map(|segment| segment.asns().len()).collect::<Vec<_>>(), [255, 255, 90]);
        assert!(path.asns().eq((1..=600).map(Asn)));
        assert_eq!(AsPath::parse(path.octets()), Ok(path));
    }
}
