//! `watch COMMAND`: what a command shows, painted again and again; what has changed since the last picture is marked.
//!
//! Of an answer only as much is asked for as the terminal has room for.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use super::answer::Hearer;
use super::client::ClientError;
use super::filter::{Chain, Filter};
use super::output::{harmless, print};
use super::protocol::Status;
use super::{Shell, interrupt, pages, parse_actions, split_pipe};
use crate::command::Nature;

/// How often Ctrl-C is looked for between two pictures.
const LOOK: Duration = Duration::from_millis(50);

/// The lines that there is room for.
struct Picture {
    chain: Chain,
    filters: Vec<Filter>,
    rows: usize,
    columns: usize,
    lines: Vec<String>,
    partial: String,
}

impl Picture {
    fn new(filters: &[Filter], rows: usize, columns: usize) -> Picture {
        let (chain, filters) = (Chain::new(filters), filters.to_vec());
        Picture { chain, filters, rows, columns, lines: Vec::new(), partial: String::new() }
    }

    fn add(&mut self, text: &str) {
        self.partial.push_str(text);
        while let Some(end) = self.partial.find('\n') {
            let line: String = self.partial.drain(..=end).collect();
            if self.lines.len() < self.rows {
                self.lines.push(harmless(line.trim_end()).chars().take(self.columns).collect());
            }
        }
    }

    fn finish(&mut self) {
        let rest = self.chain.finish();
        self.add(&rest);
        if !self.partial.is_empty() {
            self.add("\n");
        }
    }
}

impl Hearer for Picture {
    fn hear(&mut self, text: &str) {
        let passed = self.chain.push(text);
        self.add(&passed);
    }

    fn begin_anew(&mut self) {
        *self = Picture::new(&self.filters, self.rows, self.columns);
    }

    fn is_over(&self) -> bool {
        self.lines.len() >= self.rows || interrupt::came()
    }
}

/// Paints until Ctrl-C.
pub(super) fn watch(shell: &mut Shell, line: &str, pause_s: u32) -> Result<Status, ClientError> {
    let (command, filters) =
        match split_pipe(line).map(|(command, actions)| (command, parse_actions(actions))) {
            None => (line.to_owned(), Vec::new()),
            Some((command, Ok(filters))) if matches!(filters.first(), Some(Filter::Json(_))) => {
                (format!("{command} json"), filters)
            }
            Some((command, Ok(filters))) => (command.to_owned(), filters),
            Some((_, Err(error))) => return Ok(shell.refuse(&error.to_string())),
        };
    let mode = shell.client.mode().to_vec();
    interrupt::forget();
    let painted = paint_all(shell, line, &command, &filters, pause_s);
    shell.client.set_mode(mode);
    if io::stdout().is_terminal() {
        // Behind the picture, which stays.
        let _ = print("\n");
    }
    painted
}

fn paint_all(
    shell: &mut Shell,
    title: &str,
    command: &str,
    filters: &[Filter],
    pause_s: u32,
) -> Result<Status, ClientError> {
    let terminal = io::stdout().is_terminal();
    let mut before: Option<Vec<String>> = None;
    loop {
        let began = Instant::now();
        let (height, columns) = if terminal { pages::size() } else { (usize::MAX, usize::MAX) };
        let mut picture = Picture::new(filters, height.saturating_sub(3), columns);
        // It reads in every mode: the mode that `do` would run it in.
        shell.client.set_mode(Vec::new());
        let status = match shell.client.ask(command, Some(Nature::Reads), &mut picture) {
            Ok(end) => end.status,
            // Whoever watches wants to see the daemon come back.
            Err(error @ ClientError::Unreachable { .. }) if terminal => {
                picture.add(&format!("{error}\n"));
                Status::Obeyed
            }
            Err(error) => return Err(error),
        };
        picture.finish();
        if interrupt::came() {
            return Ok(Status::Obeyed);
        }
        let head = format!("Every {pause_s} s: {title}");
        let shown = if terminal {
            screen(&head, &picture, before.as_deref())
        } else {
            picture.lines.iter().map(|line| format!("{line}\n")).collect()
        };
        if print(&shown).is_err() || status == Status::Refused {
            return Ok(status);
        }
        before = Some(picture.lines);
        while began.elapsed() < Duration::from_secs(pause_s.into()) {
            if interrupt::came() {
                return Ok(Status::Obeyed);
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// The whole screen: what differs from the picture before is shown in reverse.
fn screen(head: &str, picture: &Picture, before: Option<&[String]>) -> String {
    // The first picture wipes what stood there; the others paint over it, so that nothing flickers.
    let mut screen = String::from(if before.is_some() { "\x1b[H" } else { "\x1b[H\x1b[2J" });
    let head: String = head.chars().take(picture.columns).collect();
    screen.push_str(&head);
    screen.push_str("\x1b[K\n\x1b[K\n");
    for (at, line) in picture.lines.iter().enumerate() {
        if at > 0 {
            screen.push('\n');
        }
        match before {
            Some(before) => marked(line, before.get(at).map_or("", String::as_str), &mut screen),
            None => screen.push_str(line),
        }
        screen.push_str("\x1b[K");
    }
    screen.push_str("\x1b[J");
    screen
}

fn marked(line: &str, before: &str, to: &mut String) {
    let mut old = before.chars();
    let mut in_reverse = false;
    for letter in line.chars() {
        let differs = old.next() != Some(letter) && letter != ' ';
        if differs != in_reverse {
            to.push_str(if differs { "\x1b[7m" } else { "\x1b[0m" });
            in_reverse = differs;
        }
        to.push(letter);
    }
    if in_reverse {
        to.push_str("\x1b[0m");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_no_larger_than_the_terminal_and_asks_for_no_more() {
        let mut picture = Picture::new(&[], 2, 4);
        picture.hear("one\nlonger than four\nth");
        assert!(picture.is_over());
        picture.finish();
        assert_eq!(picture.lines, ["one", "long"]);
    }

    #[test]
    fn what_has_changed_is_marked() {
        let mut out = String::new();
        marked("up 12 s", "up 11 s", &mut out);
        assert_eq!(out, "up 1\x1b[7m2\x1b[0m s");
        let mut picture = Picture::new(&[], 5, 80);
        picture.hear("a\nb\n");
        let first = screen("head", &picture, None);
        assert!(first.starts_with("\x1b[H\x1b[2Jhead\x1b[K\n"), "{first:?}");
        let second = screen("head", &picture, Some(&["a".to_owned()]));
        assert!(second.ends_with("\n\x1b[7mb\x1b[0m\x1b[K\x1b[J"), "{second:?}");
    }
}
