//! The keeper breaks: it holds everything, and nothing depends on its working.

use std::time::Duration;

use rustix::process::Signal;
use tests::takeover::router::{Role, inner_pid};
use tests::takeover::storm::describe;

use crate::stage::{RECOVERY, Stage};

/// A new `ftbgpd` on the same run directory adopts the living primary and its twin, and keeps again.
pub(crate) fn killed(stage: &mut Stage) -> Result<String, String> {
    let router = stage.router();
    let (_, before) = router.protected(RECOVERY)?;
    let primary = router.pid(Role::Primary);
    let old = router.signal(Role::Keeper, Signal::KILL)?;
    stage.world.echo(Duration::from_secs(10))?;
    stage.world.node().start();
    let (took, after) = router.wait("a new keeper", RECOVERY, |said| {
        said.state == "protected" && router.pid(Role::Keeper).is_some_and(|pid| pid != old)
    })?;
    if router.pid(Role::Primary) != primary || after.epoch != before.epoch {
        return Err("the new keeper did not adopt the primary".into());
    }
    let takeover = stage.hit(Signal::KILL)?;
    Ok(format!("adopted after {:.1} s; then {}", took.as_secs_f64(), describe(&takeover)))
}

/// While it is stopped, a kill of the primary is survived, and a new session comes up.
pub(crate) fn stopped(stage: &mut Stage) -> Result<String, String> {
    use tests::takeover::feed::Peer;
    let router = stage.router();
    let (_, before) = router.protected(RECOVERY)?;
    router.signal(Role::Keeper, Signal::STOP)?;
    let outcome = (|| {
        stage.world.guests.hang_up(Peer::Flapper);
        stage.world.guests.dial(Peer::Flapper)?;
        router.signal(Role::Primary, Signal::KILL)?;
        let (_, after) = router.wait("the twin to take over", RECOVERY, |said| said.epoch > before.epoch)?;
        stage.world.echo(Duration::from_secs(10))?;
        Ok::<_, String>(after.takeovers.first().map_or("no takeover shown".into(), describe))
    })();
    router.signal(Role::Keeper, Signal::CONT)?;
    let line = outcome?;
    let (took, _) = router.protected(RECOVERY)?;
    Ok(format!("{line}; the keeper goes on: protected after {:.1} s", took.as_secs_f64()))
}

/// The files in the run directory are right, after all that.
pub(crate) fn pid_files(stage: &mut Stage) -> Result<String, String> {
    let router = stage.router();
    router.protected(RECOVERY)?;
    for role in [Role::Keeper, Role::Primary, Role::Twin] {
        let (file, process) = (router.pid_in_file(role), router.pid(role).and_then(inner_pid));
        if file.is_none() || file != process {
            return Err(format!("{} holds {file:?}, the process is {process:?}", role.pid_file()));
        }
    }
    Ok("keeper.pid, primary.pid, twin.pid".into())
}
