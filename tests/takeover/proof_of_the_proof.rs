//! A test that cannot fail proves nothing: a router that loses its sessions must not pass.

use std::time::Duration;

use rustix::process::Signal;
use tests::takeover::feed::Pace;
use tests::takeover::proof::Excuses;
use tests::takeover::world::{NEIGHBORS, STEADY, Start, World};

use crate::stage::{the_oracle, turn};

/// All of the router is killed, and started again with the same configuration: every neighbor's counters and wire,
/// every scripted peer say so.
#[test]
fn a_router_that_is_killed_and_started_again_does_not_pass() {
    let _turn = turn();
    if !"proof".contains(&std::env::var("TAKEOVER_ONLY").unwrap_or_default()) {
        return;
    }
    let start = Start { standby: "none", ..Start::hot() };
    let oracle = the_oracle();
    let mut world = World::start(&start).unwrap_or_else(|error| panic!("{error}"));
    std::thread::sleep(Duration::from_secs(3));
    let excuses = Excuses::default();
    assert_eq!(world.unshaken(&excuses), Vec::<String>::new(), "nothing has happened yet");
    world.feed.pace(Pace::Rest);
    world.router().signal_all(Signal::KILL);
    std::thread::sleep(Duration::from_secs(1));
    world.node().start();
    for peer in STEADY {
        if !world.feed.seen(peer).up {
            world.feed.dial(peer).unwrap_or_else(|error| panic!("{error}"));
        }
    }
    let up = world.lab.wait_until("every session again", Duration::from_secs(90), || world.sessions_up());
    up.unwrap_or_else(|error| panic!("{error}"));
    let (verdict, _) = world.judge(Some(oracle), &excuses);
    let said = verdict.complaints.join("\n");
    println!("\na router started again: {} complaints", verdict.complaints.len());
    for name in NEIGHBORS {
        assert!(said.contains(&format!("{name}: session")), "{name}'s counters saw nothing:\n{said}");
        for sign in ["SYN", "OPEN"] {
            let seen = |line: &&String| line.starts_with(&format!("{name}'s wire")) && line.contains(sign);
            assert!(
                verdict.complaints.iter().any(|line| seen(&line)),
                "{name}'s wire has no {sign}:\n{said}"
            );
        }
    }
    assert!(said.contains("scripted Loader4"), "the scripted peers saw nothing:\n{said}");
    assert!(said.contains("UPDATEs lost"), "the ledger saw nothing:\n{said}");
}
