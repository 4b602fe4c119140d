//! TCP MD5 (RFC 2385) and GTSM (RFC 5082): the session comes up, and a capture shows that every segment has it.

use tests::lab::Capture;
use tests::lab::speaker::Speaker;

use crate::matrix::Outcome;
use crate::world::{Plan, World};

/// Every segment of the session from its SYN on, but resets of a kernel without a socket: header and options.
fn segments(world: &World) -> Result<Vec<String>, String> {
    let capture = world.lab.node("us").tcpdump("eth1").map_err(|error| error.to_string())?;
    world.run()?;
    world.routes_exchanged()?;
    // The capture may lag behind the daemons.
    let packets = world.wait("segments of all four addresses", || {
        let packets = packets(&capture);
        let sides = ["10.0.1.1.", "10.0.1.2.", "fd00:1::1.", "fd00:1::2."];
        match sides.iter().find(|side| !packets.iter().any(|packet| packet.contains(**side))) {
            Some(side) => Err(format!("none of {side} in {packets:?}")),
            None => Ok(packets),
        }
    })?;
    capture.stop();
    Ok(packets)
}

/// The segments captured so far, without resets, each with its headers in one line.
fn packets(capture: &Capture) -> Vec<String> {
    let mut packets: Vec<String> = Vec::new();
    for line in capture.text(&["tcp"]).lines() {
        if line.starts_with(|c: char| c.is_ascii_digit()) {
            packets.push(String::new());
        }
        if let Some(packet) = packets.last_mut() {
            packet.push_str(line);
        }
    }
    packets.retain(|packet| packet.contains("Flags [") && !packet.contains("Flags [R"));
    packets
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
