//! The other ways to stand by, and the end on purpose.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::takeover::feed::Peer;
use tests::takeover::router::Role;
use tests::takeover::world::{NEIGHBORS, Start};

use crate::crash;
use crate::stage::{Stage, Story, play};

const WARM: &[Story] = &[
    Story { name: "warm: SIGKILL", tell: crash::kill },
    Story { name: "warm: SIGSTOP", tell: crash::stop },
    Story { name: "warm: killed while tables load", tell: crash::while_tables_load },
    Story { name: "warm: primary and twin killed together", tell: crash::both },
];

const COLD: &[Story] = &[
    Story { name: "cold: SIGKILL", tell: crash::kill },
    Story { name: "cold: SIGSEGV", tell: crash::segv },
    Story { name: "cold: killed while tables load", tell: crash::while_tables_load },
];

const END: &[Story] = &[Story { name: "an orderly stop tells everybody", tell: orderly_stop }];

#[test]
fn a_warm_standby_replays_and_goes_on() {
    play("warm standby", &Start { standby: "warm", ..Start::hot() }, WARM);
}

#[test]
fn a_cold_standby_starts_and_goes_on() {
    play("cold standby", &Start { standby: "cold", ..Start::hot() }, COLD);
}

#[test]
fn an_orderly_stop_tells_everybody() {
    play("the end on purpose", &Start::hot(), END);
}

/// SIGTERM to the keeper: Cease to each neighbor, and no process stays. Then the router is started again, so that
/// the world can be left as every story leaves it.
fn orderly_stop(stage: &mut Stage) -> Result<String, String> {
    stage.ended = true;
    stage.excuses.peers.extend(tests::takeover::world::STEADY);
    for name in NEIGHBORS.iter().chain(&["feed"]) {
        stage.excuses.restarted.insert((*name).to_string());
    }
    let router = stage.router();
    router.signal(Role::Keeper, Signal::TERM)?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while !router.processes().is_empty() {
        if Instant::now() > deadline {
            return Err(format!("processes {:?} stay", router.processes()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = stage.world.feed.seen(Peer::Loader4).endings;
    if !told.iter().any(|why| why.contains("NOTIFICATION 6/2")) {
        return Err(format!("a scripted peer was told {told:?}, not Cease/Administrative Shutdown"));
    }
    stage.world.node().start();
    stage.world.bring_up()?;
    Ok("Cease/Administrative Shutdown, and every process ended".into())
}
