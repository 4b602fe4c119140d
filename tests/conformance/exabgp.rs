//! ExaBGP's encoding tests: what it expects of a message is what is read here, and what is written again is
//! equivalent.

use std::net::{IpAddr, Ipv4Addr};

use bgp_engine::attr::PathAttributes;
use bgp_engine::value::{Family, Net, PathId, PeerKind, PerFamily};
use bgp_engine::wire::update::{Announcement, emit_attributes};
use bgp_engine::wire::{Dialect, Disposition, Message, Nlri, UpdateMessage, frame, parse};
use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::{Map, Value};

use crate::fields::{octets, open_minded, text};

/// The messages that are refused or treated as withdrawn, by the reason: RFCs are on our side.
const NOT_TAKEN: [(&str, &str); 5] = [
    // Next hops that are no host's: RFC 4271 §6.3.
    ("next hop 255.255.255.255", "400304FFFFFFFF"),
    ("next hop 127.0.0.1", "4003047F000001"),
    // An attribute that is marked well-known and that nobody knows: RFC 4271 §6.3.
    ("well-known attribute 0x99", "609904"),
    ("well-known attribute 0x99, long", "70990004"),
    // An IPv4 next hop for an IPv6 prefix: RFC 8950 has it the other way round only.
    ("IPv6 prefix, IPv4 next hop", "00020104AAAAAAAA"),
];

struct Vector {
    file: String,
    raw: String,
    stream: Vec<u8>,
    update: Map<String, Value>,
    dialect: Dialect,
}

fn strings(value: &Value) -> String {
    value.to_string()
}

/// The UPDATE vectors that speak of nothing but the families that this router has.
fn vectors() -> Vec<Vector> {
    let all: Value = serde_json::from_str(&text("vectors/exabgp-encoding.json")).unwrap();
    let vectors = all.as_array().unwrap().iter().filter_map(|vector| {
        let json = match vector.get("json")? {
            Value::String(json) => serde_json::from_str(json).unwrap(),
            json => json.clone(),
        };
        let update = json["neighbor"]["message"]["update"].as_object()?.clone();
        let families: Vec<&String> = ["announce", "withdraw"]
            .iter()
            .filter_map(|key| update.get(*key)?.as_object())
            .flat_map(Map::keys)
            .collect();
        if !families.iter().all(|family| ["ipv4 unicast", "ipv6 unicast"].contains(&family.as_str())) {
            return None;
        }
        let add_path = strings(&Value::Object(update.clone())).contains("path-information");
        let add_path = PerFamily([add_path, add_path]);
        let raw = vector["raw"].as_str().unwrap().to_uppercase().replace(':', "");
        let is_internal = update.get("attribute").is_none_or(|set| set.get("local-preference").is_some());
        let peer = if is_internal { PeerKind::Internal } else { PeerKind::External };
        let dialect = Dialect { peer, add_path_rx: add_path, add_path_tx: add_path, ..open_minded() };
        Some(Vector { file: vector["file"].to_string(), stream: octets(&raw), raw, update, dialect })
    });
    vectors.collect()
}

fn read(vector: &Vector) -> Result<UpdateMessage<'_>, String> {
    let frame = frame::next(&vector.stream, frame::MAX_LEN).unwrap().unwrap();
    match parse(&frame, &vector.dialect) {
        Ok(Message::Update(update)) => Ok(update),
        other => Err(format!("{other:?}")),
    }
}

fn path_id(entry: &Value) -> PathId {
    let id = entry.get("path-information").and_then(Value::as_str);
    PathId(id.map_or(0, |id| id.parse::<Ipv4Addr>().unwrap().to_bits()))
}

/// The prefixes that the JSON tells for a family, with their next hops where announced.
fn expected_prefixes(
    update: &Map<String, Value>,
    key: &str,
    family: &str,
) -> Vec<(Option<IpAddr>, PathId, String)> {
    let entry =
        |next_hop, entry: &Value| (next_hop, path_id(entry), entry["nlri"].as_str().unwrap().to_string());
    match update.get(key).and_then(|part| part.get(family)) {
        None => Vec::new(),
        Some(Value::Array(entries)) => entries.iter().map(|e| entry(None, e)).collect(),
        Some(by_next_hop) => {
            let by_next_hop = by_next_hop.as_object().unwrap().iter();
            by_next_hop
                .flat_map(|(next_hop, entries)| {
                    entries.as_array().unwrap().iter().map(move |e| entry(Some(next_hop.parse().unwrap()), e))
                })
                .collect()
        }
    }
}

fn prefixes<N: Net>(
    nlri: &[Option<Nlri<'_>>],
    next_hop: Option<IpAddr>,
) -> Vec<(Option<IpAddr>, PathId, String)> {
    let nets = nlri.iter().flatten().flat_map(Nlri::iter::<N>);
    nets.map(|(id, net)| (next_hop, id, net.to_string())).collect()
}

fn check_prefixes(vector: &Vector, update: &UpdateMessage<'_>) {
    let next_hop = update.attributes.as_ref().and_then(|set| set.next_hop.address());
    let announced = [Some(update.announced), update.mp_announced];
    let withdrawn = [Some(update.withdrawn), update.mp_withdrawn];
    let seen = [
        prefixes::<Ipv4Net>(&announced, next_hop),
        prefixes::<Ipv6Net>(&announced, next_hop),
        prefixes::<Ipv4Net>(&withdrawn, None),
        prefixes::<Ipv6Net>(&withdrawn, None),
    ];
    let expected = [
        expected_prefixes(&vector.update, "announce", "ipv4 unicast"),
        expected_prefixes(&vector.update, "announce", "ipv6 unicast"),
        expected_prefixes(&vector.update, "withdraw", "ipv4 unicast"),
        expected_prefixes(&vector.update, "withdraw", "ipv6 unicast"),
    ];
    assert_eq!(seen, expected, "{} {}", vector.file, vector.raw);
}

/// The attributes in the JSON's form.
fn as_json(set: &PathAttributes) -> Map<String, Value> {
    let mut json = Map::new();
    json.insert("origin".into(), set.origin.to_string().to_lowercase().into());
    set.local_pref.into_iter().for_each(|value| drop(json.insert("local-preference".into(), value.into())));
    set.med.into_iter().for_each(|value| drop(json.insert("med".into(), value.into())));
    if !set.communities.is_empty() {
        let list = set.communities.iter().map(|c| vec![c.0 >> 16, c.0 & 0xffff]);
        json.insert("community".into(), list.collect::<Vec<_>>().into());
    }
    if !set.rare().large_communities.is_empty() {
        let list = set.rare().large_communities.iter().map(|large| large.0.to_vec());
        json.insert("large-community".into(), list.collect::<Vec<_>>().into());
    }
    if !set.rare().extended_communities.is_empty() {
        let list = set.rare().extended_communities.iter().map(|c| u64::from_be_bytes(c.0));
        json.insert("extended-community".into(), list.collect::<Vec<_>>().into());
    }
    if !set.as_path.is_empty() {
        let asns: Vec<u32> = set.as_path.asns().map(|asn| asn.0).collect();
        json.insert("as-path".into(), asns.into());
    }
    json
}

/// ExaBGP's attributes, its own readings of a value beside the value left out.
fn expected_attributes(update: &Map<String, Value>) -> Map<String, Value> {
    let mut expected = update.get("attribute").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(list) = expected.get("extended-community").and_then(Value::as_array) {
        let values: Vec<Value> = list.iter().map(|entry| entry["value"].clone()).collect();
        expected.insert("extended-community".into(), values.into());
    }
    if let Some(path) = expected.get("as-path").and_then(Value::as_object) {
        let asns = path.values().flat_map(|segment| segment["value"].as_array().unwrap().clone());
        expected.insert("as-path".into(), asns.collect::<Vec<_>>().into());
    }
    expected
}

fn is_not_taken(vector: &Vector) -> Option<&'static str> {
    NOT_TAKEN.iter().find(|(_, octets)| vector.raw.contains(octets)).map(|(reason, _)| *reason)
}

fn sorted(map: Map<String, Value>) -> Vec<(String, Value)> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries
}

#[test]
fn what_exabgp_expects_is_read() {
    let mut seen = 0;
    for vector in vectors() {
        let update = read(&vector);
        if let Some(reason) = is_not_taken(&vector) {
            let taken = update.is_ok_and(|update| update.disposition < Some(Disposition::TreatAsWithdraw));
            assert!(!taken, "{}: taken in spite of: {reason}", vector.file);
            continue;
        }
        let update = update.unwrap_or_else(|error| panic!("{} {}: {error}", vector.file, vector.raw));
        assert_eq!(update.errors, [], "{} {}", vector.file, vector.raw);
        check_prefixes(&vector, &update);
        let attributes = update.attributes.as_ref().map(as_json).unwrap_or_default();
        let expected = expected_attributes(&vector.update);
        assert_eq!(sorted(attributes), sorted(expected), "{} {}", vector.file, vector.raw);
        seen += 1;
    }
    assert_eq!(seen, 53, "every vector of our families but those in the table");
}

fn emit<N: Net>(set: &PathAttributes, nlri: Nlri<'_>, dialect: &Dialect) -> Vec<u8> {
    let (mut blob, mut out) = (Vec::new(), Vec::new());
    emit_attributes(set, dialect, N::FAMILY, &mut blob);
    let mut message = Announcement::begin(&mut out, &blob, &set.next_hop, N::FAMILY, dialect).unwrap();
    nlri.iter::<N>().for_each(|(id, net)| assert!(message.push(id, net)));
    message.finish();
    out
}

#[test]
fn what_is_written_again_is_equivalent() {
    for vector in vectors().iter().filter(|vector| is_not_taken(vector).is_none()) {
        let update = read(vector).unwrap();
        let Some(set) = &update.attributes else { continue };
        let nlri = update.mp_announced.unwrap_or(update.announced);
        let out = match nlri.family {
            Family::Ipv4Unicast => emit::<Ipv4Net>(set, nlri, &vector.dialect),
            Family::Ipv6Unicast => emit::<Ipv6Net>(set, nlri, &vector.dialect),
        };
        let again = Vector {
            file: vector.file.clone(),
            raw: vector.raw.clone(),
            stream: out,
            update: vector.update.clone(),
            dialect: vector.dialect,
        };
        let again_update = read(&again).unwrap();
        assert_eq!(again_update.attributes, update.attributes, "{}", vector.file);
        check_prefixes(&again, &again_update);
        if update.mp_announced.is_none() && vector.raw.len() == again.stream.len() * 2 {
            assert_eq!(again.stream, vector.stream, "{}: the same order, the same octets", vector.file);
        }
    }
}
