//! `show fib`: how the writing of the kernel's routes stands.
//!
//! What the router wants and was answered is the engine's; whether there is a writer, and what it found when it last
//! compared, only the process knows that serves ([`Writing`]).

use bgp_engine::rib::fib::{self, Writer};
use bgp_engine::rib::{RouteId, RouteSource};
use bgp_engine::value::{Duration, Instant};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde_json::{Value, json};

use super::text::{push_json, put};
use super::time::date;
use super::{Layout, Progress, Router, Show, Shown};

/// The errno of a conflict (EEXIST): somebody else's route has the place.
const EEXIST: i32 = 17;
/// The most conflicts and refusals that are told one by one.
const MOST: usize = 64;
/// Others' routes that are looked at in one slice.
const SLICE: usize = 4096;

/// How it stands with the writing, as the process that serves knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writing {
    /// Whether there is somebody who writes.
    pub writer: Attachment,
    /// What the last comparison came to.
    pub compared: Option<Compared>,
    /// When the next one is due.
    pub next: Option<Instant>,
    /// What the kernel refused last, the newest last: what, its errno, its own words (often none).
    pub refusals: Vec<(String, i32, String)>,
}

/// Whether there is somebody who writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attachment {
    /// Nobody: none is wanted, or none could be had yet.
    #[default]
    None,
    /// One is on its way: it may wait for a former primary to be gone.
    Opening,
    /// All that was ours under other settings is being removed.
    Clearing,
    /// There is one. It compares what the kernel has, and nothing was written yet.
    Comparing,
    /// There is one.
    Ready,
}

impl Attachment {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Attachment::None => "none",
            Attachment::Opening => "opening",
            Attachment::Clearing => "clearing",
            Attachment::Comparing => "comparing",
            Attachment::Ready => "ready",
        }
    }
}

/// What a comparison came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// When it ended, in milliseconds since 1970.
    pub unix_ms: u64,
    /// Routes of ours that the kernel had.
    pub compared: usize,
    /// Routes that it had not.
    pub missing: usize,
    /// Routes that led elsewhere.
    pub different: usize,
    /// Routes that nobody wants.
    pub stray: usize,
    /// Next-hop groups that it had not, that led elsewhere, or that nobody wants.
    pub groups: usize,
}

impl Compared {
    /// Its numbers in a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let Compared { compared, missing, different, stray, groups, .. } = self;
        format!(
            "{compared} routes compared, {missing} missing, {different} leading elsewhere, {stray} unwanted; \
             {groups} next-hop groups differ"
        )
    }
}

/// The answer.
#[derive(Debug)]
pub struct Fib {
    layout: Layout,
    conflicts: Vec<Conflict>,
    /// The prefix up to which others' routes were looked at.
    after: Option<IpNet>,
}

/// A prefix where somebody else's route is in the place of ours.
#[derive(Debug)]
struct Conflict {
    net: IpNet,
    whose: String,
}

impl Fib {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Fib { layout, conflicts: Vec::new(), after: None }
    }

    /// Looks at some of the others' routes; whether there are more.
    fn look(&mut self, router: &Router<'_>) -> bool {
        let routes = &router.engine.rib().facts.next_hops.routes;
        let mut last = None;
        for (net, _) in routes.iter_after(self.after).take(SLICE) {
            last = Some(net);
            // An address of this router's is no conflict: it is closer than anything that BGP can tell.
            let Some(RouteSource::Kernel(protocol)) = routes.selected(net).map(|route| route.source) else {
                continue;
            };
            let taken = match net {
                IpNet::V4(net) => is_wanted(router, net),
                IpNet::V6(net) => is_wanted(router, net),
            };
            if taken && self.conflicts.len() < MOST {
                let whose = protocol_name(protocol).map_or_else(|| protocol.to_string(), str::to_owned);
                self.conflicts.push(Conflict { net, whose });
            }
        }
        self.after = last;
        last.is_some()
    }

    /// Those that only the kernel's refusal tells of: a route that looks like ours and is not.
    fn look_at_refusals<N: Shown>(&mut self, router: &Router<'_>) {
        for (net, refusal) in refused::<N>(router) {
            if refusal.errno == EEXIST && self.conflicts.len() < MOST {
                self.conflicts.push(Conflict { net, whose: "unknown".into() });
            }
        }
    }
}

/// Whether the kernel would have BGP's route to a prefix if nobody else had one.
fn is_wanted<N: Shown>(router: &Router<'_>, net: N) -> bool {
    let rib = router.engine.rib();
    let table = &N::rib(router).table;
    let Some(route) = table.find(net).filter(|&route| table.is_live(route)) else { return false };
    let best = fib::eligible(table, route, &rib.facts);
    best.is_some_and(|(_, distance)| fib::is_taken(net, distance, &rib.facts))
}

fn refused<N: Shown>(router: &Router<'_>) -> Vec<(IpNet, fib::Refusal)> {
    let Some(told) = &N::rib(router).told else { return Vec::new() };
    let table = &N::rib(router).table;
    let net = |route: RouteId| -> IpNet { table.net(route).into() };
    told.refusals().take(MOST).map(|(route, refusal)| (net(route), refusal)).collect()
}

/// The names of iproute2.
const fn protocol_name(protocol: u8) -> Option<&'static str> {
    Some(match protocol {
        2 => "kernel",
        3 => "boot",
        4 => "static",
        9 => "ra",
        11 => "zebra",
        12 => "bird",
        16 => "dhcp",
        186 => "bgp",
        188 => "ospf",
        _ => return None,
    })
}

impl Show for Fib {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if self.look(router) {
            return Progress::More;
        }
        self.look_at_refusals::<Ipv4Net>(router);
        self.look_at_refusals::<Ipv6Net>(router);
        match self.layout {
            Layout::Text => self.push_text(router, out),
            Layout::Json => push_json(out, &self.json(router)),
        }
        Progress::Done
    }
}

/// What the kernel refused, as it is told: what, errno, reason, attempts, how long until it is tried again.
struct Refused {
    what: String,
    errno: i32,
    reason: String,
    attempts: u8,
    retry: Duration,
}

fn all_refused(router: &Router<'_>) -> Vec<Refused> {
    let routes = refused::<Ipv4Net>(router).into_iter().chain(refused::<Ipv6Net>(router));
    let routes = routes.map(|(net, refusal)| (net.to_string(), refusal));
    let groups = router.engine.rib().facts.groups.iter();
    let groups = groups
        .filter_map(|(id, group)| Some((format!("next-hop group {}", id.0), group.refusal?)))
        .take(MOST);
    routes
        .chain(groups)
        .map(|(what, refusal)| {
            let words = router.writing.refusals.iter().rev().find(|(of, errno, words)| {
                *errno == refusal.errno && !words.is_empty() && of.ends_with(&what)
            });
            let mut reason = std::io::Error::from_raw_os_error(refusal.errno).to_string();
            if let Some((_, _, words)) = words {
                put!(reason, ": {words}");
            }
            let retry = refusal.due.since(router.clock.now);
            Refused { what, errno: refusal.errno, reason, attempts: refusal.attempts, retry }
        })
        .collect()
}

fn counts<N: Shown>(router: &Router<'_>) -> fib::Counts {
    let rib = N::rib(router);
    rib.told.as_ref().map_or_else(fib::Counts::default, |told| told.counts(&rib.table))
}

fn means(router: &Router<'_>) -> Option<bool> {
    let rib = router.engine.rib();
    (rib.fib.writer() != Writer::None).then(|| rib.facts.groups.has_objects())
}

impl Fib {
    fn json(&self, router: &Router<'_>) -> Value {
        let (rib, writing) = (router.engine.rib(), router.writing);
        let settings = router.config.fib.settings();
        let counts_json = |counts: fib::Counts| {
            json!({
                "installed": counts.installed, "asked": counts.asked, "queued": counts.queued,
                "refused": counts.refused, "strays": counts.strays,
            })
        };
        let compared = writing.compared.map(|compared| {
            json!({
                "time": compared.unix_ms, "compared": compared.compared, "missing": compared.missing,
                "different": compared.different, "stray": compared.stray, "groups": compared.groups,
            })
        });
        let ms = |span: Duration| span.as_micros() as f64 / 1000.0;
        let refused: Vec<Value> = all_refused(router)
            .into_iter()
            .map(|one| {
                json!({
                    "what": one.what, "errno": one.errno, "reason": one.reason,
                    "attempts": one.attempts, "retryMsec": ms(one.retry),
                })
            })
            .collect();
        let conflict = |one: &Conflict| json!({ "prefix": one.net.to_string(), "protocol": one.whose });
        json!({
            "writer": writing.writer.name(),
            "nextHopObjects": means(router),
            "table": settings.table,
            "metric": settings.metric,
            "protocol": settings.protocol,
            "nexthopIdBase": settings.nexthop_id_base,
            "batches": { "given": rib.fib.last_batch(), "outstanding": rib.fib.outstanding() },
            "ipv4": counts_json(counts::<Ipv4Net>(router)),
            "ipv6": counts_json(counts::<Ipv6Net>(router)),
            "groups": rib.facts.groups.iter().count(),
            "comparison": compared,
            "nextComparisonMsec": writing.next.map(|next| ms(next.since(router.clock.now))),
            "refused": refused,
            "conflicts": self.conflicts.iter().map(conflict).collect::<Vec<_>>(),
        })
    }

    fn push_text(&self, router: &Router<'_>, out: &mut String) {
        let (rib, writing) = (router.engine.rib(), router.writing);
        let settings = router.config.fib.settings();
        let means = match means(router) {
            None => "",
            Some(true) => ", next-hop groups",
            Some(false) => ", each route with its own next hops (the kernel has no next-hop objects)",
        };
        put!(out, "Kernel routes: writer {}{means}\n", writing.writer.name());
        put!(out, "  Ours are those of table {}, metric {}", settings.table, settings.metric);
        put!(out, ", protocol {}, next-hop ids from {}\n", settings.protocol, settings.nexthop_id_base);
        put!(out, "  Batches: {} given, {} not answered\n", rib.fib.last_batch(), rib.fib.outstanding());
        match writing.compared {
            None => out.push_str("  Last comparison: none\n"),
            Some(compared) => {
                let at = date(i64::try_from(compared.unix_ms / 1000).unwrap_or(i64::MAX));
                put!(out, "  Last comparison: {at}: {}\n", compared.words());
            }
        }
        if let Some(next) = writing.next {
            put!(out, "  Next comparison: in {} s\n", next.since(router.clock.now).as_secs());
        }
        put!(out, "  Next-hop groups: {}\n\n", rib.facts.groups.iter().count());
        out.push_str("         Installed      Asked     Queued    Refused     Strays\n");
        let families = [("IPv4", counts::<Ipv4Net>(router)), ("IPv6", counts::<Ipv6Net>(router))];
        for (name, fib::Counts { installed, asked, refused, queued, strays }) in families {
            put!(out, "  {name} {installed:11}{asked:11}{queued:11}{refused:11}{strays:11}\n");
        }
        let refused = all_refused(router);
        if !refused.is_empty() {
            out.push_str("\nRefused by the kernel:\n");
        }
        for Refused { what, reason, attempts, retry, .. } in refused {
            let seconds = retry.as_secs();
            put!(out, "  {what}: {reason}; tried {attempts} times, again in {seconds} s\n");
        }
        if !self.conflicts.is_empty() {
            out.push_str("\nConflicts, where somebody else's route is in the place of BGP's:\n");
        }
        for Conflict { net, whose } in &self.conflicts {
            put!(out, "  {net}: protocol {whose}\n");
        }
    }
}
