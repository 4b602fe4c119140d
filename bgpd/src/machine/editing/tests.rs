//! Candidates as operators use them, over a whole machine: two of them, one restored at every step.

use ftcore::core::effect::{Effect, Effects};
use ftcore::core::input::{Input, Time};
use ftcore::core::machine::Machine as _;
use proptest::prelude::*;

use crate::config::running_config;
use crate::machine::{Author, LineOf, Outcome, OwnEffect, OwnInput, RequestId, Speaker, Surroundings};
use crate::shell::protocol::Status;

const CONFIG: &str = "hostname r1\nrouter bgp 65001\n neighbor 10.0.0.2 remote-as 65002\n";
const MINUTE: u64 = 60_000_000;

/// A machine and the sessions of its clients.
struct Story {
    speaker: Speaker,
    now: u64,
    requests: u64,
    modes: [Vec<String>; 3],
}

impl Story {
    fn new() -> Story {
        let mut story =
            Story { speaker: Speaker::new(7), now: 1_000_000, requests: 0, modes: Default::default() };
        let surroundings = Surroundings { unix_ms: 1_795_440_051_000, ..Surroundings::default() };
        story.step(Input::Other(&OwnInput::Configuration { text: CONFIG.into(), surroundings }.emit()));
        story
    }

    fn step(&mut self, input: Input<'_>) -> Vec<Effect<OwnEffect>> {
        self.now += 1000;
        let mut effects = Effects::default();
        self.speaker.step(Time(self.now), input, &mut effects);
        // Whoever takes over here goes on alike.
        let mut saved = Vec::new();
        self.speaker.save(&mut saved).unwrap();
        let restored = Speaker::restore(&saved).unwrap();
        assert_eq!(restored.digest(), self.speaker.digest());
        assert_eq!(restored.configured().editing(), self.speaker.configured().editing());
        self.speaker = restored;
        effects.list
    }

    /// A client types a line.
    fn type_in(&mut self, client: usize, line: &str) -> Outcome {
        self.requests += 1;
        let request = RequestId { client: client as u64, number: self.requests };
        let unix_ms = 1_795_440_051_000 + self.now / 1000;
        let author = Some(Author { uid: Some(0), name: "ada".into(), pid: 7, unix_ms });
        let mode = self.modes[client].clone();
        let line = LineOf { request, mode, line: line.to_owned(), author };
        self.step(Input::Other(&OwnInput::Line(line).emit()));
        let outcome = self.speaker.outcome(request).unwrap().clone();
        self.modes[client].clone_from(&outcome.mode);
        outcome
    }

    fn obeyed(&mut self, client: usize, lines: &[&str]) -> String {
        let mut text = String::new();
        for line in lines {
            let outcome = self.type_in(client, line);
            assert_eq!(outcome.status, Status::Obeyed, "{line}: {}", outcome.text);
            text = outcome.text;
        }
        text
    }

    fn refused(&mut self, client: usize, line: &str) -> String {
        let outcome = self.type_in(client, line);
        assert_eq!(outcome.status, Status::Refused, "{line}: {}", outcome.text);
        outcome.text
    }

    fn running(&self) -> String {
        running_config(self.speaker.configured().config()).collect()
    }

    fn has(&self, line: &str) -> bool {
        self.running().lines().any(|other| other.trim() == line)
    }
}

#[test]
fn a_candidate_is_in_force_when_it_is_committed_and_not_before() {
    let mut story = Story::new();
    story.obeyed(
        0,
        &["configure private", "hostname r2", "router bgp 65001", "neighbor 10.0.0.9 remote-as 9"],
    );
    assert!(story.has("hostname r1") && story.speaker.engine().peers().count() == 1);
    assert!(story.refused(0, "end").contains("not in force"));
    story.obeyed(0, &["commit check", "commit comment a new neighbor"]);
    assert!(story.has("hostname r2") && story.speaker.engine().peers().count() == 2);
    let applied = story.speaker.configured().editing().history().current().clone();
    assert_eq!((applied.number, applied.comment.as_deref()), (2, Some("a new neighbor")));
    assert_eq!(applied.author.name, "ada");
    assert!(story.obeyed(0, &["commit"]).contains("Nothing has changed"));
    story.obeyed(0, &["end"]);
    assert!(story.modes[0].is_empty() && story.speaker.configured().editing().candidates().is_empty());
    story.obeyed(0, &["rollback 1"]);
    assert!(story.has("hostname r1") && story.speaker.engine().peers().count() == 1);
}

#[test]
fn who_holds_the_configuration_is_told_to_the_others() {
    let mut story = Story::new();
    story.obeyed(0, &["configure exclusive"]);
    for line in ["configure exclusive", "configure private", "redundancy mode warm", "rollback 0"] {
        if line != "rollback 0" {
            assert!(story.refused(1, line).contains("held by ada (session 1, process 7)"), "{line}");
        }
    }
    story.modes[1] = vec!["configure terminal".to_owned()];
    assert!(story.refused(1, "hostname r9").contains("held by ada"));
    assert!(story.has("hostname r1"));
    story.step(Input::Other(&OwnInput::EditorGone(0).emit()));
    story.obeyed(1, &["hostname r9"]);
    assert!(story.refused(0, "hostname r3").contains("no candidate any more"));
    story.obeyed(0, &["abort", "configure exclusive"]);
    story.modes[1].clear();
    story.obeyed(1, &["clear configuration session 2", "configure private", "exit"]);
}

#[test]
fn private_candidates_go_together_or_are_told_why_not() {
    let mut story = Story::new();
    story.obeyed(0, &["configure private", "router bgp 65001", "neighbor 10.0.0.2 passive"]);
    story.obeyed(
        1,
        &["configure private", "router bgp 65001", "neighbor 10.0.0.9 remote-as 9", "hostname a", "commit"],
    );
    story.obeyed(0, &["commit"]);
    assert!(story.has("neighbor 10.0.0.2 passive") && story.has("neighbor 10.0.0.9 remote-as 9"));
    story.obeyed(0, &["hostname b", "commit"]);
    let said = {
        story.type_in(1, "hostname c");
        story.refused(1, "commit")
    };
    assert!(said.contains("meanwhile") && said.contains("hostname"), "{said}");
    assert!(story.has("hostname b"));
    story.obeyed(1, &["discard", "hostname c", "commit"]);
    assert!(story.has("hostname c"));
}

#[test]
fn what_nobody_confirms_is_taken_back_by_the_logs_clock() {
    let mut story = Story::new();
    let text = story.obeyed(0, &["configure private", "no router bgp 65001", "commit confirmed 2"]);
    assert!(text.contains("for 2 minutes"), "{text}");
    assert_eq!(story.speaker.engine().peers().count(), 0);
    assert!(story.refused(1, "write memory").contains("not confirmed"));
    // Another one changes what this has not touched.
    story.modes[1] = vec!["configure terminal".to_owned()];
    story.obeyed(1, &["log stdout"]);
    story.now += 2 * MINUTE - 10_000;
    story.step(Input::Clock);
    assert_eq!(story.speaker.engine().peers().count(), 0);
    story.now += 10_000;
    let effects = story.step(Input::Clock);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Other(OwnEffect::Say(..)))));
    assert_eq!(story.speaker.engine().peers().count(), 1);
    assert!(story.has("log stdout"), "{}", story.running());
    let before = story.running();
    story.now += 9 * MINUTE;
    story.step(Input::Clock);
    assert_eq!(story.running(), before, "once");
}

#[test]
fn what_is_confirmed_stays_and_steps_that_are_not_go_back_to_what_was() {
    let mut story = Story::new();
    story.obeyed(0, &["configure private", "hostname a", "commit confirmed 1"]);
    story.obeyed(1, &["commit"]);
    story.now += 2 * MINUTE;
    story.step(Input::Clock);
    assert!(story.has("hostname a"));
    story.obeyed(0, &["hostname b", "commit confirmed 1", "hostname c", "commit confirmed 5"]);
    story.now += 2 * MINUTE;
    story.step(Input::Clock);
    assert!(story.has("hostname c"));
    story.now += 4 * MINUTE;
    story.step(Input::Clock);
    assert!(story.has("hostname a"), "{}", story.running());
}

#[test]
fn a_session_of_configure_terminal_is_one_applied_configuration() {
    let mut story = Story::new();
    story.modes[1] = vec!["configure terminal".to_owned()];
    story.obeyed(1, &["hostname a", "log stdout", "hostname b"]);
    assert_eq!(story.speaker.configured().editing().history().current().number, 2);
    story.step(Input::Other(&OwnInput::Left(1).emit()));
    story.obeyed(1, &["hostname c", "rollback 1"]);
    assert!(story.has("hostname b") && story.has("log stdout"));
    story.obeyed(1, &["rollback 3"]);
    assert!(story.has("hostname r1") && !story.has("log stdout"));
}

/// Lines that change something, whatever is there.
fn line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "hostname x",
        "no hostname",
        "log stdout",
        "no router bgp",
        "router bgp 65001",
        "neighbor 10.0.0.3 remote-as 65003",
        "no neighbor 10.0.0.2",
        "neighbor 10.0.0.2 passive",
        "neighbor 10.0.0.2 weight 7",
        "network 10.9.0.0/16",
        "ip prefix-list A permit 10.0.0.0/8",
        "no ip prefix-list A",
        "route-map RM permit 10",
        "match ip address prefix-list A",
        "no route-map RM",
        "redundancy",
        "detect hang 700",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_committed_can_be_taken_back(
        rounds in prop::collection::vec(prop::collection::vec(line(), 1..8), 1..6),
    ) {
        let mut story = Story::new();
        let mut were = vec![story.running()];
        story.obeyed(0, &["configure exclusive"]);
        for lines in rounds {
            for line in lines {
                story.type_in(0, line);
            }
            prop_assert_eq!(&story.running(), were.last().unwrap());
            story.obeyed(0, &["commit"]);
            if story.running() != *were.last().unwrap() {
                were.push(story.running());
            }
        }
        story.obeyed(0, &["abort"]);
        for (back, text) in were.iter().rev().enumerate().skip(1) {
            story.obeyed(1, &["configure private", &format!("rollback {back}"), "commit check", "abort"]);
            let told = story.speaker.configured().editing().history().told(back).unwrap().text();
            prop_assert_eq!(&told, text);
        }
        let oldest = were.len() - 1;
        story.obeyed(1, &[&format!("rollback {oldest}")]);
        prop_assert_eq!(&story.running(), &were[0]);
    }
}
