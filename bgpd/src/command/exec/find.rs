//! `find REGEX`: every command of every mode that matches.

use regex::Regex;

use crate::command::{Args, Command, Form, No, Operation, Outcome, Place, Refusal, Run, grammar};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &Place::ALL, text: "find LINE", no: No::Never }],
    help: "Find CLI command matching a regular expression",
    words: &[("LINE", "Search pattern (POSIX extended regex)")],
    run: Run::Session(|_, args| find(args)),
};

fn find(args: &Args<'_>) -> Result<Outcome, Refusal> {
    let wanted = args.word("LINE")?;
    let regex =
        Regex::new(wanted).map_err(|_| Refusal::new(format!("'{wanted}' is not a regular expression")))?;
    let mut rows = Vec::new();
    for place in Place::ALL {
        for entry in grammar().entries(place).iter().filter(|entry| regex.is_match(&entry.text)) {
            rows.push(format!("  ({})  {}\n", place.name(), entry.text));
        }
    }
    Ok(Outcome::Run(Operation::Text(rows.concat())))
}
