//! What bgpkit-parser makes of a message.

use bgpkit_parser::models::{
    AsPath, AsPathSegment, AsnLength, Attribute, AttributeValue, BgpMessage, Community, NetworkPrefix,
    NextHopAddress, Nlri, Origin, Safi,
};
use bgpkit_parser::parser::bgp::parse_bgp_message;
use bytes::Bytes;

use crate::differential::{Content, put};
use crate::mrt_messages::Received;

fn asns(asns: &[bgpkit_parser::models::Asn], between: &str) -> String {
    asns.iter().map(|asn| u32::from(*asn).to_string()).collect::<Vec<_>>().join(between)
}

fn path(path: &AsPath) -> String {
    let segments = path.segments.iter().map(|segment| match segment {
        AsPathSegment::AsSequence(list) => asns(list, " "),
        AsPathSegment::AsSet(list) => format!("{{{}}}", asns(list, ",")),
        AsPathSegment::ConfedSequence(list) => format!("({})", asns(list, " ")),
        AsPathSegment::ConfedSet(list) => format!("[{}]", asns(list, ",")),
    });
    segments.collect::<Vec<_>>().join(" ")
}

fn community(community: &Community) -> String {
    match community {
        Community::NoExport => "65535:65281".into(),
        Community::NoAdvertise => "65535:65282".into(),
        Community::NoExportSubConfed => "65535:65283".into(),
        Community::Custom(asn, value) => format!("{}:{value}", u32::from(*asn)),
    }
}

fn prefix(prefix: &NetworkPrefix) -> String {
    // Others keep the bits after the length as they came.
    prefix.prefix.trunc().to_string()
}

/// Each extended community's octets, by way of the crate's own encoder.
fn extended(value: &AttributeValue) -> Vec<String> {
    let octets = Attribute::from(value.clone()).encode(AsnLength::Bits32).unwrap();
    let header = if octets[0] & 0x10 == 0 { 3 } else { 4 };
    octets[header..].chunks(8).map(|community| format!("{community:02x?}")).collect()
}

fn put_attribute(content: &mut Content, value: &AttributeValue) {
    match value {
        AttributeValue::Origin(origin) => {
            let code = match origin {
                Origin::IGP => 0,
                Origin::EGP => 1,
                Origin::INCOMPLETE => 2,
            };
            put(content, "origin", [code.to_string()]);
        }
        AttributeValue::MultiExitDiscriminator(med) => put(content, "med", [med.to_string()]),
        AttributeValue::LocalPreference(pref) => put(content, "local pref", [pref.to_string()]),
        AttributeValue::OnlyToCustomer(asn) => put(content, "otc", [u32::from(*asn).to_string()]),
        AttributeValue::AtomicAggregate => put(content, "atomic aggregate", ["yes".to_string()]),
        AttributeValue::Communities(list) => put(content, "communities", list.iter().map(community)),
        AttributeValue::ExtendedCommunities(_) => put(content, "extended", extended(value)),
        AttributeValue::LargeCommunities(list) => {
            let text = |large: &bgpkit_parser::models::LargeCommunity| {
                format!("{}:{}:{}", large.global_admin, large.local_data[0], large.local_data[1])
            };
            put(content, "large", list.iter().map(text));
        }
        AttributeValue::OriginatorId(id) => put(content, "originator", [id.to_string()]),
        AttributeValue::Clusters(list) => {
            put(content, "clusters", list.iter().map(|id| std::net::Ipv4Addr::from_bits(*id).to_string()));
        }
        AttributeValue::MpReachNlri(nlri) => {
            put(content, "announced", nlri.prefixes.iter().map(prefix));
            let next_hop = match &nlri.next_hop {
                Some(NextHopAddress::Ipv6(global) | NextHopAddress::Ipv6LinkLocal(global, _)) => {
                    global.to_string()
                }
                other => format!("{other:?}"),
            };
            content.insert("next hop", next_hop);
        }
        AttributeValue::MpUnreachNlri(nlri) => put(content, "withdrawn", nlri.prefixes.iter().map(prefix)),
        _ => {}
    }
}

/// What the crate makes of a message; `None` if it refuses it, warns of something in it, or if it has
/// prefixes of a family that this router has not.
pub(crate) fn content(received: &Received) -> Option<Content> {
    let asn_len = if received.four_octet_as { AsnLength::Bits32 } else { AsnLength::Bits16 };
    let message = parse_bgp_message(&mut Bytes::copy_from_slice(&received.octets), false, &asn_len).ok()?;
    let BgpMessage::Update(update) = message else { return None };
    let attributes = &update.attributes;
    let other_family = |nlri: Option<&Nlri>| nlri.is_some_and(|nlri| nlri.safi != Safi::Unicast);
    if attributes.has_validation_warnings()
        || other_family(attributes.get_reachable_nlri())
        || other_family(attributes.get_unreachable_nlri())
    {
        return None;
    }
    let mut content = Content::new();
    put(&mut content, "announced", update.announced_prefixes.iter().map(prefix));
    put(&mut content, "withdrawn", update.withdrawn_prefixes.iter().map(prefix));
    put(&mut content, "as path", attributes.effective_as_path().map(|p| path(&p)));
    put(
        &mut content,
        "aggregator",
        attributes.aggregator().map(|(asn, id)| format!("{} {id}", u32::from(asn))),
    );
    put(&mut content, "next hop", attributes.next_hop().map(|address| address.to_string()));
    attributes.iter().for_each(|value| put_attribute(&mut content, value));
    Some(content)
}
