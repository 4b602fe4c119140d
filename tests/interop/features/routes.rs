//! Routes both ways, IPv4 and IPv6, with every attribute.

use serde_json::{Value, json};
use tests::lab::speaker::Speaker;

use crate::evidence::only_path;
use crate::matrix::Outcome;
use crate::world::{Plan, World};

/// The attributes that an eBGP route may carry on: communities of all kinds, AGGREGATOR, OTC (35), an unknown one (99).
const CARRIED: &str = "origin egp med 50 community [ 65010:100 65010:200 no-peer ] \
    large-community [ 65010:1:2 4200000000:3:4 ] extended-community [ target:65010:1 origin:65010:2 ] \
    aggregator ( 65020:10.9.9.9 ) atomic-aggregate attribute [ 0x63 0xc0 0x01020304 ] attribute [ 0x23 0xc0 0x0000fde8 ]";

/// How a daemon shows [`CARRIED`].
fn carried(speaker: Speaker) -> Value {
    let mut expected = json!({
        "origin": "egp",
        "communities": ["65010:100", "65010:200", "65535:65284"],
        "large": ["4200000000:3:4", "65010:1:2"],
        "extended": ["ro:65010:2", "rt:65010:1"],
        "aggregator": "65020 10.9.9.9",
        "atomic": true,
        "otc": 65000,
    });
    // FRR's show commands leave unknown attributes out, and so do ours.
    if !matches!(speaker, Speaker::Frr | Speaker::Ftbgp) {
        expected["unknown"] = json!(["99:01020304"]);
    }
    expected
}

fn with(mut expected: Value, more: Value) -> Value {
    if let (Some(expected), Some(more)) = (expected.as_object_mut(), more.as_object()) {
        expected.extend(more.clone());
    }
    expected
}

/// eBGP: the feeder's routes through us to them, and through them to us.
pub(crate) fn external(speaker: Speaker) -> Result<Outcome, String> {
    let feed = format!("as-path [ 65010 65020 65021 ] {CARRIED}");
    let world = World::start(speaker, Plan { feed: Some(feed), ..Plan::default() })?;
    // OpenBGPD shows an absent MED as 0.
    let no_med = if speaker == Speaker::Openbgpd { json!(0) } else { json!(null) };
    for (prefix, us) in [("198.51.100.0/24", "10.0.1.1"), ("2001:db8:100::/48", "fd00:1::1")] {
        let path = json!({"as_path": "65001 65010 65020 65021", "next_hop": us, "med": no_med});
        let expected = with(carried(speaker), path);
        world.wait("our route in their table", || only_path(&world.their_paths(prefix, us)?, &expected))?;
    }
    for (prefix, them) in [("198.51.101.0/24", "10.0.1.2"), ("2001:db8:101::/48", "fd00:1::2")] {
        let path = json!({"as_path": "65002 65010 65020 65021", "next_hop": them});
        let expected = with(carried(world.our_speaker()), path);
        world.wait("their route in our table", || only_path(&world.our_paths(prefix, them)?, &expected))?;
    }
    originated(&world, "65001", "65002")?;
    Ok(Outcome::Works(
        "4 routes with ORIGIN, AS_PATH, NEXT_HOP, AGGREGATOR, communities of 3 kinds, OTC, unknown".into(),
    ))
}

/// What each side originates arrives at the other.
fn originated(world: &World, our_path: &str, their_path: &str) -> Result<(), String> {
    let internal = world.plan.internal;
    for (prefix, us) in [("10.1.0.0/16", "10.0.1.1"), ("2001:db8:1::/48", "fd00:1::1")] {
        let mut expected = json!({"as_path": our_path, "next_hop": us, "origin": "igp", "med": 0});
        if internal {
            expected["local_pref"] = json!(100);
        }
        world.wait("what we originate", || only_path(&world.their_paths(prefix, us)?, &expected))?;
    }
    for (prefix, them) in [("10.2.0.0/16", "10.0.1.2"), ("2001:db8:2::/48", "fd00:1::2")] {
        let mut expected = json!({"as_path": their_path, "next_hop": them});
        if internal {
            expected["local_pref"] = json!(100);
        }
        world.wait("what they originate", || only_path(&world.our_paths(prefix, them)?, &expected))?;
    }
    Ok(())
}

/// iBGP: we reflect the feeder's routes to them; LOCAL_PREF, MED, ORIGINATOR_ID, CLUSTER_LIST.
pub(crate) fn internal(speaker: Speaker) -> Result<Outcome, String> {
    let feed = format!("as-path [ 65020 65021 ] local-preference 150 {CARRIED}");
    let world = World::start(speaker, Plan { internal: true, feed: Some(feed), ..Plan::default() })?;
    let routes =
        [("198.51.100.0/24", "10.0.1.1", "10.0.2.10"), ("2001:db8:100::/48", "fd00:1::1", "fd00:2::10")];
    for (prefix, us, feeder) in routes {
        let reflected = json!({
            "as_path": "65020 65021", "next_hop": feeder, "med": 50, "local_pref": 150,
            "originator": "10.0.0.10", "cluster_list": ["10.0.0.1"],
        });
        let expected = with(carried(speaker), reflected);
        world.wait("our reflected route", || only_path(&world.their_paths(prefix, us)?, &expected))?;
    }
    originated(&world, "", "")?;
    Ok(Outcome::Works(
        "2 reflected routes with LOCAL_PREF, MED, ORIGINATOR_ID, CLUSTER_LIST and all of eBGP's".into(),
    ))
}
