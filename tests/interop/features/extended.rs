//! Extended next hop (RFC 8950) and extended messages (RFC 8654).

use serde_json::json;
use tests::lab::speaker::{Route, Speaker};

use crate::evidence::{not_configurable, not_offered, only_path};
use crate::matrix::Outcome;
use crate::world::{Plan, World};

/// Checks an OpenBGPD configuration that has `$1` in a neighbor.
const OPENBGPD_CHECK: &str = "f=$(mktemp) && printf 'AS 65002\\nrouter-id 10.0.0.2\\nneighbor 10.0.1.1 {\\n\
    remote-as 65001\\n%s\\n}\\n' \"$1\" > $f && bgpd -n -f $f";

/// IPv4 routes over an IPv6 session, with IPv6 next hops, both ways.
pub(crate) fn next_hop(speaker: Speaker) -> Result<Outcome, String> {
    if speaker == Speaker::Openbgpd {
        let world = World::start(speaker, Plan::default())?;
        return not_configurable(world.them(), speaker, OPENBGPD_CHECK, "announce extended nexthop yes");
    }
    let world = World::start(speaker, Plan { extended_next_hop: true, ..Plan::default() })?;
    let (us, them) = (world.plan.us_ipv4(), world.plan.them_ipv4());
    let ours = json!({"as_path": "65001", "next_hop": us});
    world.wait("our IPv4 route", || only_path(&world.their_paths("10.1.0.0/16", us)?, &ours))?;
    let theirs = json!({"as_path": "65002", "next_hop": them});
    world.wait("their IPv4 route", || only_path(&world.our_paths("10.2.0.0/16", them)?, &theirs))?;
    Ok(Outcome::Works(format!("10.1.0.0/16 by {us}, 10.2.0.0/16 by {them}")))
}

/// Communities of a route that needs more than 4,096 octets: 4 octets each.
const COMMUNITIES: usize = 1_200;

/// A route that fits only an extended message, both ways.
pub(crate) fn messages(speaker: Speaker) -> Result<Outcome, String> {
    if matches!(speaker, Speaker::Gobgp | Speaker::Openbgpd) {
        let world = World::start(speaker, Plan::default())?;
        return not_offered(&world, "10.0.1.2", "extendedMessage");
    }
    let list: Vec<String> = (0..COMMUNITIES).map(|value| format!("65010:{value}")).collect();
    let feed = Some(format!("as-path [ 65010 65020 ] community [ {} ]", list.join(" ")));
    let world = World::start(speaker, Plan { extended_message: true, feed, ..Plan::default() })?;
    world.wait("our large route", || match speaker {
        Speaker::Bird => bird_has_all(&world),
        _ => all_there(&world.their_paths("198.51.100.0/24", "10.0.1.1")?),
    })?;
    world.wait("their large route", || all_there(&world.our_paths("198.51.101.0/24", "10.0.1.2")?))?;
    Ok(Outcome::Works(format!("a route with {COMMUNITIES} communities each way")))
}

fn all_there(paths: &[Route]) -> Result<(), String> {
    match paths {
        [route] if route.communities.len() == COMMUNITIES => Ok(()),
        [route] => Err(format!("{} communities instead of {COMMUNITIES}", route.communities.len())),
        other => Err(format!("{} paths", other.len())),
    }
}

/// birdc cuts long lines, but can count.
fn bird_has_all(world: &World) -> Result<(), String> {
    let condition = format!("bgp_community.len = {COMMUNITIES}");
    let words = ["birdc", "show", "route", "198.51.100.0/24", "protocol", "us4", "where", &condition];
    let answer = world.them().run(&words).map_err(|error| error.to_string())?;
    if answer.contains("[us4") { Ok(()) } else { Err(answer) }
}
