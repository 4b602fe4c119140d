//! Configurations: one file a daemon, each from the same [`Plan`].

use tests::lab::speaker::Speaker;
use tests::lab::{LabError, Node};

use crate::world::Plan;

mod bird;
pub(crate) mod exabgp;
mod frr;
mod gobgp;
mod openbgpd;
pub(crate) mod us;

/// The image of a daemon and the place of its configuration.
pub(crate) fn image(speaker: Speaker) -> (&'static str, &'static str) {
    match speaker {
        Speaker::Ftbgp => ("ftbgp:latest", "/etc/ftbgp/ftbgpd.conf"),
        Speaker::Frr => ("quay.io/frrouting/frr:8.4.2", "/etc/frr/frr.conf"),
        Speaker::Bird => ("ftbgp/bird:2.0.12", "/etc/bird/bird.conf"),
        Speaker::Gobgp => ("ftbgp/gobgp:3.10.0", "/etc/gobgp/gobgpd.conf"),
        Speaker::Openbgpd => ("ftbgp/openbgpd:7.7", "/etc/openbgpd/bgpd.conf"),
        Speaker::Exabgp => ("ftbgp/exabgp:4.2.21", "/etc/exabgp/exabgp.conf"),
    }
}

/// The configuration of the daemon in node `them`.
pub(crate) fn config(speaker: Speaker, plan: &Plan) -> String {
    match speaker {
        Speaker::Ftbgp | Speaker::Frr => frr::config(plan),
        Speaker::Bird => bird::config(plan),
        Speaker::Gobgp => gobgp::config(plan),
        Speaker::Openbgpd => openbgpd::config(plan),
        Speaker::Exabgp => exabgp::config(plan),
    }
}

/// What a daemon is told when it runs, since its configuration cannot say it.
pub(crate) fn after_start(speaker: Speaker, node: &Node) -> Result<(), LabError> {
    match speaker {
        Speaker::Gobgp => gobgp::originate(node),
        _ => Ok(()),
    }
}
