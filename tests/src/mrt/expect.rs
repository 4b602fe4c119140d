//! What must come out of a router, computed from the files by another crate's parser (bgpkit-parser).
//!
//! The way of a route: the feed's speaker puts its AS in front; the router of AS 65000 refuses what it must; what it
//! sends on has its AS in front, its next hop, and no attribute that ends at an AS border (RFC 4271 §5.1, §9).

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use bgpkit_parser::BgpkitParser;
use bgpkit_parser::models::{
    AsPathSegment, AsnLength, AttrType, Attribute, AttributeValue, Attributes, Bgp4MpEnum, Bgp4MpType,
    BgpMessage, BgpUpdateMessage, Community, MrtMessage, Nlri, Origin, Safi, TableDumpV2Message,
};
use ipnet::IpNet;

use super::read::unpack;
use super::route::{Route, counted_flags};
use super::source::{Family, Speaker, Table};
use crate::bench::daemons::{Kind, ROUTER_AS};
use crate::bench::encode::AsWidth;
use crate::bench::scan;

/// RFC 6793 §9: what an AS number of more than two octets is on a session that has two.
const AS_TRANS: u32 = 23_456;

/// What a router does with a path that the RFCs of later years refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The route is not used.
    Refused,
    /// The route is like any other.
    LetThrough,
}

/// How a router's defaults treat such paths.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// AS_SET in the path, RFC 9774.
    pub as_set: Verdict,
    /// AS 0 in the path, RFC 7607; an AGGREGATOR of AS 0 is discarded with it.
    pub as_zero: Verdict,
}

impl Rules {
    /// The defaults of an implementation.
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Ftbgpd => Self { as_set: Verdict::Refused, as_zero: Verdict::Refused },
            Kind::Bird => Self { as_set: Verdict::LetThrough, as_zero: Verdict::LetThrough },
            Kind::Frr | Kind::Openbgpd | Kind::Gobgp => {
                Self { as_set: Verdict::LetThrough, as_zero: Verdict::Refused }
            }
        }
    }
}

/// What a receiver must have in the end, and why the rest is not there.
#[derive(Debug, Default, Clone)]
pub struct Expected {
    /// Each prefix' route as the receiver must see it.
    pub routes: HashMap<IpNet, Arc<Route>>,
    /// Why routes do not come through, with their number.
    pub refused: BTreeMap<&'static str, usize>,
}

/// The speaker's AS and the router's address towards the receiver.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// The AS of the speaker that sends the feed.
    pub sender_as: u32,
    /// The AS numbers of its session.
    pub as_width: AsWidth,
    /// The next hop that the receiver must see.
    pub next_hop: IpAddr,
    /// The router's rules.
    pub rules: Rules,
}

/// What is expected of a table.
pub fn table(table: Table, way: &Way) -> std::io::Result<Expected> {
    let mut routes: HashMap<IpNet, Attributes> = HashMap::new();
    let mut index = None;
    for_each_message(table.file(), |message| match message {
        MrtMessage::TableDumpV2Message(TableDumpV2Message::PeerIndexTable(peers)) => {
            index = peers.peer_ip_id_map.get(&table.peer()).copied();
        }
        MrtMessage::TableDumpV2Message(TableDumpV2Message::RibAfi(entries)) => {
            let prefix = entries.prefix.prefix;
            if family_of(&prefix) != table.family() {
                return;
            }
            let of_peer = entries.rib_entries.into_iter().filter(|entry| Some(entry.peer_index) == index);
            routes.extend(of_peer.map(|entry| (prefix, entry.attributes)));
        }
        MrtMessage::Bgp4Mp(Bgp4MpEnum::Message(message)) => {
            if let BgpMessage::Update(update) = message.bgp_message {
                for prefix in &update.announced_prefixes {
                    routes.insert(prefix.prefix, update.attributes.clone());
                }
            }
        }
        _ => {}
    })?;
    Ok(carried(routes, way))
}

/// What is expected after each speaker's stream of one family.
pub fn streams(
    file: &str,
    family: Family,
    way: impl Fn(Speaker) -> Option<Way>,
) -> std::io::Result<BTreeMap<Speaker, Expected>> {
    let mut streams: BTreeMap<Speaker, HashMap<IpNet, Attributes>> = BTreeMap::new();
    for_each_message(file, |message| {
        if let MrtMessage::Bgp4Mp(Bgp4MpEnum::Message(message)) = message
            && let BgpMessage::Update(update) = message.bgp_message
        {
            let width = match message.msg_type {
                Bgp4MpType::Message => AsWidth::Two,
                _ => AsWidth::Four,
            };
            let BgpUpdateMessage { mut withdrawn_prefixes, attributes, mut announced_prefixes } = update;
            // A session may carry multicast too (SAFI 2), which nobody here speaks.
            let unicast = |nlri: &&Nlri| nlri.safi == Safi::Unicast;
            let gone = attributes.get_unreachable_nlri().filter(unicast);
            withdrawn_prefixes.extend(gone.into_iter().flat_map(|nlri| &nlri.prefixes));
            let here = attributes.get_reachable_nlri().filter(unicast);
            announced_prefixes.extend(here.into_iter().flat_map(|nlri| &nlri.prefixes));
            let routes = streams.entry((message.peer_ip, width)).or_default();
            for prefix in withdrawn_prefixes {
                routes.remove(&prefix.prefix);
            }
            for prefix in announced_prefixes.iter().filter(|prefix| family_of(&prefix.prefix) == family) {
                routes.insert(prefix.prefix, attributes.clone());
            }
        }
    })?;
    let each = streams.into_iter();
    Ok(each.filter_map(|(speaker, routes)| Some((speaker, carried(routes, &way(speaker)?)))).collect())
}

/// A prefix' family.
fn family_of(prefix: &IpNet) -> Family {
    match prefix {
        IpNet::V4(_) => Family::V4,
        IpNet::V6(_) => Family::V6,
    }
}

/// Reads a file's messages with bgpkit-parser.
fn for_each_message(file: &str, each: impl FnMut(MrtMessage)) -> std::io::Result<()> {
    let bytes = unpack(file)?;
    let parser = BgpkitParser::from_reader(&bytes[..]).disable_warnings();
    parser.into_record_iter().map(|record| record.message).for_each(each);
    Ok(())
}

/// Sends every route on its way.
fn carried(routes: HashMap<IpNet, Attributes>, way: &Way) -> Expected {
    let mut expected = Expected::default();
    for (prefix, attributes) in routes {
        match carry(read(attributes, way.as_width), way) {
            Ok(route) => {
                expected.routes.insert(prefix, Arc::new(route));
            }
            Err(reason) => *expected.refused.entry(reason).or_default() += 1,
        }
    }
    expected
}

/// One route from the file to the receiver.
fn carry(mut route: Route, way: &Way) -> Result<Route, &'static str> {
    route.prepend(way.sender_as);
    if route.names(ROUTER_AS) {
        return Err("the router's own AS in the path");
    }
    if route.has_set() && way.rules.as_set == Verdict::Refused {
        return Err("an AS_SET in the path");
    }
    if route.names(0) && way.rules.as_zero == Verdict::Refused {
        return Err("AS 0 in the path");
    }
    // RFC 1997: NO_EXPORT, NO_ADVERTISE, NO_EXPORT_SUBCONFED do not leave an AS.
    if route.communities.iter().any(|value| (0xffff_ff01..=0xffff_ff03).contains(value)) {
        return Err("a community that keeps it in the AS");
    }
    // RFC 7607 §2: an AGGREGATOR of AS 0 is malformed, RFC 7606 §7.7: and then discarded.
    if way.rules.as_zero == Verdict::Refused {
        route.aggregator = route.aggregator.filter(|(asn, _)| *asn != 0);
    }
    route.prepend(ROUTER_AS);
    route.next_hop = Some(way.next_hop);
    route.med = None;
    route.local_pref = None;
    // RFC 4360 §6: bit 0x40 of the type says non-transitive across ASes.
    route.extended.retain(|community| community[0] & 0x40 == 0);
    // RFC 4271 §5, §9: unknown optional attributes go on with the partial bit if transitive, else not at all.
    // ONLY_TO_CUSTOMER (35, RFC 9234) is known.
    let others = std::mem::take(&mut route.others);
    let passed_on = others.into_iter().filter(|(_, flags, _)| flags & 0x40 != 0);
    route.others = passed_on
        .map(|(code, flags, value)| (code, if code == 35 { flags } else { flags | 0x20 }, value))
        .collect();
    Ok(route)
}

/// What bgpkit-parser has read, in the normal form; what the feed leaves out is left out here too.
///
/// AS4_PATH and AS4_AGGREGATOR count on a session with 2-octet AS numbers alone, and there only if the AGGREGATOR, if
/// any, is of AS_TRANS (RFC 6793 §4.2.3).
fn read(attributes: Attributes, width: AsWidth) -> Route {
    let mut route = Route::default();
    let trans = attributes.iter().all(|value| match value {
        AttributeValue::Aggregator { asn, .. } => u32::from(*asn) == AS_TRANS,
        _ => true,
    });
    let has_as4_aggregator = attributes.has_attr(AttrType::AS4_AGGREGATOR);
    let path = match width {
        AsWidth::Two if trans || !has_as4_aggregator => attributes.effective_as_path(),
        AsWidth::Two | AsWidth::Four => attributes.as_path().cloned(),
    };
    for segment in path.iter().flat_map(|path| path.iter_segments()) {
        let (kind, hops) = match segment {
            AsPathSegment::AsSet(hops) => (1, hops),
            AsPathSegment::AsSequence(hops) => (2, hops),
            AsPathSegment::ConfedSequence(hops) => (3, hops),
            AsPathSegment::ConfedSet(hops) => (4, hops),
        };
        route.push_segment(kind, hops.iter().map(|asn| u32::from(*asn)).collect());
    }
    for attribute in attributes.into_attributes_iter() {
        if let AttributeValue::As4Aggregator { asn, id } = attribute.value {
            if width == AsWidth::Two && trans {
                route.aggregator = Some((u32::from(asn), id));
            }
        } else {
            take_in(&mut route, &attribute);
        }
    }
    route
}

/// An attribute's code, flags and value as octets.
fn octets(attribute: &Attribute) -> (u8, u8, Vec<u8>) {
    let bytes = attribute.encode(AsnLength::Bits32).expect("what was parsed can be encoded");
    let found = scan::attributes(&bytes).next().expect("one attribute");
    (found.code, counted_flags(found.code, found.flags), found.value.to_vec())
}

/// Writes down what one attribute says, the path and the AS4 ones excepted.
fn take_in(route: &mut Route, attribute: &Attribute) {
    match &attribute.value {
        AttributeValue::Origin(origin) => {
            route.origin = match origin {
                Origin::IGP => 0,
                Origin::EGP => 1,
                Origin::INCOMPLETE => 2,
            }
        }
        AttributeValue::MultiExitDiscriminator(med) => route.med = Some(*med),
        AttributeValue::AtomicAggregate => route.atomic = true,
        AttributeValue::Aggregator { asn, id } => {
            route.aggregator = route.aggregator.or(Some((u32::from(*asn), *id)));
        }
        AttributeValue::Communities(values) => {
            route.communities = values.iter().map(community).collect();
        }
        AttributeValue::ExtendedCommunities(_) => {
            let (_, _, value) = octets(attribute);
            let chunks = value.chunks_exact(8);
            route.extended = chunks.map(|chunk| chunk.try_into().expect("eight octets")).collect();
        }
        AttributeValue::LargeCommunities(values) => {
            let flat = |value: &bgpkit_parser::models::LargeCommunity| {
                [value.global_admin, value.local_data[0], value.local_data[1]]
            };
            route.large = values.iter().map(flat).collect();
        }
        AttributeValue::AsPath(_)
        | AttributeValue::NextHop(_)
        | AttributeValue::LocalPreference(_)
        | AttributeValue::OriginatorId(_)
        | AttributeValue::Clusters(_)
        | AttributeValue::MpReachNlri(_)
        | AttributeValue::MpUnreachNlri(_)
        | AttributeValue::As4Path(_)
        | AttributeValue::As4Aggregator { .. } => {}
        _ => {
            route.others.insert(octets(attribute));
        }
    }
}

/// A community as a number.
fn community(value: &Community) -> u32 {
    match value {
        Community::NoExport => 0xffff_ff01,
        Community::NoAdvertise => 0xffff_ff02,
        Community::NoExportSubConfed => 0xffff_ff03,
        Community::Custom(asn, low) => u32::from(*asn) << 16 | u32::from(*low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn way(as_set: Verdict, as_zero: Verdict) -> Way {
        let next_hop = Ipv4Addr::new(10, 2, 0, 1).into();
        Way { sender_as: 64_601, as_width: AsWidth::Four, next_hop, rules: Rules { as_set, as_zero } }
    }

    #[test]
    fn the_transfer_of_2015_gives_the_counts_that_the_readme_says() {
        let strict = table(Table::Transfer2015, &way(Verdict::Refused, Verdict::Refused)).unwrap();
        assert_eq!(strict.routes.len(), 577_442);
        let counts: Vec<usize> = strict.refused.values().copied().collect();
        assert_eq!(counts, [4, 177, 83], "{:?}", strict.refused);
    }

    #[test]
    fn both_parsers_read_the_slice_of_2015_alike() {
        let rules = Rules { as_set: Verdict::LetThrough, as_zero: Verdict::LetThrough };
        let ours = Table::Slice2015V6.routes().unwrap();
        let next_hop = "fd00:2::1".parse().unwrap();
        let theirs =
            table(Table::Slice2015V6, &Way { rules, next_hop, ..way(Verdict::Refused, Verdict::Refused) })
                .unwrap();
        assert_eq!(ours.len(), theirs.routes.len() + theirs.refused.values().sum::<usize>());
        for (prefix, attributes) in ours {
            let Some(expected) = theirs.routes.get(&prefix) else { continue };
            let read = Route::decode(&attributes);
            assert_eq!(read.communities, expected.communities, "{prefix}");
            assert_eq!(read.aggregator, expected.aggregator, "{prefix}");
            assert_eq!(read.path.concat_hops(), expected.path.concat_hops()[2..], "{prefix}");
        }
    }

    /// All AS numbers of a path.
    trait Hops {
        fn concat_hops(&self) -> Vec<u32>;
    }

    impl Hops for Vec<super::super::route::Segment> {
        fn concat_hops(&self) -> Vec<u32> {
            self.iter().flat_map(|(_, hops)| hops.iter().copied()).collect()
        }
    }
}
