//! What operators see of candidates and applied configurations.
//!
//! What is long is written in slices, and what takes long, comparing, is made by the thread of `files`.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::clock;
use super::files::Composing;
use crate::command::{Hold, Look};
use crate::machine::{Applied, Candidate, Configured, Speaker, Told};
use crate::show::{Layout, Progress, Router, RunningConfig, Show, stamp};

/// How much of a text is a slice, in octets.
const SLICE: usize = 16 << 10;

/// What comes of a look.
pub(super) enum Looked {
    Text(String),
    Show(Box<dyn Show>),
    Composing(Composing),
    Refused(String),
}

/// A text that is there, written in slices.
#[derive(Debug)]
pub(super) struct Pieces {
    text: String,
    written: usize,
}

impl Pieces {
    pub(super) fn new(text: String) -> Pieces {
        Pieces { text, written: 0 }
    }
}

impl Show for Pieces {
    fn write_some(&mut self, _: &Router<'_>, out: &mut String) -> Progress {
        let rest = &self.text[self.written..];
        let end = rest.char_indices().map(|(at, _)| at).find(|at| *at >= SLICE).unwrap_or(rest.len());
        out.push_str(&rest[..end]);
        self.written += end;
        if self.written < self.text.len() { Progress::More } else { Progress::Done }
    }
}

/// Looks, for this client.
pub(super) fn look(look: Look, client: Option<u64>, speaker: &Speaker) -> Looked {
    let configured = speaker.configured();
    let (editing, running) = (configured.editing(), configured.config());
    let told = |number| {
        let missing =
            || format!("There is no configuration {number}: look with 'show configuration history'");
        editing.told(number, running).ok_or_else(missing)
    };
    let own = || {
        let none =
            || "This session has no candidate: 'configure exclusive' and 'configure private' begin one";
        client.and_then(|client| editing.candidate(client)).ok_or_else(|| none().to_owned())
    };
    let looked = match look {
        Look::Candidate => {
            own().map(|own| Looked::Show(Box::new(RunningConfig::of(Arc::clone(&own.config)))))
        }
        Look::Compare { with } => own().and_then(|own| {
            let new = Told::Config(Arc::clone(&own.config));
            Ok(Looked::Composing(Composing::Comparison { old: told(with)?, new }))
        }),
        Look::Applied(number) => told(number).map(|told| Looked::Composing(Composing::Text(told))),
        Look::AppliedSince(number) => told(number).map(|old| {
            let new = Told::Config(Arc::clone(running));
            Looked::Composing(Composing::Comparison { old, new })
        }),
        Look::History(layout) => Ok(Looked::Text(history(configured, layout))),
        Look::Sessions(layout) => Ok(Looked::Text(sessions(editing.candidates(), layout))),
    };
    looked.unwrap_or_else(Looked::Refused)
}

fn seconds_left(configured: &Configured) -> Option<u64> {
    let until = configured.editing().unconfirmed()?.until;
    Some(clock::until(bgp_engine::value::Instant::from_micros(until.0)).as_secs())
}

fn history(configured: &Configured, layout: Layout) -> String {
    let history = configured.editing().history();
    let all = || std::iter::once(history.current()).chain(history.earlier()).enumerate();
    let left = seconds_left(configured);
    if layout == Layout::Json {
        let entries: Vec<Value> = all().map(|(at, applied)| entry(at, applied)).collect();
        return text_of(&json!({ "history": entries, "secondsToConfirm": left }));
    }
    let mut out = String::new();
    if let Some(left) = left {
        let (minutes, seconds) = (left / 60, left % 60);
        let _ = writeln!(
            out,
            "Configuration 0 is in force for {minutes}:{seconds:02} more, unless 'commit' confirms it\n"
        );
    }
    let _ = writeln!(out, "No  Applied (UTC)        By               How          Comment");
    for (at, applied) in all() {
        let (when, by) = (stamp(applied.author.unix_ms), applied.author.called());
        let (how, comment) = (applied.how.name(), applied.comment.as_deref().unwrap_or_default());
        let row = format!("{at:<3} {when:<20} {by:<16} {how:<12} {comment}");
        let _ = writeln!(out, "{}", row.trim_end());
    }
    out
}

fn entry(at: usize, applied: &Applied) -> Value {
    let Applied { number, how, author, comment } = applied;
    json!({
        "number": at, "id": number, "time": author.unix_ms, "user": author.called(), "uid": author.uid,
        "pid": author.pid, "how": how.name(), "comment": comment,
    })
}

fn sessions(candidates: &[Candidate], layout: Layout) -> String {
    let kind = |candidate: &Candidate| match candidate.hold {
        Hold::Exclusive => "exclusive",
        Hold::Private => "private",
    };
    if layout == Layout::Json {
        let entry = |candidate: &Candidate| {
            let author = &candidate.author;
            json!({
                "session": candidate.number, "kind": kind(candidate), "user": author.called(), "uid": author.uid,
                "pid": author.pid, "since": author.unix_ms, "changed": candidate.is_changed(),
            })
        };
        let entries: Vec<Value> = candidates.iter().map(entry).collect();
        return text_of(&json!({ "sessions": entries }));
    }
    if candidates.is_empty() {
        return "Nobody is at work on a candidate.\n".to_owned();
    }
    let mut out = "Session  Kind       By               Process  Since (UTC)          Changed\n".to_owned();
    for candidate in candidates {
        let author = &candidate.author;
        let (number, pid) = (candidate.number, author.pid);
        let (kind, by, since) = (kind(candidate), author.called(), stamp(author.unix_ms));
        let changed = if candidate.is_changed() { "yes" } else { "no" };
        let _ = writeln!(out, "{number:<8} {kind:<10} {by:<16} {pid:<8} {since:<20} {changed}");
    }
    out
}

fn text_of(value: &Value) -> String {
    // A value that was made here has no key that is no text.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
