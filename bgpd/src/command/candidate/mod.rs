//! Commands for changes that come into force as a whole: candidates, applied configurations, going back.

mod abort;
mod clear_session;
mod commit;
mod commit_check;
mod commit_confirmed;
mod configure_exclusive;
mod configure_private;
mod copy_startup_config;
mod discard;
mod rollback;
mod show_candidate;
mod show_compare;
mod show_history;
mod show_rollback;
mod show_rollback_compare;
mod show_sessions;

use super::commands;

/// The folder's commands. None of them is written in the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![
    configure_exclusive,
    configure_private,
    commit,
    commit_check,
    commit_confirmed,
    discard,
    abort,
    rollback,
    show_candidate,
    show_compare,
    show_history,
    show_rollback,
    show_rollback_compare,
    show_sessions,
    clear_session,
    copy_startup_config,
];

/// Words that these commands share.
const WORDS: &[(&str, &str)] = &[
    ("show", "Show running system information"),
    ("configuration", "Applied configurations and who is at work on one"),
    ("rollback", "An applied configuration"),
    ("compare", "In what two configurations differ"),
    ("json", "JavaScript Object Notation"),
    ("comment", "Say why"),
    ("LINE", "What the history shows beside it"),
    ("commit", "Put the candidate in force"),
    ("confirmed", "Go back by itself unless it is confirmed by another commit"),
    ("check", "Look at the candidate as a whole without putting it in force"),
];
