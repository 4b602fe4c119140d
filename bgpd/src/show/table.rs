//! `show bgp ipv4 unicast`: the table, a part of it, or what it has of one neighbor.

use bgp_engine::rib::RouteId;
use serde_json::Value;

use super::line::{COLUMNS, Line, flags, json_head, path_json, push_head};
use super::path::{Judged, Seen, instance, judge};
use super::peers::Which;
use super::prefix::route_json;
use super::text::put;
use super::walk::Walk;
use super::{Layout, Progress, Router, SLICE_OCTETS, Show, Shown, refuse};

/// Routes looked at in one slice.
const SLICE_ROUTES: usize = 512;

/// Which part of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope<N> {
    /// All of it.
    All,
    /// What is inside this prefix, itself included (`longer-prefixes`).
    Longer(N),
    /// What came from a neighbor and was accepted (`neighbors X routes`).
    From(Which),
}

/// How much JSON tells of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What a line of the table tells.
    Line,
    /// All.
    Detail,
}

/// The table, or a part of it, in order of prefix.
#[derive(Debug)]
pub struct Table<N> {
    layout: Layout,
    depth: Depth,
    from: Option<Which>,
    walk: Walk<N>,
    began: bool,
    displayed: usize,
}

impl<N: Shown> Table<N> {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout, depth: Depth, scope: Scope<N>) -> Self {
        let (within, from) = match scope {
            Scope::All => (None, None),
            Scope::Longer(net) => (Some(net), None),
            Scope::From(which) => (None, Some(which)),
        };
        Table { layout, depth, from, walk: Walk::new(within), began: false, displayed: 0 }
    }

    /// Whose paths are wanted: all, one's, or those of somebody who is not there.
    fn begin(&mut self, router: &Router<'_>, out: &mut String) -> Option<Progress> {
        if core::mem::replace(&mut self.began, true) {
            return None;
        }
        if instance(router).is_none() {
            return Some(refuse(self.layout, "BGP instance not found", out));
        }
        if self.from.as_ref().is_some_and(|which| which.find(router.engine).is_none()) {
            return Some(refuse(self.layout, "No such neighbor in this view/vrf", out));
        }
        if self.layout == Layout::Json {
            put!(out, "{{\n{} \"routes\": {{ ", json_head(router, N::rib(router).table.end()));
        }
        None
    }

    fn push_route(&mut self, router: &Router<'_>, route: RouteId, out: &mut String) {
        let table = &N::rib(router).table;
        let judged = judge::<N>(router, route);
        let from = match &self.from {
            Some(which) => match which.find(router.engine) {
                Some(peer) => Some(peer.id),
                None => return,
            },
            None => None,
        };
        let wanted = |seen: &&Seen<'_>| from.is_none_or(|peer| seen.path.peer == peer);
        let paths: Vec<&Seen<'_>> = judged.paths.iter().filter(wanted).collect();
        if paths.is_empty() {
            return;
        }
        match self.layout {
            Layout::Text => {
                if self.displayed == 0 {
                    push_head(router, table.end(), out);
                    out.push_str(COLUMNS);
                }
                push_lines::<N>(router, route, &paths, out);
            }
            Layout::Json => {
                out.push_str(if self.displayed == 0 { "" } else { "\n," });
                let value = match self.depth {
                    Depth::Line => lines_json::<N>(router, route, &judged, &paths),
                    Depth::Detail => route_json::<N>(router, route, &judged, &paths),
                };
                put!(out, "\"{}\": {value}", table.net(route));
            }
        }
        self.displayed += 1;
    }

    fn end(&self, router: &Router<'_>, out: &mut String) {
        let table = &N::rib(router).table;
        let paths = table.path_count();
        let shown = self.displayed;
        match self.layout {
            Layout::Text if shown > 0 => put!(out, "\nDisplayed {shown} routes and {paths} total paths\n"),
            Layout::Text => put!(out, "No BGP prefixes displayed, {} exist\n", table.len()),
            Layout::Json => put!(out, "\n }},\n \"totalRoutes\": {shown},\n \"totalPaths\": {paths}\n}}\n"),
        }
    }
}

fn push_lines<N: Shown>(router: &Router<'_>, route: RouteId, paths: &[&Seen<'_>], out: &mut String) {
    let rib = N::rib(router);
    let net = rib.table.net(route);
    let mut name = net.to_string();
    for seen in paths {
        out.push_str(&flags(seen));
        Line::of(seen, N::FAMILY).push(&name, out);
        name.clear();
    }
}

/// The paths of a route as the table's JSON has them.
fn lines_json<N: Shown>(
    router: &Router<'_>,
    route: RouteId,
    judged: &Judged<'_>,
    paths: &[&Seen<'_>],
) -> Value {
    let rib = N::rib(router);
    let net = rib.table.net(route);
    let version = super::path::version::<N>(router, route);
    let own_host = router.engine.configuration().hostname.as_deref();
    let path = |seen: &&Seen<'_>| path_json(judged, seen, net.into(), version, own_host);
    Value::Array(paths.iter().map(path).collect())
}

impl<N: Shown> Show for Table<N> {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if let Some(refused) = self.begin(router, out) {
            return refused;
        }
        let table = &N::rib(router).table;
        if !self.walk.prepare(table) {
            return Progress::More;
        }
        let start = out.len();
        for _ in 0..SLICE_ROUTES {
            let Some(route) = self.walk.next(table) else {
                self.end(router, out);
                return Progress::Done;
            };
            self.push_route(router, route, out);
            if out.len() - start > SLICE_OCTETS {
                break;
            }
        }
        Progress::More
    }
}
