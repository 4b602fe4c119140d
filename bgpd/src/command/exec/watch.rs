//! `watch COMMAND [SECONDS]`: what a command shows, again and again.

use super::VIEW;
use crate::command::{Args, Command, Form, Local, Nature, No, Outcome, Refusal, Run, Session};

/// How long between two pictures where nothing else is asked for.
const PAUSE_S: u32 = 2;
const LONGEST_PAUSE_S: u32 = 3600;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: VIEW, text: "watch LINE", no: No::Never }],
    help: "Show what a command answers, again and again",
    words: &[("LINE", "A command that shows something, and every how many seconds (2)")],
    run: Run::Session(watch),
};

fn watch(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Refusal> {
    let whole = args.word("LINE")?;
    let (command, pipe) = match whole.split_once("| ") {
        Some((command, pipe)) => (command.trim_end(), Some(pipe)),
        None => (whole, None),
    };
    let reads = |line: &str| session.nature(line) == Some(Nature::Reads);
    // A number at the end that is a part of the command is no pause.
    let number = command.rsplit_once(char::is_whitespace).filter(|_| !reads(command));
    let timed = number.and_then(|(line, number)| Some((line.trim_end(), number.parse::<u32>().ok()?)));
    let (line, pause_s) = timed.unwrap_or((command, PAUSE_S));
    if !reads(line) {
        return Err(Refusal::new(format!("'{line}' is no command that only shows something")));
    }
    if !(1..=LONGEST_PAUSE_S).contains(&pause_s) {
        return Err(Refusal::new(format!("{pause_s} is no pause: 1 to {LONGEST_PAUSE_S} seconds")));
    }
    let line = pipe.map_or(line.to_owned(), |pipe| format!("{line} | {pipe}"));
    Ok(Outcome::Shell(Local::Watch { line, pause_s }))
}
