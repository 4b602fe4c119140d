//! Many routes: what is half done when the primary dies is done.

use std::time::Duration;

use rustix::process::Signal;
use tests::takeover::router::Role;

use crate::feeder::prefixes;
use crate::world::{Small, World};

const RECOVERY: Duration = Duration::from_secs(40);

fn count_becomes(world: &World, wanted: usize) {
    world.wait("all routes in the kernel", || {
        let count = world.kernel_count();
        if count == wanted { Ok(()) } else { Err(format!("{count} of {wanted} routes")) }
    });
}

/// Waits until between some and all of `all` routes are in the kernel.
fn in_the_middle(world: &World, all: usize) -> usize {
    let mut seen = 0;
    world.wait("the writing to begin", || {
        seen = world.show("show fib")?["ipv4"]["installed"].as_u64().unwrap_or(0) as usize;
        if seen > 0 { Ok(()) } else { Err("none yet".into()) }
    });
    assert!(seen < all, "the writing was over before the fault");
    seen
}

#[test]
fn a_takeover_while_a_large_table_is_written_ends_complete() {
    const ROUTES: u32 = 200_000;
    let world = World::small(&Small::default());
    let (_, before) = world.router().protected(RECOVERY).unwrap();
    let feeder = world.feeder();
    for next_hop in ["10.0.1.2", "10.0.1.3"] {
        let first = if next_hop == "10.0.1.2" { "20.0.0.0" } else { "40.0.0.0" };
        feeder.announce(next_hop, &prefixes(first, ROUTES / 2));
    }
    in_the_middle(&world, ROUTES as usize);
    world.router().signal(Role::Primary, Signal::KILL).unwrap();
    world.router().taken_over(before.epoch, RECOVERY).unwrap();
    count_becomes(&world, ROUTES as usize);
    let found = world.router().shell(&["clear bgp fib"]).unwrap();
    assert!(
        found.contains(&format!("{ROUTES} routes compared, 0 missing, 0 leading elsewhere, 0 unwanted")),
        "{found}"
    );
    feeder.end().unwrap();
}

#[test]
fn a_changed_block_moves_all_routes_also_when_the_primary_dies() {
    const ROUTES: u32 = 30_000;
    let world = World::small(&Small::default());
    let (_, before) = world.router().protected(RECOVERY).unwrap();
    let feeder = world.feeder();
    feeder.announce("10.0.1.2", &prefixes("20.0.0.0", ROUTES));
    count_becomes(&world, ROUTES as usize);
    let of = |metric: u32| world.run(&format!("ip -4 route show proto bgp metric {metric}")).lines().count();
    world.router().configure(&["fib", "metric 30"]).unwrap();
    world.router().signal(Role::Primary, Signal::KILL).unwrap();
    world.router().taken_over(before.epoch, RECOVERY).unwrap();
    world.wait("all routes to have moved", || {
        let (old, new) = (of(20), of(30));
        if (old, new) == (0, ROUTES as usize) {
            Ok(())
        } else {
            Err(format!("{old} old ones, {new} new ones"))
        }
    });
    // And in peace, into another table.
    world.router().configure(&["fib", "table 100"]).unwrap();
    world.wait("all routes in the other table", || {
        let new = world
            .r()
            .run(&["sh", "-c", "ip -4 route show table 100 | wc -l"])
            .map_err(|error| error.to_string())?;
        let (old, new) = (world.kernel_count(), new.trim().parse::<usize>().unwrap_or(0));
        if (old, new) == (0, ROUTES as usize) {
            Ok(())
        } else {
            Err(format!("{old} old ones, {new} new ones"))
        }
    });
    feeder.end().unwrap();
}
