//! ExaBGP, as the peer and as the feeder.

use crate::world::{Plan, US_AS};

const HEAD: &str = "process received {\n  run /run/exabgp/received;\n  encoder json;\n}\n";

/// One neighbor block.
struct Neighbor<'a> {
    local: &'a str,
    local_as: u32,
    remote: &'a str,
    remote_as: u32,
    ipv4: bool,
    ipv6: bool,
    /// Options of the block itself.
    options: String,
    capabilities: String,
    /// `(family, route)`
    routes: Vec<(&'static str, String)>,
}

impl Neighbor<'_> {
    fn text(&self) -> String {
        let mut text = format!(
            "neighbor {} {{\n  router-id 10.0.0.{};\n  local-address {};\n  local-as {};\n  peer-as {};\n{}  \
             capability {{\n    asn4 enable;\n    route-refresh enable;\n{}  }}\n  family {{\n",
            self.remote,
            // A router id for each of the feeder's AS numbers, and one for the peer.
            match (self.local.ends_with("11"), self.local.ends_with("10")) {
                (true, _) => 11,
                (_, true) => 10,
                _ => 2,
            },
            self.local,
            self.local_as,
            self.remote_as,
            self.options,
            self.capabilities,
        );
        for (wanted, family) in [(self.ipv4, "ipv4"), (self.ipv6, "ipv6")] {
            if wanted {
                text.push_str(&format!("    {family} unicast;\n"));
            }
        }
        text.push_str("  }\n  api {\n    processes [ received ];\n    neighbor-changes;\n    ");
        text.push_str("receive { parsed; update; refresh; }\n  }\n  announce {\n");
        for family in ["ipv4", "ipv6"] {
            let routes: Vec<&String> = self.routes.iter().filter(|r| r.0 == family).map(|r| &r.1).collect();
            if !routes.is_empty() {
                text.push_str(&format!("    {family} {{\n"));
                routes.iter().for_each(|route| text.push_str(&format!("      unicast {route};\n")));
                text.push_str("    }\n");
            }
        }
        text.push_str("  }\n}\n");
        text
    }
}

/// The configuration of node `them`.
pub(super) fn config(plan: &Plan) -> String {
    let mut text = HEAD.to_string();
    for peering in plan.peerings().into_iter().filter(|peering| peering.with_us) {
        let (mut options, mut capabilities, mut routes) = (String::new(), String::new(), Vec::new());
        if let Some(password) = plan.password {
            options.push_str(&format!("  md5-password \"{password}\";\n"));
        }
        if plan.ttl_security {
            options.push_str("  outgoing-ttl 255;\n  incoming-ttl 255;\n");
        }
        if plan.graceful_restart {
            capabilities.push_str("    graceful-restart 120;\n");
        }
        if !plan.extended_message {
            capabilities.push_str("    extended-message disable;\n");
        }
        if plan.add_path && peering.ipv4 {
            capabilities.push_str("    add-path send/receive;\n");
            options.push_str("  add-path { ipv4 unicast; }\n");
            for (id, path) in [(1, "65002 65020"), (2, "65002 65021 65022")] {
                routes.push((
                    "ipv4",
                    format!(
                        "198.51.101.0/24 next-hop 10.0.1.2 path-information 0.0.0.{id} as-path [ {path} ]"
                    ),
                ));
            }
            routes.push(("ipv4", "10.2.0.0/16 next-hop 10.0.1.2 path-information 0.0.0.1".into()));
        } else if plan.extended_next_hop {
            capabilities.push_str("    nexthop enable;\n");
            options.push_str("  nexthop { ipv4 unicast ipv6; }\n");
            routes.push(("ipv4", "10.2.0.0/16 next-hop fd00:1::2".into()));
        } else if peering.ipv4 {
            routes.push(("ipv4", "10.2.0.0/16 next-hop 10.0.1.2".into()));
        }
        if peering.ipv6 {
            routes.push(("ipv6", "2001:db8:2::/48 next-hop fd00:1::2".into()));
        }
        // It does not pass routes on: what the feeder would say to it, it says itself.
        if let Some(attributes) = plan.feed.as_ref().filter(|_| !plan.add_path && !plan.internal) {
            let attributes = attributes.replace("as-path [ ", "as-path [ 65002 ");
            if peering.ipv4 {
                routes.push(("ipv4", format!("198.51.101.0/24 next-hop 10.0.1.2 {attributes}")));
            } else {
                routes.push(("ipv6", format!("2001:db8:101::/48 next-hop fd00:1::2 {attributes}")));
            }
        }
        let neighbor = Neighbor {
            local: peering.local,
            local_as: plan.them_as(),
            remote: peering.remote,
            remote_as: peering.remote_as,
            ipv4: peering.ipv4,
            ipv6: peering.ipv6,
            options,
            capabilities,
            routes,
        };
        text.push_str(&neighbor.text());
    }
    text
}

/// The configuration of the feeder: 198.51.100.0/24 and 2001:db8:100::/48 to us, the same in 101 to them.
pub(crate) fn feeder(plan: &Plan) -> String {
    let attributes = plan.feed.clone().unwrap_or_default();
    let capabilities = if plan.extended_message {
        "    extended-message enable;\n"
    } else {
        "    extended-message disable;\n"
    };
    let mut text = HEAD.to_string();
    let mut add = |(local, local_as), (remote, remote_as), family: &'static str, route: String| {
        let neighbor = Neighbor {
            local,
            local_as,
            remote,
            remote_as,
            ipv4: family == "ipv4",
            ipv6: family == "ipv6",
            options: String::new(),
            capabilities: capabilities.into(),
            routes: vec![(family, route)],
        };
        text.push_str(&neighbor.text());
    };
    let own = plan.feed_as();
    let us = |prefix: &str, local: &str| format!("{prefix} next-hop {local} {attributes}");
    add(("10.0.2.10", own), ("10.0.2.1", US_AS), "ipv4", us("198.51.100.0/24", "10.0.2.10"));
    add(("fd00:2::10", own), ("fd00:2::1", US_AS), "ipv6", us("2001:db8:100::/48", "fd00:2::10"));
    if !plan.internal {
        let them = plan.them_as();
        add(("10.0.3.10", own), ("10.0.3.2", them), "ipv4", us("198.51.101.0/24", "10.0.3.10"));
        add(("fd00:3::10", own), ("fd00:3::2", them), "ipv6", us("2001:db8:101::/48", "fd00:3::10"));
        if plan.add_path {
            let again =
                |prefix: &str, local: &str| format!("{prefix} next-hop {local} as-path [ 65011 65030 ]");
            add(("10.0.2.11", 65011), ("10.0.2.1", US_AS), "ipv4", again("198.51.100.0/24", "10.0.2.11"));
            add(("10.0.3.11", 65011), ("10.0.3.2", them), "ipv4", again("198.51.101.0/24", "10.0.3.11"));
        }
    }
    text
}
