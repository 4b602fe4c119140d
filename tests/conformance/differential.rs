//! Real update streams, decoded here and by two other crates, compared attribute by attribute where all accept.

use std::collections::{BTreeMap, BTreeSet};

use bgp_engine::value::PeerKind;
use bgp_engine::wire::{self, Dialect, Disposition, Message, UpdateMessage, frame};

use ipnet::IpNet;

use crate::fields::open_minded;
use crate::mrt_messages::{Received, messages};
use crate::oracles::{bgpkit, netgauze};

/// A message's content, each part as a text of its own. What is absent or empty has no entry.
pub(crate) type Content = BTreeMap<&'static str, String>;

/// Puts a list's items into a content.
pub(crate) fn put(content: &mut Content, name: &'static str, items: impl IntoIterator<Item = String>) {
    let text = items.into_iter().collect::<Vec<_>>().join(" ");
    if !text.is_empty() {
        content.entry(name).and_modify(|present| *present = format!("{present} {text}")).or_insert(text);
    }
}

fn prefixes(update: &UpdateMessage<'_>, content: &mut Content) {
    let announced = [Some(update.announced), update.mp_announced].into_iter().flatten();
    let withdrawn = [Some(update.withdrawn), update.mp_withdrawn].into_iter().flatten();
    for nlri in announced {
        put(content, "announced", nlri.v4().map(|(_, net)| net.to_string()));
        put(content, "announced", nlri.v6().map(|(_, net)| net.to_string()));
    }
    for nlri in withdrawn {
        put(content, "withdrawn", nlri.v4().map(|(_, net)| net.to_string()));
        put(content, "withdrawn", nlri.v6().map(|(_, net)| net.to_string()));
    }
}

fn ours(update: &UpdateMessage<'_>) -> Content {
    let mut content = Content::new();
    prefixes(update, &mut content);
    let Some(set) = &update.attributes else { return content };
    let rare = set.rare();
    put(&mut content, "origin", [(set.origin as u8).to_string()]);
    put(&mut content, "as path", [set.as_path.to_string()]);
    put(&mut content, "next hop", set.next_hop.address().map(|address| address.to_string()));
    put(&mut content, "med", set.med.map(|med| med.to_string()));
    put(&mut content, "local pref", set.local_pref.map(|pref| pref.to_string()));
    put(&mut content, "atomic aggregate", set.atomic_aggregate.then(|| "yes".to_string()));
    put(&mut content, "aggregator", rare.aggregator.map(|aggregator| aggregator.to_string()));
    put(
        &mut content,
        "communities",
        set.communities.iter().map(|c| format!("{}:{}", c.0 >> 16, c.0 & 0xffff)),
    );
    put(&mut content, "extended", rare.extended_communities.iter().map(|c| format!("{:02x?}", c.0)));
    put(&mut content, "large", rare.large_communities.iter().map(ToString::to_string));
    put(&mut content, "originator", rare.originator_id.map(|id| id.to_string()));
    put(&mut content, "clusters", rare.cluster_list.iter().map(ToString::to_string));
    put(&mut content, "otc", rare.otc.map(|asn| asn.to_string()));
    content
}

/// The dialect in which the sender's attributes are whole: an internal peer's have LOCAL_PREF.
fn dialect(received: &Received) -> Dialect {
    let internal = Dialect { four_octet_as: received.four_octet_as, ..open_minded() };
    let external = Dialect { peer: PeerKind::External, ..internal };
    let frame = frame::next(&received.octets, internal.max_len()).unwrap().unwrap();
    match wire::parse(&frame, &internal) {
        Ok(Message::Update(update)) if update.disposition.is_none() => internal,
        _ => external,
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    updates: usize,
    /// Distinct announced prefixes.
    distinct: usize,
    announced: usize,
    withdrawn: usize,
    /// Messages that have a fault here: they are not compared.
    faulty: usize,
    by_bgpkit: usize,
    by_netgauze: usize,
}

/// Compares every message of a stream with both decoders.
fn compare(name: &str) -> Tally {
    let mut tally = Tally::default();
    let mut distinct: BTreeSet<IpNet> = BTreeSet::new();
    for received in messages(name) {
        let dialect = dialect(&received);
        let frame = frame::next(&received.octets, dialect.max_len()).unwrap().unwrap();
        let Message::Update(update) =
            wire::parse(&frame, &dialect).unwrap_or_else(|error| panic!("{name}: {error}"))
        else {
            continue;
        };
        tally.updates += 1;
        tally.announced += update.announced.count() + update.mp_announced.map_or(0, |nlri| nlri.count());
        tally.withdrawn += update.withdrawn.count() + update.mp_withdrawn.map_or(0, |nlri| nlri.count());
        distinct.extend(update.announced.v4().map(|(_, net)| IpNet::from(net)));
        distinct
            .extend(update.mp_announced.iter().flat_map(|nlri| nlri.v6()).map(|(_, net)| IpNet::from(net)));
        if update.disposition >= Some(Disposition::AttributeDiscard) {
            tally.faulty += 1;
            continue;
        }
        let ours = ours(&update);
        if let Some(theirs) = bgpkit::content(&received) {
            tally.by_bgpkit += 1;
            assert_eq!(ours, theirs, "{name}: bgpkit-parser differs on {:02x?}", received.octets);
        }
        if let Some(theirs) = netgauze::content(&received) {
            tally.by_netgauze += 1;
            assert_eq!(ours, theirs, "{name}: netgauze-bgp-pkt differs on {:02x?}", received.octets);
        }
    }
    tally.distinct = distinct.len();
    println!(
        "{name}: {} UPDATEs, {} with a fault, compared with bgpkit-parser {}, with netgauze-bgp-pkt {}",
        tally.updates, tally.faulty, tally.by_bgpkit, tally.by_netgauze
    );
    tally
}

#[test]
fn a_full_transfer_is_decoded_as_others_decode_it() {
    let tally = compare("transfer-2015.mrt.gz");
    assert_eq!((tally.updates, tally.distinct), (89_679, 577_706));
    assert_eq!(tally.faulty, 4, "four paths hold AS 0");
    assert_eq!(tally.by_bgpkit, 89_675);
    assert!(tally.by_netgauze > 85_000, "it refuses a few, and extended communities are left to the other");
}

#[test]
fn an_update_stream_of_2026_is_decoded_as_others_decode_it() {
    let tally = compare("updates-2026.mrt.bz2");
    assert_eq!((tally.announced, tally.withdrawn), (111_057, 7_606));
    assert_eq!((tally.faulty, tally.by_bgpkit), (0, tally.updates));
    assert!(tally.by_netgauze > 45_000);
}

#[test]
fn streams_with_old_and_new_speakers_and_ipv6_are_decoded_as_others_decode_them() {
    assert_eq!(compare("updates-2016.mrt.gz").announced, 39_256);
    assert_eq!(compare("updates-2013.mrt.bz2").announced, 126_042);
}
