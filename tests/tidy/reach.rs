//! Dead files: Rust files that no root and no `mod` reaches.

use std::collections::BTreeSet;

use crate::source::Source;
use crate::tree::Tree;

/// Every file that nothing reaches, and every `mod` that reaches nothing.
pub fn complaints(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut reached = BTreeSet::new();
    let mut roots = Vec::new();
    for (name, text) in tree.texts.iter().filter(|(name, _)| name.ends_with("Cargo.toml")) {
        roots.extend(package_roots(tree, name.trim_end_matches("Cargo.toml"), text));
    }
    for root in &roots {
        follow(tree, root, folder(root), &mut reached, &mut complaints);
    }
    for source in tree.sources.iter().filter(|source| !reached.contains(source.path.as_str())) {
        complaints.push(format!(
            "{}: no `mod` names this file: name it where it belongs, or delete it",
            source.path
        ));
    }
    complaints
}

/// The files that cargo builds from: those that the manifest names and those where cargo looks by itself.
fn package_roots(tree: &Tree, folder: &str, manifest: &str) -> Vec<String> {
    let mut roots: Vec<_> = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("path = \"").and_then(|rest| rest.strip_suffix('"')))
        .map(|path| format!("{folder}{path}"))
        .collect();
    for source in &tree.sources {
        let Some(inside) = source.path.strip_prefix(folder) else { continue };
        let parts: Vec<_> = inside.split('/').collect();
        let is_root = matches!(
            parts.as_slice(),
            ["src", "lib.rs" | "main.rs"]
                | ["src", "bin", _]
                | ["tests" | "examples" | "benches", _]
                | ["tests" | "examples" | "benches", _, "main.rs"]
                | ["build.rs"]
        );
        if is_root {
            roots.push(source.path.clone());
        }
    }
    roots
}

/// The folder of a file.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Follows the modules that a file names, which lie in `inside`.
fn follow(
    tree: &Tree,
    path: &str,
    inside: &str,
    reached: &mut BTreeSet<String>,
    complaints: &mut Vec<String>,
) {
    if !reached.insert(path.to_owned()) {
        return;
    }
    let Some(source) = tree.source(path) else {
        complaints.push(format!("{path}: a manifest names this file and it is not there"));
        return;
    };
    for (offset, name) in modules(source) {
        let places = match path_attribute(source, offset) {
            Some(named) => vec![without_steps_up(&format!("{}/{named}", folder(path)))],
            None => vec![format!("{inside}/{name}.rs"), format!("{inside}/{name}/mod.rs")],
        };
        match places.iter().find(|place| tree.source(place).is_some()) {
            Some(place) if place.ends_with("/mod.rs") => {
                follow(tree, place, folder(place), reached, complaints);
            }
            Some(place) => follow(tree, place, place.trim_end_matches(".rs"), reached, complaints),
            None => complaints.push(format!("{}: module {name} has no file", source.at(offset))),
        }
    }
}

/// A path with its `..` gone.
fn without_steps_up(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// The modules that a file declares without a body, by `mod` or in the list of a `commands!`.
pub fn modules(source: &Source) -> Vec<(usize, &str)> {
    let words = source.words();
    let mut modules = Vec::new();
    for (place, (offset, word)) in words.iter().enumerate() {
        let after = source.rest(offset + word.len());
        if *word == "mod"
            && let Some((at, name)) = words.get(place + 1)
            && source.rest(at + name.len()).starts_with(';')
            && after.starts_with(name)
        {
            modules.push((*at, *name));
        }
        if *word == "commands" && after.starts_with("!(") {
            let open = offset + word.len() + source.code[offset + word.len()..].find('(').unwrap_or_default();
            let close = source.closing(open);
            modules.extend(words.iter().filter(|(at, _)| (open..close).contains(at)).copied());
        }
    }
    modules
}

/// The file that a `#[path = ".."]` above a module names.
fn path_attribute(source: &Source, offset: usize) -> Option<&str> {
    let (before, _) = source.text[..offset].trim_end().rsplit_once('\n')?;
    let line = before.lines().next_back()?.trim();
    line.strip_prefix("#[path = \"")?.strip_suffix("\"]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_nothing_names_is_found() {
        let file = |path: &str, text: &str| Source::new(path.to_owned(), text.to_owned());
        let tree = Tree {
            root: Default::default(),
            sources: vec![
                file("c/src/lib.rs", "mod a; mod list;"),
                file("c/src/a.rs", "mod b; // mod dead;"),
                file("c/src/a/b.rs", "mod tests { }"),
                file("c/src/dead.rs", ""),
                file("c/src/list/mod.rs", "commands!(\n one, two,\n);"),
                file("c/src/list/one.rs", ""),
                file("c/tests/story.rs", "#[path = \"../src/shared.rs\"]\nmod shared;"),
                file("c/src/shared.rs", ""),
            ],
            texts: vec![("c/Cargo.toml".to_owned(), String::new())],
        };
        let complaints = complaints(&tree).join("\n");
        assert!(complaints.contains("c/src/dead.rs") && complaints.contains("module two"), "{complaints}");
        assert_eq!(complaints.lines().count(), 2, "{complaints}");
    }
}
