//! How the running configuration is written: lines, of which a slice is kept.
//!
//! The text of a large configuration is not built whole. A writer runs over all of it and keeps only the lines
//! of one slice; the others are counted, not formatted.

use core::fmt::{Arguments, Display, Write};

/// Takes lines, keeps those of the slice.
#[derive(Debug)]
pub struct Lines<'o> {
    out: &'o mut String,
    skip: usize,
    seen: usize,
    room: usize,
    indent: &'static str,
    separated: bool,
}

impl<'o> Lines<'o> {
    /// A writer that drops the first `skip` lines and keeps the next `room`.
    pub fn new(out: &'o mut String, skip: usize, room: usize) -> Self {
        Lines { out, skip, seen: 0, room, indent: "", separated: true }
    }

    /// How many lines there are in all, so far.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen
    }

    fn write(&mut self, indent: &str, text: Arguments<'_>) {
        let at = self.seen;
        self.seen += 1;
        if at >= self.skip && at - self.skip < self.room {
            // Writing to a string does not fail.
            let _ = writeln!(self.out, "{indent}{text}");
        }
    }

    /// One line.
    pub fn line(&mut self, text: Arguments<'_>) {
        self.separated = false;
        self.write(self.indent, text);
    }

    /// A `!` where anything stands before it that is not separated yet.
    pub fn separate(&mut self) {
        if !self.separated {
            self.write(self.indent, format_args!("!"));
            self.separated = true;
        }
    }

    /// What `body` writes is one column deeper.
    pub fn block(&mut self, body: impl FnOnce(&mut Lines<'_>)) {
        let outer = self.indent;
        self.indent = if outer.is_empty() { " " } else { "  " };
        body(self);
        self.indent = outer;
    }
}

/// Takes the lines of one neighbor or peer group.
#[derive(Debug)]
pub struct PeerLines<'l, 'o> {
    lines: &'l mut Lines<'o>,
    name: &'l dyn DisplayDebug,
}

/// What a neighbor is called by.
pub trait DisplayDebug: Display + core::fmt::Debug {}

impl<T: Display + core::fmt::Debug> DisplayDebug for T {}

impl<'l, 'o> PeerLines<'l, 'o> {
    /// Lines of the neighbor called `name`.
    pub fn new(lines: &'l mut Lines<'o>, name: &'l dyn DisplayDebug) -> Self {
        PeerLines { lines, name }
    }

    /// `neighbor NAME text`.
    pub fn line(&mut self, text: Arguments<'_>) {
        self.lines.line(format_args!("neighbor {} {text}", self.name));
    }

    /// `no neighbor NAME text`.
    pub fn no(&mut self, text: Arguments<'_>) {
        self.lines.line(format_args!("no neighbor {} {text}", self.name));
    }
}
