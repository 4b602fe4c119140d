//! A table's routes in order of prefix, in slices.
//!
//! A table is a hash, an operator wants order, and sorting a million routes at once would make the engine wait.
//! So a walk first deals the routes into many small heaps: the heaps' borders are some thousand prefixes of the
//! table itself, whatever they look like, and a heap is a list threaded through one number a route. Each heap
//! is sorted when its turn comes. A route that came after its place was dealt out is not seen; one that is gone
//! by its turn is left out.

use bgp_engine::rib::{RouteId, Table};
use bgp_engine::value::Net;

/// The most borders between heaps.
const BORDERS: u32 = 4096;
/// Routes dealt out in one slice.
const DEALT: u32 = 4096;
/// The end of a heap's list.
const END: u32 = u32::MAX;

/// A walk over a table, in order of prefix.
#[derive(Debug)]
pub struct Walk<N> {
    /// Only what lies inside of this.
    within: Option<N>,
    borders: Vec<N>,
    /// The first route of each heap.
    heads: Vec<u32>,
    /// For each place of the table, the next route of the same heap.
    next: Vec<u32>,
    /// The places there were when the walk began.
    places: u32,
    began: bool,
    heap: usize,
    /// The heap in hand, in order, the next one last.
    sorted: Vec<(N, RouteId)>,
}

impl<N: Net> Walk<N> {
    /// A walk over the routes to prefixes inside of `within`, or over all.
    #[must_use]
    pub fn new(within: Option<N>) -> Self {
        Walk {
            within,
            borders: Vec::new(),
            heads: Vec::new(),
            next: Vec::new(),
            places: 0,
            began: false,
            heap: 0,
            sorted: Vec::new(),
        }
    }

    /// Deals out a slice of the routes. Call it until it says true; then [`Walk::next`] has them in order.
    pub fn prepare(&mut self, table: &Table<N>) -> bool {
        if !self.began {
            self.began = true;
            self.set_borders(table);
            return false;
        }
        let from = u32::try_from(self.next.len()).unwrap_or(END);
        for route in (from..self.places.min(from + DEALT)).map(RouteId) {
            let link = self
                .heap_of(route, table)
                .map_or(END, |heap| core::mem::replace(&mut self.heads[heap], route.0));
            self.next.push(link);
        }
        self.next.len() == self.places as usize
    }

    fn set_borders(&mut self, table: &Table<N>) {
        self.places = table.places();
        let step = (self.places / BORDERS).max(64);
        let mut borders: Vec<N> = (0..self.places)
            .step_by(step as usize)
            .map(RouteId)
            .filter(|&route| table.is_live(route))
            .map(|route| table.net(route))
            .collect();
        borders.sort_unstable();
        self.heads = vec![END; borders.len() + 1];
        self.borders = borders;
    }

    /// The heap that a route belongs to, if it is there and asked for.
    fn heap_of(&self, route: RouteId, table: &Table<N>) -> Option<usize> {
        if !table.is_live(route) {
            return None;
        }
        let net = table.net(route);
        let wanted = self.within.is_none_or(|within| within.covers(net));
        wanted.then(|| self.borders.partition_point(|&border| border <= net))
    }

    /// The next route, and whether there is one. Sorts a heap now and then.
    pub fn next(&mut self, table: &Table<N>) -> Option<RouteId> {
        loop {
            while let Some((net, route)) = self.sorted.pop() {
                // The place may have been given to another prefix since.
                if table.is_live(route) && table.net(route) == net {
                    return Some(route);
                }
            }
            let mut at = *self.heads.get(self.heap)?;
            while at != END {
                let route = RouteId(at);
                if self.heap_of(route, table) == Some(self.heap) {
                    self.sorted.push((table.net(route), route));
                }
                at = self.next[at as usize];
            }
            self.heap += 1;
            self.sorted.sort_unstable_by(|a, b| b.cmp(a));
        }
    }
}

#[cfg(test)]
mod tests {
    use bgp_engine::attr::PathAttributes;
    use bgp_engine::rib::{Arrival, Facts, SELF};
    use bgp_engine::value::{IfIndex, PathId};
    use ipnet::Ipv4Net;
    use proptest::prelude::*;

    use super::*;

    fn table(nets: &[Ipv4Net]) -> Table<Ipv4Net> {
        let (mut facts, mut table) = (Facts::new(1), Table::new(1));
        for &net in nets {
            let attrs = facts.intern(PathAttributes::default(), IfIndex(0));
            let arrival = Arrival { peer: SELF, received_id: PathId(0), attrs, now_s: 0 };
            table.announce(net, arrival, &mut facts);
        }
        table
    }

    fn walked(table: &Table<Ipv4Net>, within: Option<Ipv4Net>) -> Vec<Ipv4Net> {
        let mut walk = Walk::new(within);
        while !walk.prepare(table) {}
        core::iter::from_fn(|| walk.next(table)).map(|route| table.net(route)).collect()
    }

    fn net() -> impl Strategy<Value = Ipv4Net> {
        (any::<u32>(), 0..=32_u8).prop_map(|(bits, len)| Ipv4Net::from_bits(u128::from(bits) << 96, len))
    }

    proptest! {
        #[test]
        fn a_walk_meets_every_route_once_in_order(mut nets in proptest::collection::vec(net(), 0..2000)) {
            let table = table(&nets);
            nets.sort_unstable();
            nets.dedup();
            prop_assert_eq!(walked(&table, None), nets);
        }

        #[test]
        fn a_walk_inside_a_prefix_meets_what_it_covers(nets in proptest::collection::vec(net(), 0..500), within in net()) {
            let mut inside: Vec<_> = nets.iter().copied().filter(|&net| within.covers(net)).collect();
            inside.sort_unstable();
            inside.dedup();
            prop_assert_eq!(walked(&table(&nets), Some(within)), inside);
        }
    }

    #[test]
    fn a_route_that_goes_during_a_walk_is_left_out_and_the_rest_is_met() {
        let nets: Vec<Ipv4Net> =
            (0..10_000_u32).map(|n| Ipv4Net::from_bits(u128::from(n) << 104, 24)).collect();
        let mut facts = Facts::new(1);
        let mut table = Table::new(1);
        let attrs = facts.intern(PathAttributes::default(), IfIndex(0));
        for &net in &nets {
            facts.attrs.hold(attrs, 1);
            table.announce(net, Arrival { peer: SELF, received_id: PathId(0), attrs, now_s: 0 }, &mut facts);
        }
        let mut walk = Walk::new(None);
        while !walk.prepare(&table) {}
        let first = walk.next(&table).map(|route| table.net(route));
        assert_eq!(first, Some(nets[0]));
        for &net in &nets[1..9_000] {
            table.withdraw(net, SELF, PathId(0), &mut facts);
        }
        let rest: Vec<_> = core::iter::from_fn(|| walk.next(&table)).map(|route| table.net(route)).collect();
        assert_eq!(rest, nets[9_000..]);
    }
}
