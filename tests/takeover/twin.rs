//! The twin breaks, and the primary carries on.

use std::time::Duration;

use rustix::process::Signal;
use tests::takeover::router::Role;

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
