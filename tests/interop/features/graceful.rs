//! Graceful restart (RFC 4724), both roles: a daemon is killed, its neighbor keeps its routes as stale ones, it comes
//! back, and the routes are fresh.

use tests::lab::Node;
use tests::lab::speaker::{Route, Speaker};

use crate::evidence::{of_session, version};
use crate::matrix::Outcome;
use crate::peers;
use crate::world::{Plan, World};

fn one(paths: Vec<Route>, stale: bool) -> Result<(), String> {
    match paths.as_slice() {
        [route] if route.stale == stale => Ok(()),
        other => Err(format!("one path with stale {stale} expected, not {other:?}")),
    }
}

/// The program to kill, as the kernel calls it.
fn program(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Ftbgp => "ftbgpd",
        Speaker::Frr | Speaker::Openbgpd => "bgpd",
        Speaker::Bird => "bird",
        Speaker::Gobgp => "gobgpd",
        Speaker::Exabgp => "exabgp",
    }
}

fn kill(node: &Node, speaker: Speaker) -> Result<(), String> {
    node.signal(program(speaker), "KILL").map_err(|error| error.to_string())
}

/// They are killed and come back; we help.
pub(crate) fn theirs(speaker: Speaker) -> Result<Outcome, String> {
    let world = World::start(speaker, Plan { graceful_restart: true, ..Plan::default() })?;
    let (prefix, them) = ("10.2.0.0/16", "10.0.1.2");
    world.wait("their route", || one(world.our_paths(prefix, them)?, false))?;
    if speaker == Speaker::Openbgpd {
        // "Currently only the End-of-RIB marker is supported" (bgpd.conf(5), announce restart).
        let families =
            of_session(&world.their_session("10.0.1.1")?, "/session/local/capabilities/graceful_restart");
        if families["restart"] == true || families["protocols"].is_array() {
            return Err(format!("it offers to restart now ({families}): use it in this row"));
        }
        let evidence = format!("it offers End-of-RIB alone, no family to keep: graceful_restart {families}");
        return Ok(Outcome::Absent { version: version(&world)?, evidence });
    }
    kill(world.them(), speaker)?;
    world.wait("their route to be stale", || one(world.our_paths(prefix, them)?, true))?;
    world.them().start();
    peers::after_start(speaker, world.them()).map_err(|error| error.to_string())?;
    world.wait("their route to be fresh again", || one(world.our_paths(prefix, them)?, false))?;
    world.established()?;
    Ok(Outcome::Works("we kept their route as stale while they were dead".into()))
}

/// We are killed and come back; they help.
pub(crate) fn ours(speaker: Speaker) -> Result<Outcome, String> {
    let world = World::start(speaker, Plan { graceful_restart: true, ..Plan::default() })?;
    let (prefix, us) = ("10.1.0.0/16", "10.0.1.1");
    world.wait("our route", || one(world.their_paths(prefix, us)?, false))?;
    if speaker == Speaker::Exabgp {
        kill(world.us(), world.our_speaker())?;
        let state = world.wait("its word of the session's end", || match world.their_session(us)? {
            session if session.established => Err(session.state),
            session => Ok(session.state),
        })?;
        let evidence =
            format!("it has no table in which to keep a route: it printed '{state}' and nothing of routes");
        return Ok(Outcome::Absent { version: version(&world)?, evidence });
    }
    kill(world.us(), world.our_speaker())?;
    world.wait("our route to be stale", || one(world.their_paths(prefix, us)?, true))?;
    world.us().start();
    world.wait("our route to be fresh again", || one(world.their_paths(prefix, us)?, false))?;
    world.established()?;
    Ok(Outcome::Works("they kept our route as stale while we were dead".into()))
}
