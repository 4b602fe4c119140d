//! Packets go on while the primary dies in every way, and the kernel is told nothing that it need not be.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::takeover::router::{Role, Router};

use crate::neighbors;
use crate::traffic::Traffic;
use crate::world::World;

const RECOVERY: Duration = Duration::from_secs(40);
const DESTINATION: &str = "10.0.8.10";
/// Runs without a fault.
const PROOFS: usize = 5;

type Act = fn(&Router<'_>) -> Result<(), String>;

/// What ends the primary, and must lead to a takeover.
const FATAL: &[(&str, Act)] = &[
    ("SIGKILL", |router| router.signal(Role::Primary, Signal::KILL).map(drop)),
    ("SIGSEGV", |router| router.signal(Role::Primary, Signal::SEGV).map(drop)),
    ("SIGABRT", |router| router.signal(Role::Primary, Signal::ABORT).map(drop)),
    ("SIGSTOP", |router| router.signal(Role::Primary, Signal::STOP).map(drop)),
    ("switchover", |router| router.shell(&["redundancy switchover"]).map(drop)),
    ("SIGTERM to the primary", |router| router.signal(Role::Primary, Signal::TERM).map(drop)),
    ("upgrade", |router| {
        let path =
            std::fs::read_link(format!("/proc/{}/exe", router.pid(Role::Primary).ok_or("no primary")?));
        let path = path.map_err(|error| error.to_string())?;
        router.shell(&[&format!("redundancy upgrade {}", path.display())]).map(drop)
    }),
];

/// What leads to none.
const HARMLESS: &[(&str, Act)] = &[
    ("the twin killed", |router| router.signal(Role::Twin, Signal::KILL).map(drop)),
    ("the keeper stopped for a while", |router| {
        router.signal(Role::Keeper, Signal::STOP)?;
        std::thread::sleep(Duration::from_millis(300));
        router.signal(Role::Keeper, Signal::CONT).map(drop)
    }),
];

/// Of the build with faults.
const INSIDE: &[(&str, Act)] = &[
    ("panic", |router| fault(router, "panic")),
    ("segmentation fault", |router| fault(router, "segv")),
    ("endless loop", |router| fault(router, "loop")),
    ("deadlock", |router| fault(router, "deadlock")),
];

fn fault(router: &Router<'_>, kind: &str) -> Result<(), String> {
    // The process that would answer dies of it.
    let _ = router.shell(&[&format!("debug fault {kind}")]);
    Ok(())
}

/// Sends while `act` is done, and proves that all came.
fn lossless(world: &World, what: &str, act: impl FnOnce()) {
    let traffic = Traffic::start(world.lab.node("h"), world.lab.node("d"), DESTINATION);
    let started = Instant::now();
    act();
    let seconds = started.elapsed().as_secs_f64();
    traffic.end().assert_lossless(what, seconds);
}

fn ready(program: &str) -> World {
    let world = neighbors::ours(program);
    world.settled(10);
    world.router().protected(RECOVERY).unwrap();
    world.wait("a way back", || {
        let ping = world.lab.node("h").run(&["ping", "-c", "1", "-W", "1", DESTINATION]);
        ping.map(drop).map_err(|error| error.to_string())
    });
    for proof in 0..PROOFS {
        lossless(&world, &format!("run {proof} without a fault"), || {
            std::thread::sleep(Duration::from_millis(1200))
        });
    }
    world
}

fn survive(world: &World, faults: &[(&str, Act)]) {
    let router = world.router();
    for (what, act) in faults {
        let (_, before) = router.protected(RECOVERY).unwrap();
        let monitor = world.monitor();
        lossless(world, what, || {
            act(&router).unwrap_or_else(|error| panic!("{what}: {error}"));
            router.taken_over(before.epoch, RECOVERY).unwrap_or_else(|error| panic!("{what}: {error}"));
            compared(world, what);
        });
        assert_eq!(monitor.heard(), Vec::<String>::new(), "{what}");
        world.settled(10);
    }
}

/// The new primary finds nothing to mend.
fn compared(world: &World, what: &str) {
    world.wait("a comparison", || {
        let found = world.router().shell(&["clear bgp fib"])?;
        assert!(
            found.contains("10 routes compared, 0 missing, 0 leading elsewhere, 0 unwanted; 0 next"),
            "{what}: {found}"
        );
        Ok(())
    });
}

#[test]
fn no_packet_is_lost_in_any_failure_class() {
    let world = ready("ftbgpd");
    survive(&world, FATAL);
    for (what, act) in HARMLESS {
        let router = world.router();
        let monitor = world.monitor();
        lossless(&world, what, || {
            act(&router).unwrap_or_else(|error| panic!("{what}: {error}"));
            std::thread::sleep(Duration::from_millis(200));
            router.protected(RECOVERY).unwrap();
        });
        assert_eq!(monitor.heard(), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn no_packet_is_lost_in_faults_from_inside() {
    let own = std::env::current_exe().unwrap_or_default();
    let fault = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|directory| directory.join("fault/ftbgpd"))
        .find(|path| path.exists());
    let fault = fault.expect("the fault build is there: tests/fault.sh makes it");
    let world = ready(&fault.display().to_string());
    survive(&world, INSIDE);
}
