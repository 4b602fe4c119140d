//! `show ip nht`: every next hop of this family's addresses and the route that leads to it.

use core::net::IpAddr;

use bgp_engine::engine::Peer;
use bgp_engine::rib::NextHopKey;
use bgp_engine::value::{Family, PeerKind};
use ipnet::IpNet;
use serde_json::{Map, Value, json};

use super::routes::entry::{Hop, InKernel, Part, Teller, To, outside_hops};
use super::routes::json::hop_json;
use super::routes::text::push_hop;
use super::text::{push_member, put};
use super::{Layout, Progress, Router, SLICE_OCTETS, Show};

/// The next hops that are tracked.
#[derive(Debug)]
pub struct Tracked {
    layout: Layout,
    family: Family,
    /// Those to come, the next one last.
    rows: Option<Vec<NextHopKey>>,
    first: bool,
}

/// How a next hop is reached.
struct Found {
    protocol: &'static str,
    /// `None` for a link-local one, which needs no route.
    net: Option<IpNet>,
    hops: Vec<Hop>,
}

impl Tracked {
    /// Nothing written yet; next hops of this family's addresses.
    #[must_use]
    pub fn new(layout: Layout, family: Family) -> Self {
        Tracked { layout, family, rows: None, first: true }
    }

    fn begin(&mut self, router: &Router<'_>, out: &mut String) {
        let next_hops = &router.engine.rib().facts.next_hops;
        let (ipv4, name) = match self.family {
            Family::Ipv4Unicast => (true, "ipv4"),
            Family::Ipv6Unicast => (false, "ipv6"),
        };
        let mut rows: Vec<NextHopKey> = next_hops.iter().map(|(key, ..)| key).collect();
        rows.retain(|key| key.address.is_ipv4() == ipv4);
        rows.reverse();
        self.rows = Some(rows);
        let via_default = next_hops.routes.via_default(self.family);
        match self.layout {
            Layout::Text => {
                put!(out, "VRF default:\n Resolve via default: {}\n", if via_default { "on" } else { "off" });
            }
            Layout::Json => {
                put!(
                    out,
                    "{{\n  \"default\":{{\n    \"{name}\":{{\n      \"resolveViaDefault\":{via_default}"
                );
                self.first = false;
            }
        }
    }

    fn push(&mut self, router: &Router<'_>, key: NextHopKey, out: &mut String) {
        let connected = must_be_connected(router, key.address);
        let found = found(router, key);
        match self.layout {
            Layout::Text => {
                put!(out, "{}{}\n", key.address, if connected { "(Connected)" } else { "" });
                match found {
                    Some(Found { protocol, net, hops }) => {
                        put!(out, " resolved via {protocol}");
                        if let Some(net) = net {
                            put!(out, ", prefix {net}");
                        }
                        out.push('\n');
                        for hop in &hops {
                            push_hop(router, hop, out);
                            out.push('\n');
                        }
                    }
                    None => put!(out, " unresolved{}\n", if connected { "(Connected)" } else { "" }),
                }
                out.push_str(" Client list: bgp\n");
            }
            Layout::Json => {
                let mut map = Map::new();
                map.insert("nhtConnected".to_owned(), connected.into());
                let client = json!([{ "protocol": "bgp", "protocolFiltered": "none" }]);
                map.insert("clientList".to_owned(), client);
                let hops = found.iter().flat_map(|found| &found.hops);
                let hops = hops.map(|hop| hop_json(router, InKernel::No, hop)).collect();
                map.insert("nexthops".to_owned(), Value::Array(hops));
                match found {
                    Some(Found { protocol, net, .. }) => {
                        map.insert("resolvedProtocol".to_owned(), protocol.into());
                        if let Some(net) = net {
                            map.insert("prefix".to_owned(), net.to_string().into());
                        }
                    }
                    None => drop(map.insert("unresolved".to_owned(), true.into())),
                }
                push_member(out, &mut self.first, 3, &key.address, &Value::Object(map));
            }
        }
    }
}

/// Whether it is a neighbor that must be on a link of this router.
fn must_be_connected(router: &Router<'_>, address: IpAddr) -> bool {
    let must = |peer: &Peer| {
        let settings = &peer.settings;
        peer.session.config().expected_kind() == Some(PeerKind::External)
            && settings.ebgp_multihop.is_none()
            && settings.disable_connected_check != Some(true)
    };
    router.engine.peers().any(|peer| peer.address == Some(address) && must(peer))
}

/// How a next hop is reached now.
fn found(router: &Router<'_>, key: NextHopKey) -> Option<Found> {
    let routes = &router.engine.rib().facts.next_hops.routes;
    let Some((net, route)) = routes.resolving(key) else {
        // A link-local one is reached while its link is up.
        routes.reach_of(key).metric?;
        let to = To::Link(key.interface);
        let hops = vec![Hop { to, part: Part::Direct, weight: None }];
        return Some(Found { protocol: "connected", net: None, hops });
    };
    let mut hops = outside_hops(routes, &route.ways);
    hops.retain(|hop| hop.part != Part::Resolver);
    let protocol = Teller::Other(route.source.kind()).name();
    Some(Found { protocol, net: Some(net), hops })
}

impl Show for Tracked {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if self.rows.is_none() {
            self.begin(router, out);
        }
        let start = out.len();
        while let Some(key) = self.rows.as_mut().and_then(Vec::pop) {
            // One that no path has any more is tracked no more.
            if router.engine.rib().facts.next_hops.find(key).is_some() {
                self.push(router, key, out);
            }
            if out.len() - start > SLICE_OCTETS {
                return Progress::More;
            }
        }
        if self.layout == Layout::Json {
            out.push_str("\n    }\n  }\n}\n");
        }
        Progress::Done
    }
}
