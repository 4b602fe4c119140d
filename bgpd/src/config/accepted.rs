//! Lines that FRR's configuration files have and that need no effect here.

use crate::command::Lines;

/// Those lines, by what they begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// `frr version`.
    pub version: Kept,
    /// `log`.
    pub log: Kept,
    /// `service`.
    pub service: Kept,
    /// `password`.
    pub password: Kept,
    /// `enable password`.
    pub enable: Kept,
    /// `exec-timeout` in `line vty`.
    pub line_vty: Kept,
    /// `login` in `line vty`.
    pub line_login: Kept,
    /// `access-class` in `line vty`.
    pub line_access: Kept,
}

/// Lines of one kind, each once, in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept(Vec<String>);

impl Kept {
    /// Keeps a line.
    pub fn keep(&mut self, line: String) {
        if !self.0.contains(&line) {
            self.0.push(line);
        }
    }

    /// Keeps a line in the place of all others.
    pub fn replace(&mut self, line: String) {
        self.0 = vec![line];
    }

    /// Drops the lines that begin with the words of `beginning`, which may have a `no` before them.
    pub fn drop_beginning_with(&mut self, beginning: &str) {
        let beginning = beginning.strip_prefix("no ").unwrap_or(beginning);
        self.0.retain(|line| {
            line.strip_prefix(beginning).is_none_or(|rest| !(rest.is_empty() || rest.starts_with(' ')))
        });
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes them.
    pub fn write(&self, out: &mut Lines<'_>) {
        for line in &self.0 {
            out.line(format_args!("{line}"));
        }
    }
}
