//! Whatever is done to a path, it stays well-formed, and its text is read as it was written.

use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{AsPath, SegmentType};
use crate::value::Asn;

/// Any well-formed path: octets of segments of any kind.
fn paths() -> impl Strategy<Value = AsPath> {
    let asn = prop_oneof![1_u32..6, 64510_u32..64516, any::<u32>().prop_map(|n| n.max(1))];
    let segment = (1_u8..=4, prop_oneof![9 => 1_usize..5, 1 => 250_usize..=255])
        .prop_flat_map(move |(kind, count)| (Just(kind), vec(asn.clone(), count)));
    vec(segment, 0..5).prop_map(|segments| {
        let mut octets = Vec::new();
        for (kind, asns) in segments {
            octets.extend([kind, u8::try_from(asns.len()).unwrap()]);
            asns.iter().for_each(|asn| octets.extend(asn.to_be_bytes()));
        }
        AsPath::parse(&octets).unwrap()
    })
}

fn assert_well_formed(path: &AsPath) {
    assert_eq!(AsPath::parse(path.octets()).as_ref(), Ok(path));
    let octets: usize = path.segments().map(|segment| 2 + 4 * segment.asns().len()).sum();
    assert_eq!(octets, path.octets().len(), "the segments are the whole path");
}

proptest! {
    #[test]
    fn every_edit_gives_a_well_formed_path(path in paths(), other in paths(), times in 0_usize..300, asn in 1_u32..6) {
        let asn = Asn(asn);
        let edited = [
            path.prepend(asn, times),
            path.prepend_confed(asn),
            path.strip_confed(),
            path.replace(asn, Asn(9)),
            path.remove_private(asn),
            path.replace_private(Asn(9), Asn(64512)),
            path.merge_as4(&other),
        ];
        edited.iter().for_each(assert_well_formed);
    }

    #[test]
    fn prepending_adds_its_ases_in_front_and_nothing_else(path in paths(), times in 0_usize..300) {
        let longer = path.prepend(Asn(7), times);
        prop_assert!(longer.asns().eq(core::iter::repeat_n(Asn(7), times).chain(path.asns())));
        prop_assert_eq!(longer.hop_count() as usize, path.hop_count() as usize + times);
        prop_assert_eq!(longer.confed_hop_count(), path.confed_hop_count());
        prop_assert!(times == 0 || longer.starts_with_asn(Asn(7)));
    }

    #[test]
    fn what_is_removed_is_gone_and_what_is_kept_is_in_order(path in paths()) {
        let keep = Asn(64513);
        let kept: Vec<Asn> = path.asns().filter(|asn| !asn.is_private() || *asn == keep).collect();
        prop_assert!(path.remove_private(keep).asns().eq(kept));
        prop_assert!(!path.replace(Asn(3), Asn(9)).contains(Asn(3)));
        prop_assert!(!path.strip_confed().has_confed());
    }

    #[test]
    fn a_merged_path_is_as_long_as_the_longer_one_was(path in paths(), as4 in paths()) {
        let as4 = as4.strip_confed();
        prop_assert_eq!(path.merge_as4(&as4).hop_count(), path.hop_count());
    }

    #[test]
    fn a_paths_text_is_read_again(path in paths()) {
        let read: AsPath = path.to_string().parse().unwrap();
        prop_assert!(read.asns().eq(path.asns()));
        prop_assert_eq!(read.to_string(), path.to_string());
        prop_assert_eq!(read.has_set(), path.has_set());
    }

    #[test]
    fn no_octets_make_the_reader_panic(octets in vec(any::<u8>(), 0..40)) {
        AsPath::parse(&octets).iter().for_each(assert_well_formed);
        AsPath::parse_two_octet(&octets).iter().for_each(assert_well_formed);
    }
}

#[test]
fn the_kinds_are_those_of_the_wire() {
    let kinds =
        [SegmentType::Set, SegmentType::Sequence, SegmentType::ConfedSequence, SegmentType::ConfedSet];
    for (octet, kind) in (1..).zip(kinds) {
        assert_eq!(SegmentType::from_octet(octet), Some(kind));
        assert_eq!(kind as u8, octet);
    }
    assert_eq!(SegmentType::from_octet(0), None);
    assert_eq!(SegmentType::from_octet(5), None);
}
