//! What the line editor asks the shell for: completion on tab, help on `?`, `end` on Ctrl-Z.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event, EventContext, EventHandler,
    Helper, KeyCode, KeyEvent, Modifiers, RepeatCount,
};

use super::client::Client;
use crate::command::{Choice, Completion, Nature, Session};

/// How many lines are remembered.
pub(super) const HISTORY: usize = 1000;
/// How long a tab waits for a daemon that does not answer.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// The editor.
pub(super) type Lines = Editor<Typing, FileHistory>;

/// A key that ends the reading of the line though the line is not meant to be run, and what was typed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    /// `?`: the line to the left of the cursor and to its right.
    Help(String, String),
    /// Ctrl-Z.
    End,
}

/// Where such a key leaves word for the loop.
#[derive(Clone, Default)]
pub(super) struct Keys(Arc<Mutex<Option<Pressed>>>);

impl Keys {
    pub(super) fn take(&self) -> Option<Pressed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn press(&self, pressed: Pressed) -> Option<Cmd> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(pressed);
        Some(Cmd::AcceptLine)
    }
}

/// Such a key, and what it says of the line that is being typed.
struct Key(Keys, fn(&EventContext<'_>) -> Pressed);

impl ConditionalEventHandler for Key {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, typed: &EventContext<'_>) -> Option<Cmd> {
        self.0.press(self.1(typed))
    }
}

fn help(typed: &EventContext<'_>) -> Pressed {
    let (left, right) = typed.line().split_at(typed.pos());
    Pressed::Help(left.to_owned(), right.to_owned())
}

/// What the editor knows of the session.
pub(super) struct Typing {
    pub(super) session: Session,
    /// Whoever knows the names that are in use.
    names: Rc<RefCell<Client>>,
}

impl Helper for Typing {}
impl Hinter for Typing {
    type Hint = String;
}
impl Highlighter for Typing {}
impl Validator for Typing {}

impl Typing {
    pub(super) fn new(session: Session, client: &Client) -> Typing {
        Typing { session, names: Rc::new(RefCell::new(client.beside(PATIENCE))) }
    }

    /// The names in use that may stand at the end of a line and begin with `beginning`.
    fn names(&self, completion: &Completion, beginning: &str) -> Vec<String> {
        let Ok(mut client) = self.names.try_borrow_mut() else { return Vec::new() };
        let mut names = Vec::new();
        for kind in &completion.names {
            let mut text = String::new();
            let line = format!("show names {} {beginning}", kind.word());
            // Without a daemon there are no names, and keywords are completed all the same.
            let answer = client.ask(&line, Some(Nature::Reads), &mut |piece: &str| text.push_str(piece));
            if answer.is_ok() {
                names.extend(text.lines().map(str::to_owned));
            }
        }
        names
    }

    /// Where the word at the end of the line begins, and what it could become.
    pub(super) fn words(&self, line: &str) -> (usize, Vec<String>) {
        let completion = self.session.complete(line);
        let beginning = line.get(completion.start..).unwrap_or_default();
        let mut words = self.names(&completion, beginning);
        words.extend(
            completion.choices.iter().filter(|choice| choice.keyword).map(|choice| choice.shown.clone()),
        );
        words.sort_unstable();
        words.dedup();
        (completion.start, words)
    }
}

impl Completer for Typing {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, words) = self.words(line.get(..at).unwrap_or(line));
        let pair = |word: String| Pair { replacement: format!("{word} "), display: word };
        Ok((start, words.into_iter().map(pair).collect()))
    }
}

pub(super) fn editor(typing: Typing, keys: &Keys) -> Result<Lines, ReadlineError> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY)?
        .history_ignore_space(false)
        // As in FRR's shell: lines that are pasted are run, one after the other.
        .bracketed_paste(false)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(typing));
    let key = |key, modifiers| Event::from(KeyEvent(key, modifiers));
    let help = EventHandler::Conditional(Box::new(Key(keys.clone(), help)));
    editor.bind_sequence(key(KeyCode::Char('?'), Modifiers::NONE), help);
    let end = EventHandler::Conditional(Box::new(Key(keys.clone(), |_| Pressed::End)));
    editor.bind_sequence(key(KeyCode::Char('Z'), Modifiers::CTRL), end);
    Ok(editor)
}

/// What may stand at the end of the line, as FRR lays it out.
pub(super) fn help_text(session: &Session, line: &str) -> String {
    let choices = session.complete(line).choices;
    if choices.is_empty() {
        return "% There is no matched command.\n".to_owned();
    }
    let width = choices.iter().map(|choice| choice.shown.len()).max().unwrap_or_default();
    let row =
        |choice: &Choice| format!("  {:width$}  {}", choice.shown, choice.help).trim_end().to_owned() + "\n";
    choices.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn routing() -> Session {
        Session::restore(&["configure terminal", "router bgp 65001"]).unwrap()
    }

    #[test]
    fn help_is_laid_out_as_frr_does() {
        let session = routing();
        assert_eq!(help_text(&session, "neighbor 10.0.0.1 ti"), "  timers  BGP per neighbor timers\n");
        assert_eq!(
            help_text(&session, "bgp listen "),
            "  limit  Maximum number of BGP Dynamic Neighbors that can be created\n  \
               range  Configure BGP Dynamic Neighbors\n"
        );
        assert_eq!(help_text(&session, "nonsense "), "% There is no matched command.\n");
        assert_eq!(help_text(&session, "bgp always-compare-med "), "  <cr>\n");
    }

    #[test]
    fn tab_completes_keywords_of_the_mode_without_a_daemon() {
        let typing = Typing::new(routing(), &Client::new(Path::new("/nonexistent")));
        let (start, words) = typing.words("neighbor 10.0.0.1 rem");
        assert_eq!((start, words), (18, vec!["remote-as".to_owned(), "remove-private-AS".to_owned()]));
        let typing = Typing::new(Session::default(), &Client::new(Path::new("/nonexistent")));
        let (start, words) = typing.words("watch show bgp sum");
        assert_eq!((start, words), (15, vec!["summary".to_owned()]));
    }

    #[test]
    fn the_kinds_of_names_follow_from_the_words_before() {
        use crate::command::Names::{Interface, Ipv6PrefixList, Neighbor, PeerGroup, PrefixList, RouteMap};
        let kinds =
            |session: &Session, line: &str| -> Vec<_> { session.complete(line).names.into_iter().collect() };
        let router = routing();
        assert_eq!(kinds(&router, "neighbor "), [Neighbor, PeerGroup]);
        assert_eq!(kinds(&router, "neighbor 10.0.0.1 route-map R"), [RouteMap]);
        assert_eq!(kinds(&router, "neighbor 10.0.0.1 prefix-list "), [PrefixList]);
        assert_eq!(kinds(&router, "neighbor 10.0.0.1 peer-group "), [PeerGroup]);
        assert_eq!(kinds(&router, "neighbor 10.0.0.1 update-source "), [Interface]);
        let six = Session::restore(&["conf t", "router bgp 1", "address-family ipv6"]).unwrap();
        assert_eq!(kinds(&six, "neighbor 10.0.0.1 prefix-list "), [Ipv6PrefixList]);
        let exec = Session::default();
        assert_eq!(kinds(&exec, "show bgp neighbors "), [Neighbor]);
        assert_eq!(kinds(&exec, "show ipv6 prefix-list "), [Ipv6PrefixList]);
        assert_eq!(kinds(&exec, "show route-map "), [RouteMap]);
    }
}
