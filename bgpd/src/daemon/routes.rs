//! The kernel's routes of others: what differs from what the machine knows, then every change.
//!
//! The watch begins with what the machine knows, so after a takeover only what is different now becomes inputs. It needs
//! to know which routes are ours, so it begins once there is a configuration, and anew when the `fib` block changes.

use std::future::pending;

use bgp_engine::engine::Engine;
use bgp_engine::rib::{RouteSource, Way};
use bgp_engine::value::IfIndex;
use fib::watch::{OtherRoute, RouteChange, RouteWatch, RouteWay, WatchError};

use crate::config::Fib;
use crate::machine::{KernelRoute, OwnInput};

/// How many ways all routes of one entry have together, so that it stays well below what an entry takes.
const MOST_WAYS: usize = 1024;

/// The view of them, once there is one.
#[derive(Default)]
pub(super) struct Routes(Option<RouteWatch>);

impl Routes {
    /// Looks with these settings from now on; does nothing where it does already. Must be called in a runtime with I/O.
    ///
    /// # Errors
    /// Where the kernel's routes cannot be seen.
    pub(super) fn follow(&mut self, block: &Fib, engine: &Engine) -> Result<(), WatchError> {
        let ours = block.settings();
        if self.0.as_ref().is_none_or(|watch| *watch.ours() != ours) {
            self.0 = Some(RouteWatch::open(ours, known(engine))?);
        }
        Ok(())
    }

    /// What is heard next. Safe to drop at any time.
    ///
    /// # Errors
    /// Where the kernel's routes cannot be seen any more.
    pub(super) async fn next(&mut self) -> Result<Vec<RouteChange>, WatchError> {
        match &mut self.0 {
            Some(watch) => watch.next().await,
            None => pending().await,
        }
    }
}

/// The kernel's routes as the engine knows them.
fn known(engine: &Engine) -> Vec<OtherRoute> {
    let routes = engine.rib().facts.next_hops.routes.iter();
    let of_kernel = routes.filter_map(|(net, route)| match route.source {
        RouteSource::Kernel(protocol) => {
            let ways = route.ways.iter().filter_map(|way| route_way(*way)).collect();
            Some(OtherRoute { net, protocol, metric: route.priority, ways })
        }
        RouteSource::Connected | RouteSource::Static => None,
    });
    of_kernel.collect()
}

/// A way as the kernel has it, whose every router is on a link.
fn route_way(way: Way) -> Option<RouteWay> {
    Some(match way {
        Way::Link(IfIndex(link)) => RouteWay::Link(link),
        Way::Over(router, IfIndex(link)) => RouteWay::Over(router, link),
        Way::Blackhole => RouteWay::Blackhole,
        Way::Unreachable => RouteWay::Unreachable,
        Way::Prohibit => RouteWay::Prohibit,
        Way::Through(_) => return None,
    })
}

/// Changes as inputs, none of them too large.
#[must_use]
pub(super) fn inputs(changes: Vec<RouteChange>) -> Vec<OwnInput> {
    let mut inputs = Vec::new();
    let (mut part, mut size) = (Vec::new(), 0);
    for change in changes {
        let route = KernelRoute::from(change);
        let ways = route.ways.len().max(1);
        if size + ways > MOST_WAYS && !part.is_empty() {
            inputs.push(OwnInput::KernelRoutes(std::mem::take(&mut part)));
            size = 0;
        }
        size += ways;
        part.push(route);
    }
    if !part.is_empty() {
        inputs.push(OwnInput::KernelRoutes(part));
    }
    inputs
}

#[cfg(test)]
mod tests {
    use bgp_engine::effect::Effects;
    use bgp_engine::input::Input;
    use bgp_engine::value::Instant;

    use super::*;

    fn route(n: u32, ways: usize) -> OtherRoute {
        let net = ipnet::IpNet::new(std::net::Ipv4Addr::from(n << 8).into(), 24).unwrap();
        let way = |link| RouteWay::Over(std::net::Ipv4Addr::new(10, 0, 0, 1).into(), link);
        OtherRoute { net, protocol: 4, metric: n, ways: (1..).map(way).take(ways).collect() }
    }

    #[test]
    fn what_the_engine_was_told_is_what_is_known() {
        let mut engine = Engine::new(1);
        let routes = [route(1, 1), route(2, 3), OtherRoute { ways: vec![RouteWay::Prohibit], ..route(3, 1) }];
        for input in inputs(routes.iter().cloned().map(RouteChange::Route).collect()) {
            let OwnInput::KernelRoutes(routes) = input else { panic!("{input:?}") };
            let input = Input::KernelRoutes(routes.into_iter().filter_map(KernelRoute::for_engine).collect());
            engine.step(Instant::from_micros(1), input, &mut Effects::default());
        }
        assert_eq!(known(&engine), routes);
    }

    #[test]
    fn no_input_is_larger_than_an_entry_may_be() {
        let changes: Vec<RouteChange> = (0..1024)
            .map(|n| RouteChange::Route(OtherRoute { ways: route(n, 64).ways, ..route(n, 1) }))
            .collect();
        let inputs = inputs(changes);
        assert_eq!(inputs.len(), 64);
        let routes = inputs.iter().map(|input| match input {
            OwnInput::KernelRoutes(routes) => routes.len(),
            _ => 0,
        });
        assert_eq!(routes.sum::<usize>(), 1024);
        let largest = inputs.iter().map(|input| input.emit().len()).max();
        assert!(largest < Some(128 << 10), "{largest:?}");
    }
}
