//! `show bgp summary`: a line a neighbor, a table a family.

mod json;

use bgp_engine::config::{NeighborName, RemoteAs};
use bgp_engine::engine::{Kind, Peer};
use bgp_engine::session::StopReason;
use bgp_engine::value::{Asn, Family};

use self::json::{json_head, json_tail, peer_json};
use super::path::instance;
use super::peers::{
    Which, exchanges, family_key, is_up, kind, lacks_export_policy, remote_as, sent_count, sent_version,
    state_text,
};
use super::text::{cut, memory, push_member, put};
use super::time::uptime;
use super::{Layout, Progress, Router, SLICE_OCTETS, Show, refuse};

/// Which neighbors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All.
    All,
    /// Those whose session is up.
    Established,
    /// Those whose session is not, and why.
    Failed,
    /// One.
    Neighbor(Which),
    /// Those with this `remote-as`.
    RemoteAs(RemoteAs),
}

/// Of which families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    /// Those that have neighbors.
    All,
    /// This one (`ipv4`): laid out as one of many, as FRR does.
    Of(Family),
    /// This one (`ipv4 unicast`), alone.
    Exactly(Family),
}

/// How much of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// What FRR shows.
    Usual,
    /// Without the lines about memory.
    Terse,
    /// With the local AS and the whole description.
    Wide,
}

/// The summary of one family, or of every family that has neighbors.
#[derive(Debug)]
pub struct Summary {
    layout: Layout,
    wanted: Families,
    filter: Filter,
    columns: Columns,
    /// The families to come, the next one last; `None` before the first slice.
    families: Option<Vec<Family>>,
    /// The table in hand.
    table: Option<FamilyTable>,
    /// Whether no family has been written yet.
    first: bool,
}

/// One family's table while it is written.
#[derive(Debug)]
struct FamilyTable {
    family: Family,
    /// The neighbors to come, the next one last.
    names: Vec<NeighborName>,
    /// The width of the first column.
    width: usize,
    displayed: usize,
    total: usize,
    failed: usize,
    dynamic: usize,
    first: bool,
}

impl Summary {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout, wanted: Families, filter: Filter, columns: Columns) -> Self {
        Summary { layout, wanted, filter, columns, families: None, table: None, first: true }
    }

    fn is_wanted(&self, router: &Router<'_>, peer: &Peer) -> bool {
        match &self.filter {
            Filter::All => true,
            Filter::Established => is_up(peer),
            Filter::Failed => !is_up(peer),
            Filter::Neighbor(which) => which.find(router.engine).is_some_and(|found| found.id == peer.id),
            Filter::RemoteAs(wanted) => match wanted {
                RemoteAs::Is(Asn(asn)) => remote_as(router.engine, peer) == *asn,
                RemoteAs::Internal => kind(peer) == bgp_engine::value::PeerKind::Internal,
                RemoteAs::External => kind(peer) == bgp_engine::value::PeerKind::External,
                RemoteAs::Auto => true,
            },
        }
    }

    /// The families to show: the one asked for, or those that have neighbors.
    fn wanted_families(&self, router: &Router<'_>) -> Vec<Family> {
        match self.wanted {
            Families::Of(family) | Families::Exactly(family) => vec![family],
            Families::All => Family::ALL
                .into_iter()
                .rev()
                .filter(|&family| router.engine.peers().any(|peer| takes_part(peer, family)))
                .collect(),
        }
    }

    fn begin_family(&self, router: &Router<'_>, family: Family) -> FamilyTable {
        let peers: Vec<&Peer> = router.engine.peers().filter(|peer| takes_part(peer, family)).collect();
        let mut names: Vec<NeighborName> =
            peers.iter().filter(|peer| self.is_wanted(router, peer)).map(|peer| peer.name.clone()).collect();
        let longest = peers.iter().map(|peer| shown_name(peer).len() + 1).max();
        names.reverse();
        FamilyTable {
            family,
            width: longest.unwrap_or(0).max(16),
            displayed: names.len(),
            names,
            total: peers.len(),
            failed: peers.iter().filter(|peer| !is_up(peer)).count(),
            dynamic: peers.iter().filter(|peer| peer.kind == Kind::Dynamic).count(),
            first: true,
        }
    }

    /// Whether the family stands above its table.
    fn is_one_of_many(&self) -> bool {
        !matches!(self.wanted, Families::Exactly(_))
    }

    fn push_head(&self, router: &Router<'_>, table: &FamilyTable, out: &mut String) {
        let Some(bgp) = instance(router) else { return };
        if self.is_one_of_many() {
            put!(out, "\n{} Summary:\n", table.family);
        }
        let id = router.engine.router_id();
        put!(out, "BGP router identifier {id}, local AS number {} VRF default vrf-id 0\n", bgp.asn);
        if self.columns != Columns::Terse {
            let (version, routes, octets) = table_size(router, table.family);
            put!(out, "BGP table version {version}\n");
            put!(out, "RIB entries {routes}, using {} of memory\n", memory(octets));
            put!(out, "Peers {}, using {} of memory\n", table.total, memory(table.total * size_of::<Peer>()));
            let groups = bgp.peer_groups.len();
            if groups > 0 {
                put!(out, "Peer groups {groups}, using {} of memory\n", memory(groups * GROUP_OCTETS));
            }
        }
        out.push('\n');
        if table.names.is_empty() {
            let wanted = match self.filter {
                Filter::Established => "established BGP neighbors",
                Filter::Failed => "failed BGP neighbors",
                Filter::All => "BGP neighbors",
                Filter::Neighbor(_) | Filter::RemoteAs(_) => "matching neighbors",
            };
            put!(out, "% No {wanted} found\n");
            return;
        }
        put!(out, "{:width$}", "Neighbor", width = table.width);
        if self.filter == Filter::Failed {
            out.push_str("EstdCnt DropCnt ResetTime Reason\n");
            return;
        }
        out.push_str("V         AS");
        if self.columns == Columns::Wide {
            out.push_str("    LocalAS");
        }
        out.push_str("   MsgRcvd   MsgSent   TblVer  InQ OutQ  Up/Down State/PfxRcd   PfxSnt Desc\n");
    }

    fn push_peer(&self, router: &Router<'_>, table: &FamilyTable, peer: &Peer, out: &mut String) {
        let statistics = peer.session.statistics();
        put!(out, "{:width$}", shown_name(peer), width = table.width);
        if self.filter == Filter::Failed {
            let (counts, reset) = ((statistics.established, statistics.dropped), reset_time(router, peer));
            put!(out, "{:7} {:7} {reset:>9} {}\n", counts.0, counts.1, failure(peer));
            return;
        }
        put!(out, "4{:>11}", remote_as(router.engine, peer));
        if self.columns == Columns::Wide {
            put!(out, "{:>11}", local_as(peer));
        }
        let (received, sent) = (statistics.received.total(), statistics.sent.total());
        let version = sent_version(router.engine, peer, table.family);
        let queued = queued(router, peer);
        put!(out, " {received:>9} {sent:>9} {version:>8} {:>4} {queued:>4} {:>8}", 0, up_down(router, peer));
        let (state, prefixes_sent) = prefixes(router, peer, table.family);
        put!(out, " {state:>12} {prefixes_sent:>8}");
        let most = if self.columns == Columns::Wide { 64 } else { 20 };
        let description = match &peer.settings.description {
            Some(description) => cut(description, most).to_owned(),
            None => {
                software_version(peer).map_or_else(|| "N/A".to_owned(), |text| cut(&text, most).to_owned())
            }
        };
        put!(out, " {description}\n");
    }

    fn push_tail(&self, router: &Router<'_>, table: &FamilyTable, out: &mut String) {
        if self.filter != Filter::All && table.displayed > 0 {
            put!(out, "\nDisplayed neighbors {}", table.displayed);
        }
        put!(out, "\nTotal number of neighbors {}\n", table.total);
        if table.dynamic > 0 {
            let limit = instance(router).and_then(|bgp| bgp.listen_limit).unwrap_or(LISTEN_LIMIT);
            out.push_str("* - dynamic neighbor\n");
            put!(out, "{} dynamic neighbor(s), limit {limit}\n", table.dynamic);
        }
    }
}

/// FRR's default for `bgp listen limit`.
const LISTEN_LIMIT: u16 = 100;
/// What a peer group's settings take.
const GROUP_OCTETS: usize = size_of::<bgp_engine::config::NeighborSettings>();

fn takes_part(peer: &Peer, family: Family) -> bool {
    peer.session.config().families[family]
}

fn shown_name(peer: &Peer) -> String {
    let star = if peer.kind == Kind::Dynamic { "*" } else { "" };
    format!("{star}{}", peer.name)
}

fn local_as(peer: &Peer) -> u32 {
    peer.session.config().shown_as().0
}

/// The table's version, the number of routes, and the octets that they take.
fn table_size(router: &Router<'_>, family: Family) -> (u64, usize, usize) {
    let rib = router.engine.rib();
    match family {
        Family::Ipv4Unicast => (rib.v4.table.end(), rib.v4.table.len(), rib.v4.table.memory()),
        Family::Ipv6Unicast => (rib.v6.table.end(), rib.v6.table.len(), rib.v6.table.memory()),
    }
}

/// Messages that wait to be sent, as if each were of the usual greatest size: the engine counts octets.
fn queued(router: &Router<'_>, peer: &Peer) -> u64 {
    let octets = peer.session.connection().map_or(0, |conn| router.engine.outstanding(conn));
    octets.div_ceil(4096)
}

/// Since when the session is up, or down after it was up.
fn up_down(router: &Router<'_>, peer: &Peer) -> String {
    let since = peer.session.statistics().since;
    since.map_or_else(|| "never".to_owned(), |since| uptime(router.clock.since(since)))
}

fn reset_time(router: &Router<'_>, peer: &Peer) -> String {
    let reset = peer.session.statistics().last_reset.as_ref();
    reset.map_or_else(|| "never".to_owned(), |(at, _)| uptime(router.clock.since(*at)))
}

/// Why there is no session.
fn failure(peer: &Peer) -> String {
    let reset = peer.session.statistics().last_reset.as_ref();
    reset.map_or_else(|| waiting_for(peer).to_owned(), |(_, reason)| reason.to_string())
}

/// What a session that has never been up waits for.
fn waiting_for(peer: &Peer) -> &'static str {
    match peer.session.stopped_by() {
        Some(StopReason::Shutdown(_)) => "Admin. shutdown",
        Some(_) | None => "Waiting for peer OPEN",
    }
}

/// The state or the number of prefixes received, and the number sent.
fn prefixes(router: &Router<'_>, peer: &Peer, family: Family) -> (String, String) {
    if !is_up(peer) {
        return (state_text(peer), "0".to_owned());
    }
    if !exchanges(peer, family) {
        return ("NoNeg".to_owned(), "NoNeg".to_owned());
    }
    let policy = || "(Policy)".to_owned();
    let received = if router.engine.lacks_policy(peer, family) {
        policy()
    } else {
        router.engine.accepted(peer.id, family).to_string()
    };
    let sent = if lacks_export_policy(router.engine, peer, family) {
        policy()
    } else {
        sent_count(router.engine, peer, family).to_string()
    };
    (received, sent)
}

fn software_version(peer: &Peer) -> Option<String> {
    peer.session.peer_open()?.capabilities.iter().find_map(|capability| match capability {
        bgp_engine::wire::Capability::SoftwareVersion(version) => Some(version.text()),
        _ => None,
    })
}

impl Summary {
    /// Writes what stands before a family's neighbors.
    fn open(&mut self, router: &Router<'_>, family: Family, out: &mut String) {
        let table = self.begin_family(router, family);
        match self.layout {
            Layout::Text => self.push_head(router, &table, out),
            Layout::Json => {
                if self.is_one_of_many() {
                    put!(out, "{}\"{}\":", if self.first { "" } else { ",\n" }, family_key(family));
                }
                out.push('{');
                let mut first = true;
                for (key, value) in json_head(router, &table) {
                    push_member(out, &mut first, 1, &key, &value);
                }
                out.push_str(",\n  \"peers\":{");
            }
        }
        self.first = false;
        self.table = Some(table);
    }

    /// Writes what stands behind them.
    fn close(&self, router: &Router<'_>, table: &FamilyTable, out: &mut String) {
        match self.layout {
            Layout::Text => self.push_tail(router, table, out),
            Layout::Json => {
                out.push_str(if table.first { "}" } else { "\n  }" });
                let mut first = false;
                for (key, value) in json_tail(router, table) {
                    push_member(out, &mut first, 1, &key, &value);
                }
                out.push_str("\n}\n");
            }
        }
    }

    fn begin(&mut self, router: &Router<'_>, out: &mut String) -> Option<Progress> {
        if self.families.is_some() {
            return None;
        }
        if instance(router).is_none() {
            return Some(refuse(self.layout, "BGP instance not found", out));
        }
        if let Filter::Neighbor(which) = &self.filter
            && which.find(router.engine).is_none()
        {
            return Some(refuse(self.layout, "No such neighbor in this view/vrf", out));
        }
        let families = self.wanted_families(router);
        if self.layout == Layout::Json && self.is_one_of_many() {
            out.push_str("{\n");
        } else if families.is_empty() {
            out.push_str("% No BGP neighbors found in VRF default\n");
        }
        self.families = Some(families);
        None
    }
}

impl Show for Summary {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if let Some(refused) = self.begin(router, out) {
            return refused;
        }
        if self.table.is_none() {
            let Some(family) = self.families.as_mut().and_then(Vec::pop) else {
                if self.layout == Layout::Json && self.is_one_of_many() {
                    out.push_str("}\n");
                }
                return Progress::Done;
            };
            self.open(router, family, out);
        }
        let Some(mut table) = self.table.take() else { return Progress::More };
        let start = out.len();
        while let Some(name) = table.names.pop() {
            let Some(peer) = router.engine.peer(&name) else { continue };
            match self.layout {
                Layout::Text => self.push_peer(router, &table, peer, out),
                Layout::Json => {
                    let value = peer_json(router, table.family, &self.filter, peer);
                    push_member(out, &mut table.first, 2, &name, &value);
                }
            }
            if out.len() - start > SLICE_OCTETS {
                self.table = Some(table);
                return Progress::More;
            }
        }
        self.close(router, &table, out);
        Progress::More
    }
}
