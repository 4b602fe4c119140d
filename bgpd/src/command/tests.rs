//! The grammar as a whole: every form of every command, modes, errors, help.

use std::sync::Arc;

use proptest::prelude::*;

use super::grammar::grammar;
use super::pattern::sample::sample;
use super::*;
use crate::config::{Config, Strictness, parse_str, running_config};

/// Lines that are there before the lines of a test, so that these find what they speak of.
const GROUND: &str = "router bgp 65001\n bgp confederation identifier 100\n neighbor A peer-group\n neighbor A remote-as 65002\n \
                      neighbor 10.0.0.1 remote-as 65002\n neighbor 2001:db8::1 remote-as internal\n \
                      neighbor eth0 interface remote-as external\n neighbor 10.0.0.2 peer-group A\n";

fn ground() -> Arc<Config> {
    Arc::new(parse_str("ground", GROUND, Strictness::Strict).unwrap().0)
}

/// A session in a mode of the place.
fn at(place: Place) -> Session {
    let lines: &[&str] = match place {
        Place::Exec => &[],
        Place::View => &["disable"],
        Place::Config => &["configure terminal"],
        Place::Router => &["configure terminal", "router bgp 65001"],
        Place::Ipv4 => &["configure terminal", "router bgp 65001", "address-family ipv4 unicast"],
        Place::Ipv6 => &["configure terminal", "router bgp 65001", "address-family ipv6 unicast"],
        Place::RouteMap => &["configure terminal", "route-map A permit 10"],
        Place::Redundancy => &["configure terminal", "redundancy"],
        Place::Fib => &["configure terminal", "fib"],
        Place::Line => &["configure terminal", "line vty"],
    };
    Session::restore(lines).unwrap()
}

/// Choices from a list of numbers, zero where it is at its end.
fn chooser(numbers: &[u8]) -> impl FnMut(usize) -> usize {
    let mut numbers = numbers.iter();
    move |below| numbers.next().map_or(0, |number| usize::from(*number) % below)
}

fn written_and_read(config: &Config) {
    let written: String = running_config(config).collect();
    match parse_str("written", &written, Strictness::Strict) {
        Ok((again, _)) => assert_eq!(&again, config, "{written}"),
        Err(errors) => panic!("{errors:?} in\n{written}"),
    }
}

proptest! {
    #[test]
    fn every_form_is_read_as_its_own_command(numbers in proptest::collection::vec(any::<u8>(), 0..40)) {
        for place in Place::ALL {
            for entry in grammar().entries(place) {
                let line = sample(&entry.pattern, &mut chooser(&numbers));
                match grammar().parse(place, &line) {
                    Ok(parsed) => {
                        prop_assert_eq!(parsed.command.help, entry.command.help, "{}", line);
                        prop_assert_eq!(parsed.negation, entry.negation, "{}", line);
                    }
                    Err(error) => prop_assert!(false, "{place:?}: '{line}' of '{}': {error}", entry.text),
                }
            }
        }
    }

    #[test]
    fn whatever_lines_are_taken_the_configuration_is_written_as_it_is_read(
        lines in proptest::collection::vec(
            (any::<u8>(), any::<u16>(), proptest::collection::vec(any::<u8>(), 0..24)),
            1..60,
        ),
    ) {
        let mut config = ground();
        for (place, entry, numbers) in lines {
            let place = Place::CONFIGURING[usize::from(place) % Place::CONFIGURING.len()];
            let entries = grammar().entries(place);
            let line = sample(&entries[usize::from(entry) % entries.len()].pattern, &mut chooser(&numbers));
            let before = config.clone();
            if at(place).execute(&line, &mut config).is_err() {
                prop_assert_eq!(before, config.clone(), "'{}' was refused and did something", line);
            }
        }
        written_and_read(&config);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\n\u{a0}]{0,200}") {
        crate::config::fuzz_config(text.as_bytes());
    }
}

#[test]
fn every_word_of_every_form_has_help() {
    for place in Place::ALL {
        for entry in grammar().entries(place) {
            for atom in &entry.pattern.atoms {
                assert!(!words::help(entry.command, entry.negation, atom).is_empty(), "{}", entry.text);
            }
        }
    }
}

#[test]
fn a_line_and_its_no_leave_nothing_behind() {
    let mut tried = 0;
    for place in Place::CONFIGURING {
        for entry in grammar().entries(*place).iter().filter(|entry| entry.negation == run::Negation::Plain) {
            let blocks =
                matches!(entry.command.run, Run::Session(_) | Run::Operation(_) | Run::PeerItself { .. });
            let can_go = entry.command.forms.iter().any(|form| form.no != No::Never);
            if blocks || !can_go {
                continue;
            }
            let mut config = ground();
            let line = sample(&entry.pattern, &mut |_| 0);
            at(*place).execute(&line, &mut config).unwrap_or_else(|error| panic!("{line}: {error}"));
            let negated = format!("no {line}");
            at(*place).execute(&negated, &mut config).unwrap_or_else(|error| panic!("{negated}: {error}"));
            let default_on = matches!(&entry.command.run, Run::Instance(_) | Run::Activation { .. })
                || line.contains("enforce-first-as")
                || line.contains("resolve-via-default")
                || line.contains("extended-nexthop")
                || line.contains("send-community");
            let in_map = *place == Place::RouteMap || line.starts_with("router bgp");
            if !default_on && !in_map {
                assert_eq!(config, ground(), "{line}");
            }
            tried += 1;
        }
    }
    assert!(tried > 60, "only {tried} lines were tried");
}

fn error(place: Place, line: &str) -> String {
    at(place).execute(line, &mut ground()).unwrap_err().to_string()
}

#[test]
fn the_three_errors_are_frrs() {
    assert_eq!(error(Place::Exec, "foo bar"), "% Unknown command: foo bar");
    assert_eq!(error(Place::Exec, " show foo "), "% Unknown command: show foo");
    assert_eq!(
        error(Place::Router, "nei 10.0.0.1 graceful-restart-"),
        "% Ambiguous command: nei 10.0.0.1 graceful-restart-"
    );
    assert_eq!(error(Place::Exec, "clear bgp"), "% Command incomplete: clear bgp");
    assert_eq!(error(Place::Router, "bgp bestpath med"), "% Command incomplete: bgp bestpath med");
    assert_eq!(
        error(Place::Router, "neighbor 10.0.0.9 passive"),
        "% Specify remote-as or peer-group commands first"
    );
    assert_eq!(
        error(Place::Router, "neighbor eth9 remote-as 9"),
        "% Create the peer-group or interface first"
    );
    assert_eq!(
        error(Place::Router, "neighbor A local-as 65001"),
        "% Cannot have local-as same as BGP AS number"
    );
    assert_eq!(error(Place::Config, "router bgp 65002"), "% BGP is already running; AS is 65001");
}

#[test]
fn words_may_be_cut_to_what_is_unambiguous_on_the_whole_line() {
    let mut config = ground();
    let mut session = Session::default();
    for line in ["conf t", "rou b 65001", "nei 10.0.0.1 remov all", "nei 10.0.0.1 rem 65009", "add ipv6"] {
        session.execute(line, &mut config).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    assert_eq!(session.prompt("r1"), "r1(config-router-af)# ");
    assert_eq!(session.lines().len(), 3);
    assert_eq!(Session::restore(&session.lines()), Ok(session));
}

#[test]
fn a_line_of_an_outer_mode_works_in_an_inner_one_and_leaves_it() {
    let mut config = ground();
    let mut session = at(Place::Ipv6);
    session.execute("bgp router-id 192.0.2.1", &mut config).unwrap();
    assert_eq!(session.place(), Place::Router);
    session.execute("hostname r1", &mut config).unwrap();
    assert_eq!(session.place(), Place::Config);
    assert_eq!(error(Place::Config, "show running-config"), "% Unknown command: show running-config");
    assert!(matches!(session.execute("do show run", &mut config), Ok(Outcome::Run(_))));
    assert_eq!(session.place(), Place::Config, "do does not leave the mode");
}

#[test]
fn exit_end_and_the_shell_itself_are_left_one_by_one() {
    let mut config = ground();
    let mut session = at(Place::Ipv4);
    for (line, place) in
        [("exit-address-family", Place::Router), ("exit", Place::Config), ("end", Place::Exec)]
    {
        session.execute(line, &mut config).unwrap();
        assert_eq!(session.place(), place, "{line}");
    }
    assert_eq!(session.nature("exit"), Some(Nature::Leaves));
    assert!(matches!(session.execute("exit", &mut config), Ok(Outcome::Leave)));
    assert!(matches!(session.execute("! a comment", &mut config), Ok(Outcome::Nothing)));
}

#[test]
fn a_family_line_in_router_bgp_is_about_ipv4() {
    let mut config = ground();
    at(Place::Router).execute("neighbor 10.0.0.1 weight 7", &mut config).unwrap();
    at(Place::Router).execute("network 10.0.0.0/8", &mut config).unwrap();
    let bgp = config.engine.bgp.as_ref().unwrap();
    let family = bgp_engine::value::Family::Ipv4Unicast;
    assert_eq!(bgp.families[family].networks.len(), 1);
    let weights: Vec<_> = bgp.neighbors.values().map(|n| n.settings.families[family].weight).collect();
    assert!(weights.contains(&Some(7)), "{weights:?}");
}

#[test]
fn a_new_default_is_for_the_neighbors_to_come() {
    let mut config = ground();
    let mut type_in = |line: &str| at(Place::Router).execute(line, &mut config).map(drop).unwrap();
    type_in("no bgp default ipv4-unicast");
    type_in("neighbor 10.0.0.9 remote-as 9");
    let written: String = running_config(&config).collect();
    assert!(written.contains("  neighbor 10.0.0.1 activate\n"), "{written}");
    assert!(!written.contains("neighbor 10.0.0.9 activate"), "{written}");
    let mut type_in = |line: &str| at(Place::Router).execute(line, &mut config).map(drop).unwrap();
    type_in("bgp default ipv4-unicast");
    let written: String = running_config(&config).collect();
    assert!(!written.contains("neighbor 10.0.0.1 activate"), "{written}");
    assert!(written.contains("  no neighbor 10.0.0.9 activate\n"), "{written}");
}

#[test]
fn lines_that_only_read_are_told_from_those_that_change() {
    let exec = Session::default();
    assert_eq!(exec.nature("show running-config"), Some(Nature::Reads));
    assert_eq!(exec.nature("list"), Some(Nature::Reads));
    assert_eq!(exec.nature("clear bgp *"), Some(Nature::Changes));
    assert_eq!(exec.nature("write memory"), Some(Nature::Changes));
    assert_eq!(exec.nature("configure terminal"), Some(Nature::Moves));
    assert_eq!(exec.nature("nonsense"), None);
    assert_eq!(at(Place::Router).nature("do show running-config"), Some(Nature::Reads));
}
