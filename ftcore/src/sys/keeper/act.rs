//! What the keeper does: accepting, starting, telling.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};

use super::adopt::Adopted;
use super::child::Child;
use super::kept;
use super::turn::{Next, time};
use super::{Keeper, Source};
use crate::core::input::ListenerId;
use crate::core::role::{Action, ChildId, End, Follow, Mode, Seen, Tell};
use crate::sys::channel::Channel;
use crate::sys::message::{From, Item, ToChild};
use crate::sys::title::Part;
use crate::sys::{listen, memory, socket};

/// How many connections of one listener are accepted before others have their turn.
const ACCEPTS_A_TURN: usize = 32;
/// How long no connection is accepted after the descriptors ran out.
const PAUSE: Duration = Duration::from_secs(1);

impl Keeper {
    pub(super) fn accept(&mut self, id: ListenerId) -> io::Result<()> {
        for _ in 0..ACCEPTS_A_TURN {
            let Some(listener) = self.holdings.listeners.get(&id) else { return Ok(()) };
            match socket::accept(&listener.socket) {
                Ok((socket, _)) => self.hand_on(socket, id)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if listen::is_shortage(&error) => {
                    let pause = PAUSE.as_secs();
                    tracing::error!(
                        "no connection is accepted for {pause} s: {error}; raise the limit of open files"
                    );
                    self.accept_after = Some(Instant::now() + PAUSE);
                    self.watch_listeners(EventFlags::empty());
                    return Ok(());
                }
                // One connection was gone before it was taken; the next may be well.
                Err(error) => tracing::debug!("a connection was gone before it was accepted: {error}"),
            }
        }
        Ok(())
    }

    /// Gives an accepted connection to everybody, so that it outlives whoever serves it.
    fn hand_on(&mut self, socket: OwnedFd, listener: ListenerId) -> io::Result<()> {
        let cookie = socket::cookie(&socket)?;
        let message = ToChild::Item(Item::Socket { cookie, from: From::Listener(listener) });
        let there = [self.roles.standby(), self.roles.primary()];
        for child in there.into_iter().flatten() {
            if let Some(child) = self.children.get_mut(&child) {
                child.tell(&message, &[socket.as_fd()]);
            }
        }
        self.holdings.accepted(cookie, listener, socket);
        Ok(())
    }

    /// The keeper before this one may have died between two whom it gave a connection to: who has it lets it be.
    fn hand_on_again(&mut self, them: &Seen) {
        let Seen::Adopted { primary, twin } = them else { return };
        for child in [Some(*primary), twin.map(|(twin, _)| twin)].into_iter().flatten() {
            let Some(child) = self.children.get_mut(&child) else { continue };
            for (cookie, from, socket) in self.holdings.untouched() {
                child.tell(&ToChild::Item(Item::Socket { cookie, from }), &[socket]);
            }
        }
    }

    pub(super) fn watch_listeners(&self, interest: EventFlags) {
        for (id, listener) in &self.holdings.listeners {
            let token = Source::Listener(id.0).token();
            if let Err(error) = epoll::modify(&self.epoll, &listener.socket, token, interest) {
                tracing::error!("cannot watch the listener on {}: {error}", listener.address);
            }
        }
    }

    /// While children of an earlier keeper are waited for, nothing else is decided.
    pub(super) fn look_for_children(&mut self, seen: &mut Vec<Seen>) -> io::Result<()> {
        let lives = || self.dir.living(&self.options.program).is_some();
        match self.adoption.look(Instant::now(), lives) {
            Adopted::Waiting if self.adoption.is_waiting() => {
                // What a child says now is of use only when it is known what it is; its end is seen again. A stop
                // is for all that will have come.
                self.stop_asked |= seen.contains(&Seen::StopAsked);
                seen.clear();
                return Ok(());
            }
            Adopted::Waiting => {}
            Adopted::Nobody => {
                tracing::warn!("the primary that was waited for is gone, and no twin has taken over");
                for child in self.adoption.all() {
                    if let Some(child) = self.children.get(&child) {
                        child.end(End::Killed);
                    }
                }
                self.begin_anew()?;
            }
            Adopted::Them(them) => {
                for child in self.adoption.left_over(&them) {
                    if let Some(child) = self.children.get(&child) {
                        child.end(End::Killed);
                    }
                }
                self.hand_on_again(&them);
                tracing::info!("this keeper has taken over {} sockets", self.holdings.socket_count());
                self.notify.say("READY=1");
                self.notify.say(&format!("MAINPID={}", std::process::id()));
                seen.insert(0, them);
            }
        }
        if std::mem::take(&mut self.stop_asked) {
            seen.push(Seen::StopAsked);
        }
        Ok(())
    }

    pub(super) fn take(&mut self, seen: Seen) -> io::Result<Next> {
        for action in self.roles.see(time(), seen) {
            if let Next::End(status) = self.act(action)? {
                return Ok(Next::End(status));
            }
        }
        Ok(Next::GoOn)
    }

    fn act(&mut self, action: Action) -> io::Result<Next> {
        match action {
            Action::Start(child, binary, follow) => {
                if let Err(error) = self.start(child, binary.as_deref(), follow) {
                    tracing::error!("no standby can be started: {error}");
                    self.unstarted.push(child);
                }
            }
            Action::Tell(child, tell) => self.tell(child, tell),
            Action::End(child, how) => {
                if let Some(child) = self.children.get(&child) {
                    child.end(how);
                }
            }
            Action::Abandon => {
                if self.holdings.has_log() {
                    tracing::error!(
                        "{} connections are lost: no state is left to go on from",
                        self.holdings.socket_count()
                    );
                }
                self.holdings.abandon();
            }
            Action::Row(times, last) => tracing::error!(
                "a primary has died of itself, for the {times}. time in a row unless a message is found to blame; at the {last}. the state is given up"
            ),
            Action::Answer(asker, result) => {
                if let Some(primary) = self.roles.primary().and_then(|it| self.children.get_mut(&it)) {
                    primary.tell(&ToChild::Answer(asker, result), &[]);
                }
            }
            Action::Renew(binary) => self.renew(&binary),
            Action::Exit(status) => {
                if self.settings.mode == Mode::Cold {
                    kept::remove(&self.options.state_dir);
                }
                for part in [Part::Twin, Part::Primary, Part::Keeper] {
                    if let Some(pid) = self.dir.said(part) {
                        self.dir.unsay(part, pid);
                    }
                }
                // Where it is gone already nothing is left to be done.
                let _ = std::fs::remove_file(self.dir.socket());
                return Ok(Next::End(ExitCode::from(status)));
            }
        }
        Ok(Next::GoOn)
    }

    fn tell(&mut self, child: ChildId, tell: Tell) {
        if let Tell::Mode(mode) = tell {
            self.settings.mode = mode;
        }
        let exit = self.last_exit;
        if let Some(child) = self.children.get_mut(&child) {
            if tell == Tell::Lead {
                child.tell(&ToChild::PrimaryEnded { exit: exit.map(Into::into) }, &[]);
            }
            child.tell(&ToChild::Tell(tell), &[]);
        }
    }

    /// Starts a standby, gives it everything, and makes it and the living primary known to each other.
    fn start(&mut self, child: ChildId, binary: Option<&Path>, follow: Follow) -> io::Result<()> {
        if !self.holdings.has_log() {
            self.begin_log()?;
        }
        let mut new = Child::start(&self.options.program, binary)?;
        self.watch(&new.pidfd, Source::End(child))?;
        new.expose_to_shortage(&self.usual_score);
        new.tell(&ToChild::Join { child, settings: self.settings, follow }, &[]);
        if let Some(link) = &mut new.link
            && let Err(error) = self.holdings.give_all(link, ToChild::Item)
        {
            tracing::debug!("a new standby ended at once: {error}");
        }
        if let Some(primary) = self.roles.primary().and_then(|it| self.children.get_mut(&it)) {
            let (to_primary, to_twin) = Channel::pair()?;
            let pidfd = primary.pidfd_for_another()?;
            new.tell(&ToChild::Primary { pid: primary.pid }, &[pidfd.as_fd(), to_primary.as_fd()]);
            primary.tell(&ToChild::Twin { pid: new.pid }, &[to_twin.as_fd()]);
            if let Err(error) = self.dir.say(Part::Twin, new.pid) {
                tracing::error!("the run directory does not say who is twin: {error}");
            }
        }
        new.tell(&ToChild::Joined, &[]);
        self.watch_link(child, &new)?;
        self.children.insert(child, new);
        Ok(())
    }

    /// The log that was kept from an earlier life of the program, the first time it is asked for; else one with
    /// nothing in it.
    fn begin_log(&mut self) -> io::Result<()> {
        let cold = self.settings.mode == Mode::Cold && !std::mem::replace(&mut self.began, true);
        if let Some(kept) = cold.then(|| kept::open(&self.options.state_dir)).flatten() {
            match self.holdings.go_on_with(kept) {
                Ok(()) => {
                    tracing::warn!("going on with the state in {}", self.options.state_dir.display());
                    return Ok(());
                }
                Err(error) => tracing::error!("the log that was kept is of no use: {error}"),
            }
        }
        let mut seed = [0; 8];
        rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty())?;
        let seed = u64::from_ne_bytes(seed);
        let octets = kept::log_octets(&self.settings);
        let file = match self.settings.mode {
            Mode::Cold => kept::begin_log(&self.options.state_dir, octets, seed)?,
            Mode::Hot | Mode::Warm | Mode::None => memory::create(octets, seed)?,
        };
        self.holdings.begin_log(file).map_err(io::Error::other)
    }
}
