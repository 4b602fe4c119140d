//! The primary or the twin breaks by itself: the hidden commands of the fault build.

use rustix::process::Signal;
use tests::takeover::router::Role;
use tests::takeover::storm::describe;

use crate::stage::{RECOVERY, Stage};

/// `debug fault KIND` in the primary.
pub(crate) fn primary(stage: &mut Stage, kind: &str) -> Result<String, String> {
    let command = format!("debug fault {kind}");
    let takeover = stage.takeover(|router| {
        // The process that would answer dies in it; the takeover says whether it was understood.
        let _ = router.shell(&[&command]);
        Ok(())
    })?;
    let cause = match kind {
        "deadlock" | "loop" => ["hang", "poison"],
        "oom" => ["oom", "poison"],
        _ => ["crash", "poison"],
    };
    let line = describe(&takeover);
    if takeover.sessions_lost == 0 && cause.contains(&takeover.cause.as_str()) { Ok(line) } else { Err(line) }
}

/// A fault that waits for entries to come, so that it falls into the middle of a load.
pub(crate) fn later(stage: &mut Stage) -> Result<String, String> {
    let mut lines = Vec::new();
    for (generation, entries) in [(200, 3), (201, 40), (202, 300)] {
        let command = format!("debug fault panic after {entries}");
        let world = &stage.world;
        let takeover = stage.takeover(|router| {
            let _ = router.shell(&[&command]);
            world.load(generation);
            Ok(())
        })?;
        if takeover.sessions_lost > 0 {
            return Err(describe(&takeover));
        }
        lines.push(format!("after {entries} entries: {}", takeover.cause));
    }
    Ok(lines.join(", "))
}

/// `debug fault twin KIND`: the primary carries on, and gets another twin.
pub(crate) fn twin(stage: &mut Stage, kind: &str) -> Result<String, String> {
    let router = stage.router();
    let before = router.pid(Role::Twin).ok_or("there is no twin")?;
    let command = format!("debug fault twin {kind}");
    router.shell(&[&command])?;
    stage.world.load(210);
    let (took, after) = router.wait("another twin in step", RECOVERY, |said| {
        said.state == "protected" && router.pid(Role::Twin).is_some_and(|pid| pid != before)
    })?;
    if let Some(takeover) = after.takeovers.first().filter(|t| t.cause != "crash" && t.epoch == after.epoch) {
        return Ok(format!("in step after {:.1} s; last {}", took.as_secs_f64(), takeover.cause));
    }
    // And the new one is good for something.
    stage
        .hit(Signal::KILL)
        .map(|takeover| format!("in step after {:.1} s; then {}", took.as_secs_f64(), describe(&takeover)))
}
