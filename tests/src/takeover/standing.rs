//! What a neighbor says of how its sessions stand: since when, and how often they have come and gone.
//!
//! Each daemon is asked in its own words. FRR counts its connections, GoBGP its flaps and OPENs, OpenBGPD its OPENs and
//! NOTIFICATIONs; BIRD 2 only says when the state changed last, to the millisecond, which is as good.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lab::speaker::Speaker;
use crate::lab::{LabError, Node};

/// One session of a neighbor with the router under test.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Whether it is Established.
    pub established: bool,
    /// How long its state has been what it is, in seconds.
    pub uptime_s: f64,
    /// When its state changed last, in seconds of the neighbor's own clock; some daemons round it to a second.
    pub since_s: f64,
    /// How often it came or went, or how many OPENs and NOTIFICATIONs it saw: what the daemon counts. BIRD: 0.
    pub transitions: u64,
}

impl Standing {
    /// Why this is not the session that `before` was; `None` if it is.
    pub fn changed_since(&self, before: &Standing) -> Option<String> {
        if !self.established {
            return Some("not Established".into());
        }
        if self.transitions != before.transitions {
            return Some(format!("counted {} transitions, then {}", before.transitions, self.transitions));
        }
        // What is computed from a rounded uptime may be a second off each time.
        let moved = (self.since_s - before.since_s).abs();
        (moved > 2.0).then(|| format!("up for {:.0} s, {moved:.1} s less than before", self.uptime_s))
    }
}

/// The sessions of the node's daemon by its own names for them.
pub fn standings(node: &Node) -> Result<BTreeMap<String, Standing>, LabError> {
    match node.speaker() {
        Some(Speaker::Frr) => frr(node),
        Some(Speaker::Bird) => bird(node),
        Some(Speaker::Gobgp) => gobgp(node),
        Some(Speaker::Openbgpd) => openbgpd(node),
        Some(Speaker::Ftbgp | Speaker::Exabgp) | None => Ok(BTreeMap::new()),
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

fn now_s() -> f64 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs_f64()
}

fn frr(node: &Node) -> Result<BTreeMap<String, Standing>, LabError> {
    let answer = node.json(&["vtysh", "-c", "show bgp neighbors json"])?;
    let sessions = answer.as_object().into_iter().flatten();
    Ok(sessions
        .map(|(name, session)| {
            let standing = Standing {
                established: session["bgpState"] == "Established",
                uptime_s: number(&session["bgpTimerUpMsec"]) / 1e3,
                since_s: number(&session["bgpTimerUpEstablishedEpoch"]),
                transitions: (number(&session["connectionsEstablished"])
                    + number(&session["connectionsDropped"])) as u64,
            };
            (name.clone(), standing)
        })
        .collect())
}

fn gobgp(node: &Node) -> Result<BTreeMap<String, Standing>, LabError> {
    let answer = node.json(&["gobgp", "neighbor", "-j"])?;
    let sessions = answer.as_array().into_iter().flatten();
    Ok(sessions
        .map(|session| {
            let state = &session["state"];
            let since_s = number(&session["timers"]["state"]["uptime"]["seconds"]);
            let messages = &state["messages"];
            let count = |value: &Value| number(value) as u64;
            let standing = Standing {
                established: state["session_state"] == 6,
                uptime_s: now_s() - since_s,
                since_s,
                transitions: count(&state["flops"])
                    + count(&messages["received"]["open"])
                    + count(&messages["received"]["notification"])
                    + count(&messages["sent"]["notification"]),
            };
            (state["neighbor_address"].as_str().unwrap_or_default().to_string(), standing)
        })
        .collect())
}

fn openbgpd(node: &Node) -> Result<BTreeMap<String, Standing>, LabError> {
    let answer = node.json(&["bgpctl", "-j", "show", "neighbor"])?;
    let sessions = answer["neighbors"].as_array().into_iter().flatten();
    Ok(sessions
        .map(|session| {
            let uptime_s = number(&session["last_updown_sec"]);
            let counted = ["sent", "received"].map(|way| {
                let messages = &session["stats"]["message"][way];
                number(&messages["open"]) + number(&messages["notifications"])
            });
            let standing = Standing {
                established: session["state"] == "Established",
                uptime_s,
                since_s: now_s() - uptime_s,
                transitions: counted.iter().sum::<f64>() as u64,
            };
            (session["remote_addr"].as_str().unwrap_or_default().to_string(), standing)
        })
        .collect())
}

fn bird(node: &Node) -> Result<BTreeMap<String, Standing>, LabError> {
    let status = node.run(&["birdc", "show", "status"])?;
    let now = status.lines().find_map(|line| line.strip_prefix("Current server time is ")?.split(' ').nth(1));
    let now_s = now.and_then(second_of_day).unwrap_or_default();
    Ok(bird_protocols(&node.run(&["birdc", "show", "protocols"])?, now_s))
}

/// Reads lines as `r_ipv4 BGP --- up 15:53:24.453 Established`.
fn bird_protocols(answer: &str, now_s: f64) -> BTreeMap<String, Standing> {
    let mut found = BTreeMap::new();
    for line in answer.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, "BGP", _, _, since, ..] = words[..] else { continue };
        let since_s = second_of_day(since).unwrap_or(-1.0);
        let standing = Standing {
            established: words.get(5) == Some(&"Established"),
            uptime_s: (now_s - since_s).rem_euclid(86_400.0),
            since_s,
            transitions: 0,
        };
        found.insert(name.to_string(), standing);
    }
    found
}

fn second_of_day(text: &str) -> Option<f64> {
    let mut parts = text.split(':').map(|part| part.parse::<f64>().ok());
    Some(parts.next()?? * 3600.0 + parts.next()?? * 60.0 + parts.next()??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birds_table_of_protocols_is_read() {
        let answer = "BIRD 2.0.12 ready.\nName Proto Table State Since Info\n\
            device1    Device     ---        up     15:53:23.422  \n\
            r_ipv4     BGP        ---        up     15:53:24.453  Established   \n\
            r_ipv6     BGP        ---        start  15:53:25.000  Connect   Socket: Connection refused\n";
        let found = bird_protocols(answer, second_of_day("15:54:24.453").unwrap());
        assert_eq!(found.len(), 2);
        assert!(found["r_ipv4"].established && !found["r_ipv6"].established);
        assert!((found["r_ipv4"].uptime_s - 60.0).abs() < 1e-6);
    }

    #[test]
    fn a_session_that_came_back_is_not_the_one_that_was() {
        let before = Standing { established: true, uptime_s: 60.0, since_s: 1000.0, transitions: 1 };
        let later = Standing { uptime_s: 70.0, since_s: 1000.9, ..before.clone() };
        assert_eq!(later.changed_since(&before), None);
        for other in [
            Standing { established: false, ..before.clone() },
            Standing { transitions: 3, ..before.clone() },
            Standing { since_s: 1003.0, ..before.clone() },
        ] {
            assert!(other.changed_since(&before).is_some(), "{other:?}");
        }
    }
}
