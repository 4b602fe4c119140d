//! Route maps against FRR's: the same lines, the same routes, and what comes of them compared attribute by attribute.
//!
//! ```text
//!                ┌──eth1── us ───eth2──┐
//!  feed (ExaBGP) ┤                     ├ sink (FRR)     us and them: AS 65001, the same lists and route maps
//!                └──eth1── them ─eth2──┘
//! ```
//!
//! Each case is a prefix of its own with an entry, or some, of the one map for it. What the map makes of routes on
//! their way in is read from the two tables, what it makes on their way out from the sink's.

use std::collections::BTreeMap;
use std::fs;

use tests::lab::speaker::{Family, Route};
use tests::lab::{Lab, Topology};

use crate::world::DEADLINE;

/// A case: what the feeder says of the route, and the entries of the map for it, without the lines about the prefix.
struct Case {
    feed: &'static str,
    entries: &'static [(&'static str, &'static str)],
}

const fn case(feed: &'static str, entries: &'static [(&'static str, &'static str)]) -> Case {
    Case { feed, entries }
}

/// Lists that the entries name.
const LISTS: &str = "\
access-list A1 permit 10.0.0.0/8
access-list A2 permit 10.2.0.0/16 exact-match
ip prefix-list HOPS permit 10.0.0.0/8 le 32
bgp as-path access-list P1 permit _65020_
bgp as-path access-list P2 deny _65021$
bgp as-path access-list P2 permit ^65010 [0-9]+ 
bgp as-path access-list P3 permit ^65010(_65010)*$
bgp as-path access-list P4 permit [{,]65031[,}]
bgp community-list standard C1 permit 65010:100
bgp community-list standard C2 permit 65010:100 65010:200
bgp community-list expanded C3 permit ^65010:1.0 65010:200$
bgp community-list expanded C4 permit _no-export_
bgp community-list 1 deny no-export
bgp community-list 1 permit internet
bgp community-list expanded C5 permit 65010:.00
bgp large-community-list standard L1 permit 65010:1:2
bgp large-community-list expanded L2 permit :3:
bgp extcommunity-list standard E1 permit rt 65010:1
bgp extcommunity-list expanded E2 permit RT:65010
";

const TWO: &str = "community [ 65010:200 65010:100 ]";
const RICH: &str = "med 50 community [ 65010:100 65010:200 no-export ] large-community [ 65010:1:2 65010:3:4 ] \
                    extended-community [ target:65010:1 origin:65010:2 ]";

const CASES: &[Case] = &[
    case("", &[("permit", "")]),
    case("", &[("deny", "")]),
    case("", &[("permit", "match as-path P1")]),
    case("as-path [ 65010 65020 65022 ]", &[("permit", "match as-path P1")]),
    case("as-path [ 65010 65020 65021 ]", &[("permit", "match as-path P2")]),
    case("as-path [ 65010 65020 65022 ]", &[("permit", "match as-path P2")]),
    case("as-path [ 65010 65010 65010 ]", &[("permit", "match as-path P3")]),
    case("as-path [ 65010 165020 ]", &[("permit", "match as-path P1"), ("permit", "set metric 9")]),
    case(TWO, &[("permit", "match community C1")]),
    case(TWO, &[("permit", "match community C1 exact-match"), ("permit", "set metric 3")]),
    case(TWO, &[("permit", "match community C2 exact-match")]),
    case(TWO, &[("permit", "match community C3")]),
    case(RICH, &[("permit", "match community C4")]),
    case(RICH, &[("permit", "match community 1")]),
    case(TWO, &[("permit", "match community 1")]),
    case("", &[("permit", "match community 1")]),
    case("", &[("permit", "match community MISSING"), ("permit", "set metric 77")]),
    case(RICH, &[("permit", "match large-community L1")]),
    case(RICH, &[("permit", "match large-community L2")]),
    case(RICH, &[("permit", "match large-community L1 exact-match")]),
    case(RICH, &[("permit", "match extcommunity E1")]),
    case(RICH, &[("permit", "match extcommunity E2")]),
    case("med 50", &[("permit", "match metric 50")]),
    case("", &[("permit", "match metric 0")]),
    case("", &[("permit", "match local-preference 0")]),
    case("origin incomplete", &[("permit", "match origin incomplete")]),
    case("", &[("permit", "match ip address A1")]),
    case("", &[("permit", "match ip address A2")]),
    case("", &[("permit", "match ip next-hop A1")]),
    case("", &[("permit", "match ip next-hop prefix-list HOPS")]),
    case("", &[("permit", "match ip route-source A1")]),
    case("", &[("permit", "match ip route-source prefix-list HOPS")]),
    case("", &[("permit", "match interface eth9")]),
    case("", &[("permit", "match peer local"), ("permit", "set metric 5")]),
    case("", &[("permit", "set as-path prepend 65040 65041")]),
    case("as-path [ 65010 65020 ]", &[("permit", "set as-path prepend last-as 3")]),
    case("as-path [ 65010 65020 65021 65020 ]", &[("permit", "set as-path exclude 65020 65022")]),
    case("as-path [ 65010 65020 65021 ]", &[("permit", "set as-path replace 65020")]),
    case("as-path [ 65010 65020 ]", &[("permit", "set as-path replace any")]),
    case("as-path [ 65010 65020 ]", &[("permit", "set as-path prepend 65020\nset as-path exclude 65020")]),
    case("as-path [ 65010 65020 ]", &[("permit", "set as-path exclude 65020\nset as-path prepend 65020")]),
    case(TWO, &[("permit", "set community 65001:7")]),
    case(TWO, &[("permit", "set community 65001:7 65010:100 additive")]),
    case(TWO, &[("permit", "set community none")]),
    case(TWO, &[("permit", "set community blackhole graceful-shutdown llgr-stale additive")]),
    case(RICH, &[("permit", "set comm-list C1 delete")]),
    case(RICH, &[("permit", "set comm-list C5 delete")]),
    case(RICH, &[("permit", "set comm-list C4 delete")]),
    case(RICH, &[("permit", "set comm-list 1 delete")]),
    case(RICH, &[("permit", "set comm-list MISSING delete")]),
    case(RICH, &[("permit", "set large-community 65001:1:1 65010:1:2 additive")]),
    case(RICH, &[("permit", "set large-community 65001:1:1")]),
    case(RICH, &[("permit", "set large-community none")]),
    case(RICH, &[("permit", "set large-comm-list L1 delete")]),
    case(RICH, &[("permit", "set large-comm-list L2 delete")]),
    case(RICH, &[("permit", "set extcommunity rt 65001:9 192.0.2.1:7")]),
    case(RICH, &[("permit", "set extcommunity soo 65001:9")]),
    case(RICH, &[("permit", "set extcommunity none")]),
    case("", &[("permit", "set extcommunity bandwidth 100")]),
    case("", &[("permit", "set extcommunity bandwidth 1 non-transitive")]),
    case("", &[("permit", "set local-preference 200")]),
    case("", &[("permit", "set local-preference +5")]),
    case("", &[("permit", "set local-preference -500")]),
    case("", &[("permit", "set metric 7")]),
    case("med 50", &[("permit", "set metric +7")]),
    case("med 50", &[("permit", "set metric -70")]),
    case("", &[("permit", "set metric +7")]),
    case("", &[("permit", "set origin egp")]),
    case("", &[("permit", "set atomic-aggregate")]),
    case("", &[("permit", "set aggregator as 65050 192.0.2.9")]),
    case("", &[("permit", "set originator-id 192.0.2.9")]),
    case("", &[("permit", "set weight 300")]),
    case("", &[("permit", "set tag 9\non-match next"), ("permit", "match tag 9\nset metric 9")]),
    case("", &[("permit", "set metric 11\non-match next")]),
    case("", &[("permit", "set metric 11\non-match next"), ("permit", "match metric 12\nset metric 22")]),
    case("", &[("permit", "set metric 11\non-match next"), ("permit", "match metric 11\nset metric 22")]),
    case("", &[("permit", "set metric 11\non-match next"), ("deny", "")]),
    case("", &[("permit", "set metric 11\ncall ADDS\nset origin egp")]),
    case("", &[("permit", "set metric 11\ncall DENIES"), ("permit", "set metric 12")]),
    case("", &[("permit", "set metric 11\ncall MISSING")]),
    case(TWO, &[("permit", "set community 65001:7 additive\nset comm-list C1 delete")]),
    case(TWO, &[("permit", "set comm-list C1 delete\nset community 65010:100 additive")]),
    case(RICH, &[("deny", "match community C4\nmatch metric 51"), ("permit", "set metric 1")]),
];

/// The prefix of a case.
fn prefix(case: usize) -> String {
    format!("10.{}.{}.0/24", 100 + case / 100, case % 100)
}

/// The map that both routers have.
fn map() -> String {
    let mut text = LISTS.to_owned();
    for at in 0..CASES.len() {
        text.push_str(&format!("ip prefix-list N{at} permit {}\n", prefix(at)));
    }
    let mut entry = |name: &str, action: &str, sequence: usize, first: &str, lines: &str| {
        text.push_str(&format!("route-map {name} {action} {sequence}\n{first}"));
        lines.lines().for_each(|line| text.push_str(&format!(" {line}\n")));
        text.push_str("exit\n!\n");
    };
    entry("ADDS", "permit", 10, "", "set local-preference 321");
    entry("DENIES", "deny", 10, "", "");
    for (at, case) in CASES.iter().enumerate() {
        for (number, (action, lines)) in case.entries.iter().enumerate() {
            let first = format!(" match ip address prefix-list N{at}\n");
            entry("POLICY", action, at * 10 + number + 1, &first, lines);
        }
    }
    entry("PLAIN", "permit", 10, "", "");
    text
}

/// `side` is 2 for us and 3 for them.
fn router(name: &str, side: u8, maps: (&str, &str)) -> String {
    let (sink, (inward, outward)) = (side + 2, maps);
    format!(
        "frr defaults traditional\nhostname {name}\n!\nrouter bgp 65001\n bgp router-id 10.0.0.{side}\n \
         no bgp network import-check\n neighbor 10.0.{side}.10 remote-as 65010\n \
         neighbor 10.0.{side}.10 timers connect 2\n neighbor 10.0.{sink}.20 remote-as 65100\n \
         neighbor 10.0.{sink}.20 timers connect 2\n !\n address-family ipv4 unicast\n  \
         neighbor 10.0.{side}.10 route-map {inward} in\n  neighbor 10.0.{side}.10 route-map PLAIN out\n  \
         neighbor 10.0.{sink}.20 route-map {outward} out\n  neighbor 10.0.{sink}.20 route-map PLAIN in\n \
         exit-address-family\nexit\n!\n{}line vty\n",
        map()
    )
}

fn sink() -> String {
    let neighbor = |side: u8| {
        format!(" neighbor 10.0.{side}.1 remote-as 65001\n neighbor 10.0.{side}.1 timers connect 2\n")
    };
    format!(
        "frr defaults traditional\nhostname sink\n!\nrouter bgp 65100\n bgp router-id 10.0.0.20\n \
         no bgp ebgp-requires-policy\n no bgp network import-check\n{}{}exit\n!\nline vty\n",
        neighbor(4),
        neighbor(5)
    )
}

fn feeder() -> String {
    let mut text = "process received {\n  run /run/exabgp/received;\n  encoder json;\n}\n".to_owned();
    for side in [2, 3] {
        text.push_str(&format!(
            "neighbor 10.0.{side}.1 {{\n  router-id 10.0.0.10;\n  local-address 10.0.{side}.10;\n  \
             local-as 65010;\n  peer-as 65001;\n  capability {{\n    asn4 enable;\n    route-refresh enable;\n    \
             extended-message disable;\n  }}\n  family {{\n    ipv4 unicast;\n  }}\n  announce {{\n    ipv4 {{\n"
        ));
        for (at, case) in CASES.iter().enumerate() {
            let path = if case.feed.contains("as-path") { "" } else { "as-path [ 65010 65020 ]" };
            let (prefix, feed) = (prefix(at), case.feed);
            text.push_str(&format!("      unicast {prefix} next-hop 10.0.{side}.10 {path} {feed};\n"));
        }
        text.push_str("    }\n  }\n}\n");
    }
    text
}

fn topology(name: &str) -> String {
    let node = |name: &str, image: &str, target: &str, addresses: &[&str]| {
        let addresses: String = addresses
            .iter()
            .zip(1..)
            .map(|(address, eth)| format!("        - ip addr add {address}/24 dev eth{eth}\n"))
            .collect();
        format!(
            "    {name}:\n      image: '{image}'\n      binds: ['{name}.conf:{target}']\n      exec:\n{addresses}"
        )
    };
    let frr = crate::peers::image(tests::lab::speaker::Speaker::Frr);
    format!(
        "name: {name}\ntopology:\n  defaults:\n    kind: linux\n  nodes:\n{}{}{}{}  links:\n    \
         - endpoints: ['us:eth1', 'feed:eth1']\n    - endpoints: ['them:eth1', 'feed:eth2']\n    \
         - endpoints: ['us:eth2', 'sink:eth1']\n    - endpoints: ['them:eth2', 'sink:eth2']\n",
        node("us", "ftbgp:latest", "/etc/ftbgp/ftbgpd.conf", &["10.0.2.1", "10.0.4.1"]),
        node("them", frr.0, frr.1, &["10.0.3.1", "10.0.5.1"]),
        node("feed", "ftbgp/exabgp:4.2.21", "/etc/exabgp/exabgp.conf", &["10.0.2.10", "10.0.3.10"]),
        node("sink", frr.0, frr.1, &["10.0.4.20", "10.0.5.20"]),
    )
}

/// What differs between the sides by their addresses alone, made alike; what no side shows of itself, left out.
fn alike(mut route: Route) -> Route {
    let swap = |text: &str| text.replace("10.0.2.", "10.0.3.").replace("10.0.4.", "10.0.5.");
    route.neighbor = route.neighbor.as_deref().map(swap);
    route.next_hop = route.next_hop.as_deref().map(swap);
    route.best = false;
    for list in [&mut route.communities, &mut route.large, &mut route.extended] {
        list.sort();
    }
    route
}

/// A node's routes from one neighbor, by prefix.
fn table(lab: &Lab, node: &str, from: &str) -> Result<BTreeMap<String, Route>, String> {
    let node = lab.node(node);
    let speaker = node.speaker().ok_or("nobody speaks there")?;
    let routes = speaker.routes(node, Family::Ipv4).map_err(|error| error.to_string())?;
    let from = routes.into_iter().filter(|route| route.neighbor.as_deref() == Some(from));
    Ok(from.map(|route| (route.prefix.clone(), alike(route))).collect())
}

/// Every case in which the two tables differ.
fn differences(ours: &BTreeMap<String, Route>, theirs: &BTreeMap<String, Route>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, case) in CASES.iter().enumerate() {
        let (ours, theirs) = (ours.get(&prefix(at)), theirs.get(&prefix(at)));
        if ours != theirs {
            let (feed, entries) = (case.feed, case.entries);
            wrong.push(format!("case {at}: '{feed}' {entries:?}\n  we    {ours:?}\n  FRR   {theirs:?}"));
        }
    }
    wrong
}

fn compared(name: &str, maps: (&str, &str), look: [(&str, &str); 2]) {
    let name = format!("policy-{name}-{}", std::process::id());
    let directory = std::env::temp_dir().join(format!("ftbgp-{name}"));
    fs::create_dir_all(&directory).expect("a directory for the lab");
    let write = |file: &str, text: &str| fs::write(directory.join(file), text).expect("the lab's files");
    write("us.conf", &router("us", 2, maps));
    write("them.conf", &router("them", 3, maps));
    write("sink.conf", &sink());
    write("feed.conf", &feeder());
    let file = format!("{name}.clab.yml");
    write(&file, &topology(&name));
    let topology = Topology::read(&directory.join(file)).unwrap_or_else(|error| panic!("{error}"));
    let lab = Lab::start_topology(&topology).unwrap_or_else(|error| panic!("{error}"));
    let [ours, theirs] = look;
    let done = lab.wait_until("the same routes in both tables", DEADLINE, || {
        let ours = table(&lab, ours.0, ours.1)?;
        let theirs = table(&lab, theirs.0, theirs.1)?;
        if theirs.len() < CASES.len() / 2 {
            return Err(format!("FRR has {} routes", theirs.len()));
        }
        let wrong = differences(&ours, &theirs);
        if wrong.is_empty() { Ok(()) } else { Err(format!("{} differ\n{}", wrong.len(), wrong.join("\n"))) }
    });
    let _ = fs::remove_dir_all(&directory);
    done.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_a_map_makes_of_routes_on_their_way_in_is_what_frr_makes() {
    compared("in", ("POLICY", "PLAIN"), [("us", "10.0.2.10"), ("them", "10.0.3.10")]);
}

#[test]
fn what_a_map_makes_of_routes_on_their_way_out_is_what_frr_makes() {
    compared("out", ("PLAIN", "POLICY"), [("sink", "10.0.4.1"), ("sink", "10.0.5.1")]);
}
