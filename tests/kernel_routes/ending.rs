//! What remains when the router ends, and how it begins.

use std::time::Duration;

use rustix::process::Signal;
use tests::takeover::router::Role;

use crate::feeder::{Feeder, prefixes};
use crate::world::{SMALL_ROUTER, Small, World};

fn stop(world: &World) {
    world.router().signal(Role::Keeper, Signal::TERM).unwrap();
    world.wait("the orderly end", || {
        let left = world.router().processes();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?} live")) }
    });
}

fn with_routes(small: &Small<'_>, count: u32) -> (World, Feeder) {
    let world = World::small(small);
    let feeder = world.feeder();
    feeder.announce("10.0.1.2", &prefixes("100.64.0.0", count));
    feeder.end_of_rib();
    world.settled(count as usize);
    (world, feeder)
}

#[test]
fn an_orderly_stop_removes_all_and_nothing_else() {
    let (world, _feeder) = with_routes(&Small::default(), 3_000);
    world.run("ip route add 198.18.0.0/24 via 10.0.2.2 proto bgp metric 21");
    world.run("ip nexthop add id 7 via 10.0.2.2 dev eth2");
    stop(&world);
    assert_eq!(world.kernel().keys().collect::<Vec<_>>(), ["198.18.0.0/24"]);
    let objects = world.run("ip nexthop show");
    assert_eq!(objects.lines().count(), 1, "{objects}");
}

#[test]
fn preserved_routes_stay_and_are_taken_over_by_the_next_start() {
    let config = SMALL_ROUTER.replace(
        " bgp router-id",
        " bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n bgp graceful-restart select-defer-time 20\n bgp router-id",
    );
    let (world, feeder) = with_routes(&Small { config: &config, ..Small::default() }, 500);
    let before = world.kernel();
    let monitor = world.monitor();
    stop(&world);
    drop(feeder);
    assert_eq!(world.kernel(), before);
    world.r().start();
    let feeder = world.feeder();
    // All but one: what does not come back is removed when the restart is over.
    feeder.announce("10.0.1.2", &prefixes("100.64.0.0", 499));
    feeder.end_of_rib();
    world.settled(499);
    let heard = monitor.heard();
    let routes: Vec<&String> = heard.iter().filter(|line| line.starts_with("Deleted 100.")).collect();
    assert_eq!(routes.len(), 1, "{heard:?}");
    assert!(routes[0].contains("100.65.243.0/24"), "{heard:?}");
}

#[test]
fn without_fib_the_kernel_gets_nothing() {
    let world = World::small(&Small { arguments: "--no-fib", ..Small::default() });
    let feeder = world.feeder();
    feeder.announce("10.0.1.2", &prefixes("100.64.0.0", 10));
    world.wait("the routes", || {
        let answer = world.show("show bgp ipv4 unicast")?;
        let count = answer["routes"].as_object().map_or(0, serde_json::Map::len);
        if count == 10 { Ok(()) } else { Err(format!("{count} routes")) }
    });
    std::thread::sleep(Duration::from_millis(500));
    assert!(world.kernel().is_empty());
    assert!(world.run("ip nexthop show").is_empty());
    assert_eq!(world.show("show fib").unwrap()["writer"], "none");
    let refused = world.router().shell(&["clear bgp fib"]).unwrap_err();
    assert!(refused.contains("Nobody writes routes"), "{refused}");
}

#[test]
fn without_the_capability_it_says_so_and_does_not_start() {
    let world = World::small_unstarted(&Small::default());
    let script =
        "setpriv --bounding-set=-net_admin --inh-caps=-net_admin ftbgpd --run-dir /run/x; echo status $?";
    let answer = world.r().run(&["sh", "-c", &format!("({script}) 2>&1")]).unwrap();
    assert!(answer.contains("CAP_NET_ADMIN is missing") && answer.contains("--no-fib"), "{answer}");
    assert!(answer.contains("status 2"), "{answer}");
}

#[test]
fn zebra_on_the_same_host_is_said_at_the_start() {
    let world = World::small_unstarted(&Small::default());
    world.run("cp /bin/sleep /run/zebra");
    let _zebra = world.r().spawn(&["/run/zebra", "100"]).unwrap();
    world.wait("zebra", || {
        if world.r().processes().iter().any(|(_, name)| name == "zebra") {
            Ok(())
        } else {
            Err("none".into())
        }
    });
    world.lab.start_daemons();
    world.wait("the warning", || {
        let log = world.r().log();
        if log.contains("FRR's zebra runs here") { Ok(()) } else { Err(log) }
    });
}
