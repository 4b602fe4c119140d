//! Feeds: real routes as the UPDATEs of one eBGP speaker of the harness, End-of-RIB last.
//!
//! What changes on the way from the file: the speaker's AS goes in front of the path, the next hop is the speaker's,
//! LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST (which no eBGP speaker sends) are left out. Everything else, unknown
//! attributes too, goes out octet for octet. Routes with equal attributes share UPDATEs of at most 4,096 octets.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::route::emit_net;
use super::source::{Family, Parts};
use crate::bench::encode::{AsWidth, Identity, LONGEST, kind, message};
use crate::bench::scan::attributes;

/// Codes that the speaker writes itself (NEXT_HOP, MP_REACH_NLRI, MP_UNREACH_NLRI) or does not send.
const LEFT_OUT: [u8; 6] = [3, 5, 9, 10, 14, 15];

/// A whole table.
pub fn table(routes: &[(IpNet, Vec<u8>)], speaker: &Identity) -> Vec<u8> {
    let mut order: Vec<Vec<u8>> = Vec::new();
    let mut groups: HashMap<Vec<u8>, (usize, Vec<IpNet>)> = HashMap::new();
    for (prefix, attributes) in routes {
        let attributes = rewritten(attributes, speaker);
        let next = order.len();
        let (_, members) = groups.entry(attributes).or_insert_with_key(|attributes| {
            order.push(attributes.clone());
            (next, Vec::new())
        });
        members.push(*prefix);
    }
    let mut out = Vec::new();
    for attributes in &order {
        announce(&mut out, attributes, &groups[attributes].1, speaker);
    }
    end_of_rib(&mut out, speaker);
    out
}

/// What one peer's stream of UPDATEs says about one family, in its order.
pub fn stream(updates: &[&[u8]], family: Family, speaker: &Identity) -> Vec<u8> {
    let mut out = Vec::new();
    for update in updates {
        let parts = Parts::of(update, family);
        withdraw(&mut out, &parts.withdrawn, family);
        announce(&mut out, &rewritten(parts.attributes, speaker), &parts.announced, speaker);
    }
    out
}

/// Appends UPDATEs that withdraw the prefixes.
fn withdraw(out: &mut Vec<u8>, prefixes: &[IpNet], family: Family) {
    let mut rest = prefixes;
    while !rest.is_empty() {
        let nlri = fill(&mut rest, LONGEST - 23 - 7);
        let body = match family {
            Family::V4 => [&(nlri.len() as u16).to_be_bytes()[..], &nlri, &[0, 0]].concat(),
            Family::V6 => {
                let mut block = Vec::new();
                emit(&mut block, 0x80, 15, &[&[0, 2, 1][..], &nlri].concat());
                [&[0, 0][..], &(block.len() as u16).to_be_bytes(), &block].concat()
            }
        };
        out.extend_from_slice(&message(kind::UPDATE, &body));
    }
}

/// The attributes in the order of their codes, without a next hop.
fn rewritten(bytes: &[u8], speaker: &Identity) -> Vec<u8> {
    let mut kept: Vec<(u8, Vec<u8>)> = Vec::new();
    for attribute in attributes(bytes).filter(|attribute| !LEFT_OUT.contains(&attribute.code)) {
        let value =
            if attribute.code == 2 { prepended(attribute.value, speaker) } else { attribute.value.to_vec() };
        let mut out = Vec::with_capacity(value.len() + 4);
        emit(&mut out, attribute.flags, attribute.code, &value);
        kept.push((attribute.code, out));
    }
    kept.sort_by_key(|(code, _)| *code);
    kept.into_iter().flat_map(|(_, bytes)| bytes).collect()
}

/// An AS_PATH with one more AS in front.
fn prepended(path: &[u8], speaker: &Identity) -> Vec<u8> {
    let (count, rest) = match *path {
        [2, count, ..] if count < 255 => (count + 1, &path[2..]),
        _ => (1, path),
    };
    let mut out = vec![2, count];
    let asn = speaker.asn.to_be_bytes();
    out.extend_from_slice(if speaker.as_width == AsWidth::Two { &asn[2..] } else { &asn });
    out.extend_from_slice(rest);
    out
}

/// Appends an attribute with the length field that its value needs.
fn emit(out: &mut Vec<u8>, flags: u8, code: u8, value: &[u8]) {
    if value.len() > 255 {
        out.extend_from_slice(&[flags | 0x10, code]);
        out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    } else {
        out.extend_from_slice(&[flags & !0x10, code, value.len() as u8]);
    }
    out.extend_from_slice(value);
}

/// Appends UPDATEs that announce the prefixes, all of one family.
fn announce(out: &mut Vec<u8>, attributes: &[u8], prefixes: &[IpNet], speaker: &Identity) {
    let mut rest = prefixes;
    while let Some(first) = rest.first() {
        let ipv6 = matches!(first, IpNet::V6(_));
        let mut block = attributes.to_vec();
        let mut body = vec![0, 0];
        let nlri = match speaker.address {
            IpAddr::V6(next_hop) if ipv6 => {
                let mut reach = vec![0, 2, 1, 16];
                reach.extend_from_slice(&next_hop.octets());
                reach.push(0);
                reach.extend_from_slice(&fill(&mut rest, LONGEST - 23 - attributes.len() - 4 - 21));
                emit(&mut block, 0x80, 14, &reach);
                Vec::new()
            }
            _ => {
                emit(&mut block, 0x40, 3, &speaker.router_id().octets());
                fill(&mut rest, LONGEST - 23 - block.len())
            }
        };
        body.extend_from_slice(&(block.len() as u16).to_be_bytes());
        body.extend_from_slice(&block);
        body.extend_from_slice(&nlri);
        out.extend_from_slice(&message(kind::UPDATE, &body));
    }
}

/// Takes prefixes off the front for as much NLRI as there is room for.
fn fill(rest: &mut &[IpNet], room: usize) -> Vec<u8> {
    let mut nlri = Vec::new();
    while let Some((&prefix, others)) = rest.split_first() {
        if nlri.len() + 1 + usize::from(prefix.prefix_len()).div_ceil(8) > room {
            break;
        }
        emit_net(&mut nlri, prefix);
        *rest = others;
    }
    nlri
}

/// Appends the End-of-RIB marker of the speaker's family, RFC 4724 §2.
fn end_of_rib(out: &mut Vec<u8>, speaker: &Identity) {
    let body: &[u8] =
        if speaker.address.is_ipv6() { &[0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1] } else { &[0, 0, 0, 0] };
    out.extend_from_slice(&message(kind::UPDATE, body));
}

#[cfg(test)]
mod tests {
    use super::super::route::Route;
    use super::super::source::Table;
    use super::*;
    use crate::bench::encode::HEADER;
    use crate::bench::scan::Update;

    fn speaker(address: &str) -> Identity {
        Identity { asn: 64_601, address: address.parse().unwrap(), hold_time_s: 90, as_width: AsWidth::Four }
    }

    #[test]
    fn only_what_must_change_changes() {
        let attributes = [
            0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0x0f, 0x10, 0x40, 3, 4, 1, 2, 3, 4, 0x40, 5, 4, 0, 0, 0,
            100, 0xc0, 99, 1, 7,
        ];
        let prefix: IpNet = "192.0.2.0/24".parse().unwrap();
        let feed = table(&[(prefix, attributes.to_vec())], &speaker("10.1.1.1"));
        let length = usize::from(u16::from_be_bytes([feed[16], feed[17]]));
        let sent = Route::decode(Update::split(&feed[HEADER..length]).attributes);
        let mut expected = Route::decode(&attributes);
        expected.local_pref = None;
        expected.path = vec![(2, vec![64_601, 0x0f10])];
        expected.next_hop = Some("10.1.1.1".parse().unwrap());
        assert_eq!(sent, expected);
        assert_eq!(feed[length..].len(), 23, "End-of-RIB");
    }

    #[test]
    fn a_feed_of_ipv6_routes_has_each_prefix_once() {
        let routes = Table::Slice2015V6.routes().unwrap();
        let feed = table(&routes, &speaker("fd00:1::a01:101"));
        let (mut rest, mut reached) = (&feed[..], 0);
        while !rest.is_empty() {
            let length = usize::from(u16::from_be_bytes([rest[16], rest[17]]));
            assert!(length <= LONGEST);
            let update = Update::split(&rest[HEADER..length]);
            for attribute in attributes(update.attributes).filter(|attribute| attribute.code == 14) {
                let mut nlri = super::super::read::Cursor(&attribute.value[21..]);
                while !nlri.0.is_empty() {
                    super::super::route::net(&mut nlri, Family::V6);
                    reached += 1;
                }
            }
            rest = &rest[length..];
        }
        assert_eq!(reached, routes.len());
    }
}
