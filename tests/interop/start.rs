//! Two routers that start in the same instant always reach Established (RFC 4271 §6.8).
//!
//! Each lab has pairs that know nothing of each other; all their daemons are released at once, so both ends of every
//! session dial at the same time.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use tests::lab::Lab;
use tests::lab::speaker::Speaker;

use crate::peers;
use crate::world::Plan;

/// Pairs in one lab.
const PAIRS: usize = 10;
/// Labs one after the other: 50 starts with each daemon.
const ROUNDS: usize = 5;

/// Starts pairs of us and `speaker` and waits until all are Established, on both sides.
fn always_established(speaker: Speaker) {
    let plan = Plan::default();
    let directory = std::env::temp_dir().join(format!("ftbgp-start-{speaker:?}-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    let (image, target) = peers::image(speaker);
    fs::write(directory.join("us.conf"), peers::us::config(&plan)).expect("a file");
    let them = match speaker {
        Speaker::Ftbgp => turned(&peers::us::config(&plan)),
        _ => peers::config(speaker, &plan),
    };
    fs::write(directory.join("them.conf"), them).expect("a file");
    let mut text = String::from("name: start\ntopology:\n  defaults: {kind: linux}\n  nodes:\n");
    let mut links = String::from("  links:\n");
    for pair in 0..PAIRS {
        for (name, image, file, host) in [
            ("us", "ftbgp:latest", "us.conf:/etc/ftbgp/ftbgpd.conf", 1),
            ("them", image, &format!("them.conf:{target}"), 2),
        ] {
            text.push_str(&format!(
                "    {name}{pair}:\n      image: '{image}'\n      binds: ['{file}']\n      \
                 exec: ['ip addr add 10.0.1.{host}/24 dev eth1', 'ip addr add fd00:1::{host}/64 dev eth1']\n"
            ));
        }
        links.push_str(&format!("    - endpoints: ['us{pair}:eth1', 'them{pair}:eth1']\n"));
    }
    let file = directory.join("start.clab.yml");
    fs::write(&file, text + &links).expect("a file");
    for round in 0..ROUNDS {
        let lab = Lab::start(&file).unwrap_or_else(|error| panic!("{error}"));
        let all =
            lab.wait_until("all sessions Established", Duration::from_secs(90), || all_up(&lab, speaker));
        all.unwrap_or_else(|error| panic!("round {round} with {speaker:?}: {error}"));
    }
    let _ = fs::remove_dir_all(&directory);
}

/// Our configuration as that of the other side.
fn turned(config: &str) -> String {
    let text =
        config.replace("router bgp 65001", "router bgp 65002").replace("remote-as 65002", "remote-as 65001");
    let text = text.replace("10.0.1.2", "10.0.1.1").replace("fd00:1::2", "fd00:1::1");
    let text = text.replace("router-id 10.0.0.1", "router-id 10.0.0.2").replace("10.1.0.0/16", "10.2.0.0/16");
    text.replace("2001:db8:1::/48", "2001:db8:2::/48").replace("hostname us", "hostname them")
}

fn all_up(lab: &Lab, speaker: Speaker) -> Result<(), String> {
    for pair in 0..PAIRS {
        for (name, host) in [("us", 2), ("them", 1)] {
            let node = lab.node(&format!("{name}{pair}"));
            let asked = node.speaker().unwrap_or(speaker);
            for address in [format!("10.0.1.{host}"), format!("fd00:1::{host}")] {
                let address: IpAddr = address.parse().map_err(|_| address.clone())?;
                let session = asked.session(node, address).map_err(|error| error.to_string())?;
                if !session.established {
                    return Err(format!("{}: {address} is {}", node.name(), session.state));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn two_of_ours_started_in_the_same_instant_always_reach_established() {
    always_established(Speaker::Ftbgp);
}

#[test]
fn ours_and_frr_started_in_the_same_instant_always_reach_established() {
    always_established(Speaker::Frr);
}

#[test]
fn ours_and_bird_started_in_the_same_instant_always_reach_established() {
    always_established(Speaker::Bird);
}

#[test]
fn ours_and_gobgp_started_in_the_same_instant_always_reach_established() {
    always_established(Speaker::Gobgp);
}

#[test]
fn ours_and_openbgpd_started_in_the_same_instant_always_reach_established() {
    always_established(Speaker::Openbgpd);
}

#[test]
fn ours_and_exabgp_started_in_the_same_instant_always_reach_established() {
    always_established(Speaker::Exabgp);
}
