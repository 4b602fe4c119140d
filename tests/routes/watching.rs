//! What others do to our routes is heard at once, and what we do ourselves is not.

use std::time::Duration;

use fib::change::{Change, GroupId};
use fib::settings::Settings;
use fib::watch::own::{Disturbance, OwnRouteWatch};
use fib::writer::Writer;
use tokio::runtime::{Builder, Runtime};

use crate::world::{World, group, ip, moved, net, object, open, route, route_gone, write_all};

struct Watched {
    runtime: Runtime,
    watch: OwnRouteWatch,
}

impl Watched {
    fn new(writer: &Writer) -> Watched {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let watch = runtime.block_on(async {
            OwnRouteWatch::open(Settings::default(), writer.kernel(), writer.port()).unwrap()
        });
        Watched { runtime, watch }
    }

    /// What is heard until nothing more comes.
    fn heard(&mut self) -> Vec<Disturbance> {
        let Watched { runtime, watch } = self;
        let mut heard = Vec::new();
        runtime.block_on(async {
            while let Ok(next) = tokio::time::timeout(Duration::from_millis(200), watch.next()).await {
                heard.push(next.unwrap());
            }
        });
        heard
    }
}

#[test]
fn others_are_heard_and_we_are_not() {
    let world = World::new();
    let mut writer = open();
    let mut watched = Watched::new(&writer);
    let link_local = fib::change::Ways::Hops(vec![world.hop("fe80::2", world.east, 1)]);
    write_all(&mut writer, vec![group(0, link_local.clone()), group(1, link_local)]);
    let nets = ["198.51.100.0/24", "198.51.101.0/24", "2001:db8:100::/48", "2001:db8:101::/48"];
    write_all(&mut writer, nets.iter().map(|net| route(net, 0)).collect());
    write_all(
        &mut writer,
        vec![
            moved(nets[0], 1),
            moved(nets[2], 1),
            route("198.51.109.0/24", 0),
            route_gone("198.51.109.0/24", 0),
        ],
    );
    // The group moves with its routes: the kernel tells of each of them, unless it is told not to.
    write_all(&mut writer, vec![group(0, world.simple_six())]);
    assert_eq!(watched.heard(), []);

    ip("route add 192.0.2.0/24 via 10.0.2.2 proto static metric 20");
    ip("route del 192.0.2.0/24");
    ip("route add 192.0.2.0/24 via 10.0.2.2 proto bgp metric 21");
    assert_eq!(watched.heard(), [], "nothing of this is ours");

    ip(&format!("route del {}", nets[0]));
    ip(&format!("-6 route del {}", nets[2]));
    assert_eq!(watched.heard(), [Disturbance::Deleted(net(nets[0])), Disturbance::Deleted(net(nets[2]))]);
    ip(&format!("route replace {} via 10.0.2.2 proto static metric 20", nets[1]));
    ip(&format!("-6 route replace {} via 2001:db8:2::2 proto static metric 20", nets[3]));
    assert_eq!(watched.heard(), [Disturbance::Replaced(net(nets[1])), Disturbance::Replaced(net(nets[3]))]);

    ip(&format!("nexthop del id {}", object(1)));
    assert!(watched.heard().contains(&Disturbance::Objects));
    write_all(&mut writer, vec![Change::GroupGone(GroupId(1))]);
    assert_eq!(watched.heard(), []);
}

#[test]
fn what_is_too_much_is_said() {
    let world = World::new();
    let mut writer = open();
    let link_local = fib::change::Ways::Hops(vec![world.hop("fe80::2", world.east, 1)]);
    write_all(&mut writer, vec![group(0, link_local)]);
    let routes = (0..20_000).map(|n| route(&format!("2001:db8:{:x}:{:x}::/64", 0x100 + n / 256, n % 256), 0));
    write_all(&mut writer, routes.collect());
    let mut watched = Watched::new(&writer);
    // The kernel removes all of them, and tells of each.
    ip("link set east down");
    let heard = watched.heard();
    assert!(heard.contains(&Disturbance::Overrun), "{} heard", heard.len());
}
