//! Damaged snapshots: an error, or an engine that can take whatever comes; never a panic.

use bgp_engine::effect::Effects;
use bgp_engine::engine::Engine;
use bgp_engine::input::Input;
use bgp_engine::value::{ConnId, Instant};
use proptest::prelude::*;

use crate::config::configuration;
use crate::pair::{Pair, restore, save};
use crate::scenario::{Deed, act, begin, deed};

/// Inputs of every kind for an engine of which nobody knows what it is.
fn survive(mut engine: Engine, deeds: &[Deed]) {
    let mut now = engine.now().as_micros();
    let mut step = |engine: &mut Engine, input: Input<'_>| {
        let mut effects = Effects::default();
        now = now.saturating_add(100_000);
        engine.step(Instant::from_micros(now), input, &mut effects);
    };
    let conns: Vec<ConnId> = engine.connections().map(|(conn, ..)| conn).collect();
    for conn in &conns {
        step(&mut engine, Input::Drained { conn: *conn, octets: 1 << 40 });
        step(&mut engine, Input::Received { conn: *conn, octets: &[0xff; 300] });
    }
    for _ in 0..20 {
        step(&mut engine, Input::Clock);
    }
    for variant in [0, 0xffff, 0x1234] {
        step(&mut engine, Input::Configure(Box::new(configuration(variant))));
        step(&mut engine, Input::Clock);
    }
    let _ = engine.digest();
    let snapshot = save(&engine);
    // The test's own clock would overflow.
    if now < 1 << 60 {
        let mut pair = Pair::of(&snapshot, now);
        deeds.iter().for_each(|deed| act(&mut pair, deed));
    }
}

/// A snapshot of an engine with something of everything in it.
fn snapshot(seed: u64, deeds: &[Deed]) -> Vec<u8> {
    let mut pair = begin(seed);
    deeds.iter().for_each(|deed| act(&mut pair, deed));
    save(&pair.plain)
}

fn quiet(deeds: &[Deed]) -> Vec<Deed> {
    deeds.iter().filter(|deed| !matches!(deed, Deed::Cut)).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn flipped_octets_give_an_error_or_an_engine_that_survives(
        seed in any::<u64>(),
        before in proptest::collection::vec(deed(), 40..80),
        flips in proptest::collection::vec(
            proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
            40,
        ),
        after in proptest::collection::vec(deed(), 30),
    ) {
        let whole = snapshot(seed, &quiet(&before));
        let after = quiet(&after);
        for flips in flips {
            let mut octets = whole.clone();
            for (at, value) in flips {
                octets[at.index(whole.len())] = value;
            }
            if let Ok(engine) = restore(&octets) {
                survive(engine, &after);
            }
        }
    }

    #[test]
    fn a_snapshot_that_was_cut_off_is_refused(
        seed in any::<u64>(),
        before in proptest::collection::vec(deed(), 40..80),
        ends in proptest::collection::vec(any::<proptest::sample::Index>(), 50),
    ) {
        let whole = snapshot(seed, &quiet(&before));
        for end in ends {
            prop_assert!(restore(&whole[..end.index(whole.len())]).is_err());
        }
    }
}
