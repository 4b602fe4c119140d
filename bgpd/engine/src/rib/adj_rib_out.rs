//! What peers have been told (Adj-RIB-Out), a group of peers at a time.
//!
//! Peers with equal [`Export`]s are a group. The group follows the table's change log, decides once what each
//! changed route becomes, remembers that in six octets a route, and encodes it once, as a [`Piece`] of the
//! stream of messages. Members take pieces as their connections drain. A member that has fallen behind the
//! pieces still kept goes through the log by itself, sending what the group remembers, until it meets the group
//! again: a peer that does not read costs a number, not a queue.

mod piece;
mod save;
mod told;
mod view;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;

pub use piece::{Audience, Piece};
pub use save::{Bounds, SavedGroup};
use told::Pace;
use view::Leave;
pub use view::View;

use super::change_log::Version;
use super::export::Export;
use super::facts::{Facts, SELF};
use super::outbound::Outbound;
use super::packing::{Batch, Change};
use super::select::{Selected, select};
use super::table::RouteId;
use crate::policy::Filter;
use crate::value::{Net, PathId, PeerId};

/// Routes looked at for one piece.
const BATCH_ROUTES: usize = 4096;

/// Octets of pieces that a group keeps for members that are behind; a member behind those helps itself.
const KEPT_OCTETS: usize = 1 << 20;

/// Pieces that a group keeps. A member behind more than these does better by itself: what changed twice since is
/// sent once.
const KEPT_PIECES: usize = 64;

/// Routes that a group without members forgets in one step.
const RELEASED: usize = 16_384;

/// No attributes: not advertised.
const NONE: u32 = u32::MAX;

/// A kept piece: what became of the changes from one version to another.
#[derive(Debug)]
struct Kept {
    from: Version,
    to: Version,
    piece: Piece,
}

/// A peer in a group.
#[derive(Debug)]
pub struct Member {
    /// Who.
    pub peer: PeerId,
    /// The next change to send.
    cursor: Version,
    /// Routes last changed before this version were never sent to this member unless `told` says so.
    fresh_until: Version,
    /// What it had been told before it came to this group, a bit a route.
    told: Vec<u64>,
    /// When everything before this version is sent, End-of-RIB is due.
    end_of_rib_at: Option<Version>,
    /// How it stands to the group.
    pace: Pace,
}

/// What was advertised to the group.
#[derive(Debug)]
enum Advertised {
    /// One path a route: its attributes and its source.
    Single { attrs: Vec<u32>, source: Vec<PeerId> },
    /// Several (ADD-PATH).
    Several(BTreeMap<RouteId, Vec<Selected>>),
}

/// Peers that are told the same.
#[derive(Debug)]
pub struct Group {
    /// What shapes their output.
    pub export: Arc<Export>,
    members: Vec<Member>,
    advertised: Advertised,
    /// The next change to look at.
    cursor: Version,
    kept: VecDeque<Kept>,
    kept_octets: usize,
    /// Advertised paths, and how many of them each peer is the source of.
    count: u32,
    count_from: Vec<u32>,
}

/// What there is to send.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// These octets, which may be none: there is more.
    Octets(Vec<Bytes>),
    /// Everything before this moment is sent: End-of-RIB is due.
    EndOfRib,
    /// Nothing now.
    Nothing,
}

impl Group {
    /// A group of nobody.
    #[must_use]
    pub fn new(export: Export) -> Self {
        let advertised = if export.add_path.is_some() {
            Advertised::Several(BTreeMap::new())
        } else {
            Advertised::Single { attrs: Vec::new(), source: Vec::new() }
        };
        Group {
            export: Arc::new(export),
            members: Vec::new(),
            advertised,
            cursor: 0,
            kept: VecDeque::new(),
            kept_octets: 0,
            count: 0,
            count_from: Vec::new(),
        }
    }

    /// Takes a peer in. It will be sent everything, and End-of-RIB after what was there at version `end`.
    /// `told` is what it had been told before, see [`Group::leave`]; for a new session nothing.
    pub fn join(&mut self, peer: PeerId, end: Version, told: Vec<u64>) {
        self.members.push(Member {
            peer,
            cursor: 0,
            fresh_until: end,
            told,
            end_of_rib_at: Some(end),
            pace: Pace::Alone,
        });
    }

    /// Lets a peer go. Gives what it had been told, a bit a route, for the next group.
    pub fn leave(&mut self, peer: PeerId) -> Vec<u64> {
        self.members.retain(|member| member.peer != peer);
        self.told()
    }

    /// Says everything again to a member (route refresh, `clear … soft out`).
    pub fn resend(&mut self, peer: PeerId, end: Version) {
        let told = self.told();
        if let Some(member) = self.members.iter_mut().find(|member| member.peer == peer) {
            member.cursor = 0;
            member.fresh_until = end;
            member.told = told;
            member.end_of_rib_at = Some(end);
            member.pace = Pace::Alone;
        }
    }

    /// Gives a restored group its filter and its unsuppress map.
    pub fn set_filters(&mut self, filter: Filter, unsuppress: Option<Filter>) {
        let export = Arc::make_mut(&mut self.export);
        (export.filter, export.unsuppress) = (filter, unsuppress);
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Who is in it.
    pub fn members(&self) -> impl Iterator<Item = PeerId> {
        self.members.iter().map(|member| member.peer)
    }

    /// Up to where the member has been sent the table.
    #[must_use]
    pub fn cursor(&self, peer: PeerId) -> Version {
        self.members.iter().find(|member| member.peer == peer).map_or(0, |member| member.cursor)
    }

    /// Up to where everybody here, and the group itself, has come.
    #[must_use]
    pub fn slowest(&self) -> Version {
        self.members.iter().map(|member| member.cursor).fold(self.cursor, Version::min)
    }

    /// How many paths a member is advertised.
    #[must_use]
    pub fn advertised_to(&self, peer: PeerId) -> u32 {
        self.count - self.count_from.get(usize::from(peer.0)).copied().unwrap_or(0)
    }

    /// What a member is advertised of a route.
    #[must_use]
    pub fn advertised(&self, route: RouteId, peer: PeerId) -> Vec<Selected> {
        let mut paths = Vec::new();
        self.remembered(route, &mut paths);
        paths.retain(|path| path.source != peer);
        paths
    }

    fn remembered(&self, route: RouteId, out: &mut Vec<Selected>) {
        match &self.advertised {
            Advertised::Single { attrs, source } => {
                let at = route.0 as usize;
                if let Some(&attrs) = attrs.get(at).filter(|&&attrs| attrs != NONE) {
                    out.push(Selected {
                        attrs: super::attr_store::AttrId::at(attrs),
                        source: source[at],
                        id: PathId(0),
                    });
                }
            }
            Advertised::Several(routes) => {
                out.extend(routes.get(&route).into_iter().flatten().copied());
            }
        }
    }

    fn remember(&mut self, route: RouteId, paths: &[Selected]) {
        match &mut self.advertised {
            Advertised::Single { attrs, source } => {
                let at = route.0 as usize;
                if attrs.len() <= at {
                    attrs.resize(at + 1, NONE);
                    source.resize(at + 1, SELF);
                }
                attrs[at] = paths.first().map_or(NONE, |path| path.attrs.index());
                source[at] = paths.first().map_or(SELF, |path| path.source);
            }
            Advertised::Several(routes) if paths.is_empty() => {
                routes.remove(&route);
            }
            Advertised::Several(routes) => {
                routes.insert(route, paths.to_vec());
            }
        }
    }

    fn tally(&mut self, path: Selected, by: i32) {
        self.count = self.count.wrapping_add_signed(by);
        let at = usize::from(path.source.0);
        if self.count_from.len() <= at {
            self.count_from.resize(at + 1, 0);
        }
        self.count_from[at] = self.count_from[at].wrapping_add_signed(by);
    }

    /// Gives back some of the references that the group holds; true when it holds none. Call until then before
    /// dropping it.
    pub fn release_some(&mut self, facts: &mut Facts) -> bool {
        self.kept.clear();
        self.kept_octets = 0;
        match &mut self.advertised {
            Advertised::Single { attrs, source } => {
                let rest = attrs.len().saturating_sub(RELEASED);
                source.truncate(rest);
                for attrs in attrs.drain(rest..).filter(|&attrs| attrs != NONE) {
                    facts.release(super::attr_store::AttrId::at(attrs));
                }
                attrs.is_empty()
            }
            Advertised::Several(routes) => {
                for _ in 0..RELEASED {
                    let Some((_, paths)) = routes.pop_last() else { break };
                    paths.iter().for_each(|path| facts.release(path.attrs));
                }
                routes.is_empty()
            }
        }
    }

    /// What to send to a member next.
    pub fn next<N: Net>(&mut self, peer: PeerId, view: &mut View<'_, N>) -> Next {
        let Some(at) = self.members.iter().position(|member| member.peer == peer) else {
            return Next::Nothing;
        };
        let cursor = self.members[at].cursor;
        if self.members[at].end_of_rib_at.is_some_and(|end| cursor >= end) {
            self.members[at].end_of_rib_at = None;
            return Next::EndOfRib;
        }
        let piece = self.kept.binary_search_by_key(&cursor, |kept| kept.from);
        if let (Ok(kept), Pace::Together | Pace::Level) = (piece, self.members[at].pace) {
            let mut out = Vec::new();
            self.kept[kept].piece.push_for(peer, &mut out);
            self.members[at].cursor = self.kept[kept].to;
            self.drop_pieces();
            return Next::Octets(out);
        }
        if cursor < self.cursor {
            return Next::Octets(self.catch_up(at, view));
        }
        if cursor >= view.until() {
            // Only now has it passed every route: one may have moved on in the log before the member met it.
            if cursor >= view.table.end() {
                self.members[at].told = Vec::new();
                self.members[at].pace = Pace::Level;
            }
            return Next::Nothing;
        }
        self.members[at].pace = self.members[at].pace.met();
        let (to, piece) = self.advance(view);
        let mut out = Vec::new();
        piece.push_for(peer, &mut out);
        self.members[at].cursor = to;
        if self.members.len() > 1 {
            self.kept_octets += piece.octets.len();
            self.kept.push_back(Kept { from: cursor, to, piece });
            self.drop_pieces();
        }
        Next::Octets(out)
    }

    /// Drops the pieces that nobody waits for, and the oldest where there are too many.
    fn drop_pieces(&mut self) {
        let slowest = self.members.iter().map(|member| member.cursor).min().unwrap_or(self.cursor);
        while let Some(front) = self.kept.front() {
            let few = self.kept_octets <= KEPT_OCTETS && self.kept.len() <= KEPT_PIECES;
            if front.from >= slowest && few {
                break;
            }
            self.kept_octets -= front.piece.octets.len();
            self.kept.pop_front();
        }
    }

    /// Looks at the next changes of the table and makes a piece of them.
    fn advance<N: Net>(&mut self, view: &mut View<'_, N>) -> (Version, Piece) {
        let mut batch = Batch::new();
        let mut to = self.cursor;
        let mut now = Vec::new();
        let mut before = Vec::new();
        let mut looked = 0;
        let (table, until) = (view.table, view.until());
        let export = Arc::clone(&self.export);
        let mut outbound = Outbound::new(&export);
        let careful = self.members.iter().any(Member::is_unsettled);
        for (version, route) in table.changes(self.cursor) {
            if looked == BATCH_ROUTES || version >= until {
                break;
            }
            looked += 1;
            to = version + 1;
            let leave = view.leave(route);
            now.clear();
            before.clear();
            if leave == Leave::Given {
                let suppressed = select(&export, table, route, view.facts, view.suppresses, &mut now);
                outbound.pass_all(table.net(route), suppressed, view.facts, &mut now);
            }
            self.remembered(route, &mut before);
            if leave == Leave::Awaited {
                now.extend_from_slice(&before);
            }
            if careful {
                self.settle((version, route), &before, &now, &mut batch);
            }
            if now == before {
                continue;
            }
            for path in &now {
                view.facts.attrs.hold(path.attrs, 1);
                self.tally(*path, 1);
            }
            self.note_changes(route, &before, &now, &mut batch);
            self.remember(route, &now);
            for path in &before {
                view.facts.release(path.attrs);
                self.tally(*path, -1);
            }
        }
        if looked < BATCH_ROUTES {
            to = until;
        }
        self.cursor = to;
        outbound.finish(view.facts);
        (to, batch.encode(&export, view))
    }

    /// Notes what the members must be told for a route that was `before` and is `now`.
    fn note_changes(&self, route: RouteId, before: &[Selected], now: &[Selected], batch: &mut Batch) {
        for path in now {
            let former = before.iter().find(|former| former.id == path.id);
            if former == Some(path) {
                continue;
            }
            let audience = self.audience(path.source);
            batch.push(Change::Announce { route, path: *path, audience });
            // The member that the path comes from is not told of it: what it was told before must go.
            if let (Audience::AllBut(source), Some(former)) = (audience, former)
                && former.source != source
            {
                batch.push(Change::Withdraw { route, id: path.id, audience: Audience::Only(source) });
            }
        }
        for former in before {
            if !now.iter().any(|path| path.id == former.id) {
                batch.push(Change::Withdraw { route, id: former.id, audience: self.audience(former.source) });
            }
        }
    }

    fn audience(&self, source: PeerId) -> Audience {
        if source != SELF && self.members.iter().any(|member| member.peer == source) {
            Audience::AllBut(source)
        } else {
            Audience::All
        }
    }

    /// Sends a member that is behind what the group remembers of the next changes.
    fn catch_up<N: Net>(&mut self, at: usize, view: &mut View<'_, N>) -> Vec<Bytes> {
        let Member { peer, cursor, .. } = self.members[at];
        // Not the next piece that is kept: what the group looked at for it and found as before is not in it.
        let meets = self.cursor;
        let mut batch = Batch::new();
        let mut to = meets;
        let mut paths = Vec::new();
        let table = view.table;
        for (looked, (version, route)) in table.changes(cursor).enumerate() {
            if version >= meets {
                break;
            }
            if looked == BATCH_ROUTES {
                to = version;
                break;
            }
            paths.clear();
            self.remembered(route, &mut paths);
            paths.retain(|path| path.source != peer);
            for path in &paths {
                batch.push(Change::Announce { route, path: *path, audience: Audience::All });
            }
            let member = &self.members[at];
            if paths.is_empty() && (member.was_told(route) || version >= member.fresh_until) {
                batch.push(Change::Withdraw { route, id: PathId(0), audience: Audience::All });
            }
        }
        self.members[at].cursor = to;
        self.members[at].pace = if to == meets { Pace::Together } else { Pace::Alone };
        let piece = batch.encode(&self.export, view);
        let mut out = Vec::new();
        piece.push_for(peer, &mut out);
        out
    }
}
