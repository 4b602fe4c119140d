//! Where answers go: to standard output, through a filter and a pager where there is one.

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

use super::answer::{ANEW, Hearer};
use super::filter::{Filter, Filtering};

/// Standard output, as one answer after the other sees it.
#[derive(Debug, Default)]
pub(super) struct Output {
    filter: Option<Filter>,
    filtering: Option<Filtering>,
    /// The command that pages, where answers are paged.
    pub(super) pager: Option<String>,
    child: Option<Child>,
    /// Nobody reads any more; the rest of the answer is dropped.
    closed: bool,
}

impl Output {
    /// An answer begins.
    pub(super) fn begin(&mut self, filter: Option<Filter>) {
        self.filtering = filter.clone().map(Filtering::new);
        self.filter = filter;
        self.closed = false;
    }

    /// Starts the pager, which is for answers that say something.
    fn page(&mut self) {
        let Some(pager) = self.pager.as_ref().filter(|_| self.child.is_none()) else { return };
        let started = Command::new("/bin/sh").arg("-c").arg(pager).stdin(Stdio::piped()).spawn();
        match started {
            Ok(child) => self.child = Some(child),
            Err(error) => {
                eprintln!("% Cannot start the pager '{pager}': {error}; going on without");
                self.pager = None;
            }
        }
    }

    /// A piece of the answer.
    pub(super) fn write(&mut self, text: &str) {
        match &mut self.filtering {
            Some(filtering) => {
                let mut passed = String::new();
                filtering.push(text, &mut passed);
                self.put(&passed);
            }
            None => self.put(text),
        }
    }

    /// The answer ends.
    pub(super) fn finish(&mut self) {
        if let Some(mut filtering) = self.filtering.take() {
            let mut rest = String::new();
            filtering.finish(&mut rest);
            self.put(&rest);
        }
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            if let Err(error) = child.wait() {
                eprintln!("% The pager is lost: {error}");
            }
        }
    }

    fn put(&mut self, text: &str) {
        if self.closed || text.is_empty() {
            return;
        }
        self.page();
        let written = match self.child.as_mut().and_then(|child| child.stdin.as_mut()) {
            Some(pager) => pager.write_all(text.as_bytes()),
            None => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
            }
        };
        self.closed = written.is_err();
    }
}

impl Hearer for Output {
    fn hear(&mut self, text: &str) {
        self.write(text);
    }

    /// The filter begins anew as well: what it passes on is of one answer.
    fn begin_anew(&mut self) {
        self.filtering = self.filter.clone().map(Filtering::new);
        self.put(ANEW);
    }
}
