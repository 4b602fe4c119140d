//! What may know what.

use crate::paths::{Named, module_of, paths};
use crate::source::Source;
use crate::tree::Tree;

const ENGINE: &str = "bgpd/engine/src/";
const CORE: &str = "ftcore/src/core/";

/// What nothing in `ftcore/src/core` may name: the kernel's edge, and whatever has a clock, a socket, a file, a thread
/// or a process in it.
const CORE_NEVER: [&[&str]; 14] = [
    &["crate", "sys"],
    &["libc"],
    &["rustix"],
    &["socket2"],
    &["std", "env"],
    &["std", "fs"],
    &["std", "os"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "net", "TcpListener"],
    &["std", "net", "TcpStream"],
    &["std", "net", "UdpSocket"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
];

/// A part of the engine and the other parts that it may name.
const ENGINE_PARTS: [(&str, &[&str]); 12] = [
    ("value", &[]),
    ("attr", &["value"]),
    ("wire", &["value", "attr"]),
    ("policy", &["value", "attr", "config"]),
    ("config", &["value", "attr", "policy"]),
    ("notice", &["value", "config"]),
    ("effect", &["value", "notice"]),
    ("input", &["value", "config"]),
    ("session", &["value", "attr", "wire", "config", "notice", "effect"]),
    ("rib", &["value", "attr", "wire", "policy", "config"]),
    ("snapshot", &["value", "session", "rib", "engine"]),
    (
        "engine",
        &[
            "value", "attr", "wire", "policy", "config", "notice", "effect", "input", "session", "rib",
            "snapshot",
        ],
    ),
];

/// A crate's folder and the crates that nothing in it may name.
pub const CRATES: [(&str, &[&str]); 4] = [
    ("bgpd/engine/", &["std", "bgpd", "fib", "ftcore", "tests", "tokio", "tracing", "log", "libc", "rustix"]),
    ("fib/", &["bgp_engine", "bgpd", "ftcore", "tests"]),
    ("ftcore/", &["bgp_engine", "bgpd", "fib", "tests"]),
    ("bgpd/", &["tests"]),
];

/// Every path along no arrow.
pub fn complaints(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in &tree.sources {
        let paths = paths(source);
        if source.path.starts_with(ENGINE) {
            complaints.extend(paths.iter().filter_map(|path| wrong_part(source, path)));
        }
        if source.path.starts_with(CORE) {
            complaints.extend(paths.iter().filter_map(|path| impure(source, path)));
        }
        complaints.extend(paths.iter().filter_map(|path| wrong_crate(source, path)));
    }
    complaints
}

/// A complaint where a part of the engine names a part that it must not know.
fn wrong_part(source: &Source, path: &Named) -> Option<String> {
    let [first, target, ..] = path.segments.as_slice() else { return None };
    let part = module_of(&source.path).into_iter().next()?;
    let is_part = ENGINE_PARTS.iter().any(|(name, _)| name == target);
    if first != "crate" || *target == part || !is_part {
        return None;
    }
    let Some((_, may)) = ENGINE_PARTS.iter().find(|(name, _)| *name == part) else {
        return Some(format!(
            "{}: `{part}` is new to the engine: say in ENGINE_PARTS of tests/tidy/arrows.rs what it may know",
            source.path
        ));
    };
    (!may.contains(&target.as_str())).then(|| {
        format!(
            "{}: `{}`: {part} may know {}, not {target}. Move the code to where both are known (engine.rs or \
             engine/), or give {part} what it needs as an argument",
            source.at(path.offset),
            path.text(),
            if may.is_empty() { "nothing else".to_owned() } else { may.join(", ") },
        )
    })
}

/// A complaint where the core names something that the simulator could not put another in the place of.
fn impure(source: &Source, path: &Named) -> Option<String> {
    let is = |never: &&[&str]| {
        never.len() <= path.segments.len() && never.iter().zip(&path.segments).all(|(a, b)| a == b)
    };
    CORE_NEVER.iter().any(is).then(|| {
        format!(
            "{}: `{}`: ftcore's core decides and touches nothing. Ask for it by a trait of core/kernel.rs or \
             core/memory.rs, or move the code to sys",
            source.at(path.offset),
            path.text()
        )
    })
}

/// A complaint where a crate names one that it must not know.
fn wrong_crate(source: &Source, path: &Named) -> Option<String> {
    let first = path.segments.first()?;
    // The engine's own integration tests are programs, and those of the daemon's crate are its users.
    if source.path.starts_with("bgpd/engine/tests/") && first == "std" {
        return None;
    }
    let (folder, never) = CRATES.iter().find(|(folder, _)| source.path.starts_with(folder))?;
    never.contains(&first.as_str()).then(|| {
        format!(
            "{}: `{}`: nothing in {folder} may know `{first}`. Pass it in as an input or an argument",
            source.at(path.offset),
            path.text()
        )
    })
}

/// What the engine's root must say for the build to prove its purity.
pub fn impurities(tree: &Tree) -> Vec<String> {
    let Some(root) = tree.source("bgpd/engine/src/lib.rs") else {
        return vec!["bgpd/engine/src/lib.rs is not there: the engine has no root".to_owned()];
    };
    let mut complaints: Vec<_> = ["#![no_std]", "#![forbid(unsafe_code)]"]
        .into_iter()
        .filter(|line| !root.code.lines().any(|code| code.trim() == *line))
        .map(|line| {
            format!("bgpd/engine/src/lib.rs: put `{line}` back: it is how the build proves the purity")
        })
        .collect();
    for source in tree.below(ENGINE) {
        let words = source.words();
        for three in words.windows(3) {
            let [(offset, "extern"), (_, "crate"), (_, name)] = three else { continue };
            if *name != "alloc" {
                complaints.push(format!(
                    "{}: `extern crate {name}`: the engine has core and alloc; what it needs of the outside is an \
                     input",
                    source.at(*offset)
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_about(path: &str, text: &str) -> usize {
        let source = Source::new(path.to_owned(), text.to_owned());
        let paths = paths(&source);
        paths.iter().filter(|path| wrong_part(&source, path).or(wrong_crate(&source, path)).is_some()).count()
    }

    #[test]
    fn a_path_against_an_arrow_is_found_in_every_form() {
        let rib = "bgpd/engine/src/rib/table/read.rs";
        assert_eq!(complaints_about(rib, "use crate::{session::State, value::Asn};"), 1);
        assert_eq!(complaints_about(rib, "use super::super::super::session;"), 1);
        assert_eq!(complaints_about(rib, "fn f() -> crate::engine::Peer {}"), 1);
        assert_eq!(complaints_about(rib, "use std::time::Instant;"), 1);
        assert_eq!(complaints_about(rib, "use super::facts; use crate::value; // crate::session::x"), 0);
        assert_eq!(complaints_about("bgpd/engine/src/engine/peer.rs", "use crate::session::State;"), 0);
        assert_eq!(complaints_about("fib/src/route.rs", "use bgp_engine::value::Net;"), 1);
    }
}
