//! The primary is ended or stopped from outside.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::takeover::router::Role;

use crate::stage::{RECOVERY, Stage, by, pause_within};

/// The plain death.
pub(crate) fn kill(stage: &mut Stage) -> Result<String, String> {
    by(&stage.hit(Signal::KILL)?, "crash", Some("SIGKILL"))
}

/// As from a wild pointer.
pub(crate) fn segv(stage: &mut Stage) -> Result<String, String> {
    by(&stage.hit(Signal::SEGV)?, "crash", Some("SIGSEGV"))
}

/// As from a failed assertion of a library.
pub(crate) fn abort(stage: &mut Stage) -> Result<String, String> {
    by(&stage.hit(Signal::ABORT)?, "crash", Some("SIGABRT"))
}

/// It lives and does nothing; it must be dead before another one speaks.
pub(crate) fn stop(stage: &mut Stage) -> Result<String, String> {
    let router = stage.router();
    let stopped = router.pid(Role::Primary);
    let takeover = stage.hit(Signal::STOP)?;
    let line = by(&takeover, "hang", None)?;
    if stopped.is_some_and(|pid| router.processes().contains(&pid)) {
        return Err(format!("{line}; but the stopped process still lives"));
    }
    if !(300.0..3_000.0).contains(&takeover.detect_msec) {
        return Err(format!("{line}; 'detect hang' is 500"));
    }
    Ok(line)
}

/// Each as soon as it is protected again.
pub(crate) fn ten_in_a_row(stage: &mut Stage) -> Result<String, String> {
    let started = Instant::now();
    let mut slowest: f64 = 0.0;
    for _ in 0..10 {
        let takeover = stage.hit(Signal::KILL)?;
        by(&takeover, "crash", Some("SIGKILL"))?;
        slowest = slowest.max(takeover.detect_msec + takeover.takeover_msec);
    }
    Ok(format!("in {:.1} s, the slowest {slowest:.2} ms", started.elapsed().as_secs_f64()))
}

/// Tables from both sides, killed somewhere in them, six times.
pub(crate) fn while_tables_load(stage: &mut Stage) -> Result<String, String> {
    let mut in_it = 0;
    for generation in 100..106 {
        stage.world.load(generation);
        pause_within(Duration::from_millis(120));
        let unsent = stage.world.feed.status().peers.values().filter(|seen| seen.unsent).count();
        in_it += usize::from(unsent > 0);
        by(&stage.hit(Signal::KILL)?, "crash", Some("SIGKILL"))?;
    }
    stage.world.drain()?;
    Ok(format!("6 kills, {in_it} of them with octets still to be sent to the router"))
}

/// The twin dies, and the primary dies before the next twin is in step: what the keeper holds must be enough.
pub(crate) fn while_synchronising(stage: &mut Stage) -> Result<String, String> {
    let router = stage.router();
    let mut moments = Vec::new();
    for wait_ms in [0, 5, 20, 60] {
        let (_, before) = router.protected(RECOVERY)?;
        let twin = router.signal(Role::Twin, Signal::KILL)?;
        let deadline = Instant::now() + RECOVERY;
        while router.pid(Role::Twin).is_none_or(|pid| pid == twin) {
            if Instant::now() > deadline {
                return Err("no new twin was started".into());
            }
        }
        std::thread::sleep(Duration::from_millis(wait_ms));
        router.signal(Role::Primary, Signal::KILL)?;
        let (took, after) = router.taken_over(before.epoch, RECOVERY)?;
        let lost: u64 = after.takeovers.first().map_or(0, |takeover| takeover.sessions_lost);
        if lost > 0 {
            return Err(format!("{lost} sessions lost, {wait_ms} ms after the new twin's start"));
        }
        moments.push(format!("{wait_ms} ms → {:.1} s", took.as_secs_f64()));
    }
    Ok(format!("after the new twin's start: {}", moments.join(", ")))
}

/// Both halves in the same moment.
pub(crate) fn both(stage: &mut Stage) -> Result<String, String> {
    let router = stage.router();
    let (_, before) = router.protected(RECOVERY)?;
    let pids = [Role::Primary, Role::Twin].map(|role| router.pid(role));
    for pid in pids.into_iter().flatten() {
        tests::takeover::router::send(pid, Signal::KILL)?;
    }
    let (took, after) = router.taken_over(before.epoch, RECOVERY)?;
    let last = after.takeovers.first().map_or("no takeover shown".into(), tests::takeover::storm::describe);
    if after.takeovers.first().is_none_or(|takeover| takeover.sessions_lost > 0) {
        return Err(last);
    }
    Ok(format!("protected again after {:.1} s; {last}", took.as_secs_f64()))
}
