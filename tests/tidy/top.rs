//! What lies at the top of the repository.

use std::fs;

use crate::tree::Tree;

const FOLDERS: [&str; 5] = ["bgpd", "ftcore", "fib", "tests", "topologies"];
const FILES: [&str; 4] = ["Cargo.toml", "Cargo.lock", "LICENSE", "README.md"];

/// What is too much there, and what is missing. Files that git passes over, and dotfiles, are nobody's business.
pub fn complaints(tree: &Tree) -> Vec<String> {
    let ignored = tree.text(".gitignore");
    let entries = fs::read_dir(&tree.root).expect("the repository can be read");
    let present: Vec<_> = entries
        .map(|entry| entry.expect("the repository can be read").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !ignored.lines().any(|line| line == format!("/{name}")))
        .collect();
    let wanted: Vec<_> = FOLDERS.into_iter().chain(FILES).collect();
    let surplus = present.iter().filter(|name| !wanted.contains(&name.as_str()));
    let surplus =
        surplus.map(|name| format!("{name}: does not belong at the top: move it into one of {FOLDERS:?}"));
    let missing = wanted.iter().filter(|name| !present.iter().any(|present| present == *name));
    let missing = missing.map(|name| format!("{name}: is missing at the top"));
    surplus.chain(missing).collect()
}
