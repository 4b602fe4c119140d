//! GoBGP: routes of its own are added by command.

use std::time::{Duration, Instant};

use tests::lab::{LabError, Node};

use crate::world::Plan;

pub(super) fn config(plan: &Plan) -> String {
    let mut text = format!("[global.config]\n  as = {}\n  router-id = \"10.0.0.2\"\n", plan.them_as());
    for peering in plan.peerings() {
        text.push_str(&format!(
            "\n[[neighbors]]\n  [neighbors.config]\n    neighbor-address = \"{}\"\n    peer-as = {}\n",
            peering.remote, peering.remote_as
        ));
        if let Some(password) = plan.password.filter(|_| peering.with_us) {
            text.push_str(&format!("    auth-password = \"{password}\"\n"));
        }
        text.push_str(
            "  [neighbors.timers.config]\n    connect-retry = 5\n    idle-hold-time-after-reset = 2\n",
        );
        text.push_str(&format!(
            "  [neighbors.transport.config]\n    local-address = \"{}\"\n",
            peering.local
        ));
        if plan.ttl_security && peering.with_us {
            text.push_str("  [neighbors.ttl-security.config]\n    enabled = true\n    ttl-min = 255\n");
        }
        let restart = plan.graceful_restart && peering.with_us;
        if restart {
            text.push_str(
                "  [neighbors.graceful-restart.config]\n    enabled = true\n    restart-time = 120\n",
            );
        }
        for (wanted, family) in [(peering.ipv4, "ipv4-unicast"), (peering.ipv6, "ipv6-unicast")] {
            if !wanted {
                continue;
            }
            text.push_str(&format!(
                "  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n      afi-safi-name = \"{family}\"\n"
            ));
            if restart {
                text.push_str("    [neighbors.afi-safis.mp-graceful-restart.config]\n      enabled = true\n");
            }
            if plan.add_path && peering.with_us && family == "ipv4-unicast" {
                text.push_str(
                    "    [neighbors.afi-safis.add-paths.config]\n      receive = true\n      send-max = 8\n",
                );
            }
        }
    }
    text
}

/// Adds the two routes of node `them`.
pub(super) fn originate(node: &Node) -> Result<(), LabError> {
    let started = Instant::now();
    for (family, prefix) in [("ipv4", "10.2.0.0/16"), ("ipv6", "2001:db8:2::/48")] {
        while let Err(error) = node.run(&["gobgp", "global", "rib", "add", prefix, "-a", family]) {
            if started.elapsed() > Duration::from_secs(20) {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}
