//! A keeper that is lost or silent, and how safe that leaves the connections.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::core::machine::Machine;
use crate::core::memory::{Memory, Word};
use crate::core::primary::Primary;
use crate::core::standby::TwinState;
use crate::core::status::Protection;
use crate::sys::channel::Channel;
use crate::sys::link::Link;
use crate::sys::memory::SharedLog;
use crate::sys::message::{Item, Place, ToKeeper};
use crate::sys::poll::Interest;
use crate::sys::sockets::Sockets;

use super::links::{KEEPER, Links};

/// After so long without a sign the keeper counts as stopped, and the primary accepts by itself.
const KEEPER_SILENT: Duration = Duration::from_secs(1);

/// A keeper's signs of life.
#[derive(Debug)]
pub(super) struct Pulse {
    tick: u64,
    since: Instant,
    accepting: bool,
}

/// A twin's signs of progress.
#[derive(Debug)]
pub(super) struct Progress {
    applied: u64,
    since: Instant,
}

impl Progress {
    pub fn new() -> Progress {
        Progress { applied: 0, since: Instant::now() }
    }

    /// For how long it has applied nothing, where there is something to apply.
    fn stood_for(&mut self, now: Instant, applied: u64, end: u64) -> Duration {
        if applied != self.applied || applied >= end {
            *self = Progress { applied, since: now };
        }
        now.saturating_duration_since(self.since)
    }
}

impl Links {
    pub(super) fn look_at_keeper<M: Machine>(
        &mut self,
        now: Instant,
        primary: &Primary<M, SharedLog>,
        sockets: &mut Sockets,
    ) {
        self.pulse.take(now, primary.memory().load(Word::KeeperTick));
        match (self.pulse.is_fresh(), self.pulse.accepting) {
            (false, false) => match sockets.register_listeners() {
                Ok(()) => {
                    tracing::warn!("the keeper does nothing; the primary accepts by itself");
                    self.pulse.accepting = true;
                }
                Err(error) => tracing::error!("the primary cannot accept by itself: {error}"),
            },
            (true, true) => {
                sockets.deregister_listeners();
                self.pulse.accepting = false;
            }
            _ => {}
        }
        if self.wires.borrow().keeper.is_none() {
            self.look_for_keeper(primary, sockets);
        }
        self.look_at_protection(now, primary);
    }

    /// Says loudly when a crash would cost connections, and when it would not any more.
    fn look_at_protection<M: Machine>(&mut self, now: Instant, primary: &Primary<M, SharedLog>) {
        let status = primary.status();
        let memory = primary.memory();
        let (applied, end) = (memory.load(Word::TwinApplied), memory.load(Word::Applied));
        // One that restores a state applies nothing meanwhile; one that was in step has no such excuse (I8).
        let stands = self.twin_progress.stood_for(now, applied, end) > primary.settings().twin_lag;
        let left_behind = self.twin.is_some()
            && match status.twin.state {
                TwinState::InStep => stands || applied < memory.load(Word::Tail),
                TwinState::Syncing => applied < memory.load(Word::Tail),
                _ => false,
            };
        if left_behind && !self.suspended {
            self.suspended = true;
            tracing::warn!("the twin is too slow: this primary goes on without it");
            self.wires.borrow_mut().tell_keeper(&ToKeeper::Suspended, &[]);
        }
        let protection =
            if left_behind { Protection::Unprotected } else { self.protection_of(&status, primary) };
        if self.protection.replace(protection) == Some(protection) {
            return;
        }
        let line = match protection {
            Protection::Protected => "protected",
            Protection::Syncing => "not protected yet: the standby is being made",
            Protection::Unprotected => "not protected: a crash of this process costs the connections",
        };
        match protection {
            Protection::Protected => tracing::info!("{line}"),
            Protection::Syncing | Protection::Unprotected => tracing::warn!("{line}"),
        }
        self.say_status(line);
    }

    fn look_for_keeper<M: Machine>(&mut self, primary: &Primary<M, SharedLog>, sockets: &Sockets) {
        let Ok(channel) = Channel::connect(&self.dir.socket()) else { return };
        let link = Link::new(channel);
        if let Err(error) = sockets.poll().add(&link, KEEPER.token(), Interest::IN) {
            return tracing::error!("the new keeper cannot be heard: {error}");
        }
        let mut wires = self.wires.borrow_mut();
        wires.keeper = Some(link);
        wires.tell_keeper(&ToKeeper::Hello { settings: self.settings }, &[]);
        let log = primary.memory().file();
        wires.tell_keeper(&ToKeeper::Item(Item::Log), &[log, self.bell.as_fd()]);
        for (id, address, listener) in sockets.listeners.iter() {
            wires.tell_keeper(&ToKeeper::Item(Item::Listener { id, address }), &[listener]);
        }
        for (name, descriptor) in &self.offered {
            wires.tell_keeper(&ToKeeper::Item(Item::Offered { name: name.clone() }), &[descriptor.as_fd()]);
        }
        wires.give_keeper_all(sockets);
        if let Some((position, file)) = &self.checkpoint {
            let item = Item::Checkpoint { position: *position };
            wires.tell_keeper(&ToKeeper::Item(item), &[file.as_fd()]);
        }
        let place = Place::Primary { twin: self.twin.as_ref().map(|twin| twin.pid) };
        wires.tell_keeper(&ToKeeper::Uploaded(place), &[]);
        tracing::info!("a keeper is there");
    }
}

impl Pulse {
    pub fn new() -> Pulse {
        Pulse { tick: 0, since: Instant::now(), accepting: false }
    }

    fn take(&mut self, now: Instant, tick: u64) {
        if tick != self.tick {
            self.tick = tick;
            self.since = now;
        }
    }

    pub fn is_fresh(&self) -> bool {
        self.since.elapsed() < KEEPER_SILENT
    }
}
