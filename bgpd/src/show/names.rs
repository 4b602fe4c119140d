//! `show names`: what neighbors, lists, maps and interfaces are called, for whoever completes a line.

use core::fmt::Write;
use std::collections::BTreeSet;

use bgp_engine::value::Family;

use super::{Layout, Progress, Router, Show};
use crate::command::Names;

/// How many names are told at most; who has more types another letter.
const MOST: usize = 1000;

/// The names of one kind that begin so.
#[derive(Debug)]
pub struct NameList {
    layout: Layout,
    kind: Names,
    beginning: String,
}

impl NameList {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout, kind: Names, beginning: &str) -> Self {
        NameList { layout, kind, beginning: beginning.to_owned() }
    }

    fn found(&self, router: &Router<'_>) -> BTreeSet<String> {
        let config = &router.config.engine;
        let bgp = config.bgp.as_ref();
        let all: Box<dyn Iterator<Item = String>> = match self.kind {
            Names::Neighbor => {
                let configured =
                    bgp.into_iter().flat_map(|bgp| bgp.neighbors.keys().map(ToString::to_string));
                Box::new(configured.chain(router.engine.peers().map(|peer| peer.name.to_string())))
            }
            Names::PeerGroup => Box::new(bgp.into_iter().flat_map(|bgp| bgp.peer_groups.keys().cloned())),
            Names::PrefixList => Box::new(config.prefix_lists[Family::Ipv4Unicast].keys().cloned()),
            Names::Ipv6PrefixList => Box::new(config.prefix_lists[Family::Ipv6Unicast].keys().cloned()),
            Names::RouteMap => Box::new(config.route_maps.keys().cloned()),
            Names::Interface => Box::new(router.engine.links().map(|link| link.interface.name.clone())),
        };
        all.filter(|name| name.starts_with(&self.beginning)).take(MOST).collect()
    }
}

impl Show for NameList {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        let names = self.found(router);
        // Writing to a string does not fail.
        let _ = match self.layout {
            Layout::Json => writeln!(out, "{}", serde_json::json!({ self.kind.word(): names })),
            Layout::Text => names.iter().try_for_each(|name| writeln!(out, "{name}")),
        };
        Progress::Done
    }
}
