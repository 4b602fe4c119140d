//! Two routers that start in the same instant always come up, on one connection, and stay up.

use bgp_engine::session::{Session, SessionConfig, State};
use bgp_engine::value::{Duration, Instant};

use super::fixture::{self, HIGH, LOW, Router, at_s};
use super::foreign::{Foreign, Way};
use super::network::{Network, Random, Speaker};

/// Both must be up by then, whatever the delays.
const BOUND: Instant = Instant::from_micros(60_000_000);

fn up_on_one_connection(network: &Network, story: &str) {
    let log = || network.log.join("\n");
    for node in 0..2 {
        assert_eq!(network.state(node), State::Established, "{story}\n{}", log());
    }
    assert_eq!(network.connection(0), network.connection(1), "{story}\n{}", log());
}

fn never_flaps(network: &mut Network, story: &str) {
    let before = [network.ups(0), network.ups(1)];
    let downs = [network.downs(0).len(), network.downs(1).len()];
    network.run(network.now + Duration::from_secs(600));
    up_on_one_connection(network, story);
    assert_eq!([network.ups(0), network.ups(1)], before, "{story}");
    assert_eq!([network.downs(0).len(), network.downs(1).len()], downs, "{story}");
}

/// Two routers of a seed: either identifier the higher, one AS or two, with or without graceful restart, at
/// times equal identifiers.
fn routers(random: &mut Random) -> [SessionConfig; 2] {
    let ids = match random.below(4) {
        0 => [7, 7],
        1 => [LOW.id, HIGH.id],
        _ => [HIGH.id, LOW.id],
    };
    let asns = if random.below(4) == 0 && ids[0] != ids[1] { [65001; 2] } else { [65001, 65002] };
    let router = |n: usize, random: &mut Random| Router { asn: asns[n], id: ids[n], seed: random.next() };
    let (one, two) = (router(0, random), router(1, random));
    let make = if random.below(2) == 0 { fixture::config } else { fixture::graceful };
    let mut configs = [make(one, two), make(two, one)];
    for config in &mut configs {
        config.connect_retry_s = u16::try_from(1 + random.below(30)).unwrap();
    }
    configs
}

fn ours(configs: [SessionConfig; 2]) -> [Speaker; 2] {
    configs.map(|config| Speaker::Ours(Session::new(config)))
}

/// The longest delay of anything: on the spot, a LAN, a continent, a bad satellite link.
fn longest_delay(random: &mut Random) -> Duration {
    Duration::from_micros([1, 500, 100_000, 900_000][usize::try_from(random.below(4)).unwrap()])
}

#[test]
fn two_routers_that_start_together_come_up_once_and_on_one_connection() {
    for seed in 0..6000 {
        let mut random = Random(seed);
        let configs = routers(&mut random);
        let delay = longest_delay(&mut random);
        let mut network = Network::new(random.next(), delay, ours(configs));
        network.start(0, Duration::ZERO);
        network.start(1, Duration::ZERO);
        let story = format!("seed {seed}, delay {delay:?}");
        network.run(BOUND);
        up_on_one_connection(&network, &story);
        assert_eq!([network.ups(0), network.ups(1)], [1, 1], "{story}\n{}", network.log.join("\n"));
        if seed % 20 == 0 {
            never_flaps(&mut network, &story);
        }
    }
}

#[test]
fn a_router_that_starts_a_little_later_comes_up_all_the_same() {
    for seed in 0..3000 {
        let mut random = Random(seed);
        let configs = routers(&mut random);
        let delay = longest_delay(&mut random);
        let mut network = Network::new(random.next(), delay, ours(configs));
        network.start(0, Duration::ZERO);
        network.start(1, Duration::from_micros(random.below(4_000_000)));
        let story = format!("seed {seed}, delay {delay:?}");
        network.run(BOUND);
        up_on_one_connection(&network, &story);
        assert_eq!([network.ups(0), network.ups(1)], [1, 1], "{story}\n{}", network.log.join("\n"));
    }
}

#[test]
fn with_a_passive_neighbor_it_is_always_the_other_one_that_connects() {
    for seed in 0..500 {
        let mut random = Random(seed);
        let mut configs = routers(&mut random);
        configs[usize::try_from(seed % 2).unwrap()].passive = true;
        let delay = longest_delay(&mut random);
        let mut network = Network::new(random.next(), delay, ours(configs));
        network.start(0, Duration::from_micros(random.below(2_000_000)));
        network.start(1, Duration::ZERO);
        network.run(BOUND);
        up_on_one_connection(&network, &format!("seed {seed}"));
    }
}

#[test]
fn connections_that_are_cut_while_they_come_up_are_made_again() {
    for seed in 0..2000 {
        let mut random = Random(seed);
        let configs = routers(&mut random);
        let delay = longest_delay(&mut random);
        let mut network = Network::new(random.next(), delay, ours(configs));
        network.start(0, Duration::ZERO);
        network.start(1, Duration::from_micros(random.below(1_000_000)));
        let mut at = Instant::default();
        for _ in 0..random.below(12) {
            at = at + Duration::from_micros(random.below(2 * delay.as_micros() as u64 + 200_000));
            network.run(at);
            network.cut_one();
        }
        let story = format!("seed {seed}, delay {delay:?}");
        network.run(at + Duration::from_secs(180));
        up_on_one_connection(&network, &story);
        never_flaps(&mut network, &story);
    }
}

#[test]
fn a_silent_network_ends_the_session_by_the_hold_time() {
    let configs = [fixture::config(LOW, HIGH), fixture::config(HIGH, LOW)];
    let mut network = Network::new(1, Duration::from_millis(1), ours(configs));
    network.start(0, Duration::ZERO);
    network.start(1, Duration::ZERO);
    network.run(at_s(30));
    up_on_one_connection(&network, "quiet network");
    network.silent = true;
    network.run(at_s(30 + 9));
    for node in 0..2 {
        assert_eq!(network.downs(node), ["Notification sent (Hold Timer Expired)"], "router {node}");
    }
}

#[test]
fn routers_that_choose_in_other_ways_are_reached_too() {
    for seed in 0..3000 {
        let mut random = Random(seed);
        let [mut own, mut theirs] = routers(&mut random);
        own.timers.hold_s = 0;
        theirs.timers.hold_s = 0;
        let way = [Way::Letter, Way::Early, Way::FirstComes][usize::try_from(seed % 3).unwrap()];
        let foreign = Foreign::new(way, Session::new(theirs).own_open(Instant::default()), random.next());
        let delay = longest_delay(&mut random);
        let speakers = [Speaker::Ours(Session::new(own)), Speaker::Foreign(foreign)];
        let mut network = Network::new(random.next(), delay, speakers);
        let together = random.below(2) == 0;
        let later = if together { 0 } else { random.below(3_000_000) };
        network.start(0, Duration::from_micros(later));
        network.start(1, Duration::ZERO);
        let story = format!("seed {seed}, {way:?}, delay {delay:?}");
        network.run(at_s(120));
        up_on_one_connection(&network, &story);
        let log = || network.log.join("\n");
        assert_eq!(network.downs(0), [] as [String; 0], "{story}\n{}", log());
        if way == Way::FirstComes && together {
            assert!(network.connects() <= 2, "both connections were lost: {story}\n{}", log());
        }
        never_flaps(&mut network, &story);
    }
}
