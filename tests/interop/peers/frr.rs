//! FRR.

use crate::world::Plan;

pub(super) fn config(plan: &Plan) -> String {
    let mut text = format!(
        "frr defaults traditional\nhostname them\n!\nrouter bgp {}\n bgp router-id 10.0.0.2\n \
         no bgp ebgp-requires-policy\n no bgp network import-check\n no bgp default ipv4-unicast\n",
        plan.them_as()
    );
    if plan.graceful_restart {
        text.push_str(" bgp graceful-restart\n");
    }
    let peerings = plan.peerings();
    for peering in &peerings {
        let remote = peering.remote;
        text.push_str(&format!(" neighbor {remote} remote-as {}\n", peering.remote_as));
        text.push_str(&format!(" neighbor {remote} timers connect 2\n"));
        if !peering.with_us {
            continue;
        }
        if let Some(password) = plan.password {
            text.push_str(&format!(" neighbor {remote} password {password}\n"));
        }
        if plan.ttl_security {
            text.push_str(&format!(" neighbor {remote} ttl-security hops 1\n"));
        }
        if plan.extended_next_hop {
            text.push_str(&format!(" neighbor {remote} capability extended-nexthop\n"));
        }
    }
    for (family, network) in [("ipv4", "10.2.0.0/16"), ("ipv6", "2001:db8:2::/48")] {
        text.push_str(&format!(" !\n address-family {family} unicast\n  network {network}\n"));
        for peering in peerings.iter().filter(|p| if family == "ipv4" { p.ipv4 } else { p.ipv6 }) {
            text.push_str(&format!("  neighbor {} activate\n", peering.remote));
            if plan.add_path && peering.with_us {
                text.push_str(&format!("  neighbor {} addpath-tx-all-paths\n", peering.remote));
            }
        }
        text.push_str(" exit-address-family\n");
    }
    text.push_str("!\nline vty\n");
    text
}
