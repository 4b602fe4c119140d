//! What the daemons show beyond routes: counters, capabilities, refusals.

use serde_json::{Value, json};
use tests::lab::Node;
use tests::lab::speaker::{Route, Session, Speaker};

use crate::matrix::Outcome;
use crate::world::World;

/// The fields of `route` that differ from `expected`, as text; empty if none.
pub(crate) fn differences(route: &Route, expected: &Value) -> String {
    let shown = serde_json::to_value(route).unwrap_or_default();
    let fields = expected.as_object().into_iter().flatten();
    let wrong = fields.filter(|(field, value)| shown[field.as_str()] != **value);
    wrong.map(|(field, value)| format!("{field}: {} instead of {value}; ", shown[field.as_str()])).collect()
}

/// The only path of `paths`, equal to `expected` in its fields.
pub(crate) fn only_path(paths: &[Route], expected: &Value) -> Result<(), String> {
    let [route] = paths else { return Err(format!("one path expected, not {paths:?}")) };
    match differences(route, expected) {
        wrong if wrong.is_empty() => Ok(()),
        wrong => Err(format!("{}: {wrong}", route.prefix)),
    }
}

/// A value in the JSON of a session.
pub(crate) fn of_session(session: &Session, pointer: &str) -> Value {
    let detail: Value = serde_json::from_str(&session.detail).unwrap_or(json!(null));
    detail.pointer(pointer).cloned().unwrap_or(json!(null))
}

/// What a daemon counts on a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// ROUTE-REFRESH messages received.
    Refreshes,
    /// Announcing UPDATE messages (BIRD: routes) received.
    Updates,
}

/// What we count on the session with `address`.
pub(crate) fn our_count(world: &World, address: &str, count: Count) -> Result<u64, String> {
    frr_count(&world.our_session(address)?, count)
}

/// What they count on the session with `address`.
pub(crate) fn their_count(world: &World, address: &str, count: Count) -> Result<u64, String> {
    let session = world.their_session(address)?;
    let number = |pointer: &str| Ok(of_session(&session, pointer).as_u64().unwrap_or(0));
    match (world.speaker, count) {
        (Speaker::Ftbgp | Speaker::Frr, count) => frr_count(&session, count),
        (Speaker::Gobgp, Count::Refreshes) => number("/state/messages/received/refresh"),
        (Speaker::Gobgp, Count::Updates) => number("/state/messages/received/update"),
        (Speaker::Openbgpd, Count::Refreshes) => number("/stats/route-refresh/received/request"),
        (Speaker::Openbgpd, Count::Updates) => number("/stats/update/received/updates"),
        (Speaker::Bird, Count::Refreshes) => {
            Ok(world.them().log().lines().filter(|line| line.contains("Got ROUTE-REFRESH")).count() as u64)
        }
        (Speaker::Bird, Count::Updates) => {
            let line = session.detail.lines().find_map(|line| line.split_once("Import updates:"));
            let first = line.and_then(|(_, counts)| counts.split_whitespace().next());
            first.and_then(|count| count.parse().ok()).ok_or("BIRD shows no 'Import updates'".into())
        }
        (Speaker::Exabgp, count) => {
            let kind =
                if count == Count::Refreshes { "\"type\": \"refresh\"" } else { "\"type\": \"update\"" };
            let printed =
                world.them().run(&["cat", "/run/exabgp/received.jsonl"]).map_err(|e| e.to_string())?;
            let peer = format!("\"peer\": \"{address}\"");
            Ok(printed.lines().filter(|line| line.contains(kind) && line.contains(&peer)).count() as u64)
        }
    }
}

fn frr_count(session: &Session, count: Count) -> Result<u64, String> {
    let key = match count {
        Count::Refreshes => "/messageStats/routeRefreshRecv",
        Count::Updates => "/messageStats/updatesRecv",
    };
    of_session(session, key).as_u64().ok_or_else(|| format!("no {key} in {}", session.detail))
}

/// That their OPEN did not offer a capability: `key` of our `neighborCapabilities` does not say received.
pub(crate) fn not_offered(world: &World, address: &str, key: &str) -> Result<Outcome, String> {
    let session = world.our_session(address)?;
    let shown = of_session(&session, &format!("/neighborCapabilities/{key}"));
    if shown.to_string().to_lowercase().contains("received") {
        return Err(format!("it offers the capability now ({key}: {shown}): use it in this row"));
    }
    let version = version(world)?;
    let evidence = format!("its OPEN does not offer it (we show {key}: {shown})");
    Ok(Outcome::Absent { version, evidence })
}

/// That its configuration does not know `line`, told by its own checker `command` (a shell script with `$1` the line).
pub(crate) fn not_configurable(
    node: &Node,
    speaker: Speaker,
    check: &str,
    line: &str,
) -> Result<Outcome, String> {
    match node.run(&["sh", "-c", check, "check", line]) {
        Ok(_) => Err(format!("its configuration accepts '{line}' now: use it in this row")),
        Err(refusal) => {
            let version = speaker.version(node).map_err(|error| error.to_string())?;
            let refusal = refusal.to_string();
            let said = refusal
                .lines()
                .filter(|line| line.contains("error") || line.contains("bad"))
                .collect::<Vec<_>>();
            Ok(Outcome::Absent {
                version,
                evidence: format!("it refuses '{}': {}", line.trim(), said.join("; ")),
            })
        }
    }
}

/// Their version.
pub(crate) fn version(world: &World) -> Result<String, String> {
    world.speaker.version(world.them()).map_err(|error| error.to_string())
}
