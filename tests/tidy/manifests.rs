//! What the manifests say: crates depend along the arrows, versions stand in the root's table alone.

use crate::arrows::CRATES;
use crate::tree::Tree;

/// The fuzz targets are a workspace of their own, as cargo-fuzz wants it, and cannot take from the root's table.
const OWN_WORKSPACE: &str = "tests/fuzz/Cargo.toml";

/// Every dependency against an arrow, and every version outside of the root.
pub fn complaints(tree: &Tree) -> Vec<String> {
    let manifests = tree.texts.iter().filter(|(name, _)| name.ends_with("/Cargo.toml"));
    let mut complaints = Vec::new();
    for (name, text) in manifests.filter(|(name, _)| name != OWN_WORKSPACE) {
        let folder = name.trim_end_matches("Cargo.toml");
        let never =
            CRATES.iter().find(|(crate_folder, _)| *crate_folder == folder).map_or(&[][..], |row| row.1);
        for (number, key, value) in dependencies(text) {
            if never.contains(&key.replace('-', "_").as_str()) {
                complaints.push(format!("{name}:{number}: {folder} may not depend on {key}: remove it"));
            }
            if value.starts_with('"') || value.contains("version =") || value.contains("path =") {
                complaints.push(format!(
                    "{name}:{number}: put {key} into [workspace.dependencies] of the root and write \
                     `{key}.workspace = true` here"
                ));
            }
        }
        if !text.contains("version.workspace = true") {
            complaints
                .push(format!("{name}: the package's version is the workspace's: version.workspace = true"));
        }
    }
    complaints
}

/// The lines of a manifest's dependency tables: number, crate, what is said of it.
fn dependencies(text: &str) -> Vec<(usize, &str, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            inside = line.trim_end_matches(']').ends_with("dependencies");
        } else if inside && let Some((key, value)) = line.split_once('=') {
            found.push((at + 1, key.trim().split('.').next().unwrap_or_default(), value.trim()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_dependencies_are_read() {
        let text = "[package]\nversion = \"1\"\n[dependencies]\na.workspace = true\nb = \"2\"\n\
                    [dev-dependencies]\nc = { version = \"3\" }\n[lints]\nworkspace = true\n";
        let expected = [(4, "a", "true"), (5, "b", "\"2\""), (7, "c", "{ version = \"3\" }")];
        assert_eq!(dependencies(text), expected);
    }
}
