//! Kills in the moments in which a session or a command is between two states.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::takeover::feed::Peer;
use tests::takeover::proof::Excuses;
use tests::takeover::router::Role;
use tests::takeover::world::{NEIGHBORS, PATIENCE, Start, World};

use crate::stage::{RECOVERY, Stage, by, pause_within, the_oracle, turn};

/// Twelve times a peer dials, and the primary dies somewhere between SYN and Established.
pub(crate) fn sessions_coming_up(stage: &mut Stage) -> Result<String, String> {
    let guests = &stage.world.guests;
    for _ in 0..12 {
        guests.hang_up(Peer::Flapper);
        let takeover = stage.takeover(|router| {
            guests.begin_dial(Peer::Flapper);
            pause_within(Duration::from_millis(8));
            router.signal(Role::Primary, Signal::KILL).map(drop)
        })?;
        by(&takeover, "crash", Some("SIGKILL"))?;
        let deadline = Instant::now() + RECOVERY;
        while !guests.seen(Peer::Flapper).up {
            if Instant::now() > deadline {
                return Err(format!(
                    "the session does not come up: {:?}",
                    guests.seen(Peer::Flapper).endings
                ));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let retries = guests.seen(Peer::Flapper).endings.len();
    Ok(format!("12 kills, every session came up, {retries} ended on the way"))
}

/// Route refreshes of three neighbors, asked for by them and by us, and a kill in each.
pub(crate) fn route_refresh(stage: &mut Stage) -> Result<String, String> {
    let asked: [(&str, &[&str]); 4] = [
        ("bird", &["birdc", "reload", "in", "r_ipv4"]),
        ("frr", &["vtysh", "-c", "clear bgp * soft in"]),
        ("gobgp", &["gobgp", "neighbor", "10.0.3.1", "softresetin"]),
        ("r", &["ftsh", "-c", "clear bgp * soft"]),
    ];
    for name in NEIGHBORS.iter().chain(&["feed"]) {
        stage.excuses.refreshed.insert((*name).to_string());
    }
    for (node, words) in asked {
        let world = &stage.world;
        let takeover = stage.takeover(|router| {
            world.lab.node(node).run(words).map_err(|error| error.to_string())?;
            pause_within(Duration::from_millis(30));
            router.signal(Role::Primary, Signal::KILL).map(drop)
        })?;
        by(&takeover, "crash", Some("SIGKILL"))?;
    }
    Ok("4 refreshes, a kill in each".into())
}

/// A line of configuration is in force once, or it is not: never half, and the shell says which.
pub(crate) fn configuration_change(stage: &mut Stage) -> Result<String, String> {
    let enter = ["router bgp 65001", "address-family ipv4 unicast"];
    let mut told = [0, 0];
    for round in 0..6 {
        let line = format!("network 198.18.{}.0/24", 240 + round);
        let world = &stage.world;
        let mut answer = Ok(String::new());
        let takeover = stage.takeover(|router| {
            std::thread::scope(|scope| {
                let shell = scope.spawn(|| world.router().configure(&[enter[0], enter[1], &line]));
                pause_within(Duration::from_millis(30));
                let hit = router.signal(Role::Primary, Signal::KILL).map(drop);
                answer = shell.join().unwrap_or_else(|_| Err("the shell's thread panicked".into()));
                hit
            })
        })?;
        by(&takeover, "crash", Some("SIGKILL"))?;
        let running = stage.router().shell(&["show running-config"])?;
        let times = running.lines().filter(|shown| shown.trim() == line).count();
        match (&answer, times) {
            (Ok(_), 1) => told[0] += 1,
            (Err(_), 0) => told[1] += 1,
            _ => return Err(format!("'{line}' stands there {times} times; the shell said {answer:?}")),
        }
        if times == 1 {
            let no = format!("no {line}");
            stage.router().configure(&[enter[0], enter[1], &no])?;
        }
    }
    Ok(format!("6 kills; {} in force and said so, {} refused", told[0], told[1]))
}

/// An answer is whole, though the one who gave it died in it; where a part of a long one was printed already and the
/// next primary's begins otherwise, that one comes whole behind a line that says so.
pub(crate) fn shell_command(stage: &mut Stage) -> Result<String, String> {
    const ANEW: &str = "here is a new one from its beginning\n";
    let (mut whole, mut anew) = (0, 0);
    for round in 0..8 {
        let world = &stage.world;
        let is_short = round % 2 == 0;
        let command = if is_short { "show bgp summary json" } else { "show bgp ipv4 unicast json" };
        let mut answer = Ok(String::new());
        let takeover = stage.takeover(|router| {
            std::thread::scope(|scope| {
                let shell = scope.spawn(|| world.router().shell(&[command]));
                pause_within(Duration::from_millis(if is_short { 20 } else { 150 }));
                let hit = router.signal(Role::Primary, Signal::KILL).map(drop);
                answer = shell.join().unwrap_or_else(|_| Err("the shell's thread panicked".into()));
                hit
            })
        })?;
        by(&takeover, "crash", Some("SIGKILL"))?;
        let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
        match answer {
            Ok(text) if is_json(&text) => whole += 1,
            Ok(text) if !is_short && text.rsplit_once(ANEW).is_some_and(|(_, text)| is_json(text)) => {
                anew += 1
            }
            Ok(_) => return Err(format!("'{command}' ended well with half an answer")),
            Err(error) => return Err(format!("'{command}': {}", &error[..error.len().min(200)])),
        }
    }
    Ok(format!("8 kills: {whole} whole answers, {anew} long ones given anew behind what was printed"))
}

/// BIRD dies and comes back with graceful restart, and the primary dies while its routes are stale.
pub(crate) fn graceful_restart(stage: &mut Stage) -> Result<String, String> {
    let world = &stage.world;
    let bird = world.lab.node("bird");
    stage.excuses.restarted.insert("bird".into());
    // Told anew what it lost, and the others what it tells anew.
    for name in NEIGHBORS.iter().chain(&["feed"]) {
        stage.excuses.refreshed.insert((*name).to_string());
    }
    stage.excuses.peers.extend([Peer::Behind4, Peer::Behind6]);
    let takeover = stage.takeover(|router| {
        bird.signal("bird", "KILL").map_err(|error| error.to_string())?;
        pause_within(Duration::from_millis(500));
        router.signal(Role::Primary, Signal::KILL).map(drop)
    })?;
    by(&takeover, "crash", Some("SIGKILL"))?;
    bird.start();
    pause_within(Duration::from_millis(2_000));
    by(&stage.hit(Signal::KILL)?, "crash", Some("SIGKILL"))?;
    for peer in [Peer::Behind4, Peer::Behind6] {
        world.feed.dial(peer)?;
    }
    world.lab.wait_until("BIRD's sessions", PATIENCE, || world.sessions_up()).map_err(|e| e.to_string())?;
    Ok("killed before and after the neighbor's return; its sessions are up again".into())
}

/// The primary dies again and again while all sessions of a fresh router come up: OPENs, collisions, first tables.
#[test]
fn sessions_come_up_under_kills() {
    let _turn = turn();
    if !"sessions come up".contains(&std::env::var("TAKEOVER_ONLY").unwrap_or_default()) {
        return;
    }
    let oracle = the_oracle();
    let start = Start::hot();
    let mut world = World::prepare(&start).unwrap_or_else(|error| panic!("{error}"));
    world.lab.start_daemons();
    let mut kills = 0;
    let deadline = Instant::now() + Duration::from_secs(6);
    while Instant::now() < deadline {
        // Before the first start there is nobody to kill; without a twin in step there may be nobody to take over,
        // but from its start on the keeper must bring the router back.
        kills += u32::from(world.router().signal(Role::Primary, Signal::KILL).is_ok());
        pause_within(Duration::from_millis(400));
    }
    let outcome = world.bring_up();
    println!("\n{kills} kills while the sessions came up: {outcome:?}");
    outcome.unwrap_or_else(|error| panic!("{error}\n{}", world.lab.logs()));
    let excuses = Excuses::default();
    let (verdict, _) = world.judge(Some(oracle), &excuses);
    assert_eq!(verdict.complaints, Vec::<String>::new());
}
