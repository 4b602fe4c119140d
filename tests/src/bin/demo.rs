//! `demo`: four routers of other makers, one of ours that is killed before your eyes, and what they say of it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use rustix::process::Signal;
use tests::takeover::feed::Peer;
use tests::takeover::picture::{Canvas, Event};
use tests::takeover::proof::{Excuses, Verdict};
use tests::takeover::router::Role;
use tests::takeover::storm::describe;
use tests::takeover::world::{NEIGHBORS, Start, World, table_size};

/// Kills a router several ways among FRR, BIRD, GoBGP and OpenBGPD, and shows that no session ends. Needs root.
#[derive(Debug, Parser)]
#[command(name = "demo")]
struct Options {}

/// How long the router may take to be protected again.
const RECOVERY: Duration = Duration::from_secs(60);

/// What is done to the primary, and the letter for it in the picture.
const ACTS: [(&str, Signal, char, Load); 6] = [
    ("kill -KILL: gone without a word", Signal::KILL, 'K', Load::Quiet),
    ("kill -SEGV: as from a wild pointer", Signal::SEGV, 'G', Load::Quiet),
    ("kill -STOP: it hangs", Signal::STOP, 'S', Load::Quiet),
    ("kill -KILL while all tables change", Signal::KILL, 'L', Load::Tables),
    ("kill -ABRT while all tables change", Signal::ABORT, 'A', Load::Tables),
    ("kill -STOP while all tables change", Signal::STOP, 'H', Load::Tables),
];

/// Whether tables are on their way when an act falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    Quiet,
    Tables,
}

fn main() -> ExitCode {
    Options::parse();
    let started = Instant::now();
    match show(started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say(started: Instant, what: &str) {
    println!("{:6.1} s  {what}", started.elapsed().as_secs_f64());
}

fn show(started: Instant) -> Result<(), String> {
    say(started, "starting FTBGP among FRR, BIRD, GoBGP and OpenBGPD, each in namespaces of its own");
    let mut world = World::start(&Start::hot())?;
    let routes: usize =
        [Peer::Loader4, Peer::Loader6, Peer::Behind4, Peer::Behind6].map(table_size).iter().sum();
    say(started, &format!("every session is up, {routes} routes of real tables are on their way through it"));
    let (took, said) = world.router().protected(RECOVERY)?;
    say(
        started,
        &format!(
            "FTBGP is protected: its twin is in step ({:.1} s, epoch {})",
            took.as_secs_f64(),
            said.epoch
        ),
    );
    neighbors(&world)?;
    let mut events = Vec::new();
    for (number, (what, signal, letter, load)) in ACTS.into_iter().enumerate() {
        // Time to read, and for the uptimes to run on.
        std::thread::sleep(Duration::from_secs(3));
        println!();
        let at_us = act(&world, started, what, signal, load, number as u32 + 1)?;
        events.push(Event { letter, at_us });
        neighbors(&world)?;
    }
    println!();
    say(started, "asking every neighbor, and reading what was captured on its wire");
    let (verdict, _) = world.judge(None, &Excuses::default());
    picture(&world, &events)?;
    conclusion(&verdict)
}

/// Does it to the primary and tells what followed; the moment in which it was done, in µs of Unix time.
fn act(
    world: &World,
    started: Instant,
    what: &str,
    signal: Signal,
    load: Load,
    generation: u32,
) -> Result<u64, String> {
    let router = world.router();
    let (_, before) = router.protected(RECOVERY)?;
    let primary = router.pid(Role::Primary).ok_or("there is no primary")?;
    let twin = router.pid(Role::Twin).ok_or("there is no twin")?;
    say(started, &format!("primary is process {primary}, twin is process {twin}"));
    if load == Load::Tables {
        world.load(generation);
        std::thread::sleep(Duration::from_millis(40));
    }
    say(started, &format!("    >>> {what}"));
    let at_us = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros() as u64;
    router.signal(Role::Primary, signal)?;
    let echo = world.echo(RECOVERY)?;
    say(
        started,
        &format!("    a change sent afterwards came through after {:.0} ms", echo.as_secs_f64() * 1e3),
    );
    let (took, after) = router.taken_over(before.epoch, RECOVERY)?;
    for takeover in after.takeovers.iter().filter(|takeover| takeover.epoch > before.epoch) {
        say(started, &format!("    show redundancy: {}", describe(takeover)));
    }
    let next = router.pid(Role::Primary).ok_or("there is no primary")?;
    say(
        started,
        &format!("    process {next} is primary now; protected again {:.1} s later", took.as_secs_f64()),
    );
    Ok(at_us)
}

/// What every neighbor says of its sessions.
fn neighbors(world: &World) -> Result<(), String> {
    let mark = world.mark.as_ref().ok_or("there is no mark")?;
    for name in NEIGHBORS {
        let mut line = format!("            {name:<6} says:");
        for ((of, session), standing) in world.standings()?.iter().filter(|((of, _), _)| of == name) {
            let word = match mark.changed(of, session, standing) {
                None => format!("up {:.0} s", standing.uptime_s),
                Some(changed) => format!("RESET: {changed}"),
            };
            line.push_str(&format!("  {session} {word}"));
        }
        println!("{line}");
    }
    Ok(())
}

/// The timeline of the whole run.
fn picture(world: &World, events: &[Event]) -> Result<(), String> {
    let from_us = world.mark.as_ref().map_or(0, |mark| mark.at_us);
    let until_us = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros() as u64;
    let canvas = Canvas::new(from_us..until_us);
    println!("\n            {}", canvas.ruler());
    println!("    hits    {}", canvas.events(events));
    for name in NEIGHBORS {
        println!("    {name:<7} {}", canvas.wire(&world.wire(name)?));
    }
    println!("    # UPDATEs  - only KEEPALIVEs  ! SYN, FIN, RST, OPEN or NOTIFICATION");
    for (what, _, letter, _) in ACTS {
        println!("    {letter} {what}");
    }
    Ok(())
}

fn conclusion(verdict: &Verdict) -> Result<(), String> {
    println!(
        "\n{} UPDATEs ({} octets) to the neighbors, {} of them numbered: each came once; the longest session is up for \
         {:.0} s",
        verdict.updates, verdict.octets, verdict.ledger, verdict.uptime_s
    );
    if verdict.complaints.is_empty() {
        println!("{} hits, 0 resets, 0 messages lost, 0 doubled: no neighbor noticed anything", ACTS.len());
        return Ok(());
    }
    Err(format!("the neighbors noticed:\n{}", verdict.complaints.join("\n")))
}
