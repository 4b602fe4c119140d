//! The loop of a program that has none of its own: it waits for what is ready, gives it to the core, and lets
//! the program attend to its own effects and inputs.

use std::io;
use std::time::{Duration, Instant};

use crate::core::entry::EntryNumber;
use crate::core::input::Time;
use crate::core::kernel::{Kernel, Readiness};
use crate::core::machine::Machine;
use crate::core::primary::{Primary, Work};
use crate::sys::memory::SharedLog;
use crate::sys::program::Program;
use crate::sys::sockets::{Sockets, Source};

use super::links::{Course, Links, News};
use super::takeover::Promoted;

/// The most that is read of one connection before others have their turn, in octets.
const SLICE: usize = 256 << 10;

/// One turn, as the program sees it.
pub struct Turn<'a, M: Machine> {
    /// The core's part; its machine can be looked at.
    pub primary: &'a mut Primary<M, SharedLog>,
    /// The sockets; their poll takes descriptors of the program's own.
    pub sockets: &'a mut Sockets,
    /// Keeper and twin.
    pub links: &'a mut Links,
    /// What they told.
    pub news: Vec<News>,
    /// What is ready of the program's own descriptors, by its own numbers.
    pub own: Vec<(u64, Readiness)>,
    /// The status to end with: set by the program when it wants to end.
    pub end: Option<u8>,
}

impl<M: Machine> Turn<'_, M> {
    /// The machine's own effects since the last call, each with the entry that it is of.
    pub fn others(&mut self) -> Vec<(EntryNumber, M::Effect)> {
        self.primary.take_others().collect()
    }

    /// Gives the machine an input of the program's own.
    pub fn input(&mut self, octets: &[u8]) -> EntryNumber {
        self.primary.other(self.sockets, octets)
    }
}

/// Serves until the program ends or hands over; the answer is the status to exit with.
pub fn serve<P: Program>(program: &P, promoted: Promoted<P::Machine>) -> u8 {
    let Promoted { mut primary, mut sockets, mut links, .. } = promoted;
    links.ready();
    let served = serve_turns(program, &mut primary, &mut sockets, &mut links);
    match served {
        Ok(Some(status)) => {
            links.finish(status);
            status
        }
        Ok(None) => {
            // The twin is primary: it hears of it here.
            links.release();
            0
        }
        Err(error) => {
            tracing::error!("this primary cannot go on: {error}");
            1
        }
    }
}

/// A turn with what is ready now, before anything else is done.
pub(super) fn first_turn<M: Machine>(promoted: &mut Promoted<M>) -> io::Result<()> {
    let Promoted { primary, sockets, links, .. } = promoted;
    sockets.collect(Some(Duration::ZERO))?;
    primary.begin_turn(sockets);
    // The program's own descriptors are not watched yet.
    take_ready(primary, sockets, links);
    primary.flush(sockets);
    Ok(())
}

fn serve_turns<P: Program>(
    program: &P,
    primary: &mut Primary<P::Machine, SharedLog>,
    sockets: &mut Sockets,
    links: &mut Links,
) -> io::Result<Option<u8>> {
    loop {
        sockets.collect(Some(patience(primary, sockets, links)))?;
        primary.begin_turn(sockets);
        let own = take_ready(primary, sockets, links);
        let news = links.turn(primary, sockets);
        let stop = news.contains(&News::Stop);
        let mut turn = Turn { primary, sockets, links, news, own, end: stop.then_some(0) };
        program.attend(&mut turn);
        let end = turn.end;
        primary.clock(sockets);
        primary.flush(sockets);
        let wake = primary.end_turn(sockets);
        let patience = patience(primary, sockets, links);
        primary.runs_by(Time(sockets.now().0 + patience.as_micros() as u64));
        if let Course::Released = links.end_turn(wake, primary, sockets) {
            return Ok(None);
        }
        if end.is_some() {
            return Ok(end);
        }
    }
}

/// How long may be waited for something to become ready.
pub fn patience<M: Machine>(primary: &Primary<M, SharedLog>, sockets: &Sockets, links: &Links) -> Duration {
    let wants = primary.wants();
    if wants.work == Work::Left {
        return Duration::ZERO;
    }
    let until = |at: Time| Duration::from_micros(at.0.saturating_sub(sockets.now().0));
    let own = links.deadline().saturating_duration_since(Instant::now());
    wants.deadline.map_or(own, |at| until(at).min(own))
}

/// Gives the core what became ready; the answer is what of it is the program's own.
pub fn take_ready<M: Machine>(
    primary: &mut Primary<M, SharedLog>,
    sockets: &mut Sockets,
    links: &mut Links,
) -> Vec<(u64, Readiness)> {
    let mut own = Vec::new();
    let mut n = 0;
    while let Some((source, readiness)) = sockets.ready(n) {
        n += 1;
        match source {
            Source::Socket(cookie) => {
                primary.ready(sockets, cookie, readiness, SLICE);
            }
            Source::Listener(listener) => links.accept(listener, primary, sockets),
            Source::Own(_) if Links::owns(source) => {}
            Source::Own(number) => own.push((number, readiness)),
        }
    }
    own
}
