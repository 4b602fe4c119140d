//! Reading a table: nothing here changes it.

use super::super::change_log::{Reader, Version, low};
use super::super::decision::Candidate;
use super::super::facts::Facts;
use super::{NONE, Path, PathPlace, RouteId, Table, route_flag};
use crate::value::{Digest, Net, PeerId};

impl<N: Net> Table<N> {
    /// The prefix of a route.
    #[must_use]
    pub fn net(&self, route: RouteId) -> N {
        self.routes[route.0 as usize].net
    }

    /// The best path of a route.
    #[must_use]
    pub fn best(&self, route: RouteId) -> Option<&Path> {
        self.best_place(route.0).map(|at| &self.paths[at as usize])
    }

    /// The paths of a route, the best one first where there is one.
    pub fn paths(&self, route: RouteId) -> impl Iterator<Item = (PathPlace, &Path)> {
        let mut at = self.routes[route.0 as usize].head;
        core::iter::from_fn(move || {
            let path = self.paths.get(at as usize)?;
            let place = PathPlace(at);
            at = path.next;
            Some((place, path))
        })
    }

    /// Whether a route has one path, and not several.
    #[must_use]
    pub fn has_one_path(&self, route: RouteId) -> bool {
        let first = self.paths.get(self.routes[route.0 as usize].head as usize);
        first.is_some_and(|first| first.next == NONE)
    }

    /// The paths of a route as the decision sees them; those without a reachable next hop are left out.
    pub fn candidates<'a>(
        &'a self,
        route: RouteId,
        facts: &'a Facts,
    ) -> impl Iterator<Item = (PathPlace, Candidate<'a>)> {
        let best = self.best_place(route.0);
        self.paths(route).filter_map(move |(place, _)| {
            self.candidate(place.0, best, facts).map(|candidate| (place, candidate))
        })
    }

    /// The version of a route's last change.
    #[must_use]
    pub fn version(&self, route: RouteId) -> Version {
        self.log.version_of(self.routes[route.0 as usize].version)
    }

    /// The version after the last change of the table.
    #[must_use]
    pub fn end(&self) -> Version {
        self.log.end()
    }

    /// The routes by their last change, from a version on.
    pub fn changes(&self, from: Version) -> impl Iterator<Item = (Version, RouteId)> {
        let reader: Reader<'_> = self.log.read(from);
        reader.filter_map(|(version, route)| {
            let entry = &self.routes[route as usize];
            let live = entry.flags & route_flag::LOGGED != 0 && entry.version == low(version);
            live.then_some((version, RouteId(route)))
        })
    }

    /// The places that routes have or had: every [`RouteId`] is below.
    #[must_use]
    pub fn places(&self) -> u32 {
        u32::try_from(self.routes.len()).unwrap_or(NONE)
    }

    /// Whether the place holds a route with at least one path.
    #[must_use]
    pub fn is_live(&self, route: RouteId) -> bool {
        self.routes.get(route.0 as usize).is_some_and(|r| r.flags & route_flag::FREE == 0 && r.head != NONE)
    }

    /// Routes that have or lately had a path.
    #[must_use]
    pub fn len(&self) -> usize {
        self.routes.len() - self.free_routes.len()
    }

    /// Whether there is no route.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Paths in the table.
    #[must_use]
    pub fn path_count(&self) -> usize {
        self.live_paths
    }

    /// Paths of one peer in the table.
    #[must_use]
    pub fn count_of(&self, peer: PeerId) -> u32 {
        self.counts.get(usize::from(peer.0)).copied().unwrap_or(0)
    }

    /// The path at this place.
    #[must_use]
    pub fn path(&self, place: PathPlace) -> Option<&Path> {
        self.paths.get(place.0 as usize)
    }

    /// A digest of the paths that there are and of the order of the changes so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let (mut digest, changes) = self.digest;
        digest.add(changes.value());
        digest
    }

    /// Memory that the table takes, in octets.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.routes.octets() + self.paths.octets() + self.index.capacity() * 5 + self.log.memory()
    }
}
