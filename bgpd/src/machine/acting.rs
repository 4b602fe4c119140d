//! What operators do with candidates and applied configurations, each a line of the log.

use std::sync::Arc;

use ftcore::core::input::Time;

use super::configured::{Configured, Done, obeyed, refused};
use super::editing::{Author, Candidate, How, MOST_CANDIDATES};
use crate::command::{CandidateAct, Hold};
use crate::config::Config;

/// What a session is told whose candidate is gone.
pub(super) const NO_CANDIDATE: &str = "% This session has no candidate any more: 'abort', and begin it anew";
const NOTHING: &str = "% There is no candidate: begin one with 'configure exclusive' or 'configure private'; each \
                       line of 'configure terminal' is in force at once";

/// Whose line it is.
pub(super) struct Who {
    pub(super) client: u64,
    /// The client has no name, so its next line will be another one's.
    pub(super) nameless: bool,
    pub(super) author: Author,
    pub(super) now: Time,
}

/// The modes before a line and after it.
pub(super) struct Modes {
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
}

/// That somebody holds the lock, in words.
pub(super) fn locked(by: &Candidate) -> String {
    format!(
        "% The configuration is held by {} with 'configure exclusive'; \
         'clear configuration session {}' drops what it has changed",
        by.holder(),
        by.number
    )
}

impl Configured {
    pub(super) fn act(&mut self, act: CandidateAct, hold: Option<Hold>, who: &Who, modes: Modes) -> Done {
        let Modes { before, after } = modes;
        match act {
            CandidateAct::Open(hold) => self.open(hold, who, after),
            CandidateAct::Close => match self.editing.candidate(who.client) {
                Some(candidate) if candidate.is_changed() => refused(
                    "% The candidate has changes that are not in force: 'commit' or 'abort' first; \
                     'show | compare' shows them",
                    before,
                ),
                _ => {
                    self.editing.drop_of(who.client);
                    obeyed("", after)
                }
            },
            CandidateAct::Abort => {
                self.editing.drop_of(who.client);
                obeyed("", after)
            }
            CandidateAct::Discard => self.discard(hold, who, after),
            CandidateAct::Check => match self.own(hold, who).and_then(|own| own.check(&self.config)) {
                Ok((_, doubts)) => obeyed(&format!("{doubts}The candidate can be put in force.\n"), after),
                Err(text) => refused(&text, after),
            },
            CandidateAct::Apply { comment, confirm_within_min } => {
                self.apply(hold, who, comment, confirm_within_min, after)
            }
            CandidateAct::Rollback(number) => self.roll_back(hold, who, number, after),
            CandidateAct::Drop(number) if self.editing.drop_session(number) => obeyed("", after),
            CandidateAct::Drop(number) => refused(
                &format!("% There is no session {number}: look with 'show configuration sessions'"),
                after,
            ),
        }
    }

    /// The session's own candidate.
    fn own(&self, hold: Option<Hold>, who: &Who) -> Result<&Candidate, String> {
        let Some(_) = hold else { return Err(NOTHING.to_owned()) };
        self.editing.candidate(who.client).ok_or_else(|| NO_CANDIDATE.to_owned())
    }

    fn open(&mut self, hold: Hold, who: &Who, mode: Vec<String>) -> Done {
        if who.nameless {
            return refused(
                "% A candidate needs a client with a name: key 'client' of the request",
                Vec::new(),
            );
        }
        // Its earlier one was left behind with a mode that it gave up.
        self.editing.drop_of(who.client);
        if let Some(lock) = self.editing.lock_against(who.client) {
            return refused(&locked(lock), Vec::new());
        }
        let others = self.editing.candidates();
        if others.len() >= MOST_CANDIDATES {
            let text = format!("% There are {MOST_CANDIDATES} candidates: 'show configuration sessions'");
            return refused(&text, Vec::new());
        }
        let at_work: String = others
            .iter()
            .map(|other| format!("warning: {} is at work on a private candidate\n", other.holder()))
            .collect();
        self.editing.open(who.client, hold, who.author.clone(), &self.config);
        let what = match hold {
            Hold::Exclusive => "Nobody else can change the configuration until this session is left.\n",
            Hold::Private => "Lines change a copy of your own; 'commit' puts it in force.\n",
        };
        obeyed(&format!("{at_work}{what}"), mode)
    }

    fn discard(&mut self, hold: Option<Hold>, who: &Who, mode: Vec<String>) -> Done {
        if let Err(text) = self.own(hold, who) {
            return refused(&text, mode);
        }
        let running = Arc::clone(&self.config);
        if let Some(candidate) = self.editing.candidate_mut(who.client) {
            candidate.go_on_with(&running, Arc::clone(&running));
        }
        obeyed("", mode)
    }

    fn apply(
        &mut self,
        hold: Option<Hold>,
        who: &Who,
        comment: Option<String>,
        confirm_within_min: Option<u32>,
        mode: Vec<String>,
    ) -> Done {
        if hold.is_none() && self.editing.confirm() {
            return obeyed("The configuration is confirmed.\n", mode);
        }
        let own = match self.own(hold, who) {
            Ok(own) => own,
            Err(text) => return refused(&text, mode),
        };
        let names_standby = own.names_standby;
        if !own.is_changed() && confirm_within_min.is_none() {
            let confirmed = self.editing.confirm();
            let text = if confirmed { "The configuration is confirmed.\n" } else { "Nothing has changed.\n" };
            return obeyed(text, mode);
        }
        if let Some(lock) = self.editing.lock_against(who.client) {
            return refused(&locked(lock), mode);
        }
        let (config, doubts) = match own.check(&self.config) {
            Ok(checked) => checked,
            Err(text) => return refused(&text, mode),
        };
        // What comes again is what was last confirmed, however many steps there were since.
        let before = self.editing.before_unconfirmed().unwrap_or_else(|| Arc::clone(&self.config));
        let changed = self.put_in_force(&config, How::Commit, who, comment);
        if names_standby {
            self.stand_by_as_configured();
        }
        let candidate = self.editing.candidate_mut(who.client);
        candidate.into_iter().for_each(|own| own.go_on_with(&config, Arc::clone(&config)));
        let number = self.editing.history().current().number;
        let text = match confirm_within_min {
            None => format!("{doubts}Configuration {number} is in force.\n"),
            Some(minutes) => {
                self.editing.await_confirmation(before, &config, minutes, who.now);
                let unit = if minutes == 1 { "minute" } else { "minutes" };
                format!(
                    "{doubts}Configuration {number} is in force for {minutes} {unit}: 'commit' confirms it, or \
                     what was before comes again.\n"
                )
            }
        };
        Done { changed, ..obeyed(&text, mode) }
    }

    /// Whether it is another one than before.
    fn put_in_force(&mut self, config: &Arc<Config>, how: How, who: &Who, comment: Option<String>) -> bool {
        if *self.config == **config {
            self.editing.confirm();
            return false;
        }
        if config.redundancy.mode != self.config.redundancy.mode {
            self.stand_by_as_configured();
        }
        self.editing.apply(&self.config, config, how, who.author.clone(), comment);
        self.config = Arc::clone(config);
        true
    }

    fn roll_back(&mut self, hold: Option<Hold>, who: &Who, number: usize, mode: Vec<String>) -> Done {
        let config = match self.editing.applied(number, &self.config) {
            Ok(config) => config,
            Err(text) => return refused(&format!("% {text}"), mode),
        };
        if hold.is_some() {
            let running = Arc::clone(&self.config);
            return match self.editing.candidate_mut(who.client) {
                Some(candidate) => {
                    candidate.go_on_with(&running, config);
                    obeyed(&format!("The candidate is configuration {number} now.\n"), mode)
                }
                None => refused(NO_CANDIDATE, mode),
            };
        }
        if let Some(lock) = self.editing.lock_against(who.client) {
            return refused(&locked(lock), mode);
        }
        let comment = Some(format!("rollback {number}"));
        if self.put_in_force(&config, How::Rollback, who, comment) {
            let now = self.editing.history().current().number;
            let text = format!("Configuration {now} is in force, which says what number {number} did.\n");
            return Done { changed: true, ..obeyed(&text, mode) };
        }
        obeyed("Nothing has changed.\n", mode)
    }
}
