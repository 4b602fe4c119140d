//! `show bgp ipv4 unicast PREFIX`: all that is known of the paths to one prefix.

use bgp_engine::rib::RouteId;
use bgp_engine::value::Net;
use serde_json::{Map, Value};

use super::detail::{Advertised, head_json, path_json, push_head, push_path};
use super::path::{Judged, Seen, instance, judge};
use super::routes::entry::{InKernel, entries};
use super::text::push_json;
use super::{Layout, Progress, Router, Show, Shown, refuse};

/// Which route is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<N> {
    /// The one to this prefix.
    Exactly(N),
    /// The one to the longest prefix around this address, which is given as a prefix of full length.
    Longest(N),
}

/// Which of its paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathChoice {
    /// All.
    All,
    /// The best.
    Best,
    /// The best and those used beside it.
    Multipath,
}

/// The paths to one prefix.
#[derive(Debug)]
pub struct Prefix<N> {
    layout: Layout,
    asked: Asked<N>,
    choice: PathChoice,
}

impl<N: Shown> Prefix<N> {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout, asked: Asked<N>, choice: PathChoice) -> Self {
        Prefix { layout, asked, choice }
    }

    fn find(&self, router: &Router<'_>) -> Option<RouteId> {
        let table = &N::rib(router).table;
        let live = |net: N| table.find(net).filter(|&route| table.is_live(route));
        match self.asked {
            Asked::Exactly(net) => live(net),
            Asked::Longest(host) => {
                (0..=N::MAX_LEN).rev().find_map(|length| live(Net::from_bits(host.bits(), length)))
            }
        }
    }

    fn is_wanted(&self, seen: &Seen<'_>) -> bool {
        match self.choice {
            PathChoice::All => true,
            PathChoice::Best => seen.best,
            PathChoice::Multipath => seen.best || seen.multipath,
        }
    }
}

impl<N: Shown> Show for Prefix<N> {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if instance(router).is_none() {
            return refuse(self.layout, "BGP instance not found", out);
        }
        let Some(route) = self.find(router) else {
            match self.layout {
                Layout::Text => out.push_str("% Network not in table\n"),
                Layout::Json => out.push_str("{}\n"),
            }
            return Progress::Refused;
        };
        let judged = judge::<N>(router, route);
        let paths: Vec<&Seen<'_>> = judged.paths.iter().filter(|seen| self.is_wanted(seen)).collect();
        match self.layout {
            Layout::Text => {
                let advertised = Advertised::of::<N>(router, route);
                push_head::<N>(router, route, &judged, &advertised, out);
                for seen in paths {
                    push_path(router, N::FAMILY, &judged, seen, &advertised, out);
                }
            }
            Layout::Json => push_json(out, &route_json::<N>(router, route, &judged, &paths)),
        }
        Progress::Done
    }
}

/// All that is known of a route, with these of its paths.
#[must_use]
pub fn route_json<N: Shown>(
    router: &Router<'_>,
    route: RouteId,
    judged: &Judged<'_>,
    paths: &[&Seen<'_>],
) -> Value {
    let advertised = Advertised::of::<N>(router, route);
    let mut map: Map<String, Value> = head_json::<N>(router, route, &advertised);
    let version = super::path::version::<N>(router, route);
    let paths: Vec<Value> =
        paths.iter().map(|seen| path_json(router, N::FAMILY, version, judged, seen, &advertised)).collect();
    map.insert("paths".to_owned(), Value::Array(paths));
    map.insert("pathCount".to_owned(), judged.paths.len().into());
    let multipath = judged.paths.iter().filter(|seen| seen.multipath).count();
    map.insert("multiPathCount".to_owned(), multipath.into());
    let exists = judged.paths.iter().any(|seen| seen.best);
    let net = N::rib(router).table.net(route);
    let ours = entries(router, net).into_iter().find(|entry| entry.teller.is_bgp());
    let installed = ours.as_ref().is_some_and(|entry| entry.kernel == InKernel::Installed);
    let waits = router.engine.rib().facts.knobs.suppress_fib_pending
        && ours.is_some_and(|entry| matches!(entry.kernel, InKernel::Queued | InKernel::Rejected));
    let flags = serde_json::json!({
        "bestPathExists": exists, "fibInstalled": installed, "fibWaitForInstall": waits
    });
    map.insert("flags".to_owned(), flags);
    Value::Object(map)
}
