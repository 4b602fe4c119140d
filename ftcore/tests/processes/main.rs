//! Real keepers, primaries and twins of the echo example on loopback, killed, stopped and asked to end at any
//! moment, under connections that send and check without a pause.
//!
//! Oracle: each connection gets back octet for octet what it sent, and never an error. Nothing else is needed.

mod client;
mod program;

use std::collections::BTreeSet;
use std::time::Duration;

use client::{Client, Random};
use program::{Echo, Part, Signal};

const KEEPER: Part = Part::Keeper;
const PRIMARY: Part = Part::Primary;
const TWIN: Part = Part::Twin;

/// Some connections of different kinds at once.
fn clients(echo: &Echo) -> Vec<Client> {
    (0..4).map(|n| Client::start(echo.address(), n)).collect()
}

/// All of them end well, having got everything.
fn finish(clients: Vec<Client>) -> Duration {
    let longest = clients.into_iter().map(|client| {
        let (octets, longest_gap) = client.finish();
        assert!(octets > 0, "nothing was echoed");
        longest_gap
    });
    longest.max().unwrap_or_default()
}

/// Does this to a part again and again, at any moment, each time when there is a twin.
fn again_and_again(mode: &str, part: Part, signal: Signal, times: u32) {
    let echo = Echo::start(mode);
    let clients = clients(&echo);
    let mut random = Random::new(u64::from(times));
    for _ in 0..times {
        echo.wait_for_successor();
        std::thread::sleep(Duration::from_micros(random.next() % 60_000));
        let before = echo.pid(part);
        echo.signal(part, signal);
        echo.wait_until(|echo| echo.pid(part) != before, "somebody else has the part");
    }
    let longest = finish(clients);
    println!("{mode}: {times} times {signal:?} to the {part:?}: longest gap {} ms", longest.as_millis());
    echo.stop();
}

#[test]
fn a_hundred_kills_of_the_primary_are_not_noticed() {
    again_and_again("hot", PRIMARY, Signal::Kill, 100);
}

/// Nothing that was received is to blame for it, and the state is not given up.
#[test]
fn a_fatal_signal_from_outside_is_a_kill_as_any_other() {
    again_and_again("hot", PRIMARY, Signal::Segv, 12);
}

#[test]
fn kills_of_a_primary_with_a_warm_standby_are_not_noticed() {
    again_and_again("warm", PRIMARY, Signal::Kill, 10);
}

#[test]
fn kills_of_a_primary_without_a_twin_are_not_noticed_where_the_log_is_a_file() {
    again_and_again("cold", PRIMARY, Signal::Kill, 10);
}

#[test]
fn kills_of_the_twin_are_not_noticed() {
    again_and_again("hot", TWIN, Signal::Kill, 5);
}

#[test]
fn a_twin_that_is_asked_to_end_is_replaced() {
    again_and_again("hot", TWIN, Signal::Term, 5);
}

#[test]
fn a_stopped_primary_is_found_out_and_replaced() {
    again_and_again("hot", PRIMARY, Signal::Stop, 3);
}

#[test]
fn a_primary_that_is_asked_to_end_hands_over_in_every_mode() {
    for mode in ["hot", "warm", "cold", "none"] {
        again_and_again(mode, PRIMARY, Signal::Term, 3);
    }
}

#[test]
fn both_killed_together_are_replaced_in_either_order() {
    let echo = Echo::start("hot");
    let clients = clients(&echo);
    for (first, second) in [(PRIMARY, TWIN), (TWIN, PRIMARY), (PRIMARY, TWIN)] {
        echo.wait_for_successor();
        let before = echo.pid(PRIMARY);
        echo.signal_both(first, second, Signal::Kill);
        echo.wait_until(|echo| echo.pid(PRIMARY) != before, "somebody is primary");
        std::thread::sleep(Duration::from_millis(100));
    }
    finish(clients);
    echo.stop();
}

#[test]
fn a_killed_keeper_is_replaced_by_one_that_adopts_its_children() {
    let mut echo = Echo::start("hot");
    let clients = clients(&echo);
    for _ in 0..3 {
        echo.wait_for_successor();
        let before = (echo.pid(PRIMARY), echo.pid(TWIN));
        echo.signal(KEEPER, Signal::Kill);
        echo.start_keeper();
        echo.wait_for_successor();
        assert_eq!((echo.pid(PRIMARY), echo.pid(TWIN)), before, "living children are left as they are");
    }
    finish(clients);
    echo.stop();
}

#[test]
fn a_primary_may_die_while_there_is_no_keeper() {
    let mut echo = Echo::start("hot");
    let clients = clients(&echo);
    for _ in 0..2 {
        echo.wait_for_successor();
        let twin = echo.pid(TWIN);
        echo.signal(KEEPER, Signal::Kill);
        echo.signal(PRIMARY, Signal::Kill);
        echo.wait_until(|echo| echo.pid(PRIMARY) == twin, "the twin is primary");
        std::thread::sleep(Duration::from_millis(200));
        echo.start_keeper();
    }
    echo.wait_for_successor();
    finish(clients);
    echo.stop();
}

#[test]
fn a_primary_may_die_while_a_new_keeper_waits_for_it() {
    let mut echo = Echo::start("hot");
    let clients = clients(&echo);
    echo.wait_for_successor();
    let twin = echo.pid(TWIN);
    echo.kill_keeper();
    // It lives and cannot come; a little later it is found to hang, and is killed by its twin.
    echo.signal(PRIMARY, Signal::Stop);
    echo.start_keeper();
    echo.wait_until(|echo| echo.pid(PRIMARY) == twin, "the twin is primary");
    echo.wait_for_successor();
    finish(clients);
    echo.stop();
}

#[test]
fn a_stopped_keeper_holds_up_nobody() {
    let echo = Echo::start("hot");
    let clients = clients(&echo);
    echo.wait_for_successor();
    let twin = echo.pid(TWIN);
    echo.signal(KEEPER, Signal::Stop);
    echo.signal(PRIMARY, Signal::Kill);
    echo.wait_until(|echo| echo.pid(PRIMARY) == twin, "the twin is primary");
    let late = Client::start(echo.address(), 9);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(late.finish().0 > 0, "the primary accepts by itself");
    echo.signal(KEEPER, Signal::Continue);
    echo.wait_for_successor();
    finish(clients);
    echo.stop();
}

#[test]
fn connections_that_come_while_nobody_serves_are_served_by_the_next() {
    let echo = Echo::start("hot");
    for n in 0..5 {
        echo.wait_for_successor();
        let before = echo.pid(PRIMARY);
        echo.signal(PRIMARY, Signal::Stop);
        let clients: Vec<_> = (0..3).map(|m| Client::start(echo.address(), 3 * n + m)).collect();
        echo.signal(PRIMARY, Signal::Kill);
        echo.wait_until(|echo| echo.pid(PRIMARY) != before, "the twin is primary");
        std::thread::sleep(Duration::from_millis(50));
        finish(clients);
    }
    echo.stop();
}

#[test]
fn a_second_keeper_on_the_same_directory_is_refused() {
    let mut echo = Echo::start("hot");
    assert_eq!(echo.start_second().code(), Some(1));
    echo.wait_for_successor();
    echo.stop();
}

#[test]
fn without_a_standby_the_program_comes_back_and_its_connections_do_not() {
    let echo = Echo::start("none");
    let client = Client::start(echo.address(), 1);
    std::thread::sleep(Duration::from_millis(100));
    let before = echo.pid(PRIMARY);
    echo.signal(PRIMARY, Signal::Kill);
    echo.wait_until(|echo| echo.pid(PRIMARY) != before, "there is a new primary");
    assert!(client.finish_cut());
    let clients = clients(&echo);
    std::thread::sleep(Duration::from_millis(100));
    finish(clients);
    echo.stop();
}

/// Gives an order, and answers what became of it.
fn order(echo: &Echo, text: &str) -> String {
    echo.order(text);
    let mut answer = None;
    echo.wait_until(
        |echo| {
            answer = echo.answer();
            answer.is_some()
        },
        text,
    );
    answer.unwrap_or_default()
}

#[test]
fn orders_are_carried_out_and_answered() {
    let mut echo = Echo::start("hot");
    let clients = clients(&echo);
    for mode in ["warm", "hot", "none", "cold", "hot"] {
        assert_eq!(order(&echo, &format!("mode {mode}")), "done");
        echo.now_in_mode(mode);
        echo.wait_for_successor();
        let before = echo.pid(PRIMARY);
        assert_eq!(order(&echo, "switchover"), "done", "{mode}");
        assert_ne!(echo.pid(PRIMARY), before);
        echo.wait_for_successor();
    }
    let before = echo.pid(TWIN);
    assert_eq!(order(&echo, "twin restart"), "done");
    echo.wait_until(|echo| echo.pid(TWIN).is_some_and(|pid| Some(pid) != before), "there is another twin");
    assert_eq!(order(&echo, "upgrade /nowhere"), "the new twin ended");
    finish(clients);
    echo.stop();
}

#[test]
fn another_version_takes_over_in_the_middle_of_a_stream() {
    let echo = Echo::start("hot");
    let mut probe = client::Probe::start(echo.address());
    assert!(probe.counters().starts_with("connections 1 "));
    let clients = clients(&echo);
    let keeper = echo.pid(KEEPER);
    let version = echo.another_version("as ever: ");
    // What the two say for the same input differs, also while the new one still follows.
    for n in 0..2 {
        echo.wait_for_successor();
        let before = echo.pid(PRIMARY);
        if n == 0 {
            echo.order(&format!("upgrade {}", version.display()));
        } else {
            echo.signal(PRIMARY, Signal::Kill);
        }
        echo.wait_until(
            |echo| {
                probe.counters();
                echo.pid(PRIMARY) != before
            },
            "there is another primary",
        );
    }
    assert!(probe.counters().starts_with("as ever: connections 5 "));
    assert_eq!(echo.pid(KEEPER), keeper, "the keeper is the same process");
    echo.wait_for_successor();
    finish(clients);
    echo.stop();
}

/// Kills everybody after one connection, and looks whether what starts then remembers it.
fn outlives_all_processes(echo: &mut Echo) {
    let primary = echo.pid(PRIMARY);
    echo.signal(KEEPER, Signal::Kill);
    echo.signal(PRIMARY, Signal::Kill);
    echo.wait_until(|echo| !echo.lives(PRIMARY), "nobody is left");
    echo.start_keeper();
    echo.wait_until(|echo| echo.pid(PRIMARY) != primary && echo.lives(PRIMARY), "there is a primary");
    let mut probe = client::Probe::start(echo.address());
    assert!(probe.counters().starts_with("connections 2 "), "the first one is remembered");
}

#[test]
fn a_log_in_a_file_outlives_all_processes() {
    let mut echo = Echo::start("cold");
    let mut probe = client::Probe::start(echo.address());
    probe.exchange();
    outlives_all_processes(&mut echo);
    echo.stop();
}

/// Another size, a file, and memory again, each with a death of everybody that serves behind it.
#[test]
fn the_log_is_moved_while_connections_go_on() {
    let mut echo = Echo::start("hot");
    let clients = clients(&echo);
    for (order_text, said) in [
        ("log 8388608", "the log has 8 MiB now, in memory"),
        ("mode cold", "the log has 8 MiB now, in /"),
        ("log 33554432", "the log has 32 MiB now, in /"),
        ("mode none", "the log has 4 MiB now, in memory"),
        ("mode warm", "the log has 32 MiB now, in memory"),
        ("log 1048576", "the log has 1 MiB now, in memory"),
    ] {
        echo.order(order_text);
        echo.wait_until_said(said);
        let (verb, mode) = order_text.split_once(' ').unwrap();
        if verb == "mode" {
            echo.now_in_mode(mode);
        }
        echo.wait_for_successor();
        if mode == "none" {
            continue;
        }
        let before = echo.pid(PRIMARY);
        echo.signal(PRIMARY, Signal::Kill);
        echo.wait_until(|echo| echo.pid(PRIMARY) != before && echo.lives(PRIMARY), "somebody is primary");
        echo.wait_for_successor();
        let before = echo.pid(PRIMARY);
        if echo.lives(TWIN) {
            echo.signal_both(TWIN, PRIMARY, Signal::Kill);
        } else {
            echo.signal(PRIMARY, Signal::Kill);
        }
        echo.wait_until(|echo| echo.pid(PRIMARY) != before && echo.lives(PRIMARY), "somebody is primary");
        echo.wait_for_successor();
        // The keeper hears of a new primary a little later than its title says it.
        std::thread::sleep(Duration::from_millis(100));
    }
    finish(clients);
    echo.stop();
}

/// The log has gone round many times, and goes on doing so.
#[test]
fn without_a_standby_there_is_a_handover_whatever_the_log_has_forgotten() {
    let echo = Echo::start("none");
    let clients: Vec<_> = (0..4).map(|n| Client::start(echo.address(), n)).collect();
    std::thread::sleep(Duration::from_secs(2));
    for _ in 0..3 {
        let before = echo.pid(PRIMARY);
        assert_eq!(order(&echo, "switchover"), "done");
        assert_ne!(echo.pid(PRIMARY), before);
        std::thread::sleep(Duration::from_millis(300));
    }
    finish(clients);
    echo.stop();
}

#[test]
fn a_mode_that_became_cold_keeps_the_state_beyond_all_processes() {
    let mut echo = Echo::start("hot");
    let mut probe = client::Probe::start(echo.address());
    probe.exchange();
    assert_eq!(order(&echo, "mode cold"), "done");
    echo.now_in_mode("cold");
    echo.wait_until_said("the log has 64 MiB now, in /");
    probe.exchange();
    outlives_all_processes(&mut echo);
    echo.stop();
}

#[test]
fn a_stopped_twin_holds_up_nobody_and_is_replaced() {
    let echo = Echo::start("hot");
    let clients: Vec<_> = (0..12).map(|n| Client::start(echo.address(), 2 * n)).collect();
    std::thread::sleep(Duration::from_millis(200));
    let twin = echo.pid(TWIN);
    echo.signal(TWIN, Signal::Stop);
    echo.wait_until(|echo| echo.pid(TWIN).is_some_and(|pid| Some(pid) != twin), "there is another twin");
    finish(clients);
    echo.stop();
}

/// From kill(2) to the first octet that the new primary sends.
#[test]
fn the_first_octet_after_a_kill_comes_soon() {
    let echo = Echo::start("hot");
    let mut times = Vec::new();
    let mut probe = client::Probe::start(echo.address());
    for _ in 0..30 {
        echo.wait_for_successor();
        probe.exchange();
        let primary = echo.pid(PRIMARY);
        times.push(probe.time_to_answer(|| echo.signal(PRIMARY, Signal::Kill)));
        echo.wait_until(|echo| echo.pid(PRIMARY) != primary, "the twin is primary");
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_micros();
    println!("from kill to the first octet: p50 {} µs, p90 {} µs, longest {} µs", at(50), at(90), at(100));
    assert!(at(50) < 100_000);
    echo.stop();
}

/// More sockets than a channel takes at once.
#[test]
fn hundreds_of_connections_go_on() {
    let mut echo = Echo::start("hot");
    let mut probes: Vec<_> = (0..400).map(|_| client::Probe::start(echo.address())).collect();
    for n in 0..4 {
        echo.wait_for_successor();
        probes.iter_mut().for_each(client::Probe::exchange);
        let before = echo.pid(PRIMARY);
        if n == 2 {
            echo.signal(KEEPER, Signal::Kill);
            echo.start_keeper();
            echo.wait_for_successor();
            std::thread::sleep(Duration::from_millis(500));
        }
        echo.signal(PRIMARY, Signal::Kill);
        echo.wait_until(|echo| echo.pid(PRIMARY) != before, "the twin is primary");
    }
    probes.iter_mut().for_each(client::Probe::exchange);
    echo.stop();
}

/// Each primary dies a second after it has taken over, of time and not of a message: that is a row of deaths that ends.
/// The state is given up, and a program that has not got it lives.
#[test]
fn a_state_that_kills_when_its_time_comes_is_given_up() {
    let echo = Echo::start("hot");
    let mut probe = client::Probe::start(echo.address());
    probe.exchange();
    probe.say("bomb");
    let mut primaries = BTreeSet::new();
    echo.wait_until(
        |echo| {
            primaries.extend(echo.pid(PRIMARY));
            echo.has_said("no state is left to go on from")
        },
        "the state is given up",
    );
    assert!((12..=13).contains(&primaries.len()), "died: {primaries:?}");
    let new = |pid: Option<i32>| pid.filter(|pid| !primaries.contains(pid));
    echo.wait_until(|echo| new(echo.pid(PRIMARY)).is_some(), "there is another primary");
    echo.wait_for_successor();
    let primary = echo.pid(PRIMARY);
    let mut probe = client::Probe::start(echo.address());
    std::thread::sleep(Duration::from_millis(2500));
    assert!(probe.counters().starts_with("connections 1 "), "the state is a new one");
    assert_eq!(echo.pid(PRIMARY), primary, "it lives");
    echo.stop();
}
