//! What netgauze-bgp-pkt makes of a message. It merges nothing, so only messages of new speakers are compared.

use std::collections::HashMap;

use netgauze_bgp_pkt::BgpMessage;
use netgauze_bgp_pkt::path_attribute::{
    Aggregator, AsPath, AsPathSegmentType, MpReach, MpUnreach, PathAttributeValue,
};
use netgauze_bgp_pkt::wire::deserializer::BgpParsingContext;
use netgauze_parse_utils::reader::SliceReader;
use netgauze_parse_utils::traits::ParseFromWithOneInput;

use crate::differential::{Content, put};
use crate::mrt_messages::Received;

fn path(path: &AsPath) -> Option<String> {
    let AsPath::As4PathSegments(segments) = path else { return None };
    let segments = segments.iter().map(|segment| {
        let asns: Vec<String> = segment.as_numbers().iter().map(ToString::to_string).collect();
        match segment.segment_type() {
            AsPathSegmentType::AsSequence => asns.join(" "),
            AsPathSegmentType::AsSet => format!("{{{}}}", asns.join(",")),
        }
    });
    Some(segments.collect::<Vec<_>>().join(" "))
}

fn put_attribute(content: &mut Content, value: &PathAttributeValue) {
    match value {
        PathAttributeValue::Origin(origin) => put(content, "origin", [(*origin as u8).to_string()]),
        PathAttributeValue::AsPath(value) => put(content, "as path", path(value)),
        PathAttributeValue::NextHop(value) => {
            content.entry("next hop").or_insert(value.next_hop().to_string());
        }
        PathAttributeValue::MultiExitDiscriminator(value) => {
            put(content, "med", [value.metric().to_string()])
        }
        PathAttributeValue::LocalPreference(value) => {
            put(content, "local pref", [value.metric().to_string()])
        }
        PathAttributeValue::AtomicAggregate(_) => put(content, "atomic aggregate", ["yes".to_string()]),
        PathAttributeValue::Aggregator(Aggregator::As4Aggregator(value)) => {
            put(content, "aggregator", [format!("{} {}", value.asn(), value.origin())]);
        }
        PathAttributeValue::Communities(list) => {
            let text =
                list.communities().iter().map(|c| format!("{}:{}", c.value() >> 16, c.value() & 0xffff));
            put(content, "communities", text);
        }
        PathAttributeValue::LargeCommunities(list) => {
            let text = list
                .communities()
                .iter()
                .map(|c| format!("{}:{}:{}", c.global_admin(), c.local_data1(), c.local_data2()));
            put(content, "large", text);
        }
        PathAttributeValue::Originator(value) => put(content, "originator", [value.id().to_string()]),
        PathAttributeValue::ClusterList(value) => {
            put(content, "clusters", value.cluster_list().iter().map(|id| id.id().to_string()));
        }
        PathAttributeValue::OnlyToCustomer(value) => put(content, "otc", [value.asn().to_string()]),
        PathAttributeValue::MpReach(MpReach::Ipv6Unicast { next_hop_global, nlri, .. }) => {
            content.insert("next hop", next_hop_global.to_string());
            put(content, "announced", nlri.iter().map(|net| net.network().address().trunc().to_string()));
        }
        PathAttributeValue::MpUnreach(MpUnreach::Ipv6Unicast { nlri }) => {
            put(content, "withdrawn", nlri.iter().map(|net| net.network().address().trunc().to_string()));
        }
        _ => {}
    }
}

/// What the crate makes of a message; `None` if it refuses it, or if it has what is not compared here.
pub(crate) fn content(received: &Received) -> Option<Content> {
    if !received.four_octet_as {
        return None;
    }
    let mut context = BgpParsingContext::new(true, HashMap::new(), HashMap::new(), true, true, true, true);
    let message = BgpMessage::parse(&mut SliceReader::new(&received.octets), &mut context).ok()?;
    let BgpMessage::Update(update) = message else { return None };
    let mut content = Content::new();
    put(
        &mut content,
        "announced",
        update.nlri().iter().map(|net| net.network().address().trunc().to_string()),
    );
    put(
        &mut content,
        "withdrawn",
        update.withdraw_routes().iter().map(|net| net.network().address().trunc().to_string()),
    );
    for attribute in update.path_attributes() {
        // The crate's types for these keep the octets apart; bgpkit-parser compares them.
        if matches!(attribute.value(), PathAttributeValue::ExtendedCommunities(_)) {
            return None;
        }
        put_attribute(&mut content, attribute.value());
    }
    Some(content)
}
