//! What is around the router: links, others' routes, and a kernel that answers.

use bgp_engine::input::{Input, Interface, KernelRoute};
use bgp_engine::rib::Way;
use bgp_engine::value::{FibChange, FibReport, IfIndex};
use ipnet::IpNet;

use crate::net::Net;

/// Others' routes in the router's kernel, and two more links, one of them down.
pub fn add(net: &mut Net) {
    for (index, up, address) in [(3, true, "198.51.100.1/24"), (4, false, "203.0.113.1/30")] {
        let addresses = vec![address.parse().unwrap()];
        let name = format!("eth{}", index - 2);
        net.input(0, Input::Interface(Interface { index: IfIndex(index), name, up, addresses }));
    }
    let over = |router: &str, link| Way::Over(router.parse().unwrap(), IfIndex(link));
    let routes: [(&str, u8, u32, &[Way]); 12] = [
        ("10.0.0.0/24", 2, 0, &[Way::Link(IfIndex(2))]),
        ("10.68.0.0/16", 3, 0, &[Way::Link(IfIndex(3))]),
        ("40.0.0.0/8", 3, 20, &[over("10.0.0.9", 2)]),
        ("40.0.0.0/8", 3, 200, &[over("198.51.100.9", 3)]),
        ("41.0.0.0/8", 3, 0, &[over("10.0.0.9", 2), over("198.51.100.9", 3)]),
        ("42.0.0.0/8", 3, 0, &[Way::Blackhole]),
        ("43.0.0.0/8", 3, 0, &[Way::Unreachable]),
        ("44.0.0.0/8", 3, 0, &[Way::Prohibit]),
        ("45.0.0.0/8", 3, 0, &[over("203.0.113.2", 4)]),
        ("46.0.0.0/8", 4, 5 << 24, &[over("10.0.0.9", 2)]),
        ("0.0.0.0/0", 16, 100, &[over("10.0.0.254", 2)]),
        ("2001:db8:99::/48", 3, 1024, &[over("fe80::9", 3)]),
    ];
    let route = |(net, protocol, metric, ways): (&str, u8, u32, &[Way])| KernelRoute {
        net: net.parse().unwrap(),
        protocol,
        metric,
        ways: ways.to_vec(),
    };
    net.input(0, Input::KernelRoutes(routes.map(route).into()));
}

/// The kernel takes all that it was told, but for a route that it refuses each time (EINVAL) and one that it says
/// nothing of.
pub fn answer(net: &mut Net, refused: &str, unanswered: &str) {
    let is_about = |change: &FibChange, wanted: &str| matches!(change, FibChange::Route(net, _) if *net == wanted.parse::<IpNet>().unwrap());
    for (n, batch) in core::mem::take(&mut net.told) {
        if batch.changes.iter().any(|change| is_about(change, unanswered)) {
            net.told.push_back((n, batch));
            continue;
        }
        let failed = (0..).zip(&batch.changes).filter(|(_, change)| is_about(change, refused));
        let failed = failed.map(|(place, _)| (place, 22)).collect();
        net.input(n, Input::Fib(FibReport::Done { number: batch.number, failed }));
    }
}
