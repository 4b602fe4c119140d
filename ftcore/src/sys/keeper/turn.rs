//! The keeper's loop: what it hears, and what it does about it.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, Event, EventFlags};
use rustix::time::Timespec;

use super::child::Child;
use super::{Keeper, Source};
use crate::core::input::{ListenerId, Time};
use crate::core::role::{ChildId, Seen, Settings, Standing};
use crate::sys::channel::{Channel, ChannelError};
use crate::sys::link::{Link, Parcel};
use crate::sys::message::{Item, ToChild, ToKeeper};
use crate::sys::process::Exit;
use crate::sys::title::Part;

/// How often it says at least that it lives.
const TICK: Duration = Duration::from_millis(250);
/// How soon is tried again what a child has no room for.
const FLUSH: Duration = Duration::from_millis(2);
/// How many events one call brings at most.
const BATCH: usize = 64;

/// What the loop is to do next.
pub(super) enum Next {
    /// It goes on.
    GoOn,
    /// It ends.
    End(ExitCode),
}

impl Keeper {
    /// Runs until the program shall end.
    pub(super) fn keep(mut self) -> io::Result<ExitCode> {
        let mut events: Vec<Event> = Vec::with_capacity(BATCH);
        loop {
            events.clear();
            let timeout = Timespec::try_from(self.timeout()).map_err(io::Error::other)?;
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            self.holdings.tick();
            self.flush();
            let mut seen = Vec::new();
            for event in &events {
                // A shortage of descriptors, of memory or of disk is no reason to end.
                if let Some(source) = Source::of(event.data.u64())
                    && let Err(error) = self.hear(source, &mut seen)
                {
                    tracing::error!("the keeper goes on, in spite of this: {error}");
                }
            }
            seen.extend(self.unstarted.drain(..).map(Seen::Ended));
            self.look_for_children(&mut seen)?;
            if !self.adoption.is_waiting() {
                seen.push(Seen::Time);
            }
            for seen in seen {
                if let Next::End(status) = self.take(seen)? {
                    return Ok(status);
                }
            }
            self.reload();
        }
    }

    fn timeout(&self) -> Duration {
        let now = Instant::now();
        let roles = self.roles.deadline().map(|at| Duration::from_micros(at.0.saturating_sub(time().0)));
        let adoption = self.adoption.deadline().map(|at| at.saturating_duration_since(now));
        let accept = self.accept_after.map(|at| at.saturating_duration_since(now));
        let waiting = self.children.values().any(Child::has_waiting).then_some(FLUSH);
        [roles, adoption, accept, waiting].into_iter().flatten().fold(TICK, Duration::min)
    }

    /// Sends what waits for room.
    fn flush(&mut self) {
        for child in self.children.values_mut() {
            child.flush();
        }
    }

    fn hear(&mut self, source: Source, seen: &mut Vec<Seen>) -> io::Result<()> {
        match source {
            Source::Signals => {
                while let Some(signal) = self.signals.next() {
                    self.signal(signal, seen);
                }
            }
            Source::Door => self.open_door()?,
            Source::Listener(id) => self.accept(ListenerId(id))?,
            Source::Link(child) => self.listen_to(child, seen)?,
            Source::End(child) => self.bury(child, seen),
        }
        if self.accept_after.is_some_and(|at| at <= Instant::now()) {
            self.accept_after = None;
            self.watch_listeners(EventFlags::IN);
        }
        Ok(())
    }

    fn signal(&mut self, signal: i32, seen: &mut Vec<Seen>) {
        if signal == libc::SIGHUP {
            self.reload_asked = true;
            return;
        }
        tracing::info!("stopping");
        self.notify.say("STOPPING=1");
        seen.push(Seen::StopAsked);
    }

    /// Has the configuration read again, as soon as there is somebody to do that.
    fn reload(&mut self) {
        if !self.reload_asked {
            return;
        }
        if let Some(primary) = self.roles.primary().and_then(|primary| self.children.get_mut(&primary)) {
            primary.tell(&ToChild::Reload, &[]);
            self.reload_asked = false;
        }
    }

    /// Those who come by themselves are children of an earlier keeper, or ones that lost this one.
    fn open_door(&mut self) -> io::Result<()> {
        while let Some(channel) = self.door.accept()? {
            let peer = channel.peer()?;
            let allowed = peer.uid.is_root() || peer.uid == rustix::process::geteuid();
            match u32::try_from(peer.pid.as_raw_nonzero().get()) {
                Ok(pid) if allowed => self.let_in(channel, pid)?,
                _ => tracing::warn!("somebody was not let in: process {:?} of user {:?}", peer.pid, peer.uid),
            }
        }
        Ok(())
    }

    fn let_in(&mut self, channel: Channel, pid: u32) -> io::Result<()> {
        let link = Link::new(channel);
        let known = self.children.iter().find_map(|(child, known)| (known.pid == pid).then_some(*child));
        let child = match known {
            Some(child) => child,
            None => {
                let child = self.roles.name_child();
                let Ok(adopted) = Child::adopt(pid, link) else { return Ok(()) };
                self.watch(&adopted.pidfd, Source::End(child))?;
                self.watch_link(child, &adopted)?;
                self.children.insert(child, adopted);
                return Ok(());
            }
        };
        if let Some(known) = self.children.get_mut(&child) {
            known.link = Some(link);
        }
        match self.children.get(&child) {
            Some(known) => self.watch_link(child, known),
            None => Ok(()),
        }
    }

    pub(super) fn watch_link(&self, child: ChildId, of: &Child) -> io::Result<()> {
        match &of.link {
            Some(link) => self.watch(link, Source::Link(child)),
            None => Ok(()),
        }
    }

    fn listen_to(&mut self, child: ChildId, seen: &mut Vec<Seen>) -> io::Result<()> {
        loop {
            let Some(link) = self.children.get_mut(&child).and_then(|child| child.link.as_mut()) else {
                return Ok(());
            };
            match link.receive() {
                Ok(Some(parcel)) => self.heard(child, parcel, seen)?,
                Ok(None) => return Ok(()),
                Err(error) => {
                    if !matches!(error, ChannelError::Closed) {
                        tracing::warn!("what child {} says is not understood: {error}", child.0);
                    }
                    // Its end is heard of in another way, or it comes back.
                    if let Some(child) = self.children.get_mut(&child) {
                        child.link = None;
                    }
                    return Ok(());
                }
            }
        }
    }

    fn heard(&mut self, child: ChildId, parcel: Parcel<ToKeeper>, seen: &mut Vec<Seen>) -> io::Result<()> {
        let Parcel { message, descriptors } = parcel;
        let pid = self.children.get(&child).map_or(0, |child| child.pid);
        match message {
            ToKeeper::Hello { settings } => {
                self.settings = settings;
                self.roles.begin_in(settings.mode);
            }
            ToKeeper::Item(item) => {
                let listener = if let Item::Listener { id, .. } = &item { Some(*id) } else { None };
                let new = listener.is_some_and(|id| !self.holdings.listeners.contains_key(&id));
                let parcel = Parcel { message: (), descriptors };
                if let Item::Checkpoint { .. } = &item {
                    seen.push(Seen::Checkpointed(child));
                }
                self.holdings.take(item, parcel).map_err(io::Error::other)?;
                if let Some(id) = listener.filter(|_| new)
                    && let Some(listener) = self.holdings.listeners.get(&id)
                {
                    self.watch(&listener.socket, Source::Listener(id.0))?;
                }
            }
            ToKeeper::Uploaded(place) => self.adoption.arrived(pid, child, place),
            ToKeeper::Holds(held) => self.holdings.retain(&held),
            ToKeeper::Forget(cookie) => self.holdings.forget(cookie),
            ToKeeper::Stands(standing) => seen.push(Seen::Stands(child, standing)),
            ToKeeper::Leads { epoch, blame } => {
                tracing::debug!("process {pid} is primary in epoch {epoch}");
                self.adoption.leads(pid);
                seen.push(Seen::Leads(child, blame));
            }
            ToKeeper::Unrestorable(why) => {
                tracing::error!("process {pid} cannot begin with what is kept: {why}");
                seen.push(Seen::Unrestorable(child));
            }
            ToKeeper::Suspended => {
                let twin = self.roles.standby();
                seen.extend(twin.map(|twin| Seen::Stands(twin, Standing::Suspended)));
            }
            ToKeeper::Refused(why) => seen.push(Seen::Refused(why)),
            ToKeeper::MoveLog => seen.push(Seen::LogToMove(child)),
            ToKeeper::LogMoved => {
                let parcel = Parcel { message: (), descriptors };
                self.holdings.move_log(parcel).map_err(io::Error::other)?;
                seen.push(Seen::LogMoved(child));
            }
            ToKeeper::LogStays => seen.push(Seen::LogMoved(child)),
            ToKeeper::Finished(status) => seen.push(Seen::Finished(child, status)),
            ToKeeper::Ordered(asker, order) => seen.push(Seen::Ordered(asker, order)),
            ToKeeper::Settings(settings) => self.set(settings),
            ToKeeper::Ready => self.notify.say("READY=1"),
            ToKeeper::Status(line) => self.notify.say(&format!("STATUS={line}")),
        }
        Ok(())
    }

    /// Other settings. The mode is changed by an order alone: who says these may not have heard of the newest.
    fn set(&mut self, settings: Settings) {
        self.settings = Settings { mode: self.roles.mode(), ..settings };
    }

    /// A child is over.
    fn bury(&mut self, child: ChildId, seen: &mut Vec<Seen>) {
        // What it said before is heard first.
        let _ = self.listen_to(child, seen);
        let Some(dead) = self.children.remove(&child) else { return };
        let exit = dead.exit();
        let what = if self.roles.primary() == Some(child) { "primary" } else { "twin" };
        let exit_said = exit.map_or_else(|| "in a way that is not known".to_owned(), |exit| exit.to_string());
        let note = self.holdings.note_of(dead.pid);
        match &note {
            Some(note) => {
                tracing::warn!("the {what} (process {}) ended: {exit_said}; its note: {note}", dead.pid)
            }
            None if exit == Some(Exit::Status(0)) => {
                tracing::info!("the {what} (process {}) ended", dead.pid)
            }
            None => tracing::warn!("the {what} (process {}) ended: {exit_said}", dead.pid),
        }
        // Who is primary says the next primary itself; it may be doing so just now.
        self.dir.unsay(Part::Twin, dead.pid);
        self.adoption.left(dead.pid);
        if self.roles.primary() == Some(child) {
            if let Some(standby) = self.roles.standby().and_then(|standby| self.children.get_mut(&standby)) {
                standby.tell(&ToChild::PrimaryEnded { exit: exit.map(Into::into) }, &[]);
            }
            self.last_exit = exit;
        } else {
            // Before another one is started, so that it is not taken for that one.
            self.holdings.twin_is_gone();
            if let Some(primary) = self.roles.primary().and_then(|it| self.children.get_mut(&it)) {
                primary.tell(&ToChild::TwinEnded { pid: dead.pid }, &[]);
            }
        }
        seen.push(Seen::Ended(child));
    }
}

/// The time of the log's clock.
pub(in crate::sys) fn time() -> Time {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Time(now.tv_sec.cast_unsigned() * 1_000_000 + now.tv_nsec.cast_unsigned() / 1000)
}
