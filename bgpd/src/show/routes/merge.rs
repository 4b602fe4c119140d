//! BGP's routes and the others', merged in order of prefix.

use bgp_engine::rib::RouteId;
use bgp_engine::value::{Family, Net};
use ipnet::{IpNet, Ipv4Net};

use super::Protocol;
use crate::show::walk::Walk;
use crate::show::{Router, Shown};

/// A place in both tables, which goes on prefix by prefix.
#[derive(Debug)]
pub struct Merge<N> {
    protocol: Protocol,
    walk: Walk<N>,
    /// BGP's next route, once it is known.
    next: Option<(N, RouteId)>,
    /// Up to where the others were looked at.
    after: Option<IpNet>,
}

impl<N: Shown> Merge<N> {
    /// At the start; of BGP's routes only those inside of `within`.
    #[must_use]
    pub fn new(protocol: Protocol, within: Option<N>) -> Self {
        let after = match N::FAMILY {
            Family::Ipv4Unicast => None,
            // They lie in one table, IPv4's first.
            Family::Ipv6Unicast => {
                Some(IpNet::V4(Ipv4Net::new_assert(core::net::Ipv4Addr::BROADCAST, Ipv4Net::MAX_LEN)))
            }
        };
        Merge { protocol, walk: Walk::new(within), next: None, after }
    }

    /// Works towards the first prefix, for a slice. True when [`Merge::next`] can be asked.
    pub fn prepare(&mut self, router: &Router<'_>) -> bool {
        !self.protocol.wants_bgp() || self.walk.prepare(&N::rib(router).table)
    }

    /// The next prefix that has a route of the kind that is asked for, or had one.
    pub fn next(&mut self, router: &Router<'_>) -> Option<N> {
        if self.protocol.wants_bgp() && self.next.is_none() {
            let table = &N::rib(router).table;
            self.next = self.walk.next(table).map(|route| (table.net(route), route));
        }
        let other = if self.protocol.wants_others() { self.next_other(router) } else { None };
        let net = match (self.next, other) {
            (Some((own, _)), Some(other)) => own.min(other),
            (Some((own, _)), None) => own,
            (None, other) => other?,
        };
        if self.next.is_some_and(|(own, _)| own == net) {
            self.next = None;
        }
        if other == Some(net) {
            self.after = Some(net.into());
        }
        Some(net)
    }

    fn next_other(&self, router: &Router<'_>) -> Option<N> {
        let (net, _) = router.engine.rib().facts.next_hops.routes.iter_after(self.after).next()?;
        // IPv6's prefixes come after all of IPv4's.
        N::from_ipnet(net)
    }
}
