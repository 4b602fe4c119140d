//! A group in a snapshot: what it remembers, where its members are, the pieces that are kept for them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::told::Pace;
use super::{Advertised, Audience, Export, Group, Kept, Member, NONE, Piece, RouteId, Selected, Version};
use crate::rib::attr_store::Holders;
use crate::value::octets::{Cut, Damaged, Number, Octets, Part, put_short};
use crate::value::{Digest, PathId, PeerId};

/// A group as it is saved. Its filter follows from the configuration.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedGroup<'a> {
    export: Part<'a, Export>,
    #[serde(borrow)]
    members: Vec<SavedMember<'a>>,
    cursor: Version,
    /// One path a route: attributes and sources.
    #[serde(borrow)]
    attrs: Octets<'a>,
    #[serde(borrow)]
    sources: Octets<'a>,
    /// Several paths a route.
    #[serde(borrow)]
    several: Octets<'a>,
    #[serde(borrow)]
    kept: Vec<SavedPiece<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedMember<'a> {
    peer: PeerId,
    cursor: Version,
    fresh_until: Version,
    #[serde(borrow)]
    told: Octets<'a>,
    end_of_rib_at: Option<Version>,
    pace: Pace,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedPiece<'a> {
    from: Version,
    to: Version,
    #[serde(borrow)]
    octets: Octets<'a>,
    /// Each part's end, the kind of its audience and the peer of that.
    #[serde(borrow)]
    parts: Octets<'a>,
}

/// What a group must fit.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The places of the table's routes.
    pub routes: usize,
    /// The places of peers.
    pub peers: usize,
    /// The version after the table's last change.
    pub end: Version,
}

impl Bounds {
    fn peer(self, number: u16) -> Result<PeerId, Damaged> {
        if usize::from(number) < self.peers {
            Ok(PeerId(number))
        } else {
            Err(Damaged("a group names a peer that is not there"))
        }
    }
}

impl Member {
    fn save(&self) -> SavedMember<'_> {
        SavedMember {
            peer: self.peer,
            cursor: self.cursor,
            fresh_until: self.fresh_until,
            told: Octets::column(|| self.told.iter().copied()),
            end_of_rib_at: self.end_of_rib_at,
            pace: self.pace,
        }
    }

    fn restore(saved: &SavedMember<'_>, group: Version, bounds: Bounds) -> Result<Member, Damaged> {
        if saved.cursor > group {
            return Err(Damaged("a member is ahead of its group"));
        }
        Ok(Member {
            peer: bounds.peer(saved.peer.0)?,
            cursor: saved.cursor,
            fresh_until: saved.fresh_until,
            told: saved.told.numbers()?.collect(),
            end_of_rib_at: saved.end_of_rib_at,
            pace: saved.pace,
        })
    }
}

impl Kept {
    fn save(&self) -> SavedPiece<'_> {
        SavedPiece {
            from: self.from,
            to: self.to,
            octets: Octets::of(&self.piece.octets),
            parts: Octets::made(|out| {
                for &(end, audience) in &self.piece.parts {
                    let (kind, peer) = match audience {
                        Audience::All => (0, PeerId(0)),
                        Audience::AllBut(peer) => (1, peer),
                        Audience::Only(peer) => (2, peer),
                    };
                    put_short(end, out);
                    out.push(kind);
                    peer.0.put(out);
                }
            }),
        }
    }

    fn restore(saved: &SavedPiece<'_>, end: Version) -> Result<Kept, Damaged> {
        let octets = saved.octets.get();
        let mut parts: Vec<(usize, Audience)> = Vec::new();
        let mut cut = saved.parts.cut();
        while !cut.is_empty() {
            let end = cut.short()?;
            let kind: u8 = cut.number()?;
            let peer = PeerId(cut.number()?);
            let audience = match kind {
                0 => Audience::All,
                1 => Audience::AllBut(peer),
                2 => Audience::Only(peer),
                _ => return Err(Damaged("a piece is for nobody known")),
            };
            if end > octets.len() || parts.last().is_some_and(|last| last.0 > end) {
                return Err(Damaged("a piece's parts do not fit"));
            }
            parts.push((end, audience));
        }
        if saved.from >= saved.to || saved.to > end {
            return Err(Damaged("a piece's versions do not fit"));
        }
        Ok(Kept { from: saved.from, to: saved.to, piece: Piece::new(octets.to_vec(), parts) })
    }
}

fn put_several(routes: &BTreeMap<RouteId, Vec<Selected>>, out: &mut Vec<u8>) {
    for (route, paths) in routes {
        route.0.put(out);
        put_short(paths.len(), out);
        for path in paths {
            path.attrs.index().put(out);
            path.source.0.put(out);
            path.id.0.put(out);
        }
    }
}

fn take_several(
    mut cut: Cut<'_>,
    bounds: Bounds,
    holders: &mut Holders,
) -> Result<BTreeMap<RouteId, Vec<Selected>>, Damaged> {
    let mut routes = BTreeMap::new();
    while !cut.is_empty() {
        let route = RouteId(cut.number()?);
        let mut paths = Vec::new();
        for _ in 0..cut.short()? {
            let attrs = holders.hold(cut.number()?)?;
            let source = bounds.peer(cut.number()?)?;
            paths.push(Selected { attrs, source, id: PathId(cut.number()?) });
        }
        if route.0 as usize >= bounds.routes || paths.is_empty() || routes.insert(route, paths).is_some() {
            return Err(Damaged("a group remembers a route that cannot be"));
        }
    }
    Ok(routes)
}

impl Group {
    /// The group as it is saved.
    pub fn save(&self) -> SavedGroup<'_> {
        let (attrs, sources, several) = match &self.advertised {
            Advertised::Single { attrs, source } => (
                Octets::column(|| attrs.iter().copied()),
                Octets::column(|| source.iter().map(|peer| peer.0)),
                Octets::default(),
            ),
            Advertised::Several(routes) => {
                (Octets::default(), Octets::default(), Octets::made(|out| put_several(routes, out)))
            }
        };
        SavedGroup {
            export: Part::Lent(&self.export),
            members: self.members.iter().map(Member::save).collect(),
            cursor: self.cursor,
            attrs,
            sources,
            several,
            kept: self.kept.iter().map(Kept::save).collect(),
        }
    }

    /// The group that was saved. Its filter is still that of everybody.
    pub fn restore(saved: SavedGroup<'_>, bounds: Bounds, holders: &mut Holders) -> Result<Group, Damaged> {
        let mut group = Group::new(saved.export.own()?);
        group.cursor = saved.cursor;
        if group.cursor > bounds.end {
            return Err(Damaged("a group is ahead of its table"));
        }
        for member in &saved.members {
            group.members.push(Member::restore(member, group.cursor, bounds)?);
        }
        let mut before = 0;
        for piece in &saved.kept {
            let kept = Kept::restore(piece, group.cursor)?;
            if kept.from < before {
                return Err(Damaged("kept pieces are not in order"));
            }
            before = kept.to;
            group.kept_octets += kept.piece.octets.len();
            group.kept.push_back(kept);
        }
        group.restore_advertised(&saved.attrs, &saved.sources, &saved.several, bounds, holders)?;
        Ok(group)
    }

    /// Puts in where the group and its members are.
    pub fn digest(&self, digest: &mut Digest) {
        digest.add(self.cursor);
        digest.add(u64::from(self.count));
        digest.add((self.kept.len() as u64) << 32 ^ self.kept_octets as u64);
        for member in &self.members {
            digest.add(u64::from(member.peer.0) << 48 ^ member.cursor);
            digest.add(member.fresh_until);
            digest.add(member.end_of_rib_at.map_or(0, |end| end + 1));
        }
    }

    fn restore_advertised(
        &mut self,
        attrs: &Octets<'_>,
        sources: &Octets<'_>,
        several: &Octets<'_>,
        bounds: Bounds,
        holders: &mut Holders,
    ) -> Result<(), Damaged> {
        let attrs: Vec<u32> = attrs.numbers()?.collect();
        let sources = sources.numbers()?.map(|peer| bounds.peer(peer)).collect::<Result<Vec<_>, _>>()?;
        if attrs.len() != sources.len() || attrs.len() > bounds.routes {
            return Err(Damaged("what a group remembers is not as much in every column"));
        }
        for (&attrs, &source) in attrs.iter().zip(&sources).filter(|&(&attrs, _)| attrs != NONE) {
            let path = Selected { attrs: holders.hold(attrs)?, source, id: PathId(0) };
            self.tally(path, 1);
        }
        let routes = take_several(several.cut(), bounds, holders)?;
        routes.values().flatten().for_each(|path| self.tally(*path, 1));
        match (&mut self.advertised, attrs.is_empty(), routes.is_empty()) {
            (Advertised::Single { attrs: own, source }, _, true) => {
                (*own, *source) = (attrs, sources);
            }
            (Advertised::Several(own), true, _) => *own = routes,
            (Advertised::Single { .. } | Advertised::Several(_), ..) => {
                return Err(Damaged("a group remembers what it cannot tell"));
            }
        }
        Ok(())
    }
}
