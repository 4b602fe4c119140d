//! The shell at a terminal: line editing, history, help on `?`, completion on tab, a pager.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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

use super::client::{Client, ClientError};
use super::output::Output;
use super::run_line;
use crate::command::{Choice, Nature, Session};

/// Pages where nothing else is asked for.
const PAGER: &str = "more";
/// How many lines are remembered.
const HISTORY: usize = 1000;

/// What the editor knows of the session.
struct Typing {
    session: Arc<Mutex<Session>>,
}

impl Typing {
    fn session(&self) -> Session {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Helper for Typing {}
impl Hinter for Typing {
    type Hint = String;
}
impl Highlighter for Typing {}
impl Validator for Typing {}

impl Completer for Typing {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let completion = self.session().complete(line.get(..at).unwrap_or(line));
        let keywords = completion.choices.into_iter().filter(|choice| choice.keyword);
        let pairs =
            keywords.map(|choice| Pair { replacement: format!("{} ", choice.shown), display: choice.shown });
        Ok((completion.start, pairs.collect()))
    }
}

/// `?` ends the reading of the line; the loop sees by the flag that help is wanted, and reads on.
struct Help(Arc<AtomicBool>);

impl ConditionalEventHandler for Help {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.store(true, Ordering::Relaxed);
        Some(Cmd::AcceptLine)
    }
}

/// Reads lines from the terminal and runs them, until the operator leaves.
///
/// # Errors
/// Where the terminal cannot be read. A line without an answer is said and does not end the shell.
pub fn run_interactive(client: &mut Client) -> Result<(), ReadlineError> {
    let session = Arc::new(Mutex::new(Session::default()));
    let help = Arc::new(AtomicBool::new(false));
    let mut editor = editor(&session, &help)?;
    let history = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".history_ftbgp"));
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    let mut output = Output::default();
    output.pager = std::env::var("VTYSH_PAGER").ok().filter(|pager| !pager.is_empty());
    if let Err(error) = client.ask("", Some(Nature::Reads), &mut |_: &str| {}) {
        eprintln!("{error}");
    }
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    let mut initial = String::new();
    loop {
        let here = Session::restore(client.mode()).unwrap_or_default();
        session.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&here);
        let prompt = here.prompt(client.host().unwrap_or(&machine));
        let line = match editor.readline_with_initial(&prompt, (&initial, "")) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                initial.clear();
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error),
        };
        if help.swap(false, Ordering::Relaxed) {
            print!("{}", help_text(&here, &line));
            initial = line;
            continue;
        }
        initial.clear();
        if !line.trim().is_empty() {
            // A line that cannot be remembered can be run all the same.
            let _ = editor.add_history_entry(line.as_str());
        }
        if here.nature(&line) == Some(Nature::Leaves) {
            break;
        }
        if !paging(&line, &mut output) {
            say(run_line(client, &line, &mut output));
        }
    }
    if let Some(path) = &history {
        let _ = editor.save_history(path);
    }
    Ok(())
}

fn say<T>(result: Result<T, ClientError>) {
    if let Err(error) = result {
        eprintln!("{error}");
    }
}

fn editor(
    session: &Arc<Mutex<Session>>,
    help: &Arc<AtomicBool>,
) -> Result<Editor<Typing, FileHistory>, ReadlineError> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY)?
        .history_ignore_space(false)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Typing { session: Arc::clone(session) }));
    let key = KeyEvent(KeyCode::Char('?'), Modifiers::NONE);
    editor.bind_sequence(key, EventHandler::Conditional(Box::new(Help(Arc::clone(help)))));
    Ok(editor)
}

/// Obeys the lines that are about this shell alone. Whether it was one.
fn paging(line: &str, output: &mut Output) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match words.as_slice() {
        ["terminal", "paginate"] => {
            output.pager = Some(std::env::var("VTYSH_PAGER").unwrap_or(PAGER.to_owned()))
        }
        ["no", "terminal", "paginate"] => output.pager = None,
        _ => return false,
    }
    true
}

/// What may stand at the end of the line, as FRR lays it out.
fn help_text(session: &Session, line: &str) -> String {
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
    use super::*;

    #[test]
    fn help_is_laid_out_as_frr_does() {
        let session = Session::restore(&["configure terminal", "router bgp 65001"]).unwrap();
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
    fn tab_completes_keywords_of_the_mode() {
        let session = Session::restore(&["configure terminal", "router bgp 65001"]).unwrap();
        let typing = Typing { session: Arc::new(Mutex::new(session)) };
        let history = rustyline::history::DefaultHistory::new();
        let (start, pairs) = typing.complete("neighbor 10.0.0.1 rem", 21, &Context::new(&history)).unwrap();
        let words: Vec<&str> = pairs.iter().map(|pair| pair.replacement.as_str()).collect();
        assert_eq!((start, words), (18, vec!["remote-as ", "remove-private-AS "]));
    }
}
