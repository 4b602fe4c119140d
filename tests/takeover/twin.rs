//! The twin breaks, and the primary carries on.

use std::time::Duration;

use rustix::process::Signal;
use tests::takeover::router::Role;
use tests::takeover::storm::describe;

use crate::stage::{RECOVERY, Stage};

/// Waits for another twin than this one, in step.
fn replaced(stage: &Stage, old: u32) -> Result<String, String> {
    let router = stage.router();
    let (took, _) = router.wait("another twin in step", RECOVERY, |said| {
        said.state == "protected" && router.pid(Role::Twin).is_some_and(|pid| pid != old)
    })?;
    Ok(format!("another one in step after {:.1} s", took.as_secs_f64()))
}

/// A new one comes, and nobody takes over.
pub(crate) fn killed(stage: &mut Stage) -> Result<String, String> {
    let mut note = String::new();
    stage.no_takeover(|router| {
        let old = router.signal(Role::Twin, Signal::KILL)?;
        note = replaced(stage, old)?;
        Ok(())
    })?;
    Ok(note)
}

/// It hangs under load: the primary passes changes on, says that it is not protected, and gets another one.
pub(crate) fn stopped(stage: &mut Stage) -> Result<String, String> {
    let mut note = String::new();
    stage.no_takeover(|router| {
        let old = router.signal(Role::Twin, Signal::STOP)?;
        stage.world.load(300);
        let echo = stage.world.echo(Duration::from_secs(10))?;
        // 'twin-lag' is a second.
        let what = "not to be protected with a stopped twin";
        let is_given_up = |pid: Option<u32>| pid != Some(old);
        let (said, _) = router.wait(what, Duration::from_secs(10), |said| {
            said.state != "protected" || is_given_up(router.pid(Role::Twin))
        })?;
        note = format!("'not protected' after {:.1} s", said.as_secs_f64());
        // Whoever replaces it, the stopped one must not stay.
        let other = replaced(stage, old)?;
        note = format!("a change passed in {:.1} ms, {note}, {other}", echo.as_secs_f64() * 1e3);
        Ok(())
    })?;
    Ok(note)
}

/// What the router's log says when a twin is found out, and when that is only once the primary is gone.
const FOUND_OUT: [&str; 2] = ["this twin has diverged", "it does not take over"];

/// How often the router has said that a twin has diverged, in time and too late.
fn found_out(stage: &Stage) -> [usize; 2] {
    let log = stage.world.node().log();
    FOUND_OUT.map(|words| log.matches(words).count())
}

/// Has the twin pass over octets of a peer, and lets them come.
fn lead_astray(stage: &Stage, generation: u32) -> Result<(), String> {
    stage.router().shell(&["debug fault twin diverge"])?;
    stage.world.load(generation);
    Ok(())
}

/// Its state becomes another one: that is said, and it is replaced. While the keeper stands still, so that nobody
/// replaces it, a kill of the primary leads to no takeover; the keeper then has a new process go on.
pub(crate) fn diverges(stage: &mut Stage) -> Result<String, String> {
    let mut notes = Vec::new();
    let before = found_out(stage);
    stage.no_takeover(|router| {
        let old = router.pid(Role::Twin).ok_or("there is no twin")?;
        lead_astray(stage, 220)?;
        notes.push(replaced(stage, old)?);
        Ok(())
    })?;
    if found_out(stage)[0] != before[0] + 1 {
        return Err(format!("the log does not say that the twin diverged: {:?}", found_out(stage)));
    }
    let router = stage.router();
    let takeover = stage.takeover(|router| {
        router.signal(Role::Keeper, Signal::STOP)?;
        let shown = lead_astray(stage, 221).and_then(|()| {
            let what = "to say that its twin has diverged";
            router.wait(what, RECOVERY, |said| {
                said.state == "unprotected" && said.twin.state.as_deref() == Some("diverged")
            })
        });
        let killed = shown.and_then(|_| router.signal(Role::Primary, Signal::KILL));
        std::thread::sleep(Duration::from_secs(1));
        let wrong = router.pid(Role::Primary);
        router.signal(Role::Keeper, Signal::CONT)?;
        killed?;
        wrong.map_or(Ok(()), |pid| Err(format!("process {pid} took over, and it had diverged")))
    })?;
    notes
        .push(format!("'diverged' and 'unprotected' shown, no takeover by it; then {}", describe(&takeover)));
    if takeover.sessions_lost > 0 || router.pid(Role::Primary).is_none() {
        return Err(notes.join("; "));
    }
    Ok(notes.join("; "))
}

/// `redundancy twin restart`, and SIGTERM to the twin.
pub(crate) fn restarted(stage: &mut Stage) -> Result<String, String> {
    let mut notes = Vec::new();
    stage.no_takeover(|router| {
        let old = router.pid(Role::Twin).ok_or("there is no twin")?;
        router.shell(&["redundancy twin restart"])?;
        notes.push(replaced(stage, old)?);
        let old = router.signal(Role::Twin, Signal::TERM)?;
        notes.push(replaced(stage, old)?);
        Ok(())
    })?;
    Ok(notes.join("; by SIGTERM "))
}
