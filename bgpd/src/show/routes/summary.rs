//! `show ip route summary`: how many routes there are of each protocol, and how many of them the kernel has.

use bgp_engine::value::RouteKind;
use serde_json::{Value, json};

use super::Protocol;
use super::entry::{InKernel, Teller, entries};
use super::merge::Merge;
use crate::show::text::{push_json, put};
use crate::show::{Layout, Progress, Router, Show, Shown};

/// Prefixes counted in one slice.
const SLICE_ROUTES: usize = 1024;

/// FRR's order.
const TELLERS: [(Teller, &str); 5] = [
    (Teller::Other(RouteKind::Kernel), "kernel"),
    (Teller::Other(RouteKind::Connected), "connected"),
    (Teller::Other(RouteKind::Static), "static"),
    (Teller::External, "ebgp"),
    (Teller::Internal, "ibgp"),
];

/// Routes of one protocol.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    routes: u64,
    in_kernel: u64,
}

/// The numbers of routes.
#[derive(Debug)]
pub struct RouteSummary<N> {
    layout: Layout,
    merge: Merge<N>,
    counts: [Count; TELLERS.len()],
}

impl<N: Shown> RouteSummary<N> {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        RouteSummary { layout, merge: Merge::new(Protocol::Any, None), counts: Default::default() }
    }

    fn count(&mut self, router: &Router<'_>, net: N) {
        for entry in entries(router, net) {
            let Some(place) = TELLERS.iter().position(|(teller, _)| *teller == entry.teller) else {
                continue;
            };
            self.counts[place].routes += 1;
            self.counts[place].in_kernel += u64::from(entry.kernel == InKernel::Installed);
        }
    }

    /// Protocols that there are routes of; BGP's two together.
    fn rows(&self) -> Vec<(&'static str, Count)> {
        let any_of_bgp = self.counts[3..].iter().any(|count| count.routes > 0);
        let rows = TELLERS.iter().zip(self.counts);
        let shown =
            rows.filter(|((teller, _), count)| if teller.is_bgp() { any_of_bgp } else { count.routes > 0 });
        shown.map(|((_, name), count)| (*name, count)).collect()
    }

    fn write(&self, out: &mut String) {
        let rows = self.rows();
        let routes: u64 = rows.iter().map(|(_, count)| count.routes).sum();
        let in_kernel: u64 = rows.iter().map(|(_, count)| count.in_kernel).sum();
        match self.layout {
            Layout::Text => {
                put!(out, "{:<20} {:<20} FIB  (vrf default)\n", "Route Source", "Routes");
                for (name, count) in rows {
                    put!(out, "{name:<20} {:<20} {:<20} \n", count.routes, count.in_kernel);
                }
                put!(out, "------\n{:<20} {routes:<20} {in_kernel:<20} \n\n", "Totals");
            }
            Layout::Json => {
                let row = |(name, count): (&str, Count)| {
                    json!({ "fib": count.in_kernel, "rib": count.routes, "fibOffLoaded": 0, "fibTrapped": 0,
                        "type": name })
                };
                let rows: Vec<Value> = rows.into_iter().map(row).collect();
                push_json(
                    out,
                    &json!({ "routes": rows, "routesTotal": routes, "routesTotalFib": in_kernel }),
                );
            }
        }
    }
}

impl<N: Shown> Show for RouteSummary<N> {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if !self.merge.prepare(router) {
            return Progress::More;
        }
        for _ in 0..SLICE_ROUTES {
            let Some(net) = self.merge.next(router) else {
                self.write(out);
                return Progress::Done;
            };
            self.count(router, net);
        }
        Progress::More
    }
}
