//! Route refresh (RFC 2918): each side asks, the other says its routes again.

use tests::lab::speaker::Speaker;

use crate::evidence::{Count, our_count, their_count};
use crate::matrix::Outcome;
use crate::world::{Plan, World};

/// We ask them, then they ask us.
pub(crate) fn both_ways(speaker: Speaker) -> Result<Outcome, String> {
    let world = World::start(speaker, Plan::default())?;
    world.wait("the first routes", || {
        let paths =
            (world.our_paths("10.2.0.0/16", "10.0.1.2")?, world.their_paths("10.1.0.0/16", "10.0.1.1")?);
        if paths.0.len() == 1 && paths.1.len() == 1 { Ok(()) } else { Err(format!("{paths:?}")) }
    })?;
    let (ours, theirs) = ("10.0.1.2", "10.0.1.1");

    let before = our_count(&world, ours, Count::Updates)?;
    let words = [world.our_shell(), "-c", "clear bgp 10.0.1.2 soft in"];
    world.us().run(&words).map_err(|error| error.to_string())?;
    world.wait("their answer to our request", || {
        let requests = their_count(&world, theirs, Count::Refreshes)?;
        let updates = our_count(&world, ours, Count::Updates)?;
        let seen = format!("they count {requests} requests, we {updates} updates after {before}");
        if requests >= 1 && updates > before { Ok(()) } else { Err(seen) }
    })?;

    let before = their_count(&world, theirs, Count::Updates)?;
    ask(&world)?;
    world.wait("our answer to their request", || {
        let requests = our_count(&world, ours, Count::Refreshes)?;
        let updates = their_count(&world, theirs, Count::Updates)?;
        let seen = format!("we count {requests} requests, they {updates} updates after {before}");
        if requests >= 1 && updates > before { Ok(()) } else { Err(seen) }
    })?;
    let session = world.our_session(ours)?;
    if !session.established {
        return Err(format!("the session did not stay: {}", session.state));
    }
    Ok(Outcome::Works("each side counts the other's request and gets its routes again".into()))
}

/// Makes them send a ROUTE-REFRESH for IPv4.
fn ask(world: &World) -> Result<(), String> {
    let words: &[&str] = match world.speaker {
        Speaker::Ftbgp => &["ftsh", "-c", "clear bgp 10.0.1.1 soft in"],
        Speaker::Frr => &["vtysh", "-c", "clear bgp 10.0.1.1 soft in"],
        Speaker::Bird => &["birdc", "reload", "in", "us4"],
        Speaker::Gobgp => &["gobgp", "neighbor", "10.0.1.1", "softresetin"],
        Speaker::Openbgpd => &["bgpctl", "neighbor", "10.0.1.1", "refresh"],
        Speaker::Exabgp => &["exabgpcli", "announce", "route-refresh", "ipv4", "unicast"],
    };
    world.them().run(words).map(drop).map_err(|error| error.to_string())
}
