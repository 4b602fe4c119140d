//! The daemon on a kernel without next-hop objects (before Linux 5.3).
//!
//! The kernel here has them: a library that the daemon is started with (`old_kernel.c`) makes every message about them one
//! that no kernel knows, so that the kernel gives the answer that an old one gives.

use std::process::Command;

use crate::feeder::prefixes;
use crate::world::{SMALL_ROUTER, Small, World};

#[test]
fn without_next_hop_objects_each_route_has_its_own_hops() {
    let library = std::env::temp_dir().join(format!("ftbgp-old-kernel-{}.so", std::process::id()));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/kernel_routes/old_kernel.c");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .status()
        .unwrap();
    assert!(made.success());
    let program = format!("env LD_PRELOAD={} ftbgpd", library.display());
    let second = " neighbor 10.0.1.3 remote-as 65003\n neighbor 10.0.1.2 remote-as";
    let config = SMALL_ROUTER.replacen(" neighbor 10.0.1.2 remote-as", second, 1);
    let world = World::small(&Small { program: &program, config: &config, ..Small::default() });
    let feeder = world.feeder();
    let other = crate::feeder::Feeder::start(world.lab.node("f"), 65003, "10.0.1.3", "10.0.1.1");
    feeder.announce("10.0.1.2", &prefixes("100.64.0.0", 300));
    other.announce("10.0.2.2", &prefixes("100.64.0.0", 100));
    let table = world.settled(300);
    assert_eq!(table["100.64.7.0/24"].len(), 2, "{:?}", table["100.64.7.0/24"]);
    assert!(world.run("ip nexthop show").is_empty());
    assert_eq!(world.show("show fib").unwrap()["nextHopObjects"], false);
    // A next hop's loss rewrites the routes; a takeover writes none.
    world.run("ip link set eth2 down");
    assert_eq!(world.settled(300)["100.64.7.0/24"].len(), 1);
    let router = world.router();
    let (_, before) = router.protected(crate::world::DEADLINE).unwrap();
    let monitor = world.monitor();
    router.signal(tests::takeover::router::Role::Primary, rustix::process::Signal::KILL).unwrap();
    router.taken_over(before.epoch, crate::world::DEADLINE).unwrap();
    let found = router.shell(&["clear bgp fib"]).unwrap();
    assert!(found.contains("300 routes compared, 0 missing, 0 leading elsewhere, 0 unwanted"), "{found}");
    assert_eq!(monitor.heard(), Vec::<String>::new());
    std::fs::remove_file(library).unwrap();
}
