//! What an operator does on purpose.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rustix::process::Signal;
use tests::takeover::feed::Peer;
use tests::takeover::router::Role;

use crate::stage::{RECOVERY, Stage, by, pause_within};

/// `redundancy switchover`, under load.
pub(crate) fn switchover(stage: &mut Stage) -> Result<String, String> {
    let world = &stage.world;
    let takeover = stage.takeover(|router| {
        world.load(400);
        router.shell(&["redundancy switchover"]).map(drop)
    })?;
    by(&takeover, "switchover", None)
}

/// SIGTERM to the primary is the same.
pub(crate) fn term(stage: &mut Stage) -> Result<String, String> {
    let takeover = stage.hit(Signal::TERM)?;
    if takeover.cause == "stop" { by(&takeover, "stop", None) } else { by(&takeover, "switchover", None) }
}

/// The bytes of the program that runs now.
fn program(stage: &Stage) -> Result<Vec<u8>, String> {
    let pid = stage.router().pid(Role::Primary).ok_or("there is no primary")?;
    fs::read(format!("/proc/{pid}/exe")).map_err(|error| error.to_string())
}

/// Writes a program into the lab's directory, which every node sees, and upgrades to it.
fn upgrade_to(stage: &Stage, name: &str, program: &[u8]) -> Result<String, String> {
    let path = stage.world.scratch(name);
    let written = fs::write(&path, program)
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755)));
    written.map_err(|error| error.to_string())?;
    let command = format!("redundancy upgrade {}", path.display());
    let takeover = stage.takeover(|router| router.shell(&[&command]).map(drop))?;
    let line = by(&takeover, "upgrade", None)?;
    for role in [Role::Primary, Role::Twin, Role::Keeper] {
        let pid = stage.router().pid(role).ok_or(format!("no {role:?} after the upgrade"))?;
        let runs = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        if runs.file_name() != path.file_name() {
            return Err(format!("{line}; the {role:?} runs {}", runs.display()));
        }
    }
    Ok(line)
}

/// All three processes run the new binary afterwards.
pub(crate) fn upgrade(stage: &mut Stage) -> Result<String, String> {
    let same = program(stage)?;
    upgrade_to(stage, "ftbgpd-copy", &same)
}

/// The copy calls itself another version in its OPENs, so its output for the same input differs; sessions that come
/// up meanwhile make that show.
pub(crate) fn upgrade_with_other_output(stage: &mut Stage) -> Result<String, String> {
    let mut other = program(stage)?;
    let version = format!("FTBGP/{}", env!("CARGO_PKG_VERSION"));
    let places: Vec<usize> = other
        .windows(version.len())
        .enumerate()
        .filter(|(_, w)| *w == version.as_bytes())
        .map(|(at, _)| at)
        .collect();
    if places.is_empty() {
        return Err(format!("the program does not hold '{version}'"));
    }
    for at in places {
        other[at + version.len() - 1] = b'9';
    }
    let world = &stage.world;
    world.guests.hang_up(Peer::Flapper);
    world.guests.begin_dial(Peer::Flapper);
    let line = upgrade_to(stage, "ftbgpd-other", &other)?;
    world.guests.hang_up(Peer::Flapper);
    world.guests.dial(Peer::Flapper)?;
    Ok(line)
}

/// SIGHUP with an unchanged file changes nothing, also when the primary dies in it.
pub(crate) fn reload(stage: &mut Stage) -> Result<String, String> {
    stage.no_takeover(|router| router.signal(Role::Keeper, Signal::HUP).map(drop))?;
    let takeover = stage.takeover(|router| {
        router.signal(Role::Keeper, Signal::HUP)?;
        pause_within(Duration::from_millis(10));
        router.signal(Role::Primary, Signal::KILL).map(drop)
    })?;
    stage.router().protected(RECOVERY)?;
    by(&takeover, "crash", Some("SIGKILL"))
}
