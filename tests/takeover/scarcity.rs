//! Too little of something: room in a buffer, descriptors, processor time.

use std::time::Duration;

use rustix::process::Signal;
use tests::takeover::feed::Peer;
use tests::takeover::router::Role;

use crate::stage::{RECOVERY, Stage, by};

/// A peer leaves everything in its socket while tables load: buffers are full when the primary dies, twice.
pub(crate) fn deaf_peer(stage: &mut Stage) -> Result<String, String> {
    let feed = &stage.world.feed;
    feed.stop_reading(Peer::Deaf);
    let outcome = (|| {
        for generation in 500..512 {
            stage.world.load(generation);
        }
        stage.world.drain()?;
        by(&stage.hit(Signal::KILL)?, "crash", Some("SIGKILL"))?;
        stage.world.load(512);
        by(&stage.hit(Signal::KILL)?, "crash", Some("SIGKILL"))
    })();
    feed.read_again(Peer::Deaf);
    outcome
}

/// The primary may open nothing more: a new session has to wait, no other may end, and its successor is free of it.
pub(crate) fn descriptors(stage: &mut Stage) -> Result<String, String> {
    let router = stage.router();
    let (_, before) = router.protected(RECOVERY)?;
    let pid = router.pid(Role::Primary).ok_or("there is no primary")?;
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).map_err(|error| error.to_string())?.count();
    let limit = format!("--nofile={open}:{open}");
    let status = std::process::Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).status();
    if !status.is_ok_and(|status| status.success()) {
        return Err("prlimit of util-linux failed".into());
    }
    let guests = &stage.world.guests;
    guests.hang_up(Peer::Flapper);
    guests.begin_dial(Peer::Flapper);
    stage.world.load(520);
    let echo = stage.world.echo(Duration::from_secs(10))?;
    let shaken = stage.world.unshaken(&stage.excuses);
    if !shaken.is_empty() {
        return Err(shaken.join("; "));
    }
    // It may have given up by itself already: that is a takeover too.
    let _ = router.signal(Role::Primary, Signal::KILL);
    let (_, after) = router.taken_over(before.epoch, RECOVERY)?;
    let lost: u64 = after.takeovers.iter().filter(|t| t.epoch > before.epoch).map(|t| t.sessions_lost).sum();
    guests.dial(Peer::Flapper)?;
    let line =
        format!("no more than {open} descriptors: a change passed in {:.1} ms", echo.as_secs_f64() * 1e3);
    if lost == 0 { Ok(line) } else { Err(format!("{line}; {lost} sessions lost")) }
}

/// Eight loops that do nothing share the processors with twenty loads: late is not dead.
pub(crate) fn starved(stage: &mut Stage) -> Result<String, String> {
    let node = stage.world.lab.node("feed");
    let mut loops = Vec::new();
    for _ in 0..8 {
        loops.push(node.spawn(&["sh", "-c", "while :; do :; done"]).map_err(|error| error.to_string())?);
    }
    let mut slowest = Duration::ZERO;
    stage.no_takeover(|_| {
        for generation in 600..620 {
            stage.world.load(generation);
            slowest = slowest.max(stage.world.echo(Duration::from_secs(30))?);
        }
        stage.world.drain()
    })?;
    drop(loops);
    stage.router().protected(RECOVERY)?;
    Ok(format!("20 loads, no takeover, the slowest change {:.0} ms", slowest.as_secs_f64() * 1e3))
}
