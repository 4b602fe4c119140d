//! A table in a snapshot: every place, free or not, as a path's place is what ADD-PATH names it by.

use serde::{Deserialize, Serialize};

use super::super::attr_store::Holders;
use super::super::change_log::{SavedLog, Version};
use super::{AttrId, ChangeLog, Index, Interest, NONE, Path, Route, Table, route_flag};
use crate::value::octets::{Damaged, Octets};
use crate::value::{Digest, Net, PathId, PeerId};

/// A table as it is saved: a column for each field. The index and the counts are made anew.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedTable<'a> {
    #[serde(borrow)]
    nets: Octets<'a>,
    #[serde(borrow)]
    flags: Octets<'a>,
    #[serde(borrow)]
    heads: Octets<'a>,
    #[serde(borrow)]
    versions: Octets<'a>,
    #[serde(borrow)]
    path_attrs: Octets<'a>,
    #[serde(borrow)]
    path_nexts: Octets<'a>,
    #[serde(borrow)]
    path_peers: Octets<'a>,
    #[serde(borrow)]
    path_generations: Octets<'a>,
    /// Nothing where all are 0.
    #[serde(borrow)]
    path_received_ids: Octets<'a>,
    #[serde(borrow)]
    path_since: Octets<'a>,
    #[serde(borrow)]
    free_routes: Octets<'a>,
    #[serde(borrow)]
    free_paths: Octets<'a>,
    #[serde(borrow)]
    gone_versions: Octets<'a>,
    #[serde(borrow)]
    gone_routes: Octets<'a>,
    #[serde(borrow)]
    log: SavedLog<'a>,
    digest: (Digest, Digest),
    interest: Interest,
}

impl<N: Net> Table<N> {
    /// The table as it is saved.
    pub fn save(&self) -> SavedTable<'_> {
        let (routes, paths) = (&self.routes, &self.paths);
        let plain = paths.iter().all(|path| path.received_id == PathId(0));
        let with_id = if plain { 0 } else { paths.len() };
        SavedTable {
            nets: Octets::nets(|| routes.iter().map(|route| route.net)),
            flags: Octets::column(|| routes.iter().map(|route| route.flags)),
            heads: Octets::column(|| routes.iter().map(|route| route.head)),
            versions: Octets::column(|| routes.iter().map(|route| route.version)),
            path_attrs: Octets::column(|| paths.iter().map(|path| path.attrs.index())),
            path_nexts: Octets::column(|| paths.iter().map(|path| path.next)),
            path_peers: Octets::column(|| paths.iter().map(|path| path.peer.0)),
            path_generations: Octets::column(|| paths.iter().map(|path| path.generation)),
            path_received_ids: Octets::column(move || {
                paths.iter().take(with_id).map(|path| path.received_id.0)
            }),
            path_since: Octets::column(|| paths.iter().map(|path| path.since_s)),
            free_routes: Octets::column(|| self.free_routes.iter().copied()),
            free_paths: Octets::column(|| self.free_paths.iter().copied()),
            gone_versions: Octets::column(|| self.gone.iter().map(|gone| gone.0)),
            gone_routes: Octets::column(|| self.gone.iter().map(|gone| gone.1)),
            log: self.log.save(),
            digest: self.digest,
            interest: self.interest,
        }
    }

    /// The table that was saved; there are so many `peers`.
    pub fn restore(
        saved: &SavedTable<'_>,
        seed: u64,
        peers: usize,
        holders: &mut Holders,
    ) -> Result<Self, Damaged> {
        let mut table = Table::new(seed);
        table.digest = saved.digest;
        table.interest = saved.interest;
        table.restore_routes(saved)?;
        table.restore_paths(saved)?;
        table.restore_free_places(saved)?;
        table.count_paths(peers, holders)?;
        table.restore_log(&saved.log)?;
        table.restore_gone(saved)?;
        table.build_index();
        Ok(table)
    }

    fn restore_routes(&mut self, saved: &SavedTable<'_>) -> Result<(), Damaged> {
        let mut nets = saved.nets.cut();
        let flags = saved.flags.numbers::<u8>()?;
        let heads = saved.heads.numbers::<u32>()?;
        let versions = saved.versions.numbers::<u32>()?;
        if heads.len() != flags.len() || versions.len() != flags.len() {
            return Err(Damaged("a table's routes are not as many in every column"));
        }
        for ((flags, head), version) in flags.zip(heads).zip(versions) {
            self.routes.push(Route { head, version, net: nets.net()?, flags });
        }
        if nets.is_empty() && self.routes.len() < NONE as usize {
            Ok(())
        } else {
            Err(Damaged("a table has more prefixes than routes"))
        }
    }

    fn restore_paths(&mut self, saved: &SavedTable<'_>) -> Result<(), Damaged> {
        let attrs = saved.path_attrs.numbers::<u32>()?;
        let nexts = saved.path_nexts.numbers::<u32>()?;
        let peers = saved.path_peers.numbers::<u16>()?;
        let generations = saved.path_generations.numbers::<u8>()?;
        let since = saved.path_since.numbers::<u32>()?;
        let ids = saved.path_received_ids.numbers::<u32>()?;
        let count = attrs.len();
        let as_many = [nexts.len(), peers.len(), generations.len(), since.len()] == [count; 4];
        if !as_many || !(ids.len() == 0 || ids.len() == count) || count >= NONE as usize {
            return Err(Damaged("a table's paths are not as many in every column"));
        }
        let ids = ids.chain(core::iter::repeat(0));
        let columns = attrs.zip(nexts).zip(peers).zip(generations).zip(since).zip(ids);
        self.paths.extend(columns.map(|(((((attrs, next), peer), generation), since_s), id)| Path {
            attrs: AttrId::at(attrs),
            next,
            peer: PeerId(peer),
            generation,
            received_id: PathId(id),
            since_s,
        }));
        Ok(())
    }

    fn restore_free_places(&mut self, saved: &SavedTable<'_>) -> Result<(), Damaged> {
        self.free_routes = saved.free_routes.numbers()?.collect();
        self.free_paths = saved.free_paths.numbers()?.collect();
        let mut seen = alloc::vec![false; self.routes.len()];
        for &route in &self.free_routes {
            let is_free = self.routes.get(route as usize).is_some_and(|r| r.flags == route_flag::FREE);
            if !is_free || core::mem::replace(&mut seen[route as usize], true) {
                return Err(Damaged("a free place for a route is not free"));
            }
        }
        let free = self.routes.iter().filter(|route| route.flags & route_flag::FREE != 0).count();
        if free == self.free_routes.len() { Ok(()) } else { Err(Damaged("a free route is not listed")) }
    }

    /// Follows every route's list of paths: each path must stand in exactly one, or be free.
    fn count_paths(&mut self, peers: usize, holders: &mut Holders) -> Result<(), Damaged> {
        let mut seen = alloc::vec![false; self.paths.len()];
        self.counts = alloc::vec![0; peers];
        for route in self.routes.iter().filter(|route| route.flags & route_flag::FREE == 0) {
            if route.head == NONE && route.flags & route_flag::HAS_BEST != 0 {
                return Err(Damaged("a route without a path has a best one"));
            }
            let mut at = route.head;
            while at != NONE {
                let Some(path) = self.paths.get(at as usize) else {
                    return Err(Damaged("a route has a path that is not there"));
                };
                if core::mem::replace(&mut seen[at as usize], true) {
                    return Err(Damaged("a path stands in a list twice"));
                }
                holders.hold(path.attrs.index())?;
                let count = self.counts.get_mut(usize::from(path.peer.0));
                *count.ok_or(Damaged("a path is of a peer that is not there"))? += 1;
                self.live_paths += 1;
                at = path.next;
            }
        }
        for &path in &self.free_paths {
            match seen.get_mut(path as usize) {
                Some(seen) if !*seen => *seen = true,
                Some(_) | None => return Err(Damaged("a free place for a path is not free")),
            }
        }
        if seen.contains(&false) { Err(Damaged("a path is nobody's")) } else { Ok(()) }
    }

    /// Every route that says that it stands in the log must stand there, once.
    fn restore_log(&mut self, saved: &SavedLog<'_>) -> Result<(), Damaged> {
        let routes = &self.routes;
        // Only the end is needed to tell a version from its low half.
        let end = ChangeLog::ending_at(saved.end());
        let (log, live) = ChangeLog::restore(saved, |version, route| {
            let route = routes.get(route as usize).ok_or(Damaged("the change log names no route"))?;
            Ok(route.flags & route_flag::LOGGED != 0 && end.version_of(route.version) == version)
        })?;
        let logged = routes.iter().filter(|route| route.flags & route_flag::LOGGED != 0).count();
        if live != logged {
            return Err(Damaged("a route's last change is not in the change log"));
        }
        self.log = log;
        Ok(())
    }

    fn restore_gone(&mut self, saved: &SavedTable<'_>) -> Result<(), Damaged> {
        let versions = saved.gone_versions.numbers::<Version>()?;
        let routes = saved.gone_routes.numbers::<u32>()?;
        if versions.len() != routes.len() {
            return Err(Damaged("routes without a path are not as many in every column"));
        }
        self.gone = versions.zip(routes).collect();
        let there = |&(_, route): &(Version, u32)| (route as usize) < self.routes.len();
        if self.gone.iter().all(there) { Ok(()) } else { Err(Damaged("a route without a path is not there")) }
    }

    fn build_index(&mut self) {
        self.index = Index::with_room(self.routes.len());
        let (routes, hasher) = (&self.routes, &self.hasher);
        for (id, route) in
            (0u32..).zip(routes.iter()).filter(|(_, route)| route.flags & route_flag::FREE == 0)
        {
            let hash = Self::hash(hasher, route.net);
            self.index.insert(hash, id, |id| Self::hash(hasher, routes[id as usize].net));
        }
    }

    /// Puts in which places are taken next.
    pub fn digest_places(&self, digest: &mut Digest) {
        for free in [&self.free_routes, &self.free_paths] {
            digest.add((free.len() as u64) << 32 ^ free.last().copied().map_or(0, u64::from));
        }
        digest.add((self.gone.len() as u64) << 32 ^ self.live_paths as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_paths_that_comes_round_again_is_refused() {
        let mut table: Table<ipnet::Ipv4Net> = Table::new(1);
        table.routes =
            [Route { head: 0, version: 0, net: Default::default(), flags: 0 }].into_iter().collect();
        let path = Path {
            attrs: AttrId::at(0),
            next: 1,
            peer: PeerId(0),
            generation: 0,
            received_id: PathId(0),
            since_s: 0,
        };
        table.paths = [path, Path { next: 0, ..path }].into_iter().collect();
        let mut holders = Holders::of(alloc::vec![true]);
        assert_eq!(table.count_paths(1, &mut holders), Err(Damaged("a path stands in a list twice")));
    }
}
