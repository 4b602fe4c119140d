//! What is redistributed, as an FRR hears it: the same of us as of an FRR with our configuration.

use tests::lab::speaker::{Family, Route, Speaker};

use crate::world::World;

/// What they are to hear at first and after each change, by prefix alone; the rest is compared.
const AT_FIRST: &[&str] = &[
    "10.0.1.0/24",
    "10.0.2.0/24",
    "10.64.0.0/16",
    "10.66.0.0/16",
    "10.67.0.0/16",
    "10.68.0.0/16",
    "192.0.2.0/24",
];

/// Steps in our node, and what they are to hear afterwards besides and no more.
const STEPS: &[(&str, &[&str], &[&str])] = &[
    ("ip route add 10.69.0.0/16 via 10.0.2.2 metric 4", &["10.69.0.0/16"], &[]),
    ("ip route del 10.66.0.0/16", &["10.69.0.0/16"], &["10.66.0.0/16"]),
    ("ip addr add 10.0.3.1/24 dev eth2", &["10.69.0.0/16", "10.0.3.0/24"], &["10.66.0.0/16"]),
    (
        "ip addr del 10.0.2.1/24 dev eth2",
        &["10.0.3.0/24"],
        &["10.0.2.0/24", "10.64.0.0/16", "10.66.0.0/16", "192.0.2.0/24"],
    ),
];

fn hears(world: &World, what: &str, more: &[&str], less: &[&str]) -> Vec<Route> {
    let mut expected: Vec<&str> = AT_FIRST.iter().filter(|prefix| !less.contains(prefix)).copied().collect();
    expected.extend(more);
    expected.sort_unstable();
    world.wait(what, || {
        let heard = world.heard(Family::Ipv4)?;
        let mut prefixes: Vec<&str> = heard.iter().map(|route| route.prefix.as_str()).collect();
        prefixes.sort_unstable();
        if prefixes == expected { Ok(()) } else { Err(format!("they hear {prefixes:?}, not {expected:?}")) }
    });
    world.heard(Family::Ipv4).unwrap_or_else(|error| panic!("{error}"))
}

/// All that they hear of a router through all steps, and how it shows its routes at first.
fn story(us: Speaker) -> (Vec<Vec<Route>>, Vec<String>) {
    let world = World::start(us);
    let mut heard = vec![hears(&world, "the first routes", &[], &[])];
    heard.push(world.heard(Family::Ipv6).unwrap_or_else(|error| panic!("{error}")));
    let shown = ["show ip route kernel", "show ip route connected", "show ipv6 route kernel"];
    let shown = shown.iter().flat_map(|line| routes_shown(&world, line)).collect();
    for (step, more, less) in STEPS {
        world.run(step);
        heard.push(hears(&world, step, more, less));
    }
    (heard, shown)
}

/// The lines of routes, without how long they are there.
fn routes_shown(world: &World, line: &str) -> Vec<String> {
    let answer = world.shell(&[line]).unwrap_or_else(|error| panic!("{error}"));
    let is_route = |line: &&str| line.starts_with("K>") || line.starts_with("C>");
    let lines = answer.lines().filter(is_route).filter_map(|line| line.rsplit_once(", "));
    lines.map(|(line, _)| line.to_owned()).collect()
}

#[test]
fn what_is_redistributed_is_heard_as_frrs_is() {
    let ((ours, our_routes), (frrs, frrs_routes)) = (story(Speaker::Ftbgp), story(Speaker::Frr));
    assert!(
        frrs[1].iter().any(|route| route.prefix == "2001:db8:64::/48" && route.med == Some(77)),
        "{frrs:?}"
    );
    for (step, (ours, frrs)) in ours.iter().zip(&frrs).enumerate() {
        assert_eq!(ours, frrs, "after step {step}");
    }
    assert!(frrs_routes.len() >= 7, "{frrs_routes:?}");
    assert_eq!(our_routes, frrs_routes);
}
