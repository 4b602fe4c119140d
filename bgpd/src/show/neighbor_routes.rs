//! `show bgp … neighbors X advertised-routes|received-routes|filtered-routes|routes`: one of a neighbor's tables,
//! in the family that the command names or that follows from the neighbor.

use bgp_engine::value::Family;
use ipnet::{Ipv4Net, Ipv6Net};

use super::adj_rib::{AdjRib, View};
use super::peers::Which;
use super::table::{Depth, Scope, Table};
use super::{Layout, Progress, Router, Show, Shown};

/// Which of a neighbor's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighborView {
    /// What it is sent.
    Advertised,
    /// What it sent, before policy.
    Received,
    /// What of that policy refused.
    Filtered,
    /// What of that is in the table.
    Routes,
}

/// One of a neighbor's tables.
#[derive(Debug)]
pub struct NeighborRoutes {
    layout: Layout,
    view: NeighborView,
    which: Which,
    family: Option<Family>,
    show: Option<Box<dyn Show>>,
}

impl NeighborRoutes {
    /// Nothing written yet. Without a family: as FRR IPv6, unless the neighbor has IPv4 alone.
    #[must_use]
    pub fn new(layout: Layout, view: NeighborView, which: Which, family: Option<Family>) -> Self {
        NeighborRoutes { layout, view, which, family, show: None }
    }

    fn make<N: Shown>(&self) -> Box<dyn Show> {
        let (layout, which) = (self.layout, self.which.clone());
        match self.view {
            NeighborView::Advertised => Box::new(AdjRib::<N>::new(layout, View::Advertised, which)),
            NeighborView::Received => Box::new(AdjRib::<N>::new(layout, View::Received, which)),
            NeighborView::Filtered => Box::new(AdjRib::<N>::new(layout, View::Filtered, which)),
            NeighborView::Routes => Box::new(Table::<N>::new(layout, Depth::Line, Scope::From(which))),
        }
    }

    fn family(&self, router: &Router<'_>) -> Family {
        self.family.unwrap_or_else(|| {
            let peer = self.which.find(router.engine);
            let v6 = peer.is_some_and(|peer| peer.session.config().families[Family::Ipv6Unicast]);
            if v6 { Family::Ipv6Unicast } else { Family::Ipv4Unicast }
        })
    }
}

impl Show for NeighborRoutes {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        let mut show = self.show.take().unwrap_or_else(|| match self.family(router) {
            Family::Ipv4Unicast => self.make::<Ipv4Net>(),
            Family::Ipv6Unicast => self.make::<Ipv6Net>(),
        });
        let progress = show.write_some(router, out);
        self.show = Some(show);
        progress
    }
}
