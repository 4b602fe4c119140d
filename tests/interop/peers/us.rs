//! Ours.

use crate::world::{Plan, US_AS};

/// The configuration of node `us`.
pub(crate) fn config(plan: &Plan) -> String {
    let mut text = format!(
        "hostname us\n!\nrouter bgp {US_AS}\n bgp router-id 10.0.0.1\n no bgp ebgp-requires-policy\n \
         no bgp network import-check\n no bgp default ipv4-unicast\n"
    );
    if plan.graceful_restart {
        text.push_str(" bgp graceful-restart\n");
    }
    let mut neighbors: Vec<(&str, u32, bool, bool)> = plan
        .peerings()
        .iter()
        .filter(|p| p.with_us)
        .map(|p| (p.local, plan.them_as(), p.ipv4, p.ipv6))
        .collect();
    let them = neighbors.len();
    if plan.feed.is_some() {
        neighbors.push(("10.0.2.10", plan.feed_as(), true, false));
        neighbors.push(("fd00:2::10", plan.feed_as(), false, true));
        if plan.add_path {
            neighbors.push(("10.0.2.11", 65011, true, false));
        }
    }
    for (place, (address, asn, ..)) in neighbors.iter().enumerate() {
        text.push_str(&format!(
            " neighbor {address} remote-as {asn}\n neighbor {address} timers connect 2\n"
        ));
        if place >= them {
            continue;
        }
        if let Some(password) = plan.password {
            text.push_str(&format!(" neighbor {address} password {password}\n"));
        }
        if plan.ttl_security {
            text.push_str(&format!(" neighbor {address} ttl-security hops 1\n"));
        }
        if plan.extended_next_hop {
            text.push_str(&format!(" neighbor {address} capability extended-nexthop\n"));
        }
    }
    for (family, network) in [("ipv4", "10.1.0.0/16"), ("ipv6", "2001:db8:1::/48")] {
        text.push_str(&format!(" !\n address-family {family} unicast\n  network {network}\n"));
        for (place, (address, _, ipv4, ipv6)) in neighbors.iter().enumerate() {
            if !(if family == "ipv4" { *ipv4 } else { *ipv6 }) {
                continue;
            }
            text.push_str(&format!("  neighbor {address} activate\n"));
            if plan.internal {
                text.push_str(&format!("  neighbor {address} route-reflector-client\n"));
            }
            if plan.add_path && place < them {
                text.push_str(&format!("  neighbor {address} addpath-tx-all-paths\n"));
            }
        }
        text.push_str(" exit-address-family\n");
    }
    text.push_str("!\n");
    text
}
