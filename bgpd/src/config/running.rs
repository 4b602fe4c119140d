//! The text of what is in force, in FRR's order, a slice at a time.

use std::sync::Arc;

use super::Config;
use crate::command::{Lines, Run, top_level};

/// How many lines a slice has.
const SLICE: usize = 1000;

/// The slices of a configuration's text, one after the other.
#[derive(Debug)]
pub struct Running {
    config: Arc<Config>,
    written: usize,
    done: bool,
}

impl Running {
    /// Starts at the first line.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        Running { config, written: 0, done: false }
    }

    /// Whether nothing has been written yet.
    #[must_use]
    pub fn at_start(&self) -> bool {
        self.written == 0
    }
}

impl Iterator for Running {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.done {
            return None;
        }
        let mut text = String::new();
        let mut lines = Lines::new(&mut text, self.written, SLICE);
        write(&self.config, &mut lines);
        let all = lines.seen();
        self.written += SLICE;
        self.done = self.written >= all;
        (!text.is_empty()).then_some(text)
    }
}

/// The text of `config`, as slices of whole lines.
#[must_use]
pub fn running_config(config: &Config) -> Running {
    Running::new(Arc::new(config.clone()))
}

fn write(config: &Config, out: &mut Lines<'_>) {
    for command in top_level() {
        if let Run::Global(edit) | Run::Block { edit, .. } = &command.run {
            (edit.write)(config, out);
        }
    }
    out.separate();
}
