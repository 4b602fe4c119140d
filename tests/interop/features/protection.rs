//! TCP MD5 (RFC 2385) and GTSM (RFC 5082): the session comes up, and a capture shows that every segment has it.

use std::time::Duration;

use tests::lab::speaker::Speaker;

use crate::matrix::Outcome;
use crate::world::{Plan, World, shown};

/// Every segment of the session from its SYN on, but resets of a kernel without a socket: header and options.
fn segments(world: &World) -> Result<Vec<String>, String> {
    let capture = world.lab.node("us").tcpdump("eth1").map_err(|error| error.to_string())?;
    world.run()?;
    world.routes_exchanged()?;
    // What libpcap holds back for a moment.
    std::thread::sleep(Duration::from_millis(500));
    let text = capture.text(&["tcp[tcpflags]", "&", "tcp-rst", "==", "0", "or", "ip6"]);
    let file = shown(&capture.stop());
    let mut packets: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with(|c: char| c.is_ascii_digit()) {
            packets.push(String::new());
        }
        if let Some(packet) = packets.last_mut() {
            packet.push_str(line);
        }
    }
    packets.retain(|packet| !packet.contains("Flags [R"));
    for side in ["10.0.1.1.", "10.0.1.2.", "fd00:1::1.", "fd00:1::2."] {
        if !packets.iter().any(|packet| packet.contains(side)) {
            return Err(format!("no segment of {side} in {file}"));
        }
    }
    Ok(packets)
}

/// Both sides with the same password.
pub(crate) fn md5(speaker: Speaker) -> Result<Outcome, String> {
    let plan = Plan { password: Some("a-shared-secret"), ..Plan::default() };
    let world = World::prepare(speaker, plan)?;
    let segments = segments(&world)?;
    match segments.iter().find(|packet| !packet.contains("md5")) {
        Some(packet) => Err(format!("a segment without the option: {packet}")),
        None => Ok(Outcome::Works(format!("all {} segments are signed", segments.len()))),
    }
}

/// Both sides with `ttl-security hops 1`.
pub(crate) fn ttl_security(speaker: Speaker) -> Result<Outcome, String> {
    let world = World::prepare(speaker, Plan { ttl_security: true, ..Plan::default() })?;
    let segments = segments(&world)?;
    match segments.iter().find(|packet| !packet.contains("ttl 255") && !packet.contains("hlim 255")) {
        Some(packet) => Err(format!("a segment with another TTL: {packet}")),
        None => Ok(Outcome::Works(format!("all {} segments have TTL 255", segments.len()))),
    }
}
