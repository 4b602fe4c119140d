//! `redundancy upgrade PATH`: the router goes on as another program.

use super::EXEC;
use super::redundancy_words::WORDS;
use crate::command::{Act, Command, Form, No, Operation, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "redundancy upgrade LINE$path", no: No::Never }],
    help: "Go on as the program in this file",
    words: WORDS,
    run: Run::Operation(|args| {
        let path = args.word("path")?;
        if path.starts_with('/') {
            Ok(Operation::Act(Act::Upgrade(path.into())))
        } else {
            Err(Refusal::new(format!("'{path}' does not begin at the root: write the whole path")))
        }
    }),
};
