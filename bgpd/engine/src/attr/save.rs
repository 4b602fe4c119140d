//! A set of attributes in a snapshot: field by field, a tag, a length and the octets, so that a later version can
//! have more of them. What has its default is left out. The tags are the attributes' codes where there is one.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{
    Aggregator, AsPath, Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity, List, Marks,
    NextHop, NextHopMark, Origin, PartialBits, PathAttributes, RareAttributes, UnknownAttribute,
};
use crate::value::octets::{Cut, Damaged, Number, put_short};
use crate::value::{Asn, RouterId};

mod tag {
    pub(super) const ORIGIN: u8 = 1;
    pub(super) const AS_PATH: u8 = 2;
    pub(super) const NEXT_HOP: u8 = 3;
    pub(super) const MED: u8 = 4;
    pub(super) const LOCAL_PREF: u8 = 5;
    pub(super) const ATOMIC_AGGREGATE: u8 = 6;
    pub(super) const AGGREGATOR: u8 = 7;
    pub(super) const COMMUNITIES: u8 = 8;
    pub(super) const ORIGINATOR_ID: u8 = 9;
    pub(super) const CLUSTER_LIST: u8 = 10;
    pub(super) const EXTENDED_COMMUNITIES: u8 = 16;
    pub(super) const IPV6_EXTENDED_COMMUNITIES: u8 = 25;
    pub(super) const AIGP: u8 = 26;
    pub(super) const LARGE_COMMUNITIES: u8 = 32;
    pub(super) const OTC: u8 = 35;
    /// Not on the wire.
    pub(super) const WEIGHT: u8 = 250;
    pub(super) const PARTIAL: u8 = 251;
    /// One attribute that this router does not know; as often as there are any.
    pub(super) const UNKNOWN: u8 = 252;
    /// What policy wrote on it: tag, distance, next hop.
    pub(super) const MARKS: u8 = 253;
}

fn put(tag: u8, value: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    put_short(value.len(), out);
    out.extend_from_slice(value);
}

fn put_u32(tag: u8, value: Option<u32>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        put(tag, &value.to_le_bytes(), out);
    }
}

fn put_list<T, const N: usize>(tag: u8, list: &[T], octets: impl Fn(&T) -> [u8; N], out: &mut Vec<u8>) {
    if !list.is_empty() {
        out.push(tag);
        put_short(list.len() * N, out);
        list.iter().for_each(|item| out.extend_from_slice(&octets(item)));
    }
}

impl PathAttributes {
    /// Appends the set as a snapshot has it.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        if !self.as_path.is_empty() {
            put(tag::AS_PATH, self.as_path.octets(), out);
        }
        save_next_hop(&self.next_hop, out);
        if self.origin != Origin::Igp {
            put(tag::ORIGIN, &[self.origin as u8], out);
        }
        put_u32(tag::MED, self.med, out);
        put_u32(tag::LOCAL_PREF, self.local_pref, out);
        put_list(tag::COMMUNITIES, &self.communities, |community| community.0.to_le_bytes(), out);
        put_u32(tag::WEIGHT, Some(self.weight).filter(|&weight| weight != 0), out);
        if self.atomic_aggregate {
            put(tag::ATOMIC_AGGREGATE, &[], out);
        }
        if self.partial != PartialBits::default() {
            put(tag::PARTIAL, &[self.partial.0], out);
        }
        if let Some(rare) = &self.rare {
            rare.save(out);
        }
    }

    /// Reads what [`PathAttributes::save`] has written: all of the octets.
    pub(crate) fn restore(octets: &[u8]) -> Result<PathAttributes, Damaged> {
        let mut set = PathAttributes::default();
        let mut rare = RareAttributes::NONE;
        let mut unknown = Vec::new();
        let mut cut = Cut(octets);
        while !cut.is_empty() {
            let tag: u8 = cut.number()?;
            let len = cut.short()?;
            let value = cut.octets(len)?;
            match tag {
                tag::ORIGIN => set.origin = origin(value)?,
                tag::AS_PATH => {
                    set.as_path =
                        AsPath::parse(value).map_err(|_| Damaged("an AS path is not well-formed"))?;
                }
                tag::NEXT_HOP => set.next_hop = next_hop(value)?,
                tag::MED => set.med = Some(number(value)?),
                tag::LOCAL_PREF => set.local_pref = Some(number(value)?),
                tag::ATOMIC_AGGREGATE => set.atomic_aggregate = true,
                tag::COMMUNITIES => {
                    set.communities = list(value, |item| Community(u32::from_le_bytes(item)))?
                }
                tag::WEIGHT => set.weight = number(value)?,
                tag::PARTIAL => set.partial = PartialBits(number(value)?),
                tag::UNKNOWN => unknown.push(unknown_attribute(value)?),
                tag => rare.restore(tag, value)?,
            }
        }
        rare.unknown = unknown.into();
        set.set_rare(rare);
        Ok(set)
    }
}

impl RareAttributes {
    fn save(&self, out: &mut Vec<u8>) {
        if let Some(Aggregator { asn, router_id }) = self.aggregator {
            put(tag::AGGREGATOR, &(u64::from(asn.0) << 32 | u64::from(router_id.0)).to_le_bytes(), out);
        }
        put_u32(tag::ORIGINATOR_ID, self.originator_id.map(|id| id.0), out);
        put_list(tag::CLUSTER_LIST, &self.cluster_list, |id| id.0.to_le_bytes(), out);
        put_list(tag::EXTENDED_COMMUNITIES, &self.extended_communities, |community| community.0, out);
        put_list(
            tag::IPV6_EXTENDED_COMMUNITIES,
            &self.ipv6_extended_communities,
            |community| community.0,
            out,
        );
        put_list(tag::LARGE_COMMUNITIES, &self.large_communities, large_octets, out);
        if let Some(metric) = self.aigp {
            put(tag::AIGP, &metric.to_le_bytes(), out);
        }
        put_u32(tag::OTC, self.otc.map(|asn| asn.0), out);
        if self.marks != Marks::NONE {
            let [a, b, c, d] = self.marks.tag.to_le_bytes();
            put(tag::MARKS, &[a, b, c, d, self.marks.distance, self.marks.next_hop as u8], out);
        }
        for unknown in self.unknown.iter() {
            out.push(tag::UNKNOWN);
            put_short(unknown.value.len() + 2, out);
            out.extend_from_slice(&[unknown.flags, unknown.code]);
            out.extend_from_slice(&unknown.value);
        }
    }

    fn restore(&mut self, tag: u8, value: &[u8]) -> Result<(), Damaged> {
        match tag {
            tag::AGGREGATOR => {
                let both: u64 = number(value)?;
                let [a, b, c, d, e, f, g, h] = both.to_be_bytes();
                let (asn, id) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
                self.aggregator = Some(Aggregator { asn: Asn(asn), router_id: RouterId(id) });
            }
            tag::ORIGINATOR_ID => self.originator_id = Some(RouterId(number(value)?)),
            tag::CLUSTER_LIST => self.cluster_list = list(value, |item| RouterId(u32::from_le_bytes(item)))?,
            tag::EXTENDED_COMMUNITIES => self.extended_communities = list(value, ExtendedCommunity)?,
            tag::IPV6_EXTENDED_COMMUNITIES => {
                self.ipv6_extended_communities = list(value, Ipv6ExtendedCommunity)?
            }
            tag::LARGE_COMMUNITIES => self.large_communities = list(value, large)?,
            tag::AIGP => self.aigp = Some(number(value)?),
            tag::OTC => self.otc = Some(Asn(number(value)?)),
            tag::MARKS => self.marks = marks(value)?,
            _ => return Err(Damaged("an attribute is not known here: the snapshot is of a later version")),
        }
        Ok(())
    }
}

fn marks(value: &[u8]) -> Result<Marks, Damaged> {
    let &[a, b, c, d, distance, next_hop] = value else {
        return Err(Damaged("an attribute has a wrong length"));
    };
    let next_hop = [NextHopMark::None, NextHopMark::Kept, NextHopMark::Own]
        .into_iter()
        .find(|&mark| mark as u8 == next_hop)
        .ok_or(Damaged("a mark on a next hop is not defined"))?;
    Ok(Marks { tag: u32::from_le_bytes([a, b, c, d]), distance, next_hop })
}

fn number<T: Number>(value: &[u8]) -> Result<T, Damaged> {
    if value.len() == T::WIDTH { Ok(T::take(value)) } else { Err(Damaged("an attribute has a wrong length")) }
}

fn list<T, const N: usize>(value: &[u8], item: impl Fn([u8; N]) -> T) -> Result<List<T>, Damaged> {
    List::parse(value, item).map_err(|_| Damaged("an attribute has a wrong length"))
}

fn origin(value: &[u8]) -> Result<Origin, Damaged> {
    [Origin::Igp, Origin::Egp, Origin::Incomplete]
        .into_iter()
        .find(|&origin| value == [origin as u8])
        .ok_or(Damaged("an origin is not defined"))
}

fn save_next_hop(next_hop: &NextHop, out: &mut Vec<u8>) {
    match next_hop {
        NextHop::Own => {}
        NextHop::V4(address) => put(tag::NEXT_HOP, &address.octets(), out),
        NextHop::V6(address) => put(tag::NEXT_HOP, &address.octets(), out),
        NextHop::V6WithLinkLocal(pair) => {
            put(tag::NEXT_HOP, &[pair.0.octets(), pair.1.octets()].concat(), out);
        }
    }
}

fn next_hop(value: &[u8]) -> Result<NextHop, Damaged> {
    if let Ok(octets) = <[u8; 4]>::try_from(value) {
        return Ok(NextHop::V4(octets.into()));
    }
    match value.as_chunks::<16>() {
        (&[address], []) => Ok(NextHop::V6(address.into())),
        (&[global, link_local], []) => {
            Ok(NextHop::V6WithLinkLocal(Box::new((global.into(), link_local.into()))))
        }
        _ => Err(Damaged("a next hop has a wrong length")),
    }
}

fn unknown_attribute(value: &[u8]) -> Result<UnknownAttribute, Damaged> {
    match value {
        [flags, code, value @ ..] => {
            Ok(UnknownAttribute { flags: *flags, code: *code, value: Box::from(value) })
        }
        _ => Err(Damaged("an attribute has a wrong length")),
    }
}

fn large_octets(community: &LargeCommunity) -> [u8; 12] {
    let [a, b, c] = community.0.map(u32::to_le_bytes);
    [a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3], c[0], c[1], c[2], c[3]]
}

fn large([a, b, c, d, e, f, g, h, i, j, k, l]: [u8; 12]) -> LargeCommunity {
    LargeCommunity([[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> PathAttributes {
        let pair = ("2001:db8::1".parse().unwrap(), "fe80::1".parse().unwrap());
        let mut set = PathAttributes {
            as_path: AsPath::from_asns([Asn(1), Asn(70_000)]),
            communities: [Community(7), Community::NO_EXPORT].into_iter().collect(),
            next_hop: NextHop::V6WithLinkLocal(Box::new(pair)),
            ..PathAttributes::default()
        };
        (set.med, set.local_pref, set.weight) = (Some(0), Some(100), 32768);
        (set.origin, set.atomic_aggregate, set.partial) = (Origin::Incomplete, true, PartialBits(3));
        set.edit_rare(|rare| {
            rare.aggregator = Some(Aggregator { asn: Asn(65001), router_id: RouterId(9) });
            rare.extended_communities = core::iter::once(ExtendedCommunity([1; 8])).collect();
            rare.large_communities = core::iter::once(LargeCommunity([1, 2, 3])).collect();
            rare.ipv6_extended_communities = core::iter::once(Ipv6ExtendedCommunity([5; 20])).collect();
            rare.originator_id = Some(RouterId(4));
            rare.cluster_list = [RouterId(5), RouterId(6)].into_iter().collect();
            (rare.aigp, rare.otc) = (Some(1 << 40), Some(Asn(65002)));
            let unknown = |code| UnknownAttribute { flags: 0xe0, code, value: Box::from([code; 200]) };
            rare.unknown = [unknown(99), unknown(255)].into_iter().collect();
            rare.marks = Marks { tag: 70_000, distance: 5, next_hop: NextHopMark::Own };
        });
        set
    }

    #[test]
    fn every_field_comes_back() {
        for set in [full(), PathAttributes::default()] {
            let mut out = Vec::new();
            set.save(&mut out);
            assert_eq!(PathAttributes::restore(&out), Ok(set));
        }
    }

    #[test]
    fn octets_that_nobody_wrote_are_refused_and_never_panic() {
        let mut out = Vec::new();
        full().save(&mut out);
        for at in 0..out.len() {
            let _ = PathAttributes::restore(&out[..at]);
            for bit in 0..8 {
                let mut flipped = out.clone();
                flipped[at] ^= 1 << bit;
                let _ = PathAttributes::restore(&flipped);
            }
        }
        assert!(PathAttributes::restore(&[200, 0]).is_err());
        assert!(PathAttributes::restore(&[1, 1, 3]).is_err());
    }
}
