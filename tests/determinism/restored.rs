//! A router that was saved and restored in the middle of a real table and a real stream sends what one sends that
//! was not.

use bgp_engine::engine::Engine;
use serde::{Deserialize, Serialize};
use tests::bench::encode::{AsWidth, Identity};
use tests::mrt::feed;
use tests::mrt::route::Family;
use tests::mrt::source::{self, Table};

use super::*;

/// Messages of the stream between two cuts.
const APART: usize = 6_000;

fn restored(engine: &Engine) -> Engine {
    let mut snapshot = Vec::new();
    let mut writer = rmp_serde::Serializer::new(&mut snapshot).with_struct_map();
    engine.serialize(&mut writer).expect("memory");
    let restored = Engine::deserialize(&mut rmp_serde::Deserializer::from_read_ref(&snapshot));
    let restored = restored.expect("what was saved is whole");
    assert_eq!(restored.digest(), engine.digest());
    restored
}

/// Gives the engine a real table, and then a real stream; `cut` may put another engine in its place.
fn play(mut cut: impl FnMut(&mut Engine)) -> String {
    let bytes = read::unpack("updates-2026.mrt.bz2").expect("the stream is in the tree");
    let streams = source::streams(&bytes, Family::V4);
    let order: Vec<_> = streams.keys().copied().collect();
    let senders = order.len() + 1;
    let mut player = Player::new(senders + RECEIVERS);
    let speaker = Identity {
        asn: asn(order.len()).0,
        address: address(order.len()).into(),
        hold_time_s: 180,
        as_width: AsWidth::Four,
    };
    let table = feed::table(&Table::Rrc06As2497.routes().expect("the table is in the tree"), &speaker);
    for (number, octets) in table.chunks(50_000).enumerate() {
        player.input(Input::Received { conn: ConnId(order.len() as u64), octets });
        // One receiver reads all, the other one now and then: pieces are kept for it.
        player.drain(senders);
        if number % 40 == 20 {
            cut(&mut player.engine);
            player.drain(senders + 1);
        }
    }
    let routes = player.engine.rib().v4.table.path_count();
    assert!(routes > 300_000, "{routes}");
    for (number, (speaker, update)) in source::messages(&bytes).enumerate() {
        let Some(peer) = order.iter().position(|known| *known == speaker) else { continue };
        player.input(Input::Received { conn: ConnId(peer as u64), octets: &framed(update) });
        (0..=senders).for_each(|peer| player.drain(peer));
        if number % 500 == 0 {
            player.drain(senders + 1);
        }
        if number % APART == 0 {
            cut(&mut player.engine);
        }
    }
    player.finish()
}

#[test]
fn a_router_restored_in_the_middle_sends_the_same() {
    let mut cuts = 0;
    let plain = play(|_| ());
    let cut = play(|engine| {
        *engine = restored(engine);
        cuts += 1;
    });
    assert_eq!(plain, cut);
    assert!(cuts > 5, "{cuts} cuts");
}
