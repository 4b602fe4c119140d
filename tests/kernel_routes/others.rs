//! Others write routes too: theirs are never touched, ours come back, and links do as they like.

use crate::feeder::prefixes;
use crate::world::{Small, World};

/// A lab whose router has 20 routes, all of them over `eth1`.
fn with_twenty() -> (World, crate::feeder::Feeder) {
    let world = World::small(&Small::default());
    let feeder = world.feeder();
    feeder.announce("10.0.1.2", &prefixes("100.64.0.0", 20));
    world.settled(20);
    (world, feeder)
}

#[test]
fn a_foreign_route_is_never_touched_and_the_conflict_is_shown() {
    let (world, feeder) = with_twenty();
    // Of another protocol: it is closer than what BGP tells, so ours leaves the kernel and comes back.
    world.run("ip route replace 100.64.3.0/24 via 10.0.2.2 proto static metric 20");
    let foreign = || world.run("ip route show 100.64.3.0/24 proto static");
    world.wait("ours to give way", || {
        let shown = world.show("show fib")?;
        let conflict = shown["conflicts"][0]["prefix"] == "100.64.3.0/24"
            && shown["conflicts"][0]["protocol"] == "static";
        let alone = world.run("ip route show 100.64.3.0/24").lines().count() == 1;
        if conflict && alone { Ok(()) } else { Err(shown.to_string()) }
    });
    assert!(foreign().contains("via 10.0.2.2"));
    let shown = world.router().shell(&["show fib"]).unwrap();
    assert!(shown.contains("100.64.3.0/24: protocol static"), "{shown}");
    feeder.announce("10.0.1.3", &prefixes("100.64.0.0", 20));
    world.settled(19);
    assert!(foreign().contains("via 10.0.2.2"));
    world.run("ip route del 100.64.3.0/24 proto static metric 20");
    world.settled(20);

    // One that looks like ours, as FRR's zebra installs them, and is not: the kernel refuses ours, which is said.
    feeder.withdraw(&prefixes("100.64.4.0", 1));
    world.settled(19);
    world.run("ip route add 100.64.4.0/24 via 10.0.2.2 proto bgp metric 20");
    feeder.announce("10.0.1.2", &prefixes("100.64.4.0", 1));
    world.wait("the refusal to be shown", || {
        let shown = world.show("show fib")?;
        let of_it = &shown["refused"][0];
        let route = world.router().shell(&["show ip route bgp"])?;
        let flagged = route.lines().any(|line| line.starts_with("B>r") && line.contains("100.64.4.0/24"));
        if of_it["what"] == "100.64.4.0/24" && of_it["errno"] == 17 && flagged {
            Ok(())
        } else {
            Err(format!("{shown} {route}"))
        }
    });
    assert!(world.run("ip route show 100.64.4.0/24").contains("via 10.0.2.2"));
    world.run("ip route del 100.64.4.0/24 proto bgp metric 20 via 10.0.2.2");
    world.settled(20);
}

#[test]
fn routes_and_objects_changed_behind_our_back_come_back() {
    let (world, feeder) = with_twenty();
    feeder.announce("10.0.1.3", &prefixes("100.64.19.0", 1));
    world.settled(20);
    world.wait("the other group", || {
        if world.kernel()["100.64.19.0/24"].iter().any(|hop| hop.0 == "10.0.1.3") {
            Ok(())
        } else {
            Err(String::new())
        }
    });
    let before = world.settled(20);
    world.run("ip route del 100.64.5.0/24");
    // Through another of our groups.
    let other: serde_json::Value =
        serde_json::from_str(&world.run("ip -j route show 100.64.19.0/24")).unwrap();
    world.run(&format!("ip route replace 100.64.6.0/24 nhid {} proto bgp metric 20", other[0]["nhid"]));
    world.run("ip route flush 100.64.8.0/22 proto bgp");
    assert_eq!(world.settled(20), before);
    // The whole of it with its next-hop objects.
    world.run("ip nexthop flush proto 186");
    assert_eq!(world.settled(20), before);
    let found = world.router().shell(&["clear bgp fib"]).unwrap();
    assert!(found.contains("20 routes compared, 0 missing, 0 leading elsewhere, 0 unwanted"), "{found}");
    let shown = world.show("show fib").unwrap();
    assert_eq!((&shown["writer"], &shown["nextHopObjects"]), (&"ready".into(), &true.into()));
    assert!(shown["comparison"]["time"].as_u64() > Some(1_700_000_000_000), "{shown}");
    assert_eq!(shown["conflicts"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_lost_next_hop_moves_its_routes_by_one_message() {
    let world = World::small(&Small::default());
    let feeder = world.feeder();
    world.run("ip route add 203.0.113.0/24 via 10.0.1.3 metric 10");
    world.run("ip route add 203.0.113.0/24 via 10.0.2.2 metric 30");
    feeder.announce("203.0.113.7", &prefixes("100.64.0.0", 1000));
    let before = world.settled(1000);
    assert!(before["100.64.7.0/24"].contains(&("10.0.1.3".into(), "eth1".into(), 1)));
    let monitor = world.monitor();
    world.run("ip route del 203.0.113.0/24 metric 10");
    let after = world.settled(1000);
    assert!(after["100.64.7.0/24"].contains(&("10.0.2.2".into(), "eth2".into(), 1)));
    let heard = monitor.heard();
    // The new hop, the group that names it now, the old hop that is gone; and nothing of any route.
    assert!((1..=4).contains(&heard.len()), "{heard:?}");
    assert!(!heard.iter().any(|line| line.contains("100.")), "{heard:?}");
    assert_eq!(heard.iter().filter(|line| line.contains("group")).count(), 1, "{heard:?}");
}

#[test]
fn a_flapping_link_ends_in_the_right_state() {
    let world = World::small(&Small::default());
    let feeder = world.feeder();
    feeder.announce("10.0.1.3", &prefixes("100.64.0.0", 200));
    world.run("ip route add 203.0.113.0/24 via 10.0.1.3 metric 500");
    // Connected through the link that flaps; the session goes over the other one.
    world.run("ip route add 198.18.0.0/24 via 10.0.2.2");
    feeder.announce("10.0.2.2", &prefixes("100.65.0.0", 200));
    let before = world.settled(400);
    for pause_ms in [0, 1, 3, 10, 30, 0, 2, 5, 20, 0] {
        world.run("ip link set eth2 down");
        std::thread::sleep(std::time::Duration::from_millis(pause_ms));
        world.run("ip link set eth2 up");
        std::thread::sleep(std::time::Duration::from_millis(pause_ms / 2));
    }
    assert_eq!(world.settled(400), before);
    world.run("ip link set eth2 down");
    world.settled(200);
    world.run("ip link set eth2 up");
    assert_eq!(world.settled(400), before);
}

#[test]
fn lost_messages_of_the_kernel_lead_to_a_comparison() {
    const ROUTES: u32 = 6_000;
    let world = World::small(&Small { arguments: "--standby none", ..Small::default() });
    let feeder = world.feeder();
    feeder.announce("10.0.1.2", &prefixes("100.64.0.0", ROUTES));
    let before = world.settled(ROUTES as usize);
    let router = world.router();
    let drops = || {
        world
            .run("cat /proc/net/netlink")
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().nth(8)?.parse::<u64>().ok())
            .sum::<u64>()
    };
    let dropped_before = drops();
    // While the router hears nothing, all its routes go, with more messages than it has room for.
    router.signal(tests::takeover::router::Role::Primary, rustix::process::Signal::STOP).unwrap();
    world.run("ip route flush proto bgp");
    let noise: String = (0..20_000)
        .map(|n| format!("route add 198.{}.{}.0/24 via 10.0.2.2 metric 20\n", 20 + n / 256 % 80, n % 256))
        .collect();
    std::fs::write(world.shared("noise"), noise).unwrap();
    world.run("ip -force -batch /shared/noise");
    assert_eq!(world.kernel_count(), 0);
    router.signal(tests::takeover::router::Role::Primary, rustix::process::Signal::CONT).unwrap();
    assert!(drops() > dropped_before, "the kernel had room for all: this proves nothing");
    assert_eq!(world.settled(ROUTES as usize), before);
    let compared = world.show("show fib").unwrap()["comparison"]["missing"].as_u64();
    assert!(compared.is_some(), "no comparison was made");
}
