//! How the twin stands by, and the settings of that, while the router runs.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use bgpd::shell::Client;
use rustix::process::{Signal, kill_process};
use serde_json::json;

use crate::running::{CONFIG, Daemon, Place, ask, establish, is_quiet, settle};

#[test]
fn the_mode_is_changed_while_the_router_runs() {
    let place = Place::new("mode");
    place.config(CONFIG);
    let daemon = Daemon::start(&place, place.command());
    daemon.wait_until_protected();
    for mode in ["none", "warm", "hot"] {
        assert_eq!(daemon.ask(&format!("redundancy mode {mode}")), "");
        let state = if mode == "none" { "unprotected" } else { "protected" };
        daemon.wait_until(mode, |value| value["mode"] == mode && value["state"] == state);
        if mode == "none" {
            for order in ["switchover", "twin restart", "upgrade /bin/true"] {
                let said = daemon.ask(&format!("redundancy {order}"));
                assert_eq!(said, "% There is no twin: the mode is none\n", "{order}");
            }
        }
    }
    assert!(daemon.ask("show running-config").contains(" mode hot\n"));
}

#[test]
fn the_command_lines_mode_wins_until_an_operator_names_one() {
    let place = Place::new("standby");
    place.config(&format!("redundancy\n mode warm\n!\n{CONFIG}"));
    let mut command = place.command();
    command.args(["--standby", "none"]);
    let mut daemon = Daemon::start(&place, command);
    let is = |daemon: &Daemon, mode: &str, state: &str| {
        daemon.wait_until(mode, |value| value["mode"] == mode && value["state"] == state);
    };
    is(&daemon, "none", "unprotected");
    assert!(daemon.ask("show running-config").contains(" mode warm\n"), "the file's is kept");
    daemon.signal(Signal::HUP);
    daemon.wait_for("nothing has changed");
    is(&daemon, "none", "unprotected");
    assert_eq!(daemon.ask("redundancy mode warm"), "");
    is(&daemon, "warm", "protected");
    // The next process was started with the same command line.
    daemon.kill("primary");
    daemon.wait_for("took over");
    is(&daemon, "warm", "protected");
    assert_eq!(daemon.ask("redundancy mode hot"), "");
    is(&daemon, "hot", "protected");
}

#[test]
fn the_log_takes_another_size_while_sessions_stay() {
    let place = Place::new("log-size");
    place.config(&format!("redundancy\n log size 16\n!\n{CONFIG}"));
    let mut daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    let of = |mib: u64| json!(mib << 20);
    let value = daemon.wait_until_protected();
    assert_eq!(value["log"]["capacity"], of(16));
    let mut client = Client::new(&daemon.run);
    for mib in [64, 4] {
        assert_eq!(ask(&mut client, &["configure terminal", "redundancy"], &format!("log size {mib}")), "");
        daemon.wait_for(&format!("the log has {mib} MiB now, in memory"));
        daemon.wait_until("the size", |value| {
            value["log"]["capacity"] == of(mib) && value["state"] == "protected"
        });
        daemon.kill("primary");
        daemon.wait_for("took over");
        assert!(is_quiet(&mut peer), "the neighbor has noticed");
        let value = daemon.wait_until_protected();
        assert_eq!(value["log"]["capacity"], of(mib), "the next one keeps it");
    }
}

#[test]
fn a_mode_that_became_cold_keeps_the_state_beyond_all_processes() {
    let place = Place::new("cold");
    place.config(CONFIG);
    let command = || place.command();
    let mut daemon = Daemon::start(&place, command());
    daemon.wait_until_protected();
    assert_eq!(daemon.ask("redundancy mode cold"), "");
    daemon.wait_until("cold", |value| value["mode"] == "cold" && value["state"] == "protected");
    let mut client = Client::new(&daemon.run);
    let line = "neighbor 127.0.0.9 remote-as 65009";
    assert_eq!(ask(&mut client, &["configure terminal", "router bgp 65001"], line), "");
    let keeper = daemon.pid("keeper").unwrap();
    kill_process(keeper, Signal::KILL).unwrap();
    daemon.child.wait().unwrap();
    let primary = daemon.pid("primary").unwrap();
    let died = || kill_process(primary, Signal::KILL).is_err();
    let since = Instant::now();
    while !died() {
        assert!(since.elapsed() < Duration::from_secs(10), "the primary lives");
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut second = command();
    second.args(["--standby", "cold"]);
    let mut again = second.spawn().unwrap();
    let mut log = BufReader::new(again.stderr.take().unwrap());
    let mut line_said = String::new();
    while !line_said.contains("going on with the state in") {
        line_said.clear();
        assert!(log.read_line(&mut line_said).unwrap() > 0, "the state was not found");
    }
    (daemon.child, daemon.log) = (again, log);
    let value = daemon.wait_until("the recovery", |value| value["epoch"] == json!(2));
    assert_eq!(value["mode"], "cold");
    assert!(daemon.ask("show running-config").contains(line), "what was not written to the file is known");
}

#[test]
fn a_router_without_a_twin_says_that_it_is_not_protected() {
    let place = Place::new("protected");
    place.config(CONFIG);
    let mut command = place.command();
    command.args(["--standby", "none"]);
    let daemon = Daemon::start(&place, command);
    let warned = |line: &str| line.contains("WARN") && line.contains("not protected");
    assert!(daemon.said.lines().any(warned), "{}", daemon.said);
    let value = daemon.wait_until("the answer", |_| true);
    assert_eq!((&value["mode"], &value["state"]), (&json!("none"), &json!("unprotected")));
    assert_eq!((&value["twin"]["state"], &value["twin"]["pid"]), (&json!("absent"), &json!(null)));
}
