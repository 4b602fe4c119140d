//! Changes that come into force as a whole, with processes that die meanwhile.

use std::time::{Duration, Instant};

use bgpd::shell::Client;

use crate::running::{CONFIG, Daemon, Place, ask, establish, is_quiet, settle, text};

/// Asks in the session that the client is in.
fn type_in(client: &mut Client, line: &str) -> String {
    let mode: Vec<String> = client.mode().to_vec();
    let mode: Vec<&str> = mode.iter().map(String::as_str).collect();
    ask(client, &mode, line)
}

#[test]
fn a_commit_that_cuts_a_session_is_taken_back_through_a_takeover() {
    let place = Place::new("confirmed");
    place.config(CONFIG);
    let mut daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    daemon.wait_until_protected();
    let before = daemon.ask("show running-config");
    let mut client = Client::new(&daemon.run);
    for line in ["configure exclusive", "no router bgp 65001", "hostname cut"] {
        type_in(&mut client, line);
    }
    assert!(is_quiet(&mut peer), "nothing is in force yet");
    let began = Instant::now();
    let said = type_in(&mut client, "commit confirmed 1");
    assert!(said.contains("for 1 minute"), "{said}");
    drop(peer);
    daemon.kill("primary");
    daemon.wait_for("took over");
    // The session goes on in the process that is primary now, and still holds the configuration.
    let said = type_in(&mut client, "show candidate");
    assert!(said.contains("hostname cut"), "{said}");
    assert!(daemon.ask("configure private").contains("held by"));
    assert!(daemon.ask("show running-config").contains("hostname cut"));
    daemon.wait_for("was not confirmed within 1 min");
    let took = began.elapsed();
    assert!(Duration::from_secs(59) < took && took < Duration::from_secs(70), "{took:?}");
    assert_eq!(daemon.ask("show running-config"), before);
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    let history = daemon.ask("show configuration history json");
    assert!(history.contains("\"unconfirmed\""), "{history}");
}

#[test]
fn a_commit_is_whole_or_not_there_whoever_dies_in_it() {
    const LINES: usize = 300;
    let place = Place::new("atomic");
    place.config(CONFIG);
    let daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    let running = |daemon: &Daemon| daemon.ask("show running-config");
    for round in 0..6_u32 {
        daemon.wait_until_protected();
        let before = running(&daemon);
        let mut client = Client::new(&daemon.run);
        type_in(&mut client, "configure private");
        for n in 0..LINES {
            type_in(
                &mut client,
                &format!("ip prefix-list R{round} seq {} permit 10.{round}.{}.0/24", n + 1, n % 256),
            );
        }
        let expected = type_in(&mut client, "show candidate");
        let operator = std::thread::spawn(move || type_in(&mut client, "commit"));
        std::thread::sleep(Duration::from_micros(u64::from(round) * 700));
        daemon.kill("primary");
        // Whoever looks sees the one or the other, however early.
        for _ in 0..5 {
            let seen = running(&daemon);
            let whole = |text: &str| text.matches(&format!("ip prefix-list R{round} ")).count();
            assert!(seen == before || whole(&seen) == LINES, "{} lines", whole(&seen));
        }
        assert!(operator.join().unwrap().contains("is in force"));
        assert!(running(&daemon).contains(&expected), "the candidate is in force");
    }
    assert!(is_quiet(&mut peer), "the neighbor has noticed");
}

#[test]
fn the_history_outlives_the_router_and_the_lock_its_holder() {
    let place = Place::new("history");
    let file = place.config(CONFIG);
    let daemon = Daemon::start(&place, place.command());
    for name in ["a", "b"] {
        let mut client = Client::new(&daemon.run);
        for line in ["configure private", &format!("hostname {name}"), "commit comment why", "end"] {
            type_in(&mut client, line);
        }
    }
    assert!(daemon.ask("write memory").contains("[OK]"));
    assert!(!text(&file.with_extension("conf.sav")).contains("hostname"));
    let before = daemon.ask("show configuration history");
    assert_eq!(before.matches("commit").count(), 2, "{before}");
    // A shell that is gone leaves nothing behind.
    let held = std::process::Command::new(env!("CARGO_BIN_EXE_ftsh"))
        .arg("--run-dir")
        .arg(&daemon.run)
        .args(["-c", "configure exclusive", "-c", "hostname lost"])
        .output()
        .unwrap();
    assert!(held.status.success(), "{held:?}");
    assert!(daemon.ask("configure private").contains("a copy of your own"));
    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(daemon.status(), Some(0));
    let daemon = Daemon::start(&place, place.command());
    assert_eq!(daemon.ask("show configuration history"), before, "it goes on with what it was");
    daemon.ask("rollback 1");
    assert!(daemon.ask("show running-config").contains("hostname a\n"));
    assert!(daemon.ask("copy startup-config running-config").contains("nothing has changed"));
    place.config("router bgp 65001\n nonsense\n");
    let said = daemon.ask("copy startup-config running-config");
    assert!(said.contains("ftbgpd.conf:2:2: ") && said.contains("stays as it was"), "{said}");
}
