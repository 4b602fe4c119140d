//! Every layout of the shows, text and JSON, against the expected answer in `tests/show_answers`.
//!
//! The router under test is an engine in memory with neighbors that are engines too; paths with attributes that
//! no engine originates are put on the wire by hand. With `BLESS=1` in the environment the answers are written
//! instead of compared: read the difference before you keep it.

#[path = "../engine/tests/net/mod.rs"]
mod net;
mod scene;

use bgpd::show::Progress;
use regex::Regex;
use scene::Scene;

/// The file's name and the command. A file of JSON must parse.
const ANSWERS: &[(&str, &str)] = &[
    ("summary.txt", "show bgp summary"),
    ("summary.json", "show bgp summary json"),
    ("summary-one-family.txt", "show bgp ipv4 unicast summary"),
    ("summary-one-family.json", "show bgp ipv4 unicast summary json"),
    ("summary-wide.txt", "show bgp ipv4 summary wide"),
    ("summary-terse.txt", "show ip bgp summary terse"),
    ("summary-failed.txt", "show bgp ipv4 unicast summary failed"),
    ("summary-failed.json", "show bgp ipv4 unicast summary failed json"),
    ("summary-established.txt", "show bgp ipv4 unicast summary established"),
    ("summary-neighbor.txt", "show bgp ipv4 unicast summary neighbor 10.0.0.2"),
    ("summary-remote-as.txt", "show bgp ipv4 unicast summary remote-as 65002"),
    ("table.txt", "show bgp ipv4 unicast"),
    ("table.json", "show bgp ipv4 unicast json"),
    ("table-detail.json", "show bgp ipv4 unicast json detail"),
    ("table6.txt", "show bgp ipv6 unicast"),
    ("table6.json", "show bgp json"),
    ("longer.txt", "show ip bgp 100.64.0.0/10 longer-prefixes"),
    ("longer.json", "show ip bgp 100.64.0.0/10 longer-prefixes json"),
    ("longer-none.txt", "show ip bgp 9.0.0.0/8 longer-prefixes"),
    ("prefix.txt", "show bgp ipv4 unicast 198.51.100.0/24"),
    ("prefix.json", "show bgp ipv4 unicast 198.51.100.0/24 json"),
    ("prefix-bestpath.txt", "show bgp ipv4 unicast 198.51.100.0/24 bestpath"),
    ("prefix-multipath.txt", "show bgp ipv4 unicast 198.51.100.0/24 multipath"),
    ("prefix-rich.txt", "show ip bgp 203.0.113.200"),
    ("prefix-rich.json", "show ip bgp 203.0.113.200 json"),
    ("prefix-own.txt", "show bgp 192.0.2.0/24"),
    ("prefix-own.json", "show bgp 192.0.2.0/24 json"),
    ("prefix-aggregate.txt", "show bgp 100.64.0.0/16"),
    ("prefix-suppressed.txt", "show bgp 100.64.0.0/22"),
    ("prefix-unreachable.txt", "show bgp 1.1.1.0/24"),
    ("prefix-unreachable.json", "show bgp 1.1.1.0/24 json"),
    ("prefix6.txt", "show bgp ipv6 unicast 2001:db8:1::/48"),
    ("prefix6.json", "show bgp ipv6 unicast 2001:db8:1::/48 json"),
    ("advertised.txt", "show bgp ipv4 unicast neighbors 10.0.0.3 advertised-routes"),
    ("advertised.json", "show bgp ipv4 unicast neighbors 10.0.0.3 advertised-routes json"),
    ("advertised-add-path.txt", "show bgp ipv4 unicast neighbors 10.0.0.2 advertised-routes"),
    ("advertised-add-path.json", "show bgp ipv4 unicast neighbors 10.0.0.2 advertised-routes json"),
    ("advertised6.json", "show bgp ipv6 unicast neighbors 10.0.0.3 advertised-routes json"),
    ("received.txt", "show ip bgp neighbors 10.0.0.3 received-routes"),
    ("received.json", "show ip bgp neighbors 10.0.0.3 received-routes json"),
    ("filtered.txt", "show ip bgp neighbors 10.0.0.3 filtered-routes"),
    ("filtered.json", "show ip bgp neighbors 10.0.0.3 filtered-routes json"),
    ("routes.txt", "show ip bgp neighbors 10.0.0.3 routes"),
    ("routes.json", "show ip bgp neighbors 10.0.0.3 routes json"),
    ("neighbor.txt", "show bgp neighbors 10.0.0.2"),
    ("neighbor.json", "show bgp neighbors 10.0.0.2 json"),
    ("neighbor-internal.txt", "show ip bgp neighbors 10.0.0.4"),
    ("neighbor-two-families.txt", "show bgp neighbors 10.0.0.3"),
    ("neighbor-two-families.json", "show bgp neighbors 10.0.0.3 json"),
    ("neighbor-shut.txt", "show bgp neighbors 10.0.0.6"),
    ("neighbor-shut.json", "show bgp neighbors 10.0.0.6 json"),
    ("nexthop.txt", "show bgp nexthop"),
    ("nexthop.json", "show bgp nexthop json"),
    ("peer-group.txt", "show bgp peer-group"),
    ("peer-group.json", "show bgp peer-group TRANSIT json"),
    ("update-groups.txt", "show bgp update-groups"),
    ("update-groups.json", "show bgp ipv4 unicast update-groups json"),
    ("statistics.txt", "show bgp ipv4 unicast statistics"),
    ("statistics.json", "show bgp ipv4 unicast statistics json"),
    ("memory.txt", "show bgp memory"),
    ("memory.json", "show bgp memory json"),
    ("version.txt", "show version"),
    ("version.json", "show version json"),
    ("redundancy.txt", "show redundancy"),
    ("redundancy.json", "show redundancy json"),
    ("prefix-list.txt", "show ip prefix-list"),
    ("prefix-list.json", "show ip prefix-list PL json"),
    ("prefix-list6.json", "show ipv6 prefix-list json"),
    ("route-map.txt", "show route-map"),
    ("route-map.json", "show route-map RM json"),
    ("neighbors6.json", "show bgp ipv6 unicast neighbors json"),
];

/// What is asked for and not there: the file's name and the command.
const REFUSALS: &[(&str, &str)] = &[
    ("no-such-prefix.txt", "show ip bgp 9.9.9.0/24"),
    ("no-such-prefix.json", "show ip bgp 9.9.9.0/24 json"),
    ("no-such-neighbor.txt", "show bgp neighbors 10.0.0.9"),
    ("no-such-neighbor.json", "show bgp neighbors 10.0.0.9 json"),
    ("no-such-neighbor-routes.txt", "show bgp neighbors 10.0.0.9 routes"),
    ("no-such-neighbor-summary.json", "show bgp summary neighbor 10.0.0.9 json"),
    ("no-such-group.txt", "show bgp peer-group NONE"),
    ("no-such-list.txt", "show ip prefix-list NONE"),
    ("no-such-map.txt", "show route-map NONE"),
    ("no-such-route.txt", "show ip route 9.0.0.0/8"),
    ("no-such-route.json", "show ip route 9.9.9.9 json"),
    ("nothing-kept.txt", "show ip bgp neighbors 10.0.0.4 received-routes"),
    ("nothing-kept.json", "show ip bgp neighbors 10.0.0.4 received-routes json"),
];

/// Where not all is well: the file's name and the command.
const EDGES: &[(&str, &str)] = &[
    ("edges-summary.txt", "show bgp summary"),
    ("edges-summary.json", "show bgp summary json"),
    ("edges-failed.txt", "show bgp ipv4 unicast summary failed"),
    ("edges-table.txt", "show bgp ipv4 unicast"),
    ("edges-table.json", "show bgp ipv4 unicast json"),
    ("edges-table6.txt", "show bgp ipv6 unicast"),
    ("edges-prefix.txt", "show bgp 198.51.100.128/25"),
    ("edges-prefix.json", "show bgp 198.51.100.128/25 json"),
    ("edges-neighbor.txt", "show bgp neighbors 10.0.0.2"),
    ("edges-neighbor.json", "show bgp neighbors 10.0.0.2 json"),
    ("edges-neighbor-lost.txt", "show bgp neighbors 10.0.0.3"),
    ("edges-neighbor-lost.json", "show bgp neighbors 10.0.0.3 json"),
    ("edges-advertised.txt", "show bgp neighbors 10.0.0.4 advertised-routes"),
];

/// Routes of all sorts, and what the kernel has of them: the file's name and the command.
const KERNEL: &[(&str, &str)] = &[
    ("route.txt", "show ip route"),
    ("route.json", "show ip route json"),
    ("route6.txt", "show ipv6 route"),
    ("route6.json", "show ipv6 route json"),
    ("route-bgp.txt", "show ip route bgp"),
    ("route-bgp6.json", "show ipv6 route bgp json"),
    ("route-connected.txt", "show ip route connected"),
    ("route-kernel.txt", "show ip route kernel"),
    ("route-static.txt", "show ip route static"),
    ("route-longer.txt", "show ip route 40.0.0.0/6 longer-prefixes"),
    ("route-longer-bgp.txt", "show ip route 16.0.0.0/5 longer-prefixes bgp"),
    ("route-none.txt", "show ip route 9.0.0.0/8 longer-prefixes"),
    ("route-none.json", "show ip route 9.0.0.0/8 longer-prefixes json"),
    ("route-prefix.txt", "show ip route 40.0.0.0/8"),
    ("route-prefix-ecmp.txt", "show ip route 20.0.0.0/8"),
    ("route-prefix-recursive.txt", "show ip route 21.0.0.0/8"),
    ("route-prefix-refused.txt", "show ip route 23.0.0.0/8"),
    ("route-prefix-refused.json", "show ip route 23.0.0.0/8 json"),
    ("route-prefix-queued.json", "show ip route 24.0.0.0/8 json"),
    ("route-prefix-connected.txt", "show ip route 10.0.0.0/24"),
    ("route-prefix-hole.txt", "show ip route 43.0.0.0/8"),
    ("route-address.txt", "show ip route 100.64.2.3"),
    ("route-address6.txt", "show ipv6 route 2001:db8:99::1"),
    ("route-default.txt", "show ip route 8.8.8.8"),
    ("route-summary.txt", "show ip route summary"),
    ("route-summary.json", "show ip route summary json"),
    ("route-summary6.txt", "show ipv6 route summary"),
    ("nht.txt", "show ip nht"),
    ("nht.json", "show ip nht json"),
    ("nht6.txt", "show ipv6 nht"),
    ("nht6.json", "show ipv6 nht json"),
    ("nexthop-resolved.txt", "show bgp nexthop"),
    ("nexthop-resolved.json", "show bgp nexthop json"),
    ("fib.txt", "show fib"),
    ("fib.json", "show fib json"),
    ("prefix-installed.json", "show bgp ipv4 unicast 20.0.0.0/8 json"),
];

/// An answer without what changes with the program: sizes of its structures, its version.
fn lasting(answer: &str) -> String {
    let sizes = Regex::new(r"using \d+ \w+ of memory").expect("a regular expression");
    let members = Regex::new(r#"(emory": ?)\d+"#).expect("a regular expression");
    let answer = sizes.replace_all(answer, "using SIZE of memory");
    members.replace_all(&answer, "${1}0").replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// Compares an answer with its file, or writes the file.
fn check(file: &str, answer: &str, wrong: &mut Vec<String>) {
    let answer = lasting(answer);
    if file.ends_with(".json")
        && let Err(error) = serde_json::from_str::<serde_json::Value>(&answer)
    {
        wrong.push(format!("{file} is not JSON: {error}\n{answer}"));
    }
    let path = format!("{}/tests/show_answers/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &answer).expect("the answers can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected != answer {
        let place = expected.lines().zip(answer.lines()).find(|(expected, answer)| expected != answer);
        wrong.push(format!("{file} differs, first at {place:?}; the whole answer:\n{answer}"));
    }
}

#[test]
fn every_show_answers_as_its_file_says() {
    let scene = Scene::new();
    let mut wrong = Vec::new();
    for (file, command) in ANSWERS {
        let (answer, progress) = scene.ask(command);
        if progress != Progress::Done {
            wrong.push(format!("'{command}' is refused:\n{answer}"));
        }
        check(file, &answer, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_kernel_has_is_told_as_its_file_says() {
    let scene = Scene::kernel();
    let mut wrong = Vec::new();
    for (file, command) in KERNEL {
        let (answer, progress) = scene.ask(command);
        if progress != Progress::Done {
            wrong.push(format!("'{command}' is refused:\n{answer}"));
        }
        check(file, &answer, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_well_is_told_as_its_file_says() {
    let scene = Scene::edges();
    let mut wrong = Vec::new();
    for (file, command) in EDGES {
        let (answer, _) = scene.ask(command);
        check(file, &answer, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_there_is_said_and_refused() {
    let scene = Scene::new();
    let mut wrong = Vec::new();
    for (file, command) in REFUSALS {
        let (answer, progress) = scene.ask(command);
        if progress != Progress::Refused {
            wrong.push(format!("'{command}' is not refused:\n{answer}"));
        }
        check(file, &answer, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
