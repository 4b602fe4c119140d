//! The matrix: a row a feature, a column a daemon, a cell a lab.
//!
//! A cell says that it works, told by the neighbor's own show command (and where a row says so by a capture), or that
//! the neighbor lacks the feature, with its version and the evidence, which is looked for anew in every run: a daemon
//! that learns a feature makes its cell fail until the row uses it.
//!
//! `INTEROP_ONLY=feature` or `INTEROP_ONLY=feature/daemon` (parts of names) runs a part.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tests::lab::speaker::Speaker;

use crate::features::{extended, graceful, paths, protection, refresh, routes};

/// What came out of a cell that is not broken.
pub(crate) enum Outcome {
    /// It works; what was seen.
    Works(String),
    /// The neighbor lacks it: its version and the evidence.
    Absent { version: String, evidence: String },
}

/// One feature.
struct Row {
    feature: &'static str,
    scenario: fn(Speaker) -> Result<Outcome, String>,
}

const ROWS: &[Row] = &[
    Row { feature: "routes and attributes, eBGP", scenario: routes::external },
    Row { feature: "routes and attributes, iBGP reflected", scenario: routes::internal },
    Row { feature: "route refresh that we ask for", scenario: refresh::we_ask },
    Row { feature: "route refresh that they ask for", scenario: refresh::they_ask },
    Row { feature: "TCP MD5", scenario: protection::md5 },
    Row { feature: "GTSM", scenario: protection::ttl_security },
    Row { feature: "ADD-PATH, both ways", scenario: paths::both_ways },
    Row { feature: "extended next hop", scenario: extended::next_hop },
    Row { feature: "extended messages", scenario: extended::messages },
    Row { feature: "graceful restart, theirs", scenario: graceful::theirs },
    Row { feature: "graceful restart, ours", scenario: graceful::ours },
];

const PEERS: [Speaker; 5] = [Speaker::Frr, Speaker::Bird, Speaker::Gobgp, Speaker::Openbgpd, Speaker::Exabgp];

/// Labs at the same time: daemons mostly wait for each other.
const PARALLEL: usize = 4;

#[test]
fn every_feature_works_with_every_daemon_that_has_it() {
    let only = std::env::var("INTEROP_ONLY").unwrap_or_default().to_lowercase();
    let (row_part, peer_part) = only.split_once('/').unwrap_or((&only, ""));
    let all = ROWS.iter().flat_map(|row| PEERS.iter().map(move |peer| (row, *peer)));
    let cells: Vec<(&Row, Speaker)> = all
        .filter(|(row, peer)| {
            row.feature.to_lowercase().contains(row_part) && name(*peer).contains(peer_part)
        })
        .collect();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                while let Some((row, peer)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = (row.scenario)(*peer);
                    outcomes.lock().expect("no cell panics").push((row.feature, *peer, outcome));
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no cell panics");
    print(&outcomes);
    let failures: Vec<String> = outcomes
        .iter()
        .filter_map(|(feature, peer, outcome)| {
            outcome.as_ref().err().map(|error| format!("== {feature} with {}: {error}", name(*peer)))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} cells fail\n{}", failures.len(), cells.len(), failures.join("\n"));
}

/// A daemon's name in the table.
fn name(peer: Speaker) -> String {
    format!("{peer:?}").to_lowercase()
}

fn print(outcomes: &[(&str, Speaker, Result<Outcome, String>)]) {
    let mut notes = Vec::new();
    println!("\n{:<40}{}", "", PEERS.map(|peer| format!("{:<10}", name(peer))).concat());
    for row in ROWS {
        let mut line = format!("{:<40}", row.feature);
        for peer in PEERS {
            let found = outcomes.iter().find(|(feature, of, _)| *feature == row.feature && *of == peer);
            let mark = match found {
                None => "-".to_string(),
                Some((.., Err(_))) => "FAILS".into(),
                Some((.., Ok(Outcome::Works(seen)))) => {
                    notes.push(format!("  {} with {}: {seen}", row.feature, name(peer)));
                    "yes".into()
                }
                Some((.., Ok(Outcome::Absent { version, evidence }))) => {
                    let feature = row.feature;
                    notes.push(format!("  {feature}: {} ({version}) lacks it: {evidence}", name(peer)));
                    "absent".into()
                }
            };
            line.push_str(&format!("{mark:<10}"));
        }
        println!("{line}");
    }
    println!("\n{}", notes.join("\n"));
}
