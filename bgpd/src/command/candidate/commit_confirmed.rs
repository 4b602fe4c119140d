//! `commit confirmed`: puts the candidate in force, and what was before again unless a `commit` follows in time.

use crate::command::{CandidateAct, Command, Form, No, Operation, Place, Run};

/// How long there is to confirm where nothing is said, in minutes, as in Junos.
const USUAL_MIN: u32 = 10;

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: Place::CONFIGURING,
        text: "commit confirmed [(1-65535)$minutes] [comment LINE]",
        no: No::Never,
    }],
    help: "Put the candidate in force until it is confirmed",
    words: &[
        ("commit", "Put the candidate in force"),
        ("confirmed", "Go back by itself unless it is confirmed by another commit"),
        ("(1-65535)", "Minutes until then; 10 where nothing is said"),
        ("comment", "Say why"),
        ("LINE", "What the history shows beside it"),
    ],
    run: Run::Operation(|args| {
        let comment = args.text("LINE").map(str::to_owned);
        let confirm_within_min = Some(args.find("minutes").unwrap_or(USUAL_MIN));
        Ok(Operation::Candidate(CandidateAct::Apply { comment, confirm_within_min }))
    }),
};
