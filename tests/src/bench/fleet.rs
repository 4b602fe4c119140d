//! All sessions of a run in one thread: one epoll, level-triggered, no locks.
//!
//! A single thread keeps the harness small on a machine whose cores the router needs too, and gives one clock for
//! what was sent and what came back.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};

use super::speaker::{Session, Sink, SpeakerError};

/// The sessions, numbered in the order of [`Fleet::add`].
#[derive(Debug)]
pub struct Fleet<S> {
    epoll: OwnedFd,
    sessions: Vec<Session<S>>,
    keepalives_due: Instant,
}

impl<S: Sink> Fleet<S> {
    /// None yet.
    pub fn new() -> std::io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, sessions: Vec::new(), keepalives_due: Instant::now() })
    }

    /// Takes a session in and gives its number.
    pub fn add(&mut self, mut session: Session<S>) -> Result<usize, SpeakerError> {
        session.cut(Instant::now())?;
        let number = self.sessions.len();
        let data = EventData::new_u64(number as u64);
        epoll::add(&self.epoll, &session.stream, data, wanted(&session))
            .expect("epoll takes a socket of ours");
        self.sessions.push(session);
        Ok(number)
    }

    /// A session by its number.
    pub fn session(&mut self, number: usize) -> &mut Session<S> {
        &mut self.sessions[number]
    }

    /// All sessions in the order of their numbers.
    pub fn sessions(&self) -> &[Session<S>] {
        &self.sessions
    }

    /// Sends whole messages on a session, behind what already waits; what fits goes out at once.
    pub fn send(&mut self, number: usize, messages: Arc<Vec<u8>>) -> Result<(), SpeakerError> {
        self.sessions[number].queue(messages);
        self.sessions[number].write_ready()?;
        self.rearm(number);
        Ok(())
    }

    /// Ends a session: the connection is closed, and the number stands for a session that is no more.
    pub fn hang_up(&mut self, number: usize) {
        let session = &mut self.sessions[number];
        epoll::delete(&self.epoll, &session.stream).expect("epoll knows each session of the fleet");
        session.close();
    }

    /// Leaves what the router sends in the socket from now on, so that the router's own buffers fill up. The session
    /// still keeps itself alive.
    pub fn stop_reading(&mut self, number: usize) {
        self.sessions[number].deaf = true;
        self.rearm(number);
    }

    /// Reads again.
    pub fn read_again(&mut self, number: usize) {
        self.sessions[number].deaf = false;
        self.rearm(number);
    }

    /// Waits at most `limit` for something to do, and does it. An ended session is an error.
    pub fn turn(&mut self, limit: Duration) -> Result<(), SpeakerError> {
        self.keep_alive()?;
        let mut events = Vec::with_capacity(256);
        let timeout = rustix::event::Timespec {
            tv_sec: limit.as_secs() as i64,
            tv_nsec: i64::from(limit.subsec_nanos()),
        };
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("epoll_wait: {error}"),
        }
        for event in events {
            // The kernel's event is a packed struct: fields are copied out.
            let (flags, number) = (event.flags, event.data.u64() as usize);
            let session = &mut self.sessions[number];
            let is_over = flags.intersects(EventFlags::HUP | EventFlags::ERR);
            if is_over || (flags.contains(EventFlags::IN) && !session.deaf) {
                session.read_ready()?;
            }
            if flags.contains(EventFlags::OUT) {
                session.write_ready()?;
                if !session.has_output() {
                    self.rearm(number);
                }
            }
        }
        Ok(())
    }

    /// Looks every quarter of a second whose KEEPALIVE is due.
    fn keep_alive(&mut self) -> Result<(), SpeakerError> {
        let now = Instant::now();
        if now < self.keepalives_due {
            return Ok(());
        }
        self.keepalives_due = now + Duration::from_millis(250);
        for number in 0..self.sessions.len() {
            if !self.sessions[number].has_output() && !self.sessions[number].is_closed() {
                self.sessions[number].keep_alive(now);
                self.sessions[number].write_ready()?;
                self.rearm(number);
            }
        }
        Ok(())
    }

    /// Tells epoll what this session waits for now.
    fn rearm(&self, number: usize) {
        let session = &self.sessions[number];
        let data = EventData::new_u64(number as u64);
        epoll::modify(&self.epoll, &session.stream, data, wanted(session))
            .expect("epoll knows each session of the fleet");
    }
}

/// Input unless the session is deaf, output while something waits to go out.
fn wanted<S: Sink>(session: &Session<S>) -> EventFlags {
    let output = if session.has_output() { EventFlags::OUT } else { EventFlags::empty() };
    if session.deaf { output } else { output | EventFlags::IN }
}
