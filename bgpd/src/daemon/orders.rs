//! Operators' orders to the processes: handing over, another twin, another program.
//!
//! An order that succeeds in handing over is never answered by the process that took it: the client asks the new
//! primary again, which sees in the log's history that it was done.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use bgp_engine::value::Instant;
use ftcore::core::record::{Cause, Takeover};
use ftcore::core::role::{Mode, Order};

use super::clock;
use super::operator::{Again, OrderOutcome, Ordered};
use super::router::Serving;
use crate::command::Act;
use crate::machine::OwnInput;

/// How long an answer is waited for. A new program's twin may have to get a full table first.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long after its order a fault has an entry to strike in: until then the answer is with the operator.
#[cfg(feature = "fault")]
const NUDGE: Duration = Duration::from_millis(100);
/// A handover that is not older than this is the one that a repeated order asked for, in milliseconds.
const RECENT_MS: u64 = 100_000;

/// The orders that are under way.
#[derive(Default)]
pub(super) struct Orders {
    last: u64,
    pending: BTreeMap<u64, Pending>,
    /// When an entry is made for a fault to strike in, lest it waits for a peer to speak.
    nudge_at: Option<Instant>,
}

struct Pending {
    done: &'static str,
    until: Instant,
    outcome: Rc<OrderOutcome>,
}

impl Orders {
    /// Takes an order.
    pub(super) fn take(&mut self, ordered: Ordered, serving: &mut Serving) {
        let Ordered { act, again, outcome } = ordered;
        let cause = match &act {
            Act::Switchover => Some(Cause::Switchover),
            Act::Upgrade(_) => Some(Cause::Upgrade),
            Act::RestartTwin | Act::Reload | Act::CompareKernel => None,
            #[cfg(feature = "fault")]
            Act::Fault { .. } => None,
        };
        if let (Again::Repeated, Some(cause)) = (again, cause)
            && let Some(answer) = already(serving.primary.state().takeovers().next(), cause)
        {
            return outcome.tell(answer);
        }
        let (order, done) = match act {
            Act::Switchover => (Order::Switchover(Cause::Switchover), ""),
            // The router has the file read; it is no matter of the processes.
            Act::Reload => return,
            // The writer of the kernel's routes carries it out.
            Act::CompareKernel => return,
            Act::RestartTwin => (Order::TwinRestart, "The twin is started anew.\n"),
            Act::Upgrade(path) => match check(&path) {
                Ok(()) => (Order::Upgrade(path), ""),
                Err(why) => return outcome.tell(Err(format!("% {why}\n"))),
            },
            // One that was armed before has struck.
            #[cfg(feature = "fault")]
            Act::Fault { .. } if again == Again::Repeated => return outcome.tell(Ok(String::new())),
            #[cfg(feature = "fault")]
            Act::Fault { victim, fault, after } => {
                self.nudge_at = Some(clock::now() + NUDGE);
                return outcome.tell(arm(victim, fault, after, serving));
            }
        };
        if serving.links.settings().mode == Mode::None {
            return outcome.tell(Err("% There is no twin: the mode is none\n".to_owned()));
        }
        self.last += 1;
        serving.links.order(self.last, order);
        self.pending.insert(self.last, Pending { done, until: clock::now() + PATIENCE, outcome });
    }

    /// Takes the keeper's answer.
    pub(super) fn answered(&mut self, asker: u64, answer: Result<(), String>) {
        if let Some(pending) = self.pending.remove(&asker) {
            pending.outcome.tell(match answer {
                Ok(()) => Ok(pending.done.to_owned()),
                Err(why) => Err(format!("% It was not done: {why}\n")),
            });
        }
    }

    /// Gives up what has waited for too long by `now`.
    pub(super) fn expire(&mut self, now: Instant, serving: &mut Serving) {
        if self.nudge_at.take_if(|at| *at <= now).is_some() {
            // It changes nothing.
            serving.take(&OwnInput::ConfigurationPart(String::new()));
        }
        let late: Vec<u64> = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.until <= now)
            .map(|(&number, _)| number)
            .collect();
        for pending in late.iter().filter_map(|number| self.pending.remove(number)).collect::<Vec<_>>() {
            pending.outcome.tell(Err("% No answer came: look with 'show redundancy'\n".to_owned()));
        }
    }

    /// When [`Orders::expire`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pending.values().map(|pending| pending.until).chain(self.nudge_at).min()
    }
}

/// What a repeated order is told by the process that was handed over to; `None` where it was not done yet.
fn already(last: Option<&Takeover>, cause: Cause) -> Option<Result<String, String>> {
    let last = last?;
    let age_ms = clock::unix_ms().saturating_sub(last.unix_ms);
    if age_ms > RECENT_MS {
        return None;
    }
    let (epoch, kept, lost) = (last.epoch.0, last.kept, last.lost);
    Some(if last.cause == cause {
        let pid = std::process::id();
        Ok(format!("Handed over to process {pid}, epoch {epoch}: {kept} connections kept, {lost} lost.\n"))
    } else {
        Err(format!(
            "% The old primary ended before it could hand over ({}); process {} is primary, epoch {epoch}\n",
            last.cause.name(),
            std::process::id()
        ))
    })
}

/// Whether there is a program.
fn check(path: &Path) -> Result<(), String> {
    let access = rustix::fs::Access::EXEC_OK;
    let shown = path.display();
    match rustix::fs::access(path, access) {
        Ok(()) if path.is_file() => Ok(()),
        Ok(()) => Err(format!("{shown} is no file")),
        Err(error) => Err(format!("{shown} cannot be executed: {error}")),
    }
}

#[cfg(feature = "fault")]
fn arm(
    victim: crate::machine::fault::Victim,
    fault: crate::machine::fault::Fault,
    after: u32,
    serving: &mut Serving,
) -> Result<String, String> {
    use crate::machine::fault::{self, Victim};
    let number = fault::number(fault, after);
    match victim {
        _ if fault == fault::Fault::Input => super::control::Steps::take_own(serving, fault::DEADLY),
        Victim::Primary => fault::arm(number),
        Victim::Twin => {
            let twin = serving.links.redundancy(&serving.primary).twin.ok_or("% There is no twin\n")?;
            super::sys::send_fault(twin.pid, number).map_err(|error| format!("% {error}\n"))?;
        }
    }
    Ok(String::new())
}
