//! A configuration in the making.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Author, read, text};
use crate::command::Hold;
use crate::config::{Config, ConfigError, doubts, merge, reads_back};

/// What errors call it.
const NAME: &str = "candidate";

/// A configuration that somebody changes and that is not in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The session's number.
    pub number: u32,
    /// The client whose it is.
    pub client: u64,
    /// Whether others may change the configuration meanwhile.
    pub hold: Hold,
    /// Who began it, and when.
    pub author: Author,
    /// What was in force when it began, or when it was put in force the last time.
    pub base: Arc<Config>,
    /// What it says.
    pub config: Arc<Config>,
    /// One of its lines says how the twin stands by.
    pub(in crate::machine) names_standby: bool,
}

impl Candidate {
    pub(super) fn new(number: u32, client: u64, hold: Hold, author: Author, config: &Arc<Config>) -> Self {
        let (base, config) = (Arc::clone(config), Arc::clone(config));
        Candidate { number, client, hold, author, base, config, names_standby: false }
    }

    /// Whether it changes anything.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !Arc::ptr_eq(&self.base, &self.config) && self.base != self.config
    }

    /// It goes on as `config`, and what is changed from here on is changed in `base`.
    pub(in crate::machine) fn go_on_with(&mut self, base: &Arc<Config>, config: Arc<Config>) {
        (self.base, self.config) = (Arc::clone(base), config);
        self.names_standby = false;
    }

    /// What would be in force if it were put in force in the place of `running`, and what in it is hardly meant.
    pub(in crate::machine) fn check(&self, running: &Arc<Config>) -> Result<(Arc<Config>, String), String> {
        let unmoved = Arc::ptr_eq(&self.base, running) || self.base == *running;
        let config = if unmoved {
            Arc::clone(&self.config)
        } else {
            Arc::new(merge(&self.base, &self.config, running).map_err(|clashes| {
                let lines: String = clashes.iter().map(|clash| format!("%   {clash}\n")).collect();
                format!(
                    "% The configuration was changed meanwhile, and not everything goes together:\n{lines}\
                     % Look with 'show | compare'; write the lines as they are in force now, or begin anew with \
                     'discard'\n"
                )
            })?)
        };
        let text = text(&config);
        if let Err(errors) = reads_back(&config, NAME, &text) {
            return Err(errors.iter().map(|error| format!("% {error}\n")).collect());
        }
        let doubts = doubts(NAME, &text);
        Ok((config, doubts.iter().map(|doubt| format!("warning: {doubt}\n")).collect()))
    }

    /// Who holds the lock, in words.
    #[must_use]
    pub fn holder(&self) -> String {
        format!("{} (session {}, process {})", self.author.called(), self.number, self.author.pid)
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    number: u32,
    client: u64,
    hold: Hold,
    author: Author,
    base: String,
    /// `None` where it is the same.
    config: Option<String>,
    names_standby: bool,
}

impl Candidate {
    pub(super) fn save(&self) -> Saved {
        Saved {
            number: self.number,
            client: self.client,
            hold: self.hold,
            author: self.author.clone(),
            base: text(&self.base),
            config: self.is_changed().then(|| text(&self.config)),
            names_standby: self.names_standby,
        }
    }

    pub(super) fn restore(saved: Saved) -> Result<Candidate, Vec<ConfigError>> {
        let Saved { number, client, hold, author, base, config, names_standby } = saved;
        let base = read(&base)?;
        let config = config.map_or_else(|| Ok(Arc::clone(&base)), |text| read(&text))?;
        Ok(Candidate { number, client, hold, author, base, config, names_standby })
    }
}
