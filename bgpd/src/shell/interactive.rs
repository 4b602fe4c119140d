//! The shell at a terminal: lines are read, run and remembered until the operator leaves.

use std::path::{Path, PathBuf};

use rustyline::ExternalPrinter as _;
use rustyline::error::ReadlineError;
use rustyline::history::{History, SearchDirection};

use super::client::{Client, ClientError};
use super::editing::{Keys, Lines, Pressed, Typing, editor, help_text};
use super::monitor::Printer;
use super::output::print;
use super::{Shell, Then, interrupt, split_pipe};
use crate::command::{Local, Nature, Session, Switch};

/// What names the history's file, as for FRR's shell.
const HISTORY_VARIABLE: &str = "VTYSH_HISTFILE";
const HISTORY_FILE: &str = ".history_ftbgp";

/// Reads lines from the terminal and runs them, until the operator leaves.
///
/// # Errors
/// Where the terminal cannot be read. A line without an answer is said and does not end the shell.
pub fn run_interactive(client: Client) -> Result<(), ReadlineError> {
    let keys = Keys::default();
    let mut lines = editor(Typing::new(Session::default(), &client), &keys)?;
    let history = history_file();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = lines.load_history(path);
    }
    interrupt::listen()?;
    let mut shell = Shell::at_terminal(client);
    say(shell.client.ask("", Some(Nature::Reads), &mut |_: &str| {}).map(drop));
    print(&format!("\nHello, this is FTBGP (version {}).\n\n", crate::show::VERSION))?;
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    let (mut left, mut right) = (String::new(), String::new());
    loop {
        let here = shell.session();
        let prompt = here.prompt(shell.client.host().unwrap_or(&machine));
        if let Some(typing) = lines.helper_mut() {
            typing.session = here.clone();
        }
        let read = lines.readline_with_initial(&prompt, (&left, &right));
        (left, right) = (String::new(), String::new());
        let line = match read {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error),
        };
        let line = match keys.take() {
            Some(Pressed::Help(before, after)) => {
                print(&help_text(&here, &before))?;
                (left, right) = (before, after);
                continue;
            }
            // What was typed is dropped, as FRR's shell does.
            Some(Pressed::End) if here.nature("end").is_none() => continue,
            Some(Pressed::End) => "end".to_owned(),
            None => {
                remember(&mut lines, &line, history.as_deref());
                line
            }
        };
        if here.nature(&line) == Some(Nature::Leaves) {
            return Ok(());
        }
        say(run(&mut shell, &mut lines, &here, &line));
    }
}

/// Runs a line, which may be about the shell itself.
fn run(shell: &mut Shell, lines: &mut Lines, here: &Session, line: &str) -> Result<(), ClientError> {
    let piped = split_pipe(line).and_then(|(command, actions)| Some((here.local(command)?, actions)));
    let local = match piped {
        Some((Local::History, actions)) => match super::parse_actions(actions) {
            Ok(filters) => {
                shell.output.begin(filters);
                shell.output.write(&typed(lines));
                shell.output.finish();
                return Ok(());
            }
            Err(error) => {
                shell.refuse(&error.to_string());
                return Ok(());
            }
        },
        _ => here.local(line),
    };
    let Some(local) = local else { return shell.run(line).map(drop) };
    match shell.local(local)? {
        Then::Needs(Local::History) => {
            shell.output.begin(Vec::new());
            shell.output.write(&typed(lines));
            shell.output.finish();
        }
        Then::Needs(Local::Monitor(Switch::On)) => {
            let printer = printer(lines);
            shell.begin_monitor(printer);
        }
        Then::Needs(_) | Then::Done(_) => {}
    }
    Ok(())
}

/// Prints above the line that is being typed; where the terminal cannot do that, into it.
fn printer(lines: &mut Lines) -> Printer {
    match lines.create_external_printer() {
        Ok(mut printer) => Box::new(move |text| printer.print(text).is_ok()),
        Err(_) => Box::new(|text| print(&text).is_ok()),
    }
}

fn typed(lines: &Lines) -> String {
    let history = lines.history();
    let line = |at| history.get(at, SearchDirection::Forward).ok().flatten();
    (0..history.len()).filter_map(line).map(|found| format!("{}\n", found.entry)).collect()
}

/// A line that cannot be remembered can be run all the same.
fn remember(lines: &mut Lines, line: &str, file: Option<&Path>) {
    if !line.trim().is_empty()
        && lines.add_history_entry(line).unwrap_or(false)
        && let Some(path) = file
    {
        let _ = lines.append_history(path);
    }
}

fn history_file() -> Option<PathBuf> {
    let named = std::env::var_os(HISTORY_VARIABLE).map(PathBuf::from);
    let path =
        named.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(HISTORY_FILE)))?;
    // `/dev/null` is how FRR's shell is told to remember nothing.
    let usable = std::fs::metadata(&path).map_or(true, |there| there.is_file());
    usable.then_some(path)
}

fn say(result: Result<(), ClientError>) {
    if let Err(error) = result {
        eprintln!("{error}");
    }
}
