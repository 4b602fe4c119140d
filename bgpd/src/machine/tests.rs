//! The machine as a whole: lines, outcomes, the file, snapshots.

use ftcore::core::effect::{Effect, Effects};
use ftcore::core::input::{ConnId, Ends, Input, ListenerId, Time};
use ftcore::core::machine::Machine as _;

use super::*;
use crate::config::Standby;
use crate::shell::protocol::Status;

const CONFIG: &str = "hostname r1\nrouter bgp 65001\n bgp router-id 192.0.2.1\n neighbor 10.0.0.2 remote-as 65002\n \
                      neighbor 10.0.0.2 passive\n neighbor 10.0.0.2 timers 3 9\n";

/// A speaker and the clock of its log.
struct Story {
    speaker: Speaker,
    now: u64,
}

impl Story {
    fn new() -> Story {
        let mut story = Story { speaker: Speaker::new(7), now: 1_000_000 };
        let addresses = vec![("10.0.0.1".parse().unwrap(), 24)];
        story.own(&OwnInput::Interface(Interface { index: 2, name: "eth0".into(), up: true, addresses }));
        story.own(&OwnInput::Configuration { text: CONFIG.into(), surroundings: Surroundings::default() });
        story
    }

    fn step(&mut self, input: Input<'_>) -> Vec<Effect<OwnEffect>> {
        self.now += 1000;
        let mut effects = Effects::default();
        self.speaker.step(Time(self.now), input, &mut effects);
        effects.list
    }

    fn own(&mut self, input: &OwnInput) -> Vec<Effect<OwnEffect>> {
        self.step(Input::Other(&input.emit()))
    }

    fn line(&mut self, number: u64, mode: &[&str], line: &str) -> Vec<Effect<OwnEffect>> {
        let request = RequestId { client: 1, number };
        let mode = mode.iter().map(|line| (*line).to_owned()).collect();
        self.own(&OwnInput::Line(LineOf { request, mode, line: line.to_owned(), author: None }))
    }

    fn outcome(&self, number: u64) -> Option<&Outcome> {
        self.speaker.outcome(RequestId { client: 1, number })
    }

    /// The neighbor connects and the session comes up.
    fn establish(&mut self) -> ConnId {
        let (local, remote) = ("10.0.0.1:179".parse().unwrap(), "10.0.0.2:40000".parse().unwrap());
        let conn = ConnId(1);
        self.step(Input::Accepted { ends: Ends { conn, local, remote }, listener: ListenerId(0) });
        let body = [4, 0xfd, 0xea, 0, 180, 192, 0, 2, 2, 8, 2, 6, 65, 4, 0, 0, 0xfd, 0xea];
        self.step(Input::Received { conn, octets: &message(1, &body) });
        self.step(Input::Received { conn, octets: &message(4, &[]) });
        assert_eq!(self.speaker.engine().peers().next().unwrap().session.state().to_string(), "Established");
        conn
    }

    /// What a snapshot of it makes.
    fn restored(&self) -> Story {
        let mut saved = Vec::new();
        self.speaker.save(&mut saved).unwrap();
        Story { speaker: Speaker::restore(&saved).unwrap(), now: self.now }
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(19 + body.len()).unwrap().to_be_bytes();
    [&[0xff; 16][..], &length, &[kind], body].concat()
}

fn is_writing(effect: &Effect<OwnEffect>) -> Option<Writing> {
    match effect {
        Effect::Other(OwnEffect::WriteConfig(writing)) => Some(writing.clone()),
        _ => None,
    }
}

const ROUTER: &[&str] = &["configure terminal", "router bgp 65001"];

#[test]
fn a_line_is_obeyed_by_every_process_alike_and_its_outcome_is_known_to_all() {
    let (mut one, mut other) = (Story::new(), Story::new());
    for story in [&mut one, &mut other] {
        story.line(1, ROUTER, "neighbor 10.0.0.9 remote-as 65009");
        assert_eq!(story.outcome(1).unwrap().status, Status::Obeyed);
        assert_eq!(story.speaker.engine().peers().count(), 2);
        story.line(2, &[], "clear bgp 10.9.9.9");
        assert!(story.outcome(2).unwrap().text.contains("Unknown neighbor"));
        story.line(3, &["configure terminal"], "router bgp 65001");
        assert_eq!(story.outcome(3).unwrap().mode, ROUTER);
        story.line(4, &[], "neighbor 10.0.0.9 remote-as 1");
        assert_eq!(story.outcome(4).unwrap().status, Status::Refused);
    }
    assert_eq!(one.speaker.digest(), other.speaker.digest());
}

#[test]
fn a_request_that_came_before_is_not_obeyed_again() {
    let mut story = Story::new();
    story.line(1, ROUTER, "neighbor 10.0.0.9 remote-as 65009");
    story.line(1, ROUTER, "no neighbor 10.0.0.9");
    assert_eq!(story.speaker.engine().peers().count(), 2);
}

#[test]
fn the_file_is_written_outside_and_the_outcome_waits_for_it() {
    let mut story = Story::new();
    story.line(1, ROUTER, "neighbor 10.0.0.9 remote-as 65009");
    let effects = story.line(2, &[], "write memory");
    let writing = effects.iter().find_map(is_writing).unwrap();
    assert_eq!(story.outcome(2), None);
    assert!(story.speaker.unfinished().contains(&OwnEffect::WriteConfig(writing.clone())));
    // Another process goes on in the middle of it.
    let mut story = story.restored();
    assert_eq!(story.speaker.configured().writing(), Some(&writing));
    story.line(2, &[], "write memory");
    assert_eq!(story.outcome(2), None);
    story.line(3, &["configure terminal"], "hostname r9");
    let written = |error| OwnInput::Written(Written { number: writing.number, file: "f".into(), error });
    story.own(&written(None));
    assert!(story.outcome(2).unwrap().text.contains("saved to f\n[OK]"));
    assert_eq!(story.speaker.configured().filed(), writing.config.as_ref());
    assert_ne!(story.speaker.configured().filed(), story.speaker.configured().config().as_ref());
    let again = story.line(4, &[], "write memory").iter().find_map(is_writing).unwrap();
    story.own(&written(None));
    assert_eq!(story.outcome(4), None, "an answer to an earlier writing");
    story.own(&OwnInput::Written(Written {
        number: again.number,
        file: "f".into(),
        error: Some("full".into()),
    }));
    assert_eq!(story.outcome(4).unwrap().status, Status::Refused);
}

#[test]
fn the_standbys_settings_are_told_when_they_change() {
    let mut story = Story::new();
    let told = |effects: Vec<Effect<OwnEffect>>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Other(OwnEffect::Redundancy(block)) => Some(block),
            _ => None,
        })
    };
    assert_eq!(told(story.line(1, &["configure terminal"], "hostname r7")), None);
    let block = told(story.line(2, &[], "redundancy mode warm")).unwrap();
    assert_eq!(block.mode, Some(Standby::Warm));
    let block = told(story.line(3, &["configure terminal", "redundancy"], "detect hang 700")).unwrap();
    assert_eq!((block.mode, block.detect_hang_ms), (Some(Standby::Warm), Some(700)));
}

#[test]
fn the_command_lines_mode_holds_until_an_operator_names_another() {
    let mut story = Story::new();
    let surroundings = Surroundings { standby: Some(Standby::None), ..Surroundings::default() };
    story.own(&OwnInput::Configuration { text: "redundancy\n mode cold\n".into(), surroundings });
    let mode = |story: &Story| story.speaker.configured().redundancy().mode;
    assert_eq!(mode(&story), Some(Standby::None));
    story.line(1, &["configure terminal", "redundancy"], "detect hang 700");
    assert_eq!(mode(&story), Some(Standby::None));
    // What the file says already is another one than is in force.
    story.line(2, &[], "redundancy mode cold");
    assert_eq!(mode(&story), Some(Standby::Cold));
    story.line(3, &[], "redundancy mode warm");
    assert_eq!(mode(&story.restored()), Some(Standby::Warm));
}

#[test]
fn a_snapshot_goes_on_as_the_original_does() {
    let mut story = Story::new();
    story.line(1, ROUTER, "neighbor 10.0.0.9 remote-as 65009");
    let conn = story.establish();
    story.own(&OwnInput::TakenOver);
    let mut restored = story.restored();
    assert_eq!(restored.speaker.digest(), story.speaker.digest());
    assert_eq!(restored.outcome(1), story.outcome(1));
    assert_eq!(restored.speaker.configured().host(), Some("r1".to_owned()));
    for story in [&mut story, &mut restored] {
        story.line(2, &["configure terminal"], "hostname r8");
        story.step(Input::Received { conn, octets: &message(4, &[]) });
        story.now += 4_000_000;
        let sent = story.step(Input::Clock);
        assert!(
            sent.iter().any(|effect| matches!(effect, Effect::Send { .. })),
            "a keepalive is due: {sent:?}"
        );
    }
    assert_eq!(restored.speaker.digest(), story.speaker.digest());
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let story = Story::new();
    let mut saved = Vec::new();
    story.speaker.save(&mut saved).unwrap();
    assert!(Speaker::restore(&[]).is_err());
    assert!(Speaker::restore(&saved[..20]).is_err());
    assert!(Speaker::restore(&saved[..saved.len() - 1]).is_err());
    saved[7] = 9;
    assert!(Speaker::restore(&saved).is_err());
}

#[test]
fn an_input_of_its_own_does_not_hide_when_the_engine_is_due() {
    let mut story = Story::new();
    story.establish();
    let mut effects = Effects::default();
    story.speaker.step(Time(story.now), Input::Other(&OwnInput::TakenOver.emit()), &mut effects);
    assert!(effects.deadline.is_some());
}

#[test]
fn an_input_that_cannot_be_read_is_said_and_changes_nothing_else() {
    let mut story = Story::new();
    let effects = story.step(Input::Other(b"nonsense"));
    assert!(matches!(effects.as_slice(), [Effect::Other(OwnEffect::Say(..))]), "{effects:?}");
    assert_eq!(story.speaker.configured().host(), Some("r1".to_owned()));
}

#[test]
fn what_neighbors_have_been_through_is_counted() {
    let mut story = Story::new();
    let conn = story.establish();
    let name = story.speaker.engine().peers().next().unwrap().name.clone();
    story.own(&OwnInput::TakenOver);
    story.own(&OwnInput::TakenOver);
    let unit = message(2, &[0, 0, 0, 0]);
    let effects = story.step(Input::Poison { conn, octets: &unit, treatment: Treatment::Withdraw });
    assert_eq!(story.speaker.survivals().of(&name), 2);
    assert_eq!(story.speaker.engine().poison_of(&name).map(|record| record.count), Some(1));
    let kept = effects.into_iter().find_map(|effect| match effect {
        Effect::Other(OwnEffect::Quarantine(kept)) => Some(kept),
        _ => None,
    });
    let kept = kept.unwrap();
    assert_eq!(kept.neighbor.as_deref(), Some("10.0.0.2"));
    assert_eq!((kept.state.as_str(), kept.message), ("Established", hex(&unit)));
    assert!(kept.open.is_some() && kept.configuration.contains("remote-as 65002"));
    story.line(1, ROUTER, "no neighbor 10.0.0.2");
    assert_eq!(story.speaker.survivals().of(&name), 0);
}
