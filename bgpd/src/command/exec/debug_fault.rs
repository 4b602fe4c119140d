//! `debug fault …`: lets a process fail as real ones do. In builds for tests only.

use super::EXEC;
use crate::command::{Act, Command, Form, No, Operation, Run};
use crate::machine::fault::{Fault, Victim};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "debug fault [twin] <panic|abort|segv|oom|deadlock|loop|exit|diverge|input> [after (0-4294967295)$entries]",
        no: No::Never,
    }],
    help: "Let a process fail",
    words: &[
        ("debug", "Debugging functions"),
        ("fault", "Let a process fail"),
        ("twin", "The twin, not the primary"),
        ("panic", "A panic"),
        ("abort", "SIGABRT"),
        ("segv", "An access to memory that is not there"),
        ("oom", "No more memory"),
        ("deadlock", "A lock that is never free"),
        ("loop", "A loop without end"),
        ("exit", "An exit that nobody ordered"),
        ("diverge", "Octets of a peer that are passed over"),
        ("input", "An input that kills whoever takes it"),
        ("after", "Not at once"),
        ("(0-4294967295)", "So many entries of the log later"),
    ],
    run: Run::Operation(|args| {
        let victim = if args.has("twin") { Victim::Twin } else { Victim::Primary };
        let fault = Fault::ALL.into_iter().find(|fault| args.has(fault.name())).unwrap_or(Fault::Panic);
        let after = args.find("entries").unwrap_or(0);
        Ok(Operation::Act(Act::Fault { victim, fault, after }))
    }),
};
