//! The kernel's routes change while the primary dies: the neighbor ends up with exactly what the kernel has.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use tests::lab::speaker::{Family, Speaker};
use tests::takeover::router::{Role, Router};

use crate::world::World;

/// Prefixes that come and go.
const PREFIXES: u32 = 250;
/// Operations in one batch of `ip`; the primary dies in the middle of one.
const OPERATIONS: u32 = 100_000;
const TAKEOVERS: u32 = 3;
const RECOVERY: Duration = Duration::from_secs(40);

/// Random changes of routes: those of a prefix that is not there fail, and `ip -force` goes on.
fn operations(seed: u32) -> String {
    let (mut text, mut state) = (String::new(), seed.wrapping_mul(2_654_435_761) | 1);
    for _ in 0..OPERATIONS {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let prefix = format!("100.{}.{}.0/24", state % PREFIXES / 200, state % PREFIXES % 200);
        let _ = match state >> 16 & 3 {
            0 => writeln!(text, "route del {prefix}"),
            1 => writeln!(text, "route replace blackhole {prefix}"),
            // Who hears of a route has its metric as MED.
            _ => writeln!(text, "route replace {prefix} via 10.0.2.2 metric {}", state >> 8 & 3),
        };
    }
    text
}

/// The kernel's routes with the lowest metric each, as a neighbor is to hear them.
fn in_kernel(world: &World) -> BTreeSet<(String, u32)> {
    let answer = world.run("ip -json -4 route show proto boot");
    let routes: Vec<serde_json::Value> = serde_json::from_str(&answer).expect("JSON of ip");
    let mut best = std::collections::BTreeMap::new();
    for route in routes {
        let prefix = route["dst"].as_str().expect("a prefix").to_owned();
        let metric = route["metric"].as_u64().unwrap_or(0) as u32;
        let least = best.entry(prefix).or_insert(metric);
        *least = metric.min(*least);
    }
    best.into_iter().filter(|(prefix, _)| prefix.starts_with("100.")).collect()
}

fn heard(world: &World) -> Result<BTreeSet<(String, u32)>, String> {
    let routes = world.heard(Family::Ipv4)?.into_iter().filter(|route| route.prefix.starts_with("100."));
    Ok(routes.map(|route| (route.prefix, route.med.unwrap_or(0))).collect())
}

#[test]
fn a_takeover_while_the_kernels_routes_change_loses_no_change() {
    let world = World::start(Speaker::Ftbgp);
    let router = Router::on(world.us());
    for takeover in 0..TAKEOVERS {
        let (_, before) = router.protected(RECOVERY).unwrap_or_else(|error| panic!("{error}"));
        let batch = world.scratch("changes");
        fs::write(&batch, operations(takeover + 1)).expect("a file");
        let words = ["ip", "-force", "-batch", batch.to_str().expect("a path")];
        let _changing = world.us().spawn(&words).unwrap_or_else(|error| panic!("{error}"));
        let began = in_kernel(&world);
        world.wait("the changes to begin", || {
            if in_kernel(&world) == began { Err("no change yet".to_owned()) } else { Ok(()) }
        });
        router.signal(Role::Primary, Signal::KILL).unwrap_or_else(|error| panic!("{error}"));
        router.taken_over(before.epoch, RECOVERY).unwrap_or_else(|error| panic!("{error}"));
        world.wait("the neighbor to have the kernel's routes", || {
            let (kernel, heard) = (in_kernel(&world), heard(&world)?);
            let differ: Vec<_> = kernel.symmetric_difference(&heard).take(5).collect();
            // Only when nothing changes any more is what is the same the end.
            let changes = world.us().processes().iter().any(|(_, name)| name == "ip");
            if differ.is_empty() && !changes && kernel.len() > 50 {
                Ok(())
            } else {
                Err(format!("{} and {} routes, differing in {differ:?}", kernel.len(), heard.len()))
            }
        });
        let (_, after) = router.protected(RECOVERY).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(after.epoch, before.epoch + 1, "{:?}", after.takeovers);
        assert_eq!(after.takeovers[0].sessions_lost, 0, "{:?}", after.takeovers[0]);
    }
}
