//! Messages that crash the parser of the fault build (INTERFACE: attribute 255), from a scripted peer.

use std::sync::Arc;

use tests::bench::encode::{self, kind, message as whole};
use tests::bench::table::{AttributeSet, Prefix4};
use tests::takeover::feed::Peer;
use tests::takeover::storm::describe;

use crate::stage::{RECOVERY, Stage, with_faults};

/// The prefix of the poison's route: 198.18.200.0/24, outside of all tables.
const PREFIX: Prefix4 = Prefix4 { address: 0xc612_c800, length: 24 };

/// An UPDATE with attribute 255: `crash` is 1 panic, 2 segmentation fault, 3 endless loop. `behind` are attributes
/// after it, `prefixes` is its NLRI.
fn poison(crash: u8, behind: &[u8], prefixes: &[u8]) -> Arc<Vec<u8>> {
    let set = AttributeSet { origin: 0, tail: vec![], communities: vec![] };
    let mut attributes = encode::attributes(&Peer::Poisoner.identity(), &set, 1);
    attributes.extend_from_slice(&[0xc0, 255, 5, crash, 0x46, 0x54, 0x42, 0x47]);
    attributes.extend_from_slice(behind);
    let mut body = vec![0, 0];
    body.extend_from_slice(&(attributes.len() as u16).to_be_bytes());
    body.extend_from_slice(&attributes);
    body.extend_from_slice(prefixes);
    Arc::new(whole(kind::UPDATE, &body))
}

fn readable() -> Vec<u8> {
    let mut prefixes = Vec::new();
    PREFIX.emit(&mut prefixes);
    prefixes
}

/// The poisoner's session, up.
fn poisoner(stage: &Stage) -> Result<(), String> {
    if stage.world.guests.seen(Peer::Poisoner).up { Ok(()) } else { stage.world.guests.dial(Peer::Poisoner) }
}

/// The quarantined messages in the run directory.
fn quarantined(stage: &Stage) -> Vec<String> {
    let files = stage.world.node().run(&["sh", "-c", "ls /run/ftbgp/poison/*.bin 2>/dev/null || true"]);
    files.unwrap_or_default().lines().map(str::to_string).collect()
}

/// The route is withdrawn, its sender's session too stays up, the message is kept and replays.
pub(crate) fn message(stage: &mut Stage, crash: u8) -> Result<String, String> {
    poisoner(stage)?;
    let before = quarantined(stage);
    let guests = &stage.world.guests;
    // A route that the poison then replaces: treated as withdrawn, it must be gone.
    let set = AttributeSet { origin: 0, tail: vec![], communities: vec![] };
    let mut good = Vec::new();
    encode::announce(&mut good, &encode::attributes(&Peer::Poisoner.identity(), &set, 1), &[PREFIX]);
    guests.send(Peer::Poisoner, Arc::new(good));
    let shown = "show bgp ipv4 unicast 198.18.200.0/24 json";
    let has_route = || stage.router().shell(&[shown]).is_ok_and(|answer| answer.contains("65114"));
    stage
        .world
        .lab
        .wait_until("the good route", RECOVERY, || if has_route() { Ok(()) } else { Err("not there".into()) })
        .map_err(|error| error.to_string())?;
    let takeover = stage.takeover(|_| {
        guests.send(Peer::Poisoner, poison(crash, &[], &readable()));
        Ok(())
    })?;
    let line = describe(&takeover);
    if takeover.cause != "poison" && !(crash == 3 && takeover.cause == "hang") {
        return Err(format!("{line}; expected poison"));
    }
    let seen = guests.seen(Peer::Poisoner);
    if !seen.up {
        return Err(format!("{line}; the sender's session ended: {:?}", seen.endings));
    }
    if has_route() {
        return Err(format!("{line}; the route of the poisoned message is still there"));
    }
    let new: Vec<String> = quarantined(stage).into_iter().filter(|file| !before.contains(file)).collect();
    let [file] = &new[..] else { return Err(format!("{line}; {} new files in poison/", new.len())) };
    match stage.world.node().run(&["ftbgpd", "replay", file]) {
        Err(tests::lab::LabError::Command { status, .. }) if status.ends_with(": 3") => Ok(line),
        other => Err(format!("{line}; replay of {file} does not crash: {other:?}")),
    }
}

/// A poisoned message whose prefixes cannot be read ends its sender's session, and no other.
pub(crate) fn unreadable(stage: &mut Stage) -> Result<String, String> {
    poisoner(stage)?;
    let guests = &stage.world.guests;
    let takeover = stage.takeover(|_| {
        // MP_REACH_NLRI twice: nobody knows which one is meant.
        let twice = [0x80, 14, 5, 0, 1, 1, 0, 0].repeat(2);
        guests.send(Peer::Poisoner, poison(1, &twice, &readable()));
        Ok(())
    })?;
    let line = describe(&takeover);
    let seen = guests.seen(Peer::Poisoner);
    match seen.endings.last() {
        Some(why) if !seen.up && why.contains("NOTIFICATION") => Ok(format!("{line}; {why}")),
        _ => Err(format!("{line}; the sender's session was to end with a NOTIFICATION: {seen:?}")),
    }
}

/// A message that kills also where it is not read costs its sender's connection, and no other; it is kept and replays,
/// and the build without faults survives it.
pub(crate) fn dropped(stage: &mut Stage) -> Result<String, String> {
    poisoner(stage)?;
    let before = quarantined(stage);
    let guests = &stage.world.guests;
    let takeover = stage.takeover(|_| {
        guests.send(Peer::Poisoner, poison(4, &[], &readable()));
        Ok(())
    })?;
    let line = describe(&takeover);
    let seen = guests.seen(Peer::Poisoner);
    if takeover.cause != "poison" || takeover.sessions_lost != 1 || seen.up {
        return Err(format!("{line}; expected poison and its sender's session lost: {seen:?}"));
    }
    kept_and_replays(stage, &before).map(|kept| format!("{line}; {kept}"))
}

/// An input of the router's own that kills whoever takes it is passed over, kept and replayed; no session notices.
pub(crate) fn own_input(stage: &mut Stage) -> Result<String, String> {
    let before = quarantined(stage);
    let takeover = stage.takeover(|router| {
        // The process that would answer dies of it.
        let _ = router.shell(&["debug fault input"]);
        Ok(())
    })?;
    let line = describe(&takeover);
    if takeover.cause != "poison" || takeover.sessions_lost != 0 {
        return Err(format!("{line}; expected poison and no session lost"));
    }
    kept_and_replays(stage, &before).map(|kept| format!("{line}; {kept}"))
}

/// There is one new file; this build dies of it again, and the one without faults does not.
fn kept_and_replays(stage: &Stage, before: &[String]) -> Result<String, String> {
    let new =
        || -> Vec<String> { quarantined(stage).into_iter().filter(|file| !before.contains(file)).collect() };
    let written = || if new().is_empty() { Err("no new file in poison/".into()) } else { Ok(()) };
    stage.world.lab.wait_until("the message's file", RECOVERY, written).map_err(|error| error.to_string())?;
    let files = new();
    let [file] = &files[..] else { return Err(format!("not one new file in poison/: {files:?}")) };
    match stage.world.node().run(&["ftbgpd", "replay", file]) {
        Err(tests::lab::LabError::Command { status, .. }) if status.ends_with(": 3") => {}
        other => return Err(format!("replay of {file} does not crash: {other:?}")),
    }
    let usual = usual_program()?;
    let survived = stage.world.node().run(&[&usual, "replay", file]);
    survived.map_err(|error| format!("the build without faults does not survive {file}: {error}"))?;
    Ok("kept; replay exits 3, that of the build without faults 0".into())
}

/// The build without faults, which lies beside the folder of the other.
fn usual_program() -> Result<String, String> {
    let programs = with_faults().programs.unwrap_or_default();
    let usual = programs.parent().map(|folder| folder.join("ftbgpd")).ok_or("no folder above")?;
    let usual = std::path::absolute(usual).map_err(|error| error.to_string())?;
    Ok(usual.display().to_string())
}

/// The same peer does it ten times: no more takeovers than messages, and in the end something clear and bounded.
pub(crate) fn again_and_again(stage: &mut Stage) -> Result<String, String> {
    let router = stage.router();
    let (_, before) = router.protected(RECOVERY)?;
    let guests = &stage.world.guests;
    let mut sent = 0;
    for _ in 0..10 {
        if !guests.seen(Peer::Poisoner).up && guests.dial(Peer::Poisoner).is_err() {
            break;
        }
        guests.send(Peer::Poisoner, poison(1, &[], &readable()));
        sent += 1;
        std::thread::sleep(std::time::Duration::from_millis(300));
        router.protected(RECOVERY)?;
    }
    let (_, after) = router.protected(RECOVERY)?;
    let takeovers = after.epoch - before.epoch;
    let seen = guests.seen(Peer::Poisoner);
    let line = format!(
        "{sent} messages, {takeovers} takeovers, the sender's session is {}",
        if seen.up { "up" } else { "down" }
    );
    if takeovers > sent { Err(line) } else { Ok(line) }
}
