//! Who is at work on a candidate is a process: when it is gone, so is its candidate, and the lock with it.
//!
//! A connection that ends says nothing of that kind, since all of them end in a takeover. What is watched is the process that
//! the kernel said it was when the candidate was begun; one that this machine cannot see is not watched, and an
//! operator drops its candidate (`clear configuration session`).

use std::collections::BTreeMap;
use std::time::Duration;

use bgp_engine::value::Instant;
use ftcore::sys::process::Pidfd;

use super::clock;
use super::router::Serving;
use crate::machine::OwnInput;

/// How often it is looked who is there while nobody asks for anything.
const OFTEN: Duration = Duration::from_secs(1);

/// The processes of those who are at work.
#[derive(Default)]
pub(super) struct Editors {
    /// By the session's number; `None` where it cannot be watched.
    watched: BTreeMap<u32, Option<Pidfd>>,
}

impl Editors {
    /// Drops the candidates of those who are gone.
    pub(super) fn look(&mut self, serving: &mut Serving) {
        let candidates = serving.primary.machine().configured().editing().candidates();
        if candidates.is_empty() {
            self.watched.clear();
            return;
        }
        self.watched.retain(|number, _| candidates.iter().any(|candidate| candidate.number == *number));
        let mut gone = Vec::new();
        for candidate in candidates {
            let (pid, number) = (candidate.author.pid, candidate.number);
            let is_over = match self.watched.get(&number) {
                Some(watched) => watched.as_ref().is_some_and(Pidfd::is_over),
                None if pid == 0 => {
                    self.watched.insert(number, None);
                    false
                }
                None => match Pidfd::open(pid) {
                    Ok(process) => {
                        let is_over = process.is_over();
                        self.watched.insert(number, Some(process));
                        is_over
                    }
                    // There is no such process: it ended while another one was primary.
                    Err(_) => true,
                },
            };
            if is_over {
                tracing::info!("the process of {} is gone, and its candidate with it", candidate.holder());
                gone.push(candidate.client);
            }
        }
        for client in gone {
            serving.take(&OwnInput::EditorGone(client));
        }
    }

    /// When it is to be looked again.
    pub(super) fn deadline(&self, serving: &Serving) -> Option<Instant> {
        let often = u64::try_from(OFTEN.as_micros()).unwrap_or(u64::MAX);
        let candidates = serving.primary.machine().configured().editing().candidates();
        (!candidates.is_empty()).then(|| Instant::from_micros(clock::now().as_micros() + often))
    }
}
