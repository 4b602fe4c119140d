//! Real tables and update streams go through a router and come out complete and equal.
//!
//! BIRD goes first: it shows that the expectation, computed from the files, is what a router does that nobody here
//! wrote. Then ftbgpd. `bench realtables --all` sends every table and stream. Needs root, and `ftbgpd` built.

use tests::bench::daemons::{Daemon, Kind};
use tests::mrt::replay::{self, Feed, Report};

/// Sends one feed of each kind through a router.
fn pass_on(kind: Kind) -> Vec<Report> {
    let daemon = Daemon::alone(kind, kind.default_program());
    let mut reports = Vec::new();
    for feeds in Feed::one_of_each_kind() {
        let passed_on = replay::run(&daemon, &feeds, |report| {
            println!("{}: {report}", kind.name());
            reports.push(report);
        });
        if let Err(failure) = passed_on {
            panic!("{}: {failure}", kind.name());
        }
    }
    reports
}

/// The number of routes that came out for the feed of this name.
fn routes(reports: &[Report], name: &str) -> usize {
    reports.iter().find(|report| report.name == name).map_or(0, |report| report.routes)
}

#[test]
fn bird_passes_on_real_tables_as_computed_from_the_files() {
    let reports = pass_on(Kind::Bird);
    assert_eq!(reports.len(), 72);
    assert_eq!(routes(&reports, "Transfer2015"), 577_623);
    assert_eq!(routes(&reports, "Slice2015V6"), 6_321);
}

#[test]
fn ftbgpd_passes_on_real_tables_as_computed_from_the_files() {
    let reports = pass_on(Kind::Ftbgpd);
    assert_eq!(reports.len(), 72);
    assert_eq!(routes(&reports, "Transfer2015"), 577_442);
    assert_eq!(routes(&reports, "updates-2026.mrt.bz2 198.129.33.85"), 2_792);
    assert_eq!(routes(&reports, "updates-2013.mrt.bz2 4.69.184.193 (2-octet AS)"), 2_995);
}
