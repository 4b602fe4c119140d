//! Where answers go: to standard output, through filters and a pager where there are any.

use std::io::{self, IsTerminal, Write};
use std::process::{Child, Command, Stdio};

use super::answer::{ANEW, Hearer};
use super::filter::{Chain, Filter};
use super::interrupt;
use super::pages::{Pages, Wish};

/// How an answer is paged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Paging {
    /// Not at all.
    #[default]
    Off,
    /// By a command that reads it.
    Command(String),
    /// Here, so many lines at a time; as many as the terminal has where no number is given.
    Here(Option<usize>),
}

/// Standard output, as one answer after the other sees it.
#[derive(Debug, Default)]
pub(super) struct Output {
    filters: Vec<Filter>,
    chain: Chain,
    pub(super) paging: Paging,
    child: Option<Child>,
    pages: Option<Pages>,
    /// Nobody reads any more; the rest of the answer is dropped.
    closed: bool,
    /// An operator at the keys can break an answer off, and a terminal must not be told what to do by what a
    /// neighbor has sent.
    at_terminal: bool,
}

impl Output {
    /// The output of a shell that an operator types into.
    pub(super) fn at_terminal() -> Output {
        Output { at_terminal: true, ..Output::default() }
    }

    /// An answer begins.
    pub(super) fn begin(&mut self, filters: Vec<Filter>) {
        self.chain = Chain::new(&filters);
        self.filters = filters;
        self.closed = false;
        self.pages = match self.paging {
            Paging::Here(rows) if io::stdout().is_terminal() => Some(Pages::new(rows)),
            _ => None,
        };
        if self.at_terminal {
            interrupt::forget();
        }
    }

    /// Starts the pager, which is for answers that say something.
    fn page(&mut self) {
        let Paging::Command(pager) = &self.paging else { return };
        if self.child.is_some() {
            return;
        }
        let started = Command::new("/bin/sh").arg("-c").arg(pager).stdin(Stdio::piped()).spawn();
        match started {
            Ok(child) => self.child = Some(child),
            Err(error) => {
                eprintln!("% Cannot start the pager '{pager}': {error}; going on without");
                self.paging = Paging::Off;
            }
        }
    }

    /// A piece of the answer.
    pub(super) fn write(&mut self, text: &str) {
        let passed = self.chain.push(text);
        self.put(&passed);
    }

    /// The answer ends.
    pub(super) fn finish(&mut self) {
        let rest = self.chain.finish();
        if !self.is_over() {
            self.put(&rest);
        }
        self.pages = None;
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            if let Err(error) = child.wait() {
                eprintln!("% The pager is lost: {error}");
            }
        }
    }

    fn put(&mut self, text: &str) {
        if self.is_over() || text.is_empty() {
            return;
        }
        self.page();
        let written = match (self.child.as_mut().and_then(|child| child.stdin.as_mut()), &mut self.pages) {
            (Some(pager), _) => pager.write_all(text.as_bytes()),
            (None, Some(pages)) => match pages.put(&harmless(text)) {
                Ok(Wish::Quit) => Err(io::ErrorKind::BrokenPipe.into()),
                Ok(Wish::More) => Ok(()),
                Err(error) => Err(error),
            },
            (None, None) if self.at_terminal => print(&harmless(text)),
            (None, None) => print(text),
        };
        self.closed = written.is_err();
    }
}

/// Writes to standard output, at once.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
}

/// The text without letters that a terminal obeys.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '?' } else { c }).collect()
}

impl Hearer for Output {
    fn hear(&mut self, text: &str) {
        self.write(text);
    }

    /// The filters begin anew as well: what they pass on is of one answer.
    fn begin_anew(&mut self) {
        self.chain = Chain::new(&self.filters);
        self.put(ANEW);
    }

    fn is_over(&self) -> bool {
        self.closed || (self.at_terminal && interrupt::came())
    }
}
