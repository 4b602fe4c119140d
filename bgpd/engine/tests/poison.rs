//! Messages that have crashed a process: their routes are withdrawn, or their session ends, and whoever sends them
//! again and again is kept away.

mod net;

use std::net::Ipv4Addr;

use bgp_engine::config::{BgpConfig, Configuration, Neighbor, NeighborName, Profile, RemoteAs};
use bgp_engine::effect::Effects;
use bgp_engine::engine::{PoisonRecord, Reaction};
use bgp_engine::input::{Clear, Command, Input, Treatment, Whom};
use bgp_engine::notice::NoticeEvent;
use bgp_engine::session::{State, StopReason};
use bgp_engine::value::{Asn, ConnId, Duration, Instant, RouterId};
use net::Net;
use proptest::prelude::*;

fn speaker(host: u8, neighbors: &[u8]) -> Configuration {
    let asn = |host: u8| Asn(65000 + u32::from(host));
    let mut bgp = BgpConfig::new(asn(host), Profile::Traditional);
    bgp.router_id = Some(RouterId::from(Ipv4Addr::new(10, 0, 0, host)));
    bgp.ebgp_requires_policy = false;
    for &other in neighbors {
        let mut neighbor = Neighbor::default();
        neighbor.settings.remote_as = Some(RemoteAs::Is(asn(other)));
        bgp.neighbors.insert(name(other), neighbor);
    }
    Configuration { bgp: Some(bgp), ..Configuration::default() }
}

fn name(host: u8) -> NeighborName {
    NeighborName::Address(Ipv4Addr::new(10, 0, 0, host).into())
}

/// Three speakers in a row; the one in the middle is the one that is poisoned, by the first.
struct Row(Net);

impl Row {
    fn new() -> Row {
        let mut net = Net::new(3);
        net.configure(0, speaker(1, &[2]));
        net.configure(1, speaker(2, &[1, 3]));
        net.configure(2, speaker(3, &[2]));
        net.run(Duration::from_secs(20));
        let row = Row(net);
        assert_eq!(row.state(), State::Established);
        row
    }

    fn state(&self) -> State {
        self.0.engines[1].peer(&name(1)).unwrap().session.state()
    }

    fn conn(&self) -> ConnId {
        self.0.engines[1].peer(&name(1)).unwrap().session.connection().unwrap()
    }

    fn receive(&mut self, octets: &[u8]) {
        let conn = self.conn();
        self.0.input(1, Input::Received { conn, octets });
        self.0.settle();
    }

    fn poison(&mut self, octets: &[u8], treatment: Treatment) {
        let conn = self.conn();
        assert_eq!(self.0.engines[1].units(conn, octets), [octets.len()]);
        self.0.input(1, Input::Poison { conn, octets, treatment });
        self.0.settle();
    }

    fn record(&self) -> PoisonRecord {
        *self.0.engines[1].poison_of(&name(1)).unwrap()
    }

    /// The routes of the second and of the third speaker.
    fn routes(&self) -> [usize; 2] {
        [1, 2].map(|n| self.0.engines[n].rib().v4.table.path_count())
    }

    fn poison_notices(&self) -> usize {
        let is_poison = |notice: &&(usize, _)| {
            let (_, notice): &(usize, bgp_engine::notice::Notice) = notice;
            matches!(notice.event, NoticeEvent::Poison(_))
        };
        self.0.notices.iter().filter(is_poison).count()
    }
}

/// An UPDATE of 10.0.0.1 that announces 20.0.N.0/24 with an attribute of this value that nobody knows.
fn update(number: u8, value: &[u8]) -> Vec<u8> {
    let mut attributes = vec![0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, 0x40, 3, 4, 10, 0, 0, 1];
    attributes.extend([0xc0, 255, u8::try_from(value.len()).unwrap()]);
    attributes.extend(value);
    let mut message = vec![0xff; 16];
    message.extend(u16::try_from(23 + attributes.len() + 4).unwrap().to_be_bytes());
    message.extend([2, 0, 0, 0, u8::try_from(attributes.len()).unwrap()]);
    message.extend(attributes);
    message.extend([24, 20, 0, number]);
    message
}

#[test]
fn its_routes_are_withdrawn_and_the_session_stays() {
    let mut row = Row::new();
    row.receive(&update(1, &[7]));
    row.receive(&update(2, &[7]));
    assert_eq!(row.routes(), [2, 2]);
    row.poison(&update(1, b"bad"), Treatment::Withdraw);
    assert_eq!((row.routes(), row.state()), ([1, 1], State::Established));
    let record = row.record();
    assert_eq!((record.count, record.reaction), (1, Reaction::Withdrawn));
    let peer = row.0.engines[1].peer(&name(1)).unwrap();
    assert_eq!(peer.families.0[0].refused.withdrawn, 1);
    assert_eq!(row.poison_notices(), 1);
}

#[test]
fn the_same_message_is_never_read_again_whoever_sends_it() {
    let mut row = Row::new();
    row.poison(&update(1, b"bad"), Treatment::Withdraw);
    row.receive(&update(1, &[7]));
    assert_eq!(row.routes(), [1, 1]);
    let mut both = update(1, b"bad");
    both.extend(update(2, &[7]));
    row.receive(&both);
    assert_eq!((row.routes(), row.state()), ([1, 1], State::Established), "the second one is read");
    assert_eq!((row.record().count, row.poison_notices()), (1, 2));
    let other = row.0.engines[1].peer(&name(3)).unwrap().session.connection().unwrap();
    row.0.input(1, Input::Received { conn: other, octets: &update(1, b"bad") });
    assert_eq!(row.poison_notices(), 3);
    assert_eq!(row.0.engines[1].poison_of(&name(3)), None);
}

#[test]
fn its_beginning_may_have_come_before_and_what_follows_is_read_as_ever() {
    let mut row = Row::new();
    let message = update(1, b"bad");
    for cut in [1, 18, 19, 30] {
        let mut row = Row::new();
        row.receive(&message[..cut]);
        row.poison(&message[cut..], Treatment::Withdraw);
        row.receive(&update(2, &[7]));
        assert_eq!((row.routes(), row.state()), ([1, 1], State::Established));
    }
    row.receive(&message[..30]);
    row.poison(&message[30..], Treatment::EndSession);
    assert_ne!(row.state(), State::Established);
}

#[test]
fn where_the_prefixes_are_not_sure_the_session_ends_and_comes_back() {
    let mut row = Row::new();
    let mut message = update(1, b"bad");
    let last = message.len() - 4;
    message[last] = 33;
    row.receive(&update(2, &[7]));
    row.poison(&message, Treatment::Withdraw);
    assert_ne!(row.state(), State::Established);
    assert_eq!((row.routes(), row.record().reaction), ([0, 0], Reaction::Ended));
    let told = row.0.sent[1].iter().rev().find(|(_, octets)| octets[18] == 3).unwrap();
    assert_eq!(told.1[19..21], [6, 8], "Cease, Out of Resources");
    row.0.run(Duration::from_secs(30));
    assert_eq!(row.state(), State::Established);
}

#[test]
fn the_fourth_ends_the_session_and_from_the_fifth_on_the_neighbor_is_held_for_longer_each_time() {
    let mut row = Row::new();
    let mut expected =
        [Reaction::Withdrawn, Reaction::Withdrawn, Reaction::Withdrawn, Reaction::Ended].to_vec();
    expected.extend([1, 2, 4, 8, 16, 32, 60, 60].map(|minutes| Reaction::Held { minutes }));
    for (number, expected) in (1..).zip(expected) {
        row.poison(&update(1, &[0, number]), Treatment::Withdraw);
        let record = row.record();
        assert_eq!((record.count, record.reaction), (u64::from(number), expected));
        if let Reaction::Held { minutes } = expected {
            row.0.run(Duration::from_secs(60 * u64::from(minutes) - 1));
            assert_eq!(row.state(), State::Idle);
        }
        row.0.run(Duration::from_secs(120));
        assert_eq!(row.state(), State::Established, "after number {number}");
    }
    // An hour of quiet, and it starts from the first again.
    row.0.run(Duration::from_secs(3600));
    row.poison(&update(1, b"later"), Treatment::Withdraw);
    assert_eq!((row.record().reaction, row.state()), (Reaction::Withdrawn, State::Established));
}

#[test]
fn an_operator_ends_the_hold() {
    let mut row = Row::new();
    for number in 1..=5 {
        row.poison(&update(1, &[0, number]), Treatment::Withdraw);
        if number < 5 {
            row.0.run(Duration::from_secs(30));
        }
    }
    let session = &row.0.engines[1].peer(&name(1)).unwrap().session;
    assert_eq!(session.stopped_by(), Some(&StopReason::Poison { minutes: 1 }));
    let clear = Command::Clear { whom: Whom::Neighbor(name(1)), how: Clear::Hard, family: None };
    row.0.input(1, Input::Command(clear));
    row.0.run(Duration::from_secs(10));
    assert_eq!(row.state(), State::Established);
    row.poison(&update(1, b"once more"), Treatment::Withdraw);
    assert_eq!(row.state(), State::Established);
}

#[test]
fn messages_that_everybody_sends_are_not_remembered() {
    let mut row = Row::new();
    let mut keepalive = vec![0xff; 16];
    keepalive.extend([0, 19, 4]);
    row.poison(&keepalive, Treatment::Withdraw);
    assert_ne!(row.state(), State::Established);
    assert_eq!(row.0.engines[1].quarantined(), 0);
    row.0.run(Duration::from_secs(300));
    assert_eq!(row.state(), State::Established);
}

proptest! {
    #[test]
    fn units_are_what_the_engine_takes_one_by_one(
        messages in proptest::collection::vec((0u8..4, 0usize..30), 0..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut row = Row::new();
        let mut octets = Vec::new();
        let mut ends = Vec::new();
        for (kind, len) in messages {
            match kind {
                0 => octets.extend(update(1, &vec![9; len])),
                1 => octets.extend([vec![0xff; 16], vec![0, 19, 4]].concat()),
                _ => octets.extend(update(2, &[])),
            }
            ends.push(octets.len());
        }
        prop_assume!(!octets.is_empty());
        let cut = cut.index(octets.len());
        if cut > 0 {
            row.receive(&octets[..cut]);
        }
        let conn = row.conn();
        let expected: Vec<usize> = ends.iter().filter(|&&end| end > cut).map(|end| end - cut).collect();
        prop_assert_eq!(row.0.engines[1].units(conn, &octets[cut..]), expected);
    }

    #[test]
    fn units_bear_any_octets_and_so_does_poison(
        octets in proptest::collection::vec(prop_oneof![Just(0xff), any::<u8>()], 1..200),
        header in any::<bool>(),
        withdraw in any::<bool>(),
    ) {
        let mut row = Row::new();
        let mut octets = octets;
        if header {
            let len = u16::try_from(octets.len() + 19).unwrap().to_be_bytes();
            let head = [&[0xff; 16][..], &len, &[2]].concat();
            octets.splice(0..0, head);
        }
        let conn = row.conn();
        let engine = &mut row.0.engines[1];
        let units = engine.units(conn, &octets);
        prop_assert!(units.is_sorted() && units.last().is_none_or(|&last| last <= octets.len()));
        let treatment = if withdraw { Treatment::Withdraw } else { Treatment::EndSession };
        let mut effects = Effects::default();
        let now = engine.now().as_micros() + 1;
        engine.step(Instant::from_micros(now), Input::Poison { conn, octets: &octets, treatment }, &mut effects);
        prop_assert!(engine.units(ConnId(77), &octets).is_empty());
    }
}
