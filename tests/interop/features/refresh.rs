//! Route refresh (RFC 2918): one side asks, the other says its routes again.

use tests::lab::speaker::Speaker;

use crate::evidence::{Count, of_session, our_count, their_count, version};
use crate::matrix::Outcome;
use crate::world::{Plan, World};

const OURS: &str = "10.0.1.2";
const THEIRS: &str = "10.0.1.1";

fn with_routes(speaker: Speaker) -> Result<World, String> {
    let world = World::start(speaker, Plan::default())?;
    world.routes_exchanged()?;
    Ok(world)
}

fn still_up(world: &World) -> Result<(), String> {
    match world.our_session(OURS)? {
        session if session.established => Ok(()),
        session => Err(format!("the session did not stay: {}", session.state)),
    }
}

/// We ask: they count the request, and we their routes again.
pub(crate) fn we_ask(speaker: Speaker) -> Result<Outcome, String> {
    /// OpenBGPD 7.7 on every request, though its `bgpctl show neighbor` has the family as negotiated.
    const REFUSAL: &str = "route refresh: AID IPv4 unicast not negotiated";
    let world = with_routes(speaker)?;
    let before = our_count(&world, OURS, Count::Updates)?;
    let words = [world.our_shell(), "-c", "clear bgp 10.0.1.2 soft in"];
    world.us().run(&words).map_err(|error| error.to_string())?;
    let refused = world.wait("their answer to our request", || {
        let requests = their_count(&world, THEIRS, Count::Refreshes)?;
        let updates = our_count(&world, OURS, Count::Updates)?;
        let refused = speaker == Speaker::Openbgpd && world.them().log().contains(REFUSAL);
        let seen = format!("they count {requests} requests, we {updates} updates after {before}");
        if requests >= 1 && (updates > before || refused) { Ok(refused) } else { Err(seen) }
    })?;
    still_up(&world)?;
    if refused {
        let evidence = format!("it counts our request and answers in its log alone: '{REFUSAL}'");
        return Ok(Outcome::Absent { version: version(&world)?, evidence });
    }
    Ok(Outcome::Works("they count our request, and we get their routes again".into()))
}

/// They ask: we count the request, and they our routes again.
pub(crate) fn they_ask(speaker: Speaker) -> Result<Outcome, String> {
    let world = with_routes(speaker)?;
    let before = their_count(&world, THEIRS, Count::Updates)?;
    let words: &[&str] = match speaker {
        Speaker::Ftbgp => &["ftsh", "-c", "clear bgp 10.0.1.1 soft in"],
        Speaker::Frr => &["vtysh", "-c", "clear bgp 10.0.1.1 soft in"],
        Speaker::Bird => &["birdc", "reload", "in", "us4"],
        Speaker::Gobgp => &["gobgp", "neighbor", "10.0.1.1", "softresetin"],
        Speaker::Openbgpd => &["bgpctl", "neighbor", "10.0.1.1", "refresh"],
        Speaker::Exabgp => &["exabgpcli", "announce", "route-refresh", "ipv4", "unicast"],
    };
    world.them().run(words).map_err(|error| error.to_string())?;
    if speaker == Speaker::Gobgp {
        return gobgp_asks_nobody(&world);
    }
    world.wait("our answer to their request", || {
        let requests = our_count(&world, OURS, Count::Refreshes)?;
        let updates = their_count(&world, THEIRS, Count::Updates)?;
        let seen = format!("we count {requests} requests, they {updates} updates after {before}");
        if requests >= 1 && updates > before { Ok(()) } else { Err(seen) }
    })?;
    still_up(&world)?;
    Ok(Outcome::Works("we count their request, and they get our routes again".into()))
}

/// GoBGP 3.10 answers requests, but its `softresetin` looks at what it has received before.
fn gobgp_asks_nobody(world: &World) -> Result<Outcome, String> {
    world.wait("its soft reset", || match world.them().log() {
        log if log.contains("Neighbor soft reset in") => Ok(()),
        log => Err(log),
    })?;
    let sent = of_session(&world.their_session(THEIRS)?, "/state/messages/sent/refresh");
    if sent.as_u64().unwrap_or(0) > 0 || our_count(world, OURS, Count::Refreshes)? > 0 {
        return Err("it sends a ROUTE-REFRESH now: use it in this row".into());
    }
    let evidence =
        "after `gobgp neighbor X softresetin` it has sent no ROUTE-REFRESH by its own counters".into();
    Ok(Outcome::Absent { version: version(world)?, evidence })
}
