//! ADD-PATH (RFC 7911): two paths of one prefix from two ASes, both ways.

use tests::lab::speaker::{Route, Speaker};

use crate::matrix::Outcome;
use crate::world::{Plan, World};

/// Both of the feeder's paths arrive over one session, with different identifiers where these are shown.
pub(crate) fn both_ways(speaker: Speaker) -> Result<Outcome, String> {
    let feed = Some("as-path [ 65010 65020 ]".to_string());
    let world = World::start(speaker, Plan { add_path: true, feed, ..Plan::default() })?;
    let ours = ["65001 65010 65020", "65001 65011 65030"];
    world.wait("our two paths in their table", || {
        both(&world.their_paths("198.51.100.0/24", "10.0.1.1")?, &ours)
    })?;
    // ExaBGP passes nothing on: it says two paths of its own.
    let theirs = match speaker {
        Speaker::Exabgp => ["65002 65020", "65002 65021 65022"],
        _ => ["65002 65010 65020", "65002 65011 65030"],
    };
    world.wait("their two paths in our table", || {
        both(&world.our_paths("198.51.101.0/24", "10.0.1.2")?, &theirs)
    })?;
    Ok(Outcome::Works("two paths of one prefix each way".into()))
}

fn both(paths: &[Route], expected: &[&str]) -> Result<(), String> {
    let mut found: Vec<&str> = paths.iter().map(|route| route.as_path.as_str()).collect();
    found.sort_unstable();
    if found != expected {
        return Err(format!("paths {found:?} instead of {expected:?}"));
    }
    match (paths[0].path_id, paths[1].path_id) {
        (Some(one), Some(other)) if one == other => Err(format!("both paths have the identifier {one}")),
        _ => Ok(()),
    }
}
