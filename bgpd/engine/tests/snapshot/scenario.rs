//! Anything may happen, and at any moment the engine is saved and restored.

use std::net::Ipv4Addr;

use bgp_engine::attr::{AsPath, Community, NextHop, Origin, PathAttributes, UnknownAttribute};
use bgp_engine::config::NeighborName;
use bgp_engine::input::{Clear, Command, Input, Interface, Treatment, Whom};
use bgp_engine::value::{Asn, ConnId, Family, IfIndex, Net, PathId};
use bgp_engine::wire::route_refresh::{RefreshSubtype, RouteRefresh};
use bgp_engine::wire::update::{Announcement, Withdrawal, emit_attributes, emit_end_of_rib};
use bgp_engine::wire::{Dialect, Notification, emit_keepalive};
use ipnet::{Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use crate::config::{PEERS, configuration};
use crate::pair::{Attempt, Pair, address, asn};

/// What is said of a path.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    net: u8,
    id: u8,
    hops: u8,
    flavor: u8,
}

#[derive(Clone, Debug)]
pub enum Deed {
    Announce {
        peer: usize,
        said: Said,
        bite: usize,
    },
    Withdraw {
        peer: usize,
        said: Said,
        bite: usize,
    },
    Speak {
        peer: usize,
        what: u8,
    },
    Deliver {
        peer: usize,
        bite: usize,
    },
    Drain {
        peer: usize,
        octets: u64,
    },
    /// The peer connects, unless it has.
    Meet {
        peer: usize,
    },
    /// The peer connects, whatever it has.
    Collide {
        peer: usize,
    },
    Answer {
        stands: bool,
    },
    Lose {
        peer: usize,
    },
    /// What is on its way of the peer's has crashed a process: the first message of it.
    Poison {
        peer: usize,
        said: Said,
        treatment: Treatment,
    },
    Clear {
        peer: usize,
        how: Clear,
    },
    Configure {
        variant: u16,
    },
    Link {
        up: bool,
    },
    Pass {
        millis: u32,
    },
    Cut,
}

fn v4(said: Said) -> Ipv4Net {
    Ipv4Net::new(Ipv4Addr::new(20, said.net, 0, 0), 16 + said.net % 2).unwrap()
}

fn v6(said: Said) -> Ipv6Net {
    Ipv6Net::new([0x2001, 0xdb8, said.net.into(), 0, 0, 0, 0, 0].into(), 48).unwrap()
}

fn attributes(peer: usize, said: Said, family: Family) -> PathAttributes {
    let mut set = PathAttributes::default();
    let first = (peer != 2).then(|| asn(peer));
    let others = (0..said.hops).map(|hop| Asn(100 + u32::from(hop)));
    set.as_path = AsPath::from_asns(first.into_iter().chain(others));
    set.next_hop = match family {
        Family::Ipv4Unicast => NextHop::V4(address(peer)),
        Family::Ipv6Unicast => NextHop::V6([0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, peer as u16 + 1].into()),
    };
    set.med = (said.flavor & 1 != 0).then_some(said.flavor.into());
    set.local_pref = (peer == 2).then_some(100);
    if said.flavor & 2 != 0 {
        set.communities = [Community(said.flavor.into())].into_iter().collect();
    }
    if said.flavor & 4 != 0 {
        set.origin = Origin::Incomplete;
    }
    if said.flavor & 8 != 0 {
        let unknown = UnknownAttribute { flags: 0xe0, code: 255, value: Box::from([said.flavor; 4]) };
        set.edit_rare(|rare| rare.unknown = std::iter::once(unknown).collect());
    }
    set
}

/// How the peer writes its messages: as the engine reads them.
fn dialect(pair: &Pair, conn: ConnId) -> Option<Dialect> {
    let peer = pair.plain.peers().find(|peer| peer.session.connections().any(|own| own == conn))?;
    let own = peer.session.dialect(conn)?;
    Some(Dialect { add_path_tx: own.add_path_rx, ..*own })
}

fn announcement<N: Net>(set: &PathAttributes, said: Said, net: N, dialect: &Dialect) -> Vec<u8> {
    let (mut encoded, mut out) = (Vec::new(), Vec::new());
    emit_attributes(set, dialect, N::FAMILY, &mut encoded);
    let mut message = Announcement::begin(&mut out, &encoded, &set.next_hop, N::FAMILY, dialect).unwrap();
    assert!(message.push(PathId(said.id.into()), net));
    message.finish();
    out
}

fn withdrawal<N: Net>(said: Said, net: N, dialect: &Dialect) -> Vec<u8> {
    let mut out = Vec::new();
    let mut message = Withdrawal::begin(&mut out, N::FAMILY, dialect);
    assert!(message.push(PathId(said.id.into()), net));
    message.finish();
    out
}

/// Prefixes with high numbers are of IPv6.
fn is_v6(said: Said) -> bool {
    said.net >= 10
}

pub fn begin(seed: u64) -> Pair {
    let mut pair = Pair::new(seed);
    pair.input(link(Up(true)));
    pair.input(Input::Configure(Box::new(configuration(0))));
    (0..PEERS).filter(|&peer| peer != 1).for_each(|peer| pair.meet(peer));
    pair.answer(Attempt::Stands);
    pair
}

/// Whether the interface is up.
struct Up(bool);

fn link(Up(up): Up) -> Input<'static> {
    Input::Interface(Interface {
        index: IfIndex(2),
        name: "eth0".into(),
        up,
        addresses: vec!["10.0.0.254/24".parse().unwrap(), "2001:db8:ffff::fe/64".parse().unwrap()],
    })
}

fn speak(what: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let family = if what & 1 == 0 { Family::Ipv4Unicast } else { Family::Ipv6Unicast };
    let mut refresh = |subtype| RouteRefresh { family: family.afi_safi(), subtype }.emit(&mut out);
    match what / 2 {
        0 => refresh(RefreshSubtype::Normal),
        1 => refresh(RefreshSubtype::BeginOfRr),
        2 => refresh(RefreshSubtype::EndOfRr),
        3 => emit_end_of_rib(family, &mut out),
        4 => emit_keepalive(&mut out),
        5 => Notification::cease(4).emit(&mut out),
        _ => out.extend([0; 19]),
    }
    out
}

pub fn act(pair: &mut Pair, deed: &Deed) {
    match *deed {
        Deed::Announce { peer, said, bite } => {
            let Some(conn) = pair.line(peer) else { return };
            let Some(dialect) = dialect(pair, conn) else { return };
            let octets = if is_v6(said) {
                announcement(&attributes(peer, said, Family::Ipv6Unicast), said, v6(said), &dialect)
            } else {
                announcement(&attributes(peer, said, Family::Ipv4Unicast), said, v4(said), &dialect)
            };
            pair.say(conn, &octets, bite);
        }
        Deed::Withdraw { peer, said, bite } => {
            let Some(conn) = pair.line(peer) else { return };
            let Some(dialect) = dialect(pair, conn) else { return };
            let octets = if is_v6(said) {
                withdrawal(said, v6(said), &dialect)
            } else {
                withdrawal(said, v4(said), &dialect)
            };
            pair.say(conn, &octets, bite);
        }
        Deed::Speak { peer, what } => {
            if let Some(conn) = pair.line(peer) {
                pair.say(conn, &speak(what), usize::MAX);
            }
        }
        Deed::Deliver { peer, bite } => {
            if let Some(conn) = pair.line(peer) {
                pair.say(conn, &[], bite);
            }
        }
        Deed::Drain { peer, octets } => {
            if let Some(conn) = pair.line(peer) {
                pair.drain(conn, octets);
            }
        }
        Deed::Meet { peer } if pair.line(peer).is_some() => {}
        Deed::Meet { peer } | Deed::Collide { peer } => pair.meet(peer),
        Deed::Answer { stands } => pair.answer(if stands { Attempt::Stands } else { Attempt::Fails }),
        Deed::Lose { peer } => {
            if let Some(conn) = pair.line(peer) {
                pair.lines.remove(&conn);
                pair.input(Input::Closed { conn, errno: 104 });
            }
        }
        Deed::Poison { peer, said, treatment } => poison(pair, peer, said, treatment),
        Deed::Clear { peer, how } => {
            let whom = Whom::Neighbor(NeighborName::Address(address(peer).into()));
            pair.input(Input::Command(Command::Clear { whom, how, family: None }));
        }
        Deed::Configure { variant } => pair.input(Input::Configure(Box::new(configuration(variant)))),
        Deed::Link { up } => pair.input(link(Up(up))),
        Deed::Pass { millis } => {
            pair.now += u64::from(millis) * 1000;
            pair.input(Input::Clock);
        }
        Deed::Cut => pair.cut(),
    }
}

fn poison(pair: &mut Pair, peer: usize, said: Said, treatment: Treatment) {
    let Some(conn) = pair.line(peer) else { return };
    let Some(dialect) = dialect(pair, conn) else { return };
    let set = attributes(peer, said, Family::Ipv4Unicast);
    let mut octets: Vec<u8> = pair.lines[&conn].queue.iter().copied().collect();
    octets.extend(announcement(&set, said, v4(said), &dialect));
    let units = pair.plain.units(conn, &octets);
    assert_eq!(units, pair.saved.units(conn, &octets));
    let Some(&end) = units.first() else { return };
    if let Some(line) = pair.lines.get_mut(&conn) {
        line.queue = octets[end..].iter().copied().collect();
    }
    pair.input(Input::Poison { conn, octets: &octets[..end], treatment });
}

/// Everything that waits is read and sent.
pub fn settle(pair: &mut Pair) {
    for _ in 0..30 {
        let lines: Vec<ConnId> = pair.lines.keys().copied().collect();
        for conn in lines {
            pair.say(conn, &[], usize::MAX);
            pair.drain(conn, u64::MAX);
        }
        pair.input(Input::Clock);
    }
    pair.cut();
}

fn said() -> impl Strategy<Value = Said> {
    (0u8..16, 0u8..3, 0u8..4, 0u8..16).prop_map(|(net, id, hops, flavor)| Said { net, id, hops, flavor })
}

fn bite() -> impl Strategy<Value = usize> {
    prop_oneof![5 => Just(usize::MAX), 1 => 0usize..80]
}

pub fn deed() -> impl Strategy<Value = Deed> {
    let peer = || 0..PEERS;
    let how = prop_oneof![Just(Clear::Hard), Just(Clear::SoftIn), Just(Clear::SoftOut), Just(Clear::Soft)];
    prop_oneof![
        30 => (peer(), said(), bite()).prop_map(|(peer, said, bite)| Deed::Announce { peer, said, bite }),
        14 => (peer(), said(), bite()).prop_map(|(peer, said, bite)| Deed::Withdraw { peer, said, bite }),
        3 => (peer(), 0u8..10).prop_map(|(peer, what)| Deed::Speak { peer, what }),
        1 => (peer(), 8u8..14).prop_map(|(peer, what)| Deed::Speak { peer, what }),
        3 => (peer(), 0usize..100).prop_map(|(peer, bite)| Deed::Deliver { peer, bite }),
        6 => (peer(), prop_oneof![Just(u64::MAX), 0u64..200]).prop_map(|(peer, octets)| Deed::Drain { peer, octets }),
        8 => peer().prop_map(|peer| Deed::Meet { peer }),
        1 => peer().prop_map(|peer| Deed::Collide { peer }),
        3 => any::<bool>().prop_map(|stands| Deed::Answer { stands }),
        2 => peer().prop_map(|peer| Deed::Lose { peer }),
        2 => (peer(), said(), prop_oneof![3 => Just(Treatment::Withdraw), 1 => Just(Treatment::EndSession)])
            .prop_map(|(peer, said, treatment)| Deed::Poison { peer, said, treatment }),
        2 => (peer(), how).prop_map(|(peer, how)| Deed::Clear { peer, how }),
        3 => (0u16..16, 0u16..16).prop_map(|(a, b)| Deed::Configure { variant: 1 << a | 1 << b }),
        1 => prop_oneof![3 => Just(true), 1 => Just(false)].prop_map(|up| Deed::Link { up }),
        5 => prop_oneof![8 => 0u32..2000, 1 => 0u32..60_000, 1 => 60_000u32..200_000].prop_map(|millis| Deed::Pass { millis }),
        5 => Just(Deed::Cut),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn an_engine_that_was_restored_goes_on_octet_for_octet(
        seed in any::<u64>(),
        deeds in proptest::collection::vec(deed(), 1..150),
    ) {
        let mut pair = begin(seed);
        deeds.iter().for_each(|deed| act(&mut pair, deed));
        settle(&mut pair);
    }
}

/// A peer that does not read, its group with pieces kept, another that joins late, each with many routes.
#[test]
fn slow_members_and_kept_pieces_come_back() {
    let mut pair = begin(5);
    let mut cuts = 0;
    for round in 0..12u8 {
        for net in 0..=255u8 {
            let said = Said { net, id: 0, hops: (round ^ net) % 4, flavor: round.wrapping_add(net) % 16 };
            let Some(conn) = pair.line(0) else { panic!("the session is up") };
            let dialect = dialect(&pair, conn).unwrap();
            let set = attributes(0, said, Family::Ipv4Unicast);
            let octets = announcement(&set, said, v4(said), &dialect);
            pair.say(conn, &octets, usize::MAX);
            if net % 64 == round {
                act(&mut pair, &Deed::Drain { peer: usize::from(round) % PEERS, octets: 5000 });
                pair.cut();
                cuts += 1;
            }
        }
        if round == 6 {
            act(&mut pair, &Deed::Clear { peer: 3, how: Clear::SoftOut });
        }
    }
    settle(&mut pair);
    assert!(cuts > 40);
}
