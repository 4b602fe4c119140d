//! Large answers: in order, in slices, while the table changes.

#[path = "../engine/tests/net/mod.rs"]
mod net;

use std::sync::Arc;

use bgp_engine::config::{Configuration, Network};
use bgp_engine::value::{Duration, Family, Instant};
use bgpd::command::{Operation, Outcome, Session};
use bgpd::config::{Config, Strictness, parse_str};
use bgpd::machine::Survivals;
use bgpd::show::{Clock, Process, Progress, Router, Show, Standing, Writing};
use ipnet::{IpNet, Ipv4Net};
use net::Net;

/// How many routes.
const ROUTES: u32 = 30_000;
/// The most that a slice may write.
const SLICE: usize = 64 * 1024;

fn config(asn: u32, lines: &str) -> Config {
    let text = format!(
        "router bgp {asn}\n no bgp ebgp-requires-policy\n no bgp network import-check\n timers bgp 0 0\n{lines}"
    );
    parse_str("test", &text, Strictness::Strict).expect("the configuration is right").0
}

fn prefix(n: u32) -> Ipv4Net {
    Ipv4Net::new_assert(((20 << 24) + (n << 8)).into(), 24)
}

/// A router whose neighbor has sent it many routes, in no order.
fn loaded() -> (Net, Arc<Config>, Configuration) {
    let mut net = Net::new(2);
    let router = config(
        65000,
        " neighbor 10.0.0.2 remote-as 65001\n address-family ipv4 unicast\n  neighbor 10.0.0.2 soft-reconfiguration inbound\n",
    );
    let mut speaker = config(65001, " neighbor 10.0.0.1 remote-as 65000\n").engine;
    let networks = &mut speaker.bgp.as_mut().unwrap().families[Family::Ipv4Unicast].networks;
    for n in 0..ROUTES {
        networks.insert(IpNet::V4(prefix(n)), Network::default());
    }
    net.configure(0, router.engine.clone());
    net.configure(1, speaker.clone());
    net.run(Duration::from_secs(30));
    assert_eq!(net.engines[0].rib().v4.table.path_count(), ROUTES as usize);
    (net, Arc::new(router), speaker)
}

fn show(line: &str) -> Box<dyn Show> {
    let outcome = Session::default().execute(line, &mut Arc::new(Config::default()));
    let Ok(Outcome::Run(Operation::Show(show))) = outcome else { panic!("{line}: {outcome:?}") };
    show
}

fn slice(show: &mut dyn Show, net: &Net, config: &Arc<Config>, out: &mut String) -> Progress {
    let router = Router {
        engine: &net.engines[0],
        config,
        clock: Clock { now: net.now, wall_ahead_us: 0 },
        process: Process { pid: 1, started: Instant::default() },
        standing: &Standing::default(),
        writing: &Writing::default(),
        survivals: &Survivals::default(),
    };
    let before = out.len();
    let progress = show.write_some(&router, out);
    assert!(out.len() - before <= SLICE, "a slice of {} octets", out.len() - before);
    progress
}

/// The prefixes at the beginning of the lines.
fn prefixes(text: &str) -> Vec<Ipv4Net> {
    text.lines().filter_map(|line| line.get(5..)?.split(' ').next()?.parse().ok()).collect()
}

#[test]
fn a_large_table_is_told_whole_and_in_order_in_small_slices() {
    let (net, config, _) = loaded();
    for line in [
        "show ip bgp",
        "show ip bgp neighbors 10.0.0.2 routes",
        "show ip bgp neighbors 10.0.0.2 received-routes",
    ] {
        let (mut show, mut text, mut slices) = (show(line), String::new(), 0);
        while slice(show.as_mut(), &net, &config, &mut text) == Progress::More {
            slices += 1;
        }
        assert!(slices > 20, "{line}: {slices} slices");
        assert!(prefixes(&text).into_iter().eq((0..ROUTES).map(prefix)), "{line}");
    }
    let (mut show, mut text) = (show("show ip bgp json"), String::new());
    while slice(show.as_mut(), &net, &config, &mut text) == Progress::More {}
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["routes"].as_object().unwrap().len(), ROUTES as usize);
    assert_eq!(value["totalPaths"], ROUTES);
}

#[test]
fn a_neighbor_that_goes_while_its_routes_are_told_ends_the_answer_well() {
    for line in [
        "show ip bgp json",
        "show ip bgp neighbors 10.0.0.2 routes json",
        "show ip bgp neighbors 10.0.0.2 received-routes json",
        "show ip bgp neighbors 10.0.0.2 advertised-routes json",
        "show bgp neighbors json",
        "show bgp summary json",
        "show bgp nexthop json",
    ] {
        let (mut net, mut config, _) = loaded();
        let (mut show, mut text) = (show(line), String::new());
        for _ in 0..12 {
            if slice(show.as_mut(), &net, &config, &mut text) != Progress::More {
                break;
            }
        }
        let mut without = (*config).clone();
        without.engine.bgp.as_mut().unwrap().neighbors.clear();
        net.configure(0, without.engine.clone());
        net.run(Duration::from_secs(5));
        config = Arc::new(without);
        if !text.ends_with("}\n") || serde_json::from_str::<serde_json::Value>(&text).is_err() {
            while slice(show.as_mut(), &net, &config, &mut text) == Progress::More {}
        }
        let value = serde_json::from_str::<serde_json::Value>(&text);
        assert!(value.is_ok(), "{line}: {value:?}\n{}", &text[text.len().saturating_sub(200)..]);
    }
}

#[test]
fn routes_that_change_while_the_table_is_told_leave_the_others_in_order() {
    let (mut net, config, mut speaker) = loaded();
    let (mut show, mut text) = (show("show ip bgp"), String::new());
    for _ in 0..40 {
        assert_eq!(slice(show.as_mut(), &net, &config, &mut text), Progress::More);
    }
    let told = prefixes(&text).len();
    assert!(told > 0 && told < 20_000, "{told}");
    let networks = &mut speaker.bgp.as_mut().unwrap().families[Family::Ipv4Unicast].networks;
    networks.retain(|net, _| matches!(net, IpNet::V4(net) if net.addr() < prefix(20_000).addr()));
    net.configure(1, speaker);
    net.run(Duration::from_secs(5));
    while slice(show.as_mut(), &net, &config, &mut text) == Progress::More {}
    assert!(prefixes(&text).into_iter().eq((0..20_000).map(prefix)));
}
