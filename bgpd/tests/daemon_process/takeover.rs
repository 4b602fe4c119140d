//! What a death does not do, and handing over.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bgpd::shell::Client;
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};

use crate::running::{CONFIG, Daemon, Place, ask, establish, is_quiet, message, settle};

#[test]
fn a_session_survives_the_primary_and_then_the_next_one() {
    let place = Place::new("takeover");
    place.config(CONFIG);
    let mut daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    for epoch in 2..5_u64 {
        daemon.wait_until_protected();
        let (old, twin) = (daemon.pid("primary").unwrap(), daemon.pid("twin").unwrap());
        daemon.kill("primary");
        let line = daemon.wait_for("took over");
        assert!(line.contains("SIGKILL") && line.contains("1 connections go on, 0 are lost"), "{line}");
        assert!(is_quiet(&mut peer), "the neighbor has noticed");
        let value = daemon.wait_until("the epoch", |value| value["epoch"] == json!(epoch));
        assert_eq!(value["primary"]["pid"], json!(twin.as_raw_nonzero().get()));
        assert_ne!(daemon.pid("primary"), Some(old));
        let takeover = &value["takeovers"][0];
        assert_eq!((&takeover["cause"], &takeover["signal"]), (&json!("crash"), &json!("SIGKILL")));
        assert_eq!((&takeover["sessionsKept"], &takeover["sessionsLost"]), (&json!(1), &json!(0)));
        let neighbor: Value = serde_json::from_str(&daemon.ask("show bgp neighbors 127.0.0.2 json")).unwrap();
        assert_eq!(neighbor["127.0.0.2"]["connectionsSurvivedTakeovers"], json!(epoch - 1));
        assert_eq!(neighbor["127.0.0.2"]["bgpState"], "Established");
    }
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.status(), Some(0));
}

#[test]
fn a_session_survives_the_death_of_both_processes() {
    let place = Place::new("both");
    place.config(CONFIG);
    let mut daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    daemon.wait_until_protected();
    let both = [daemon.pid("twin").unwrap(), daemon.pid("primary").unwrap()];
    for pid in both {
        kill_process(pid, Signal::KILL).unwrap();
    }
    daemon.wait_for("took over");
    assert!(is_quiet(&mut peer), "the neighbor has noticed");
    daemon.wait_until_protected();
}

/// One prefix, of one path, as 127.0.0.2 announces it.
fn announcement(n: u32) -> Vec<u8> {
    let origin = [0x40, 1, 1, 0];
    let as_path = [0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea];
    let next_hop = [0x40, 3, 4, 127, 0, 0, 2];
    let attributes = [&origin[..], &as_path, &next_hop].concat();
    let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
    let [_, a, b, c] = n.to_be_bytes();
    message(2, &[&[0, 0], &length[..], &attributes, &[32, 10 + a, b, c, 1]].concat())
}

#[test]
fn a_fatal_signal_that_somebody_sent_blames_no_message() {
    let place = Place::new("sent");
    place.config(CONFIG);
    let mut daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    let mut writer = peer.try_clone().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&over);
    let loading = std::thread::spawn(move || {
        let mut n = 0;
        while !seen.load(Ordering::Relaxed) {
            let octets: Vec<u8> = (n..n + 500).flat_map(announcement).collect();
            n = (n + 500) % 20_000;
            writer.write_all(&octets).unwrap();
        }
    });
    for signal in [Signal::SEGV, Signal::ABORT, Signal::BUS, Signal::SEGV] {
        daemon.wait_until_protected();
        kill_process(daemon.pid("primary").unwrap(), signal).unwrap();
        let line = daemon.wait_for("took over");
        assert!(line.contains(": crash, SIG") && line.contains("1 connections go on, 0 are lost"), "{line}");
    }
    over.store(true, Ordering::Relaxed);
    loading.join().unwrap();
    daemon.wait_until_protected();
    daemon.ask("redundancy mode none");
    daemon.wait_for("standby mode is none now");
    assert!(!daemon.said.contains("suspected"), "{}", daemon.said);
    assert!(!daemon.run.join("poison").exists());
    assert!(is_quiet(&mut peer), "the neighbor has noticed");
}

#[test]
fn lines_that_change_something_are_obeyed_once_whoever_dies_meanwhile() {
    const LINES: u8 = 40;
    let place = Place::new("lines");
    place.config(CONFIG);
    let daemon = Daemon::start(&place, place.command());
    daemon.wait_until_protected();
    let run = daemon.run.clone();
    let operator = std::thread::spawn(move || {
        let mut client = Client::new(&run);
        for n in 1..=LINES {
            // A second time this would be refused.
            let line = format!("ip prefix-list ONCE seq {n} permit 10.{n}.0.0/16");
            assert_eq!(ask(&mut client, &["configure terminal"], &line), "", "{line}");
            std::thread::sleep(Duration::from_millis(25));
        }
    });
    for _ in 0..3 {
        daemon.kill("primary");
        daemon.wait_until_protected();
    }
    operator.join().unwrap();
    let running = daemon.ask("show running-config");
    assert_eq!(running.matches("ip prefix-list ONCE").count(), usize::from(LINES), "{running}");
}

#[test]
fn a_planned_switchover_is_told_by_the_process_that_it_led_to() {
    let place = Place::new("switchover");
    place.config(CONFIG);
    let daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    daemon.wait_until_protected();
    let said = daemon.ask("redundancy switchover");
    assert!(said.contains("epoch 2") && said.contains("1 connections kept, 0 lost"), "{said}");
    assert!(is_quiet(&mut peer), "the neighbor has noticed");
    let value = daemon.wait_until_protected();
    assert_eq!(value["takeovers"][0]["cause"], "switchover");
    kill_process(daemon.pid("primary").unwrap(), Signal::TERM).unwrap();
    let value = daemon.wait_until("a handover", |value| value["epoch"] == json!(3));
    assert_eq!(value["takeovers"][0]["cause"], "switchover");
    assert!(is_quiet(&mut peer), "the neighbor has noticed");
    daemon.wait_until_protected();
    let before = daemon.pid("twin");
    daemon.ask("redundancy twin restart");
    daemon.wait_until("another twin", |value| {
        value["state"] == "protected" && daemon.pid("twin").is_some_and(|twin| Some(twin) != before)
    });
    assert!(daemon.ask("redundancy upgrade /nowhere/ftbgpd").contains("cannot be executed"));
}
