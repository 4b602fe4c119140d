//! The benchmark runs, every case, with small tables, and every receiver gets every route as it must be.
//!
//! Nothing is said about times here: a figure is present or it is not.

use std::process::Command;

use serde_json::Value;

/// The names of the cases in the JSON, each with a figure that it must have.
const CASES: [(&str, &str); 9] = [
    ("Load1", "rss_mb"),
    ("Load2", "cpu_s"),
    ("Load10", "wall_s"),
    ("Load100", "wall_s"),
    ("Withdraw", "wall_s"),
    ("Attributes", "wall_s"),
    ("ChangeIdle", "p99_ms"),
    ("ChangeLoading", "p50_ms"),
    ("Kernel", "p99_ms"),
];

/// Runs all cases at a five-hundredth of their size and gives the JSON.
fn measured(router: &str) -> Value {
    let file = std::env::temp_dir().join(format!("ftbgp-smoke-{}-{router}.json", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--scale", "0.002", "--limit", "60", "--daemons", router, "--json"])
        .arg(&file)
        .output()
        .expect("the benchmark starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    let text = std::fs::read_to_string(&file).expect("the benchmark writes its figures");
    let _ = std::fs::remove_file(&file);
    serde_json::from_str(&text).expect("the figures are JSON")
}

/// Each case has its figure.
fn complete(router: &str) {
    let figures = measured(router);
    for (case, figure) in CASES {
        let median = &figures["cases"][case][router]["median"];
        assert!(median[figure].is_number(), "{case} with {router}: {median}");
    }
    assert!(figures["versions"][router].is_string());
    assert_eq!(figures["tableDigests"]["One"].as_str().map(str::len), Some(16));
}

#[test]
fn every_case_completes_with_bird() {
    complete("bird");
}

#[test]
fn every_case_completes_with_ftbgpd() {
    complete("ftbgpd");
}

/// The takeovers' figures: every kind of hit with every way to stand by, and the costs.
#[test]
fn takeovers_are_measured() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["takeover", "--small"])
        .output()
        .expect("the benchmark starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    for standby in ["hot", "warm", "cold"] {
        for hit in ["SIGKILL, idle", "SIGKILL, during a load"] {
            let row = format!("| {standby} | 2000 | {hit} | ");
            assert!(said.contains(&row), "no row '{row}': {said}");
        }
    }
    for hit in ["hot | 2000 | SIGSTOP", "warm | 2000 | SIGSTOP"] {
        assert!(said.contains(hit), "no row '{hit}': {said}");
    }
    for figure in
        ["a new twin in step", "longest pause", "the primary's CPU", "memory of the pair", "lost | 0.00"]
    {
        assert!(said.contains(figure), "no '{figure}': {said}");
    }
}
