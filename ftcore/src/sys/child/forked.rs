//! Trying an entry that may have killed the primary, in a forked child.

use std::time::Duration;

use crate::core::machine::Machine;
use crate::core::state::State;
use crate::core::trial::{Attempt, Trial, Tried};
use crate::sys::trial::{self, Limits, Outcome};

/// Tries in a forked child, within limits.
#[derive(Clone, Copy, Debug)]
pub struct ForkedTrial {
    limits: Limits,
}

impl Default for ForkedTrial {
    fn default() -> Self {
        ForkedTrial { limits: Limits { within: Duration::from_millis(500), memory_octets: 1 << 30 } }
    }
}

impl<M: Machine> Trial<M> for ForkedTrial {
    fn run(&mut self, state: &mut State<M>, attempt: &Attempt<'_>) -> Tried {
        let tried = trial::run(self.limits, |progress| {
            let fits = attempt.run(state, &mut |piece| progress.say(u64::from(piece)));
            match fits {
                Ok(()) => Vec::new(),
                Err(_) => std::process::abort(),
            }
        });
        let died = |progress: u64| Tried::Died { reached: u32::try_from(progress).unwrap_or(u32::MAX) };
        match tried {
            Ok(Outcome::Survived(_)) => Tried::Survived,
            Ok(Outcome::Died { progress, .. } | Outcome::TookTooLong { progress }) => died(progress),
            // Where nothing can be tried, nothing is known against it.
            Err(error) => {
                tracing::error!("no entry can be tried: {error}");
                Tried::Survived
            }
        }
    }
}
