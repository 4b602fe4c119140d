//! A next hop that is on no link is reached by the routes of others, and only by them.

use tests::lab::speaker::Speaker;

use crate::world::World;

const PREFIX: &str = "198.51.100.0/24";

/// What a path's next hop is now: the metric of the way there, or `None` where there is no way.
fn metric(world: &World) -> Result<Option<u64>, String> {
    let path = world.path(PREFIX)?;
    let next_hop = &path["nexthops"][0];
    if next_hop["ip"] != "203.0.113.7" {
        return Err(format!("another next hop: {path}"));
    }
    let valid = path["valid"] == true;
    if valid != (next_hop["accessible"] == true) {
        return Err(format!("valid and not accessible, or the other way: {path}"));
    }
    // FRR leaves a metric of 0 out.
    Ok(valid.then(|| next_hop["metric"].as_u64().unwrap_or(0)))
}

fn becomes(world: &World, what: &str, expected: Option<u64>) {
    world.wait(what, || {
        let metric = metric(world)?;
        if metric == expected { Ok(()) } else { Err(format!("the metric is {metric:?}, not {expected:?}")) }
    });
}

/// A way comes and goes in every manner; both daemons must say the same of the path.
fn follows(us: Speaker) {
    let world = World::start(us);
    becomes(&world, "no way", None);
    world.run("ip route add 203.0.113.0/24 via 10.0.2.2 metric 50");
    becomes(&world, "a kernel's route", Some(50));
    world.run("ip route add 203.0.113.0/24 via 10.0.2.2 metric 30");
    becomes(&world, "a better one", Some(30));
    world.run("ip route del 203.0.113.0/24 metric 30");
    becomes(&world, "the first one again", Some(50));
    world.run("ip route add 203.0.113.7 via 10.0.2.2 metric 5");
    becomes(&world, "a longer one", Some(5));
    world.run("ip route del 203.0.113.7");
    world.run("ip route del 203.0.113.0/24");
    becomes(&world, "no route any more", None);
    world.configure("ip route 203.0.113.0/24 10.64.0.1");
    becomes(&world, "a static route through a router behind a kernel's", Some(0));
    world.run("ip route del 10.64.0.0/16");
    becomes(&world, "the router behind it lost", None);
    world.run("ip route add 10.64.0.0/16 via 10.0.2.2");
    becomes(&world, "the router behind it back", Some(0));
    world.run("ip link set eth2 down");
    becomes(&world, "the link lost", None);
    world.run("ip link set eth2 up");
    world.run("ip route add 10.64.0.0/16 via 10.0.2.2");
    becomes(&world, "the link back", Some(0));
    world.configure("no ip route 203.0.113.0/24 10.64.0.1");
    becomes(&world, "the static route gone", None);
}

#[test]
fn a_path_is_valid_while_a_route_leads_to_its_next_hop() {
    follows(Speaker::Ftbgp);
}

#[test]
fn frr_in_our_place_says_the_same() {
    follows(Speaker::Frr);
}
