//! AS_PATH's two wire forms, and AS4_PATH (RFC 6793).

use alloc::vec::Vec;

use super::super::table::{
    Inbound, Mandatory, OPTIONAL, Outbound, Row, TRANSITIVE, emit_attribute, emit_header,
};
use super::super::{Disposition, Fault};
use super::{AsPath, Segment, SegmentType};
use crate::value::{AS_TRANS, Asn, PeerKind};

impl AsPath {
    /// Reads a path of four octets an AS.
    pub fn parse(octets: &[u8]) -> Result<AsPath, Fault> {
        check::<4>(octets)?;
        Ok(AsPath(octets.to_vec().into()))
    }

    /// Reads a path of two octets an AS, as a speaker without four-octet AS numbers sends it.
    pub fn parse_two_octet(octets: &[u8]) -> Result<AsPath, Fault> {
        check::<2>(octets)?;
        let mut wide = Vec::with_capacity(octets.len() * 2);
        let mut rest = octets;
        while let Some(([kind, count], after)) = rest.split_first_chunk::<2>() {
            let (asns, after) = after.split_at(usize::from(*count) * 2);
            wide.extend_from_slice(&[*kind, *count]);
            asns.as_chunks::<2>()
                .0
                .iter()
                .for_each(|[high, low]| wide.extend_from_slice(&[0, 0, *high, *low]));
            rest = after;
        }
        Ok(AsPath(wide.into()))
    }

    /// Appends the path with two octets an AS, AS_TRANS for those that do not fit.
    fn emit_two_octet(&self, out: &mut Vec<u8>) {
        for segment in self.segments() {
            let count = u8::try_from(segment.octets.len() / 4).unwrap_or(u8::MAX);
            out.extend_from_slice(&[segment.kind as u8, count]);
            for asn in segment.asns() {
                let asn = if asn.is_two_octet() { asn } else { AS_TRANS };
                out.extend_from_slice(&asn.0.to_be_bytes()[2..]);
            }
        }
    }

    /// The path that an old speaker's AS_PATH, which is this one, and its AS4_PATH tell together.
    #[must_use]
    pub fn merge_as4(&self, as4: &AsPath) -> AsPath {
        //= rfc6793#section-4.2.3
        //# If the number of AS numbers in the AS_PATH attribute is less than the number of AS numbers in the
        //# AS4_PATH attribute, then the AS4_PATH attribute SHALL be ignored
        let Some(mut leading) = self.hop_count().checked_sub(as4.hop_count()) else { return self.clone() };
        //# the AS path information SHALL be constructed by taking as many AS numbers and path segments as
        //# necessary from the leading part of the AS_PATH attribute, and then prepending them to the AS4_PATH
        let mut merged = Vec::with_capacity(self.0.len());
        for segment in self.segments() {
            let hops = segment.hops();
            if hops > leading {
                emit_first(segment, leading, &mut merged);
                break;
            }
            leading -= hops;
            emit_first(segment, u32::MAX, &mut merged);
        }
        AsPath(merged.into()).followed_by(as4)
    }

    /// The path without the segments that AS4_PATH must not have.
    fn for_as4_path(&self) -> AsPath {
        if self.has_confed() { self.strip_confed() } else { self.clone() }
    }
}

/// Appends the first ASes of a segment, as many as are asked for and there; nothing for none.
fn emit_first(segment: Segment<'_>, asns: u32, out: &mut Vec<u8>) {
    let octets = usize::try_from(asns).unwrap_or(usize::MAX).saturating_mul(4).min(segment.octets.len());
    if octets > 0 {
        out.extend_from_slice(&[segment.kind as u8, u8::try_from(octets / 4).unwrap_or(u8::MAX)]);
        out.extend_from_slice(&segment.octets[..octets]);
    }
}

//= rfc7606#section-7.2
//# An AS_PATH is considered malformed if an unrecognized segment type is encountered or if it contains a
//# malformed segment. A segment is considered malformed if any of the following are true: There is an overrun
//# where the Path Segment Length field of the last segment encountered would cause the Attribute Length to be
//# exceeded. There is an underrun where after the last successfully parsed segment there is only a single octet
//# remaining […]. It has a Path Segment Length field of zero.
fn check<const OCTETS: usize>(octets: &[u8]) -> Result<(), Fault> {
    let mut rest = octets;
    while let Some(([kind, count], after)) = rest.split_first_chunk::<2>() {
        SegmentType::from_octet(*kind).ok_or(Fault::SegmentType(*kind))?;
        if *count == 0 {
            return Err(Fault::SegmentEmpty);
        }
        let (asns, after) =
            after.split_at_checked(usize::from(*count) * OCTETS).ok_or(Fault::SegmentOverrun)?;
        //= rfc7607#section-2
        //# An UPDATE message that contains the AS number zero in the AS_PATH or AGGREGATOR attribute MUST be
        //# considered as malformed
        if asns.as_chunks::<OCTETS>().0.contains(&[0; OCTETS]) {
            return Err(Fault::AsZero);
        }
        rest = after;
    }
    if rest.is_empty() { Ok(()) } else { Err(Fault::SegmentOverrun) }
}

//= rfc5065#section-5
//# It is an error for a BGP speaker to receive an UPDATE message with an AS_PATH attribute that contains
//# AS_CONFED_SEQUENCE or AS_CONFED_SET segments from a neighbor that is not located in the same confederation.
//# […] It is a error for a BGP speaker to receive an update message from a confederation peer that is not in the
//# same Member-AS that does not have AS_CONFED_SEQUENCE as the first segment.
fn accepted(path: AsPath, inbound: &Inbound) -> Result<AsPath, Fault> {
    let first = path.segments().next().map(|segment| segment.kind);
    match inbound.peer {
        PeerKind::External if path.has_confed() => Err(Fault::ConfedSegment),
        PeerKind::Confederation if first != Some(SegmentType::ConfedSequence) => Err(Fault::NoConfedSegment),
        _ if inbound.reject_as_sets && path.has_set() => Err(Fault::AsSet),
        PeerKind::External | PeerKind::Internal | PeerKind::Confederation => Ok(path),
    }
}

pub(crate) const ROW: Row = Row {
    code: 2,
    name: "AS_PATH",
    flags: TRANSITIVE,
    partial: 0,
    mandatory: Mandatory::Announcement,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, inbound, draft| {
        let read =
            if inbound.four_octet_as { AsPath::parse(octets) } else { AsPath::parse_two_octet(octets) };
        draft.attributes.as_path = accepted(read?, inbound)?;
        Ok(())
    },
    emit: |attributes, outbound, out| {
        let path = &attributes.as_path;
        if outbound.four_octet_as {
            emit_attribute(&ROW, path.octets(), out);
        } else {
            let len = path.segments().map(|segment| 2 + segment.octets.len() / 2).sum();
            emit_header(ROW.flags, ROW.code, len, out);
            path.emit_two_octet(out);
        }
    },
};

// RFC 6793 §6: a malformed AS4_PATH from an old speaker is discarded and the message goes on without it.
pub(crate) const AS4_PATH_ROW: Row = Row {
    code: 17,
    name: "AS4_PATH",
    flags: OPTIONAL | TRANSITIVE,
    partial: 0,
    mandatory: Mandatory::No,
    malformed: Disposition::AttributeDiscard,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, inbound, draft| {
        if inbound.four_octet_as {
            return Err(Fault::NewSpeaker);
        }
        if octets.is_empty() {
            return Err(Fault::Length(0));
        }
        // RFC 6793 §6: confederation segments do not belong in AS4_PATH; they are left out and the rest counts.
        let path = AsPath::parse(octets)?.for_as4_path();
        if inbound.reject_as_sets && path.has_set() {
            return Err(Fault::AsSet);
        }
        draft.as4_path = Some(path);
        Ok(())
    },
    emit: |attributes, outbound, out| emit_as4_path(&attributes.as_path, outbound, out),
};

/// Only a path with an AS that does not fit two octets goes into AS4_PATH (RFC 6793 §4.2.2).
fn emit_as4_path(path: &AsPath, outbound: &Outbound, out: &mut Vec<u8>) {
    if !outbound.four_octet_as && !path.asns().all(Asn::is_two_octet) {
        let path = path.for_as4_path();
        if !path.is_empty() {
            emit_attribute(&AS4_PATH_ROW, path.octets(), out);
        }
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
    fn segments_that_lie_are_refused() {
        assert_eq!(AsPath::parse(&[2, 1, 0, 0, 0, 1]), Ok(path("1")));
        assert_eq!(AsPath::parse(&[]), Ok(AsPath::EMPTY));
        assert_eq!(AsPath::parse(&[5, 1, 0, 0, 0, 1]), Err(Fault::SegmentType(5)));
        assert_eq!(AsPath::parse(&[2, 0]), Err(Fault::SegmentEmpty));
        assert_eq!(AsPath::parse(&[2, 2, 0, 0, 0, 1]), Err(Fault::SegmentOverrun));
        assert_eq!(AsPath::parse(&[2, 1, 0, 0, 0, 1, 2]), Err(Fault::SegmentOverrun));
        assert_eq!(AsPath::parse(&[2, 2, 0, 0, 0, 1, 0, 0, 0, 0]), Err(Fault::AsZero));
    }

    #[test]
    fn two_octets_become_four_and_two_again() {
        let narrow = [2, 2, 0, 1, 0xfd, 0xe9, 1, 1, 0, 7];
        let read = AsPath::parse_two_octet(&narrow).unwrap();
        assert_eq!(read, path("1 65001 {7}"));
        let mut out = Vec::new();
        read.emit_two_octet(&mut out);
        assert_eq!(out, narrow);
        assert_eq!(AsPath::parse_two_octet(&[2, 1, 0, 0]), Err(Fault::AsZero));
    }

    #[test]
    fn as4_path_replaces_the_tail_of_as_path() {
        let merged = |old: &str, new: &str| path(old).merge_as4(&path(new)).to_string();
        assert_eq!(merged("1 2 23456 23456", "70000 80000"), "1 2 70000 80000");
        assert_eq!(merged("23456 23456", "70000 80000"), "70000 80000");
        assert_eq!(merged("1", "70000 80000"), "1");
        assert_eq!(merged("(65003) 1 23456", "70000"), "(65003) 1 70000");
        assert_eq!(merged("1 {2,3} 23456", "70000"), "1 {2,3} 70000");
    }
}
