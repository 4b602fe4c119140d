//! OpenBGPD.

use crate::world::Plan;

pub(super) fn config(plan: &Plan) -> String {
    let mut text = format!(
        "AS {}\nrouter-id 10.0.0.2\nfib-update no\nconnect-retry 2\nnexthop qualify via default\n\
         network 10.2.0.0/16\nnetwork 2001:db8:2::/48\n",
        plan.them_as()
    );
    for peering in plan.peerings() {
        let family = |wanted: bool| if wanted { "unicast" } else { "none" };
        text.push_str(&format!(
            "neighbor {} {{\n\tremote-as {}\n\tlocal-address {}\n\tannounce IPv4 {}\n\tannounce IPv6 {}\n",
            peering.remote,
            peering.remote_as,
            peering.local,
            family(peering.ipv4),
            family(peering.ipv6)
        ));
        if peering.with_us {
            if let Some(password) = plan.password {
                text.push_str(&format!("\ttcp md5sig password {password}\n"));
            }
            if plan.ttl_security {
                text.push_str("\tttl-security yes\n");
            }
            if plan.add_path && peering.ipv4 {
                text.push_str("\tannounce add-path recv yes\n\tannounce add-path send all\n");
            }
        }
        text.push_str("}\n");
    }
    text.push_str("allow from any\nallow to any\n");
    text
}
