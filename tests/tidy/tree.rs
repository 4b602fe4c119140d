//! The repository's files, read once.

use std::fs;
use std::path::{Path, PathBuf};

use crate::source::Source;

/// Folders with no file of ours: what is built, and what was captured elsewhere.
const PASSED_OVER: [&str; 3] = ["target", ".git", "tests/data"];

/// The files of the repository.
pub struct Tree {
    /// The repository's folder.
    pub root: PathBuf,
    /// Every Rust file, by its path from the root, in order.
    pub sources: Vec<Source>,
    /// Every other file that is text, by its path from the root, in order.
    pub texts: Vec<(String, String)>,
}

impl Tree {
    /// Reads the tree that this test lies in.
    pub fn read() -> Tree {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository");
        let mut tree = Tree { root: root.to_owned(), sources: Vec::new(), texts: Vec::new() };
        tree.descend(root);
        assert!(tree.sources.len() > 50, "hardly a source file under {}", root.display());
        tree
    }

    fn descend(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut entries: Vec<_> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
        entries.sort();
        for entry in entries {
            let name = entry.strip_prefix(&self.root).expect("below the root").to_string_lossy().into_owned();
            let last = entry.file_name().unwrap_or_default();
            if PASSED_OVER.iter().any(|over| name == *over || last == *over) || entry.is_symlink() {
                continue;
            }
            if entry.is_dir() {
                self.descend(&entry);
            } else if let Ok(text) = String::from_utf8(fs::read(&entry).unwrap_or_default()) {
                if name.ends_with(".rs") {
                    self.sources.push(Source::new(name, text));
                } else {
                    self.texts.push((name, text));
                }
            }
        }
    }

    /// The Rust file at this path.
    pub fn source(&self, path: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.path == path)
    }

    /// The Rust files below this folder.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Source> {
        self.sources.iter().filter(move |source| source.path.starts_with(folder))
    }

    /// The text of this file, which must be there.
    pub fn text(&self, path: &str) -> &str {
        let found = self.texts.iter().find(|(name, _)| name == path);
        &found.unwrap_or_else(|| panic!("{path} is not there")).1
    }
}
