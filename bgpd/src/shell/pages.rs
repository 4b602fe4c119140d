//! The pager that is built in: after each page a key is waited for.

use std::io;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use super::output::print;

/// What is shown while a key is waited for.
const PROMPT: &str = "\x1b[7m--More--\x1b[0m";
const WIPE: &str = "\r\x1b[K";
/// Rows and columns of a terminal that does not say.
const USUAL: (usize, usize) = (24, 80);

/// Whether the operator wants to see more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Yes.
    More,
    /// No.
    Quit,
}

/// An answer on its way to the terminal, page by page.
#[derive(Debug)]
pub(super) struct Pages {
    /// Rows of text on a page.
    rows: usize,
    columns: usize,
    /// How many rows may be shown before a key is waited for.
    room: usize,
    /// The beginning of a line whose end has not come.
    partial: String,
}

/// Rows and columns of the terminal that standard output is.
pub(super) fn size() -> (usize, usize) {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_row > 1 && size.ws_col > 1 => (size.ws_row.into(), size.ws_col.into()),
        _ => USUAL,
    }
}

impl Pages {
    /// Pages of so many lines, or as the terminal has them.
    pub(super) fn new(lines: Option<usize>) -> Pages {
        let (height, columns) = size();
        // One row is the prompt's.
        let rows = lines.unwrap_or(height - 1).max(1);
        Pages { rows, columns, room: rows, partial: String::new() }
    }

    /// Shows text, with a stop after each page.
    pub(super) fn put(&mut self, text: &str) -> io::Result<Wish> {
        for line in text.split_inclusive('\n') {
            let whole = self.partial.chars().count() + line.chars().count();
            let rows = whole.saturating_sub(1).max(1).div_ceil(self.columns);
            if self.partial.is_empty() && self.room < rows.min(self.rows) && self.stop()? == Wish::Quit {
                return Ok(Wish::Quit);
            }
            print(line)?;
            if line.ends_with('\n') {
                self.room = self.room.saturating_sub(rows);
                self.partial.clear();
            } else {
                self.partial.push_str(line);
            }
        }
        Ok(Wish::More)
    }

    /// Waits for a key.
    fn stop(&mut self) -> io::Result<Wish> {
        print(PROMPT)?;
        let key = key();
        print(WIPE)?;
        Ok(match key? {
            // Ctrl-C, Ctrl-D, and `q` as in every pager.
            None | Some(b'q' | b'Q' | 3 | 4) => Wish::Quit,
            Some(b'\r' | b'\n' | b'j') => {
                self.room = 1;
                Wish::More
            }
            Some(b'G' | b'a') => {
                self.room = usize::MAX;
                Wish::More
            }
            Some(_) => {
                self.room = self.rows;
                Wish::More
            }
        })
    }
}

/// The terminal's own way, which comes back at the end.
struct Raw(Termios);

impl Drop for Raw {
    fn drop(&mut self) {
        // There is nothing to be done about a terminal that has gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}

/// One key, without waiting for a newline; `None` at the end of the input.
fn key() -> io::Result<Option<u8>> {
    let before = tcgetattr(io::stdin())?;
    let mut raw = before.clone();
    raw.make_raw();
    let _raw = Raw(before);
    tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?;
    let mut octet = [0];
    // Past the standard library, which would read ahead what is typed for the next prompt.
    let count = rustix::io::read(io::stdin(), &mut octet)?;
    Ok((count == 1).then_some(octet[0]))
}
