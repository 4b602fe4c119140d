//! Tables that must be whole: an attribute's file has its row, a command's file has its place in a list.

use std::collections::BTreeSet;

use crate::reach::modules;
use crate::source::Source;
use crate::tree::Tree;

const ATTRIBUTES: &str = "bgpd/engine/src/attr/";
const COMMANDS: &str = "bgpd/src/command/";

/// Files in `attr/` that are no attribute: what attributes are made of, and the one for codes without a row.
const NO_ATTRIBUTE: [&str; 8] = ["mod", "crash", "draft", "fault", "list", "save", "table", "unknown"];

/// Every attribute without a row, every command without a place.
pub fn complaints(tree: &Tree) -> Vec<String> {
    let mut complaints = attributes_without_row(tree);
    complaints.extend(commands_without_place(tree));
    complaints
}

fn attributes_without_row(tree: &Tree) -> Vec<String> {
    let table = tree.source(&format!("{ATTRIBUTES}table.rs")).expect("attr/ has its table");
    let attributes: BTreeSet<_> = tree
        .below(ATTRIBUTES)
        .filter_map(|source| source.path[ATTRIBUTES.len()..].split('/').next())
        .map(|part| part.trim_end_matches(".rs"))
        .filter(|part| !NO_ATTRIBUTE.contains(part))
        .collect();
    let mut complaints = Vec::new();
    for attribute in attributes {
        let folder = format!("{ATTRIBUTES}{attribute}");
        let files = tree.below(&folder).filter(|source| {
            let rest = &source.path[folder.len()..];
            rest == ".rs" || rest.starts_with('/')
        });
        let rows: Vec<_> = files.flat_map(rows).collect();
        if rows.is_empty() {
            complaints
                .push(format!("{folder}: an attribute's file has a const ROW: write one, or move the file"));
        }
        let missing = rows.iter().filter(|row| !table.code.contains(&format!("{attribute}::{row}")));
        complaints.extend(missing.map(|row| {
            format!("{folder}: {row} is not in the table: add `{attribute}::{row}` to ROWS in {ATTRIBUTES}table.rs")
        }));
    }
    complaints
}

/// The rows that a file defines.
fn rows(source: &Source) -> Vec<&str> {
    let words = source.words();
    let pairs = words.windows(2).filter(|pair| matches!(pair[0].1, "const" | "static"));
    let names = pairs.map(|pair| pair[1].1).filter(|name| *name == "ROW" || name.ends_with("_ROW"));
    names.filter(|name| *name != "NO_ROW").collect()
}

fn commands_without_place(tree: &Tree) -> Vec<String> {
    let root = tree.source(&format!("{COMMANDS}mod.rs")).expect("command/ has its root");
    let mut complaints = Vec::new();
    for list in
        tree.below(COMMANDS).filter(|source| source.path.ends_with("/mod.rs") && source.path != root.path)
    {
        let folder = list.path.trim_end_matches("mod.rs");
        let name = folder.trim_start_matches(COMMANDS).trim_end_matches('/');
        let listed: BTreeSet<_> = modules(list).into_iter().map(|(_, module)| module).collect();
        if list.code.contains("commands!(") && !root.code.contains(&format!("{name}::COMMANDS")) {
            complaints.push(format!(
                "{}: no grammar has this list: chain it in `lists` of {}",
                list.path, root.path
            ));
        }
        for source in tree.below(folder).filter(|source| source.path != list.path && defines_command(source))
        {
            let file = source.path[folder.len()..].trim_end_matches(".rs");
            if !listed.contains(file) {
                complaints.push(format!(
                    "{}: nobody can type this command: add `{file}` to the list in {}",
                    source.path, list.path
                ));
            }
        }
    }
    complaints
}

/// Whether a file defines a command, itself or by one of the folders' macros.
fn defines_command(source: &Source) -> bool {
    ["const COMMAND:", "flag!(", "number!(", "accepted!("].iter().any(|sign| source.code.contains(sign))
}
