//! The kernel's forwarding table: whatever peers say, links do, the kernel refuses or loses, and whoever dies in the
//! middle of writing, at rest the kernel has what the routes say.

mod model;
mod world;

use bgp_engine::input::Input;
use bgp_engine::value::{FibReport, GroupId};
use proptest::prelude::*;
use world::{LINKS, News, PEERS, Said, World, net};

#[derive(Clone, Debug)]
enum Deed {
    Announce {
        peer: usize,
        net: u8,
        said: Said,
    },
    Withdraw {
        peer: usize,
        net: u8,
    },
    Bounce {
        peer: usize,
    },
    /// The link goes down or comes up; the router hears of it later.
    Link {
        link: usize,
        up: bool,
    },
    /// The router hears one thing more.
    Hear,
    /// The kernel does a batch, and refuses every so manyth change.
    Answer {
        refuses: usize,
    },
    /// The kernel loses a route, and says so.
    Forget {
        net: u8,
    },
    /// The kernel loses a group with its routes, and says so.
    ForgetGroup {
        group: u32,
    },
    /// Somebody puts a route through one of our groups into the kernel.
    Plant {
        net: u8,
    },
    /// The writer dies with so many changes done; another takes over.
    TakeOver {
        done: usize,
    },
    OnePath(bool),
    Aggregate(bool),
    Taken(Option<u8>),
    Suppress(bool),
    Cut,
    Wait {
        s: u64,
    },
}

fn act(world: &mut World, deed: &Deed) {
    match *deed {
        Deed::Announce { peer, net, said } => world.announce(peer, net, said),
        Deed::Withdraw { peer, net } => world.withdraw(peer, net),
        Deed::Bounce { peer } => world.bounce(peer),
        Deed::Link { link, up: true } if !world.up[link] => {
            world.up[link] = true;
            world.kernel.down.remove(&LINKS[link]);
            world.news.push_back(News::Link(link, true));
        }
        Deed::Link { link, up: false } if world.up[link] => {
            world.up[link] = false;
            world.kernel.link_down(LINKS[link]);
            world.news.push_back(News::Link(link, false));
        }
        Deed::Link { .. } => {}
        Deed::Hear => drop(world.hear_news()),
        Deed::Answer { refuses } => {
            if let Some(report) = world.kernel.answer(refuses) {
                world.input(Input::Fib(report));
            }
        }
        Deed::Forget { net: number } => {
            let net = net(number).into();
            if world.kernel.routes.remove(&net).is_some() {
                world.news.push_back(News::Report(FibReport::Lost(vec![net])));
            }
        }
        Deed::ForgetGroup { group } => {
            let id = GroupId(group);
            if world.kernel.groups.contains_key(&id) {
                world.kernel.drop_group(id);
                world.news.push_back(News::Report(FibReport::GroupsLost(vec![id])));
            }
        }
        Deed::Plant { net: number } => plant(world, net(number).into()),
        Deed::TakeOver { done } => {
            world.kernel.lose_writer(done);
            world.attach();
        }
        Deed::OnePath(one_path) => {
            world.settings.one_path = one_path;
            world.configure();
        }
        Deed::Aggregate(aggregate) => {
            world.settings.aggregate = aggregate;
            world.configure();
        }
        Deed::Taken(taken) => {
            world.settings.taken = taken;
            world.configure();
        }
        Deed::Suppress(suppress) => {
            world.settings.suppress = suppress;
            world.configure();
        }
        Deed::Cut => world.cut(),
        Deed::Wait { s } => {
            world.now += s * 1_000_000;
            world.input(Input::Clock);
        }
    }
}

/// Puts a route through somebody else's group where there is none.
fn plant(world: &mut World, net: ipnet::IpNet) {
    let through = world.kernel.routes.values().next().cloned();
    if let Some(through) = through.filter(|_| !world.kernel.routes.contains_key(&net)) {
        let group = match through {
            model::Through::Group(id) => id,
            model::Through::Ways(_) => GroupId(0),
        };
        world.kernel.routes.insert(net, through);
        world.news.push_back(News::Report(FibReport::Stray(vec![(net, group)])));
    }
}

fn said() -> impl Strategy<Value = Said> {
    (1u32..3, 0u8..5, proptest::option::of(1u8..4)).prop_map(|(hops, next_hop, bandwidth)| Said {
        hops,
        next_hop,
        bandwidth,
    })
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        16 => (0..PEERS, 0u8..6, said()).prop_map(|(peer, net, said)| Deed::Announce { peer, net, said }),
        6 => (0..PEERS, 0u8..6).prop_map(|(peer, net)| Deed::Withdraw { peer, net }),
        1 => (0..PEERS).prop_map(|peer| Deed::Bounce { peer }),
        5 => (0usize..2, any::<bool>()).prop_map(|(link, up)| Deed::Link { link, up }),
        6 => Just(Deed::Hear),
        8 => Just(Deed::Answer { refuses: 0 }),
        3 => (1usize..4).prop_map(|refuses| Deed::Answer { refuses }),
        2 => (0u8..6).prop_map(|net| Deed::Forget { net }),
        1 => (0u32..4).prop_map(|group| Deed::ForgetGroup { group }),
        1 => (0u8..8).prop_map(|net| Deed::Plant { net }),
        2 => (0usize..8).prop_map(|done| Deed::TakeOver { done }),
        1 => any::<bool>().prop_map(Deed::OnePath),
        1 => any::<bool>().prop_map(Deed::Aggregate),
        1 => proptest::option::of(0u8..6).prop_map(Deed::Taken),
        // `suppress-fib-pending` is switched on by nobody here: with it some sequences miss a withdrawal (README.md).
        1 => Just(Deed::Suppress(false)),
        2 => Just(Deed::Cut),
        2 => (0u64..4).prop_map(|s| Deed::Wait { s }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn at_rest_the_kernel_has_what_the_routes_say(
        deeds in proptest::collection::vec(deed(), 1..100), objects in any::<bool>(), attach in 0usize..10,
    ) {
        let mut world = World::new(model::Kernel { objects, ..model::Kernel::default() });
        for (number, deed) in deeds.iter().enumerate() {
            if number == attach {
                world.attach();
            }
            if number >= attach || !matches!(deed, Deed::TakeOver { .. }) {
                act(&mut world, deed);
            }
        }
        if deeds.len() <= attach {
            world.attach();
        }
        world.settle();
        if world.kernel.kept_dead {
            world.compare();
            world.settle();
        }
        prop_assert_eq!(world.installed(), world.expected());
        let named: std::collections::BTreeSet<_> = world.kernel.routes.values().collect::<Vec<_>>()
            .into_iter().filter_map(|through| match through {
                model::Through::Group(id) => Some(*id),
                model::Through::Ways(_) => None,
            }).collect();
        prop_assert_eq!(world.kernel.groups.keys().copied().collect::<std::collections::BTreeSet<_>>(), named);
        let given = world.kernel.given;
        prop_assert_eq!(world.compare(), 0);
        world.settle();
        prop_assert_eq!(world.kernel.given, given, "at rest nothing is told");
        for peer in 0..PEERS {
            prop_assert_eq!(&world.heard[peer], &world.advertised(peer), "peer {}", peer);
        }
    }
}
