//! From standby to primary: the old one is dead for certain, then the log, then the wire, then all the rest.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::core::input::{Cookie, Time};
use crate::core::kernel::{Accepted, Kernel};
use crate::core::machine::Machine;
use crate::core::memory::{Memory, Word};
use crate::core::primary::Primary;
use crate::core::record::{Cause, Takeover};
use crate::core::role::Blame;
use crate::core::standby::TwinState;
use crate::core::succession::take_over;
use crate::core::takeover::{Circumstances, Evidence, Listeners, Origin, Report};
use crate::sys::life::Life;
use crate::sys::memory::SharedLog;
use crate::sys::message::{Ended, ToKeeper};
use crate::sys::note::{self, CrashNote};
use crate::sys::position;
use crate::sys::process::{Pidfd, signal_name};
use crate::sys::program::Program;
use crate::sys::socket;
use crate::sys::sockets::Sockets;
use crate::sys::title::{self, Part};

use super::forked::ForkedTrial;
use super::links::{Links, Rest};
use super::standby::{Ending, Follower};
use super::wires::{ByWire, Wires};

/// How long is waited for a killed process to be past, before that is said; and said again.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a standby knows of its primary's end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// When it was detected.
    pub detected: Time,
    /// When its life was seen to end.
    pub ended_at: Option<Time>,
    /// Whether it handed over.
    pub released: bool,
    /// Why it said that it would.
    pub handing: Option<Cause>,
    /// Since when it made no progress, where it was killed for that.
    pub hung_since: Option<Time>,
    /// How it ended, as the keeper knows.
    pub exit: Option<Ended>,
}

/// A process that has become primary, with all that it needs to serve. The dead one's octets are on their way
/// already.
pub struct Promoted<M: Machine> {
    /// The core's part.
    pub primary: Primary<M, SharedLog>,
    /// The sockets.
    pub sockets: Sockets,
    /// Keeper and twin.
    pub links: Links,
    /// What the takeover came to.
    pub report: Report,
    /// The former primary, where there was one. It serves no more, but its other threads may still run for a moment: who
    /// is to have what they had waits until it is over.
    pub predecessor: Option<Arc<Pidfd>>,
    /// Where the old one's death came from.
    pub(super) origin: Origin,
}

impl<P: Program> Follower<'_, P> {
    /// Becomes primary.
    pub(super) fn take_over(self) -> Result<Promoted<P::Machine>, Ending> {
        self.fence();
        let mut evidence = self.evidence();
        let predecessor = self.watch.as_ref().map(|watch| Arc::clone(&watch.pidfd));
        let Follower { program, options, mut held, standby, known, signals, .. } = self;
        let Some(standby) = standby else { return Err(Ending::Unfit("no state".to_owned())) };
        evidence.detected = known.detected;
        // The words of a twin are nobody's from here on.
        held.log.store(Word::TwinState, TwinState::Absent as u64);
        held.log.promote()?;
        let life = Life::hold(held.log.life_word()?)?;
        note::install(held.log.note_region()?)?;
        let wires = Wires { keeper: held.keeper, listeners: held.listeners, ..Wires::default() };
        let wires = Rc::new(RefCell::new(wires));
        held.sockets.share_by(Box::new(ByWire(Rc::clone(&wires))));
        let circumstances = Circumstances {
            evidence,
            accepted: strangers(&mut held.sockets, &wires.borrow()),
            unix_ms: unix_ms(),
            listeners: Listeners::Same,
            settings: super::bounds(&held.settings),
        };
        let taken =
            take_over(standby, held.log, &mut held.sockets, &mut ForkedTrial::default(), &circumstances);
        let (primary, report) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                wires.borrow_mut().tell_keeper(&ToKeeper::Unrestorable(error.to_string()), &[]);
                return Err(Ending::Unfit(error.to_string()));
            }
        };
        let rest = Rest {
            version: program.version().to_owned(),
            bell: held.bell,
            settings: held.settings,
            offered: held.offered,
            checkpoint: held.checkpoint,
            life,
        };
        let links = Links::new(wires, options, rest, signals);
        Ok(Promoted { primary, sockets: held.sockets, links, report, predecessor, origin: evidence.origin })
    }

    /// The old primary is past, or this never returns: one that cannot die keeps its sockets to itself.
    fn fence(&self) {
        let Some(watch) = &self.watch else { return };
        if self.known.released {
            return;
        }
        watch.pidfd.kill();
        let mut waited = Duration::ZERO;
        while !watch.is_past() && !watch.pidfd.wait(Duration::from_micros(200)) {
            waited += Duration::from_micros(200);
            if waited >= PATIENCE {
                tracing::error!(
                    "the old primary does not die (it sleeps in the kernel); its sockets are not touched"
                );
                waited = Duration::ZERO;
            }
        }
    }

    fn evidence(&self) -> Evidence {
        let known = &self.known;
        let detected = known.detected;
        let since = |at: Option<Time>| at.map_or(0, |at| detected.0.saturating_sub(at.0));
        let note = self.held.log.note_region().ok().and_then(|region| note::read(&region));
        let note = note.filter(|note| self.watch.as_ref().is_none_or(|watch| watch.pid == note.pid));
        let short = self.watch.as_ref().is_some_and(|watch| watch.memory_was_short());
        let first = self.held.log.load(Word::Epoch) == 0;
        let (cause, signal, origin) = if known.released {
            (known.handing.unwrap_or(Cause::Switchover), None, Origin::Outside)
        } else if first {
            (Cause::Start, None, Origin::Outside)
        } else if known.hung_since.is_some() {
            (Cause::Hang, None, Origin::Inside)
        } else {
            of_death(note.as_ref(), if short { Room::Short } else { Room::Enough }, known.exit)
        };
        let detect_us = since(known.hung_since.or(known.ended_at));
        Evidence { cause, signal, origin, detect_us, detected }
    }
}

/// Whether there was memory for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Enough,
    Short,
}

/// What a death comes to that nobody planned.
fn of_death(note: Option<&CrashNote>, room: Room, exit: Option<Ended>) -> (Cause, Option<i32>, Origin) {
    let refused = note.is_some_and(|note| note.refused_octets.is_some());
    match note.map(|note| &note.cause) {
        Some(note::Cause::Signal { signal, sender, .. }) if !refused => {
            // What somebody else has sent says nothing against an entry.
            let origin = if sender.is_some() { Origin::Outside } else { Origin::Inside };
            (Cause::Crash, Some(*signal), origin)
        }
        Some(_) if !refused => (Cause::Crash, None, Origin::Inside),
        Some(_) => (Cause::OutOfMemory, None, Origin::Inside),
        None if room == Room::Short => (Cause::OutOfMemory, Some(libc::SIGKILL), Origin::Inside),
        None => match exit {
            Some(Ended::Status(_)) => (Cause::Crash, None, Origin::Inside),
            Some(Ended::Signal(signal)) if signal != libc::SIGKILL => {
                (Cause::Crash, Some(signal), Origin::Inside)
            }
            // Without a note, and with memory enough, somebody outside did it.
            Some(Ended::Signal(_)) | None => (Cause::Crash, Some(libc::SIGKILL), Origin::Outside),
        },
    }
}

/// Connections that were accepted, and that nobody has served yet.
fn strangers(sockets: &mut Sockets, wires: &Wires) -> Vec<Accepted> {
    let found: Vec<(Cookie, _)> = sockets
        .iter()
        .filter(|(_, origin, _)| *origin == position::Origin::Accepted)
        .filter_map(|(cookie, _, socket)| socket::ends(socket).ok().map(|ends| (cookie, ends)))
        .collect();
    let mut accepted = Vec::new();
    for (cookie, (local, remote)) in found {
        let untouched = sockets.positions(cookie).is_ok_and(|at| at.consumed == 0 && at.written == 0);
        let listener = wires.listeners.get(&cookie).copied().unwrap_or_default();
        if untouched {
            accepted.push(Accepted { socket: cookie, listener, local, remote });
        }
    }
    accepted
}

/// Says to everybody that this process is primary: its title, the run directory, the keeper. After the first
/// octets have left, since nobody waits for it.
pub(super) fn proclaim<M: Machine>(program: &str, promoted: &mut Promoted<M>) {
    title::become_part(program, Part::Primary);
    tell(&promoted.report);
    let report = &promoted.report;
    let blame = blame(report, promoted.origin);
    promoted.links.proclaim(report.takeover.epoch.0, blame, &promoted.sockets);
}

/// What the old primary has died of.
fn blame(report: &Report, origin: Origin) -> Blame {
    let convicted = report.suspect.as_ref().filter(|suspect| suspect.verdict.is_some());
    match (convicted, origin) {
        // Time itself is no input that could be left out.
        (Some(suspect), _) if !suspect.octets.is_empty() => Blame::Input,
        // Who merely stood still, and whose entry does no harm to another process, was stopped by somebody.
        (None, _) if report.takeover.cause == Cause::Hang => Blame::Outside,
        (Some(_), _) | (None, Origin::Inside) => Blame::Itself,
        (None, Origin::Outside) => Blame::Outside,
    }
}

/// What became of it, for the operator's log.
fn tell(report: &Report) {
    let Takeover { epoch, cause, signal, detect_us, takeover_us, kept, lost, .. } = &report.takeover;
    if *cause == Cause::Start {
        return tracing::info!("primary in epoch {}", epoch.0);
    }
    let signal = signal.map_or_else(String::new, |signal| format!(", {}", signal_name(signal)));
    let ms = |us: u64| us as f64 / 1000.0;
    tracing::warn!(
        "took over in epoch {}: {}{signal}; detected after {:.3} ms, ready {:.3} ms later; {kept} connections go on, {lost} are lost; {} octets were read and not logged, {} sent and not logged",
        epoch.0,
        cause.name(),
        ms(*detect_us),
        ms(*takeover_us),
        report.torn_receive,
        report.torn_sends,
    );
    for lost in &report.lost {
        let with = lost.ends.map_or_else(|| "somebody".to_owned(), |ends| ends.remote.to_string());
        tracing::error!("the connection with {with} is lost: {}", lost.why);
    }
    if let Some(suspect) = &report.suspect {
        let fate = if suspect.verdict.is_some() {
            "killed, and something stands for it now"
        } else {
            "was innocent"
        };
        tracing::warn!(
            "entry {} of epoch {} was suspected and tried: it {fate}",
            suspect.number.0,
            suspect.epoch.0
        );
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Fits until long after the sun.
    since.as_millis() as u64
}
