//! `show ip route PREFIX`, `show ip route ADDRESS`: the routes to one prefix, in full.

use bgp_engine::value::Net;
use serde_json::{Map, Value};

use super::entry::{Entry, entries};
use super::json::entries_json;
use super::text::push_detail;
use crate::show::text::push_json;
use crate::show::{Asked, Layout, Progress, Router, Show, Shown};

/// The routes to one prefix.
#[derive(Debug)]
pub struct Route<N> {
    layout: Layout,
    asked: Asked<N>,
}

impl<N: Shown> Route<N> {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout, asked: Asked<N>) -> Self {
        Route { layout, asked }
    }

    fn find(&self, router: &Router<'_>) -> Option<(N, Vec<Entry>)> {
        let routes = |net: N| {
            let entries = entries(router, net);
            (!entries.is_empty()).then_some((net, entries))
        };
        match self.asked {
            Asked::Exactly(net) => routes(net),
            Asked::Longest(host) => {
                (0..=N::MAX_LEN).rev().find_map(|length| routes(Net::from_bits(host.bits(), length)))
            }
        }
    }
}

impl<N: Shown> Show for Route<N> {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        let Some((net, entries)) = self.find(router) else {
            match self.layout {
                Layout::Text => out.push_str("% Network not in table\n"),
                Layout::Json => out.push_str("{}\n"),
            }
            return Progress::Refused;
        };
        match self.layout {
            Layout::Text => {
                for entry in &entries {
                    push_detail(router, net.into(), entry, out);
                }
            }
            Layout::Json => {
                let mut map = Map::new();
                map.insert(net.to_string(), entries_json(router, net.into(), &entries));
                push_json(out, &Value::Object(map));
            }
        }
        Progress::Done
    }
}
