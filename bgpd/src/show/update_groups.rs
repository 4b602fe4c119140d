//! `show bgp update-groups`: neighbors that are told the same.

use bgp_engine::value::{Family, PeerId};
use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::{Value, json};

use super::path::instance;
use super::text::{push_member, put};
use super::{Layout, Progress, Router, Show, Shown, refuse};

/// The groups of one family or of all; a family a slice.
#[derive(Debug)]
pub struct UpdateGroups {
    layout: Layout,
    /// The families to come, the next one last.
    families: Vec<Family>,
    began: bool,
    first: bool,
}

impl UpdateGroups {
    /// Nothing written yet. Without a family: of all.
    #[must_use]
    pub fn new(layout: Layout, family: Option<Family>) -> Self {
        let mut families: Vec<Family> =
            Family::ALL.into_iter().filter(|f| family.is_none_or(|wanted| wanted == *f)).collect();
        families.reverse();
        UpdateGroups { layout, families, began: false, first: true }
    }

    fn push_family<N: Shown>(&mut self, router: &Router<'_>, out: &mut String) {
        for (at, group) in N::rib(router).groups() {
            let id = group_number(N::FAMILY, at);
            let members: Vec<PeerId> = group.members().collect();
            let mrai = members.iter().filter_map(|&peer| interval(router, peer)).max().unwrap_or(0);
            let names: Vec<String> = members.iter().filter_map(|&peer| name(router, peer)).collect();
            let version = group.slowest();
            let count = members.iter().map(|&peer| group.advertised_to(peer)).max().unwrap_or(0);
            let most = group.export.dialect.max_len();
            match self.layout {
                Layout::Text => {
                    put!(out, "Update-group {id}:\n  Address family: {}\n", N::FAMILY);
                    put!(out, "  MRAI value (seconds): {mrai}\n\n  Update-subgroup {id}:\n");
                    put!(out, "    Version: {version}\n    Packet queue length: 0\n");
                    put!(out, "    Adj-out list count: {count}\n    Max packet size: {most}\n    Peers:\n");
                    for name in names {
                        put!(out, "      - {name}\n");
                    }
                }
                Layout::Json => {
                    let afi = if N::FAMILY == Family::Ipv4Unicast { "IPv4" } else { "IPv6" };
                    let value: Value = json!({
                        "afi": afi,
                        "safi": "unicast",
                        "mraiInterval": mrai,
                        "subGroup": [{
                            "subGroupId": id,
                            "version": version,
                            "packetQueueInfo": { "currentCount": 0 },
                            "adjListCount": count,
                            "maxPacketSize": most,
                            "peers": names,
                        }],
                    });
                    push_member(out, &mut self.first, 2, &id, &value);
                }
            }
        }
    }
}

/// What a group is called by: different in each family.
#[must_use]
pub const fn group_number(family: Family, at: usize) -> usize {
    2 * at + family as usize + 1
}

fn name(router: &Router<'_>, peer: PeerId) -> Option<String> {
    router.engine.peer_by_id(peer).map(|peer| peer.name.to_string())
}

fn interval(router: &Router<'_>, peer: PeerId) -> Option<u16> {
    router.engine.peer_by_id(peer)?.settings.advertisement_interval_s
}

impl Show for UpdateGroups {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if instance(router).is_none() {
            return refuse(self.layout, "BGP instance not found", out);
        }
        let json = self.layout == Layout::Json;
        if !core::mem::replace(&mut self.began, true) && json {
            out.push_str("{\n  \"default\":{");
        }
        match self.families.pop() {
            Some(Family::Ipv4Unicast) => self.push_family::<Ipv4Net>(router, out),
            Some(Family::Ipv6Unicast) => self.push_family::<Ipv6Net>(router, out),
            None => {
                out.push_str(if json { "\n  }\n}\n" } else { "" });
                return Progress::Done;
            }
        }
        Progress::More
    }
}
