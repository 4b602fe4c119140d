//! The kernel as a process sees it, and the moments in which that process may die: before and after every call.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::rc::Rc;

use ftcore::core::effect::{Connect, SocketOptions};
use ftcore::core::input::{Cookie, Time};
use ftcore::core::kernel::{Kernel, Phase, Positions};
use ftcore::core::takeover::Origin;
use ipnet::IpNet;

use super::world::{Fate, Leads, Process, World};

/// What a process throws that dies, and what its death looks like.
pub struct Killed(pub Origin);

/// Counts a process's calls of the kernel and the memory, and kills it in the middle of one.
#[derive(Clone, Debug)]
pub struct Fuse {
    calls: Rc<Cell<u64>>,
    /// The moment: twice the call's number, and one more for after it. `u64::MAX` for never.
    burns_at: Rc<Cell<u64>>,
    /// What it looks like from outside when it burns.
    origin: Rc<Cell<Origin>>,
    /// Whether it is another process that calls.
    resting: Rc<Cell<bool>>,
}

impl Fuse {
    /// One that does not burn.
    pub fn new() -> Self {
        Fuse {
            calls: Rc::default(),
            burns_at: Rc::new(Cell::new(u64::MAX)),
            origin: Rc::new(Cell::new(Origin::Outside)),
            resting: Rc::default(),
        }
    }

    /// Burns so many moments from now on.
    pub fn light(&self, moments: u64) {
        self.light_as(moments, Origin::Outside);
    }

    /// The same, and whoever finds the dead process sees that it died like this.
    pub fn light_as(&self, moments: u64, origin: Origin) {
        self.burns_at.set((self.calls.get() * 2).saturating_add(moments));
        self.origin.set(origin);
    }

    /// Does not burn any more.
    pub fn put_out(&self) {
        self.burns_at.set(u64::MAX);
    }

    /// Moments that have passed.
    pub fn moments(&self) -> u64 {
        self.calls.get() * 2
    }

    /// Calls of another process, which do not count.
    pub fn rest<T>(&self, act: impl FnOnce() -> T) -> T {
        self.resting.set(true);
        let done = act();
        self.resting.set(false);
        done
    }

    pub fn before(&self) {
        if !self.resting.get() && self.burns_at.get() == self.calls.get() * 2 {
            self.burn();
        }
    }

    pub fn after(&self) {
        if self.resting.get() {
            return;
        }
        let moment = self.calls.get() * 2 + 1;
        self.calls.set(self.calls.get() + 1);
        if self.burns_at.get() == moment {
            self.burn();
        }
    }

    fn burn(&self) {
        self.put_out();
        resume_unwind(Box::new(Killed(self.origin.get())));
    }
}

/// One process's way to the kernel.
pub struct VirtualKernel {
    pub world: Rc<RefCell<World>>,
    pub process: Process,
    pub leads: Leads,
    pub watched: BTreeSet<u64>,
    pub paused: BTreeSet<u64>,
    /// Sockets that said that they take nothing now.
    pub blocked: BTreeSet<u64>,
    /// At most so many octets are taken by one send.
    pub most: usize,
    pub fuse: Fuse,
}

impl VirtualKernel {
    pub fn new(world: &Rc<RefCell<World>>, process: Process, fuse: &Fuse) -> Self {
        world.borrow_mut().starts(process);
        VirtualKernel {
            world: Rc::clone(world),
            process,
            leads: Leads::No,
            watched: BTreeSet::new(),
            paused: BTreeSet::new(),
            blocked: BTreeSet::new(),
            most: usize::MAX,
            fuse: fuse.clone(),
        }
    }

    /// One call, of a process that leads, on a socket that it holds.
    fn call<T>(
        &mut self,
        socket: Cookie,
        act: impl FnOnce(&mut World, &mut Self) -> io::Result<T>,
    ) -> io::Result<T> {
        assert_eq!(self.leads, Leads::Yes, "a process that only follows touches a socket");
        self.fuse.before();
        let world = Rc::clone(&self.world);
        let mut world = world.borrow_mut();
        let held = world.sockets.get(&socket.0).is_some_and(|known| known.holders.contains(&self.process));
        let answer = if held { act(&mut world, self) } else { Err(io::ErrorKind::NotFound.into()) };
        drop(world);
        self.fuse.after();
        answer
    }
}

const RESET: i32 = 104;
const REFUSED: i32 = 111;
const BROKEN: i32 = 32;

impl Kernel for VirtualKernel {
    fn now(&self) -> Time {
        Time(self.world.borrow().now)
    }

    fn receive(&mut self, socket: Cookie, into: &mut [u8]) -> io::Result<usize> {
        self.call(socket, |world, _| {
            let socket = world.sockets.get_mut(&socket.0).ok_or(io::ErrorKind::NotFound)?;
            if socket.reset {
                return Err(io::Error::from_raw_os_error(RESET));
            }
            let count = socket.unread.len().min(into.len());
            if count == 0 {
                return if socket.peer_ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
            }
            for (to, from) in into.iter_mut().zip(socket.unread.drain(..count)) {
                *to = from;
            }
            socket.consumed += count as u64;
            Ok(count)
        })
    }

    fn receive_datagram(&mut self, socket: Cookie, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.call(socket, |world, _| {
            let socket = world.sockets.get_mut(&socket.0).ok_or(io::ErrorKind::NotFound)?;
            let datagram = socket.datagrams.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
            let count = datagram.len().min(into.len());
            into[..count].copy_from_slice(&datagram[..count]);
            Ok((count, socket.remote))
        })
    }

    fn send(&mut self, socket: Cookie, octets: &[IoSlice<'_>]) -> io::Result<usize> {
        self.call(socket, |world, kernel| {
            let open = world.sockets.get_mut(&socket.0).ok_or(io::ErrorKind::NotFound)?;
            if open.phase != Phase::Open || open.fin || open.rst {
                return Err(io::Error::from_raw_os_error(BROKEN));
            }
            let offered: Vec<u8> = octets.iter().flat_map(|slice| slice.iter().copied()).collect();
            let count = offered.len().min(open.room).min(kernel.most);
            if count == 0 {
                kernel.blocked.insert(socket.0);
                return Err(io::ErrorKind::WouldBlock.into());
            }
            open.seen.extend_from_slice(&offered[..count]);
            open.room -= count;
            Ok(count)
        })
    }

    fn send_datagram(&mut self, socket: Cookie, _: SocketAddr, octets: &[u8]) -> io::Result<()> {
        self.call(socket, |world, _| {
            world.datagrams.push(octets.to_vec());
            Ok(())
        })
    }

    fn open(&mut self, connect: &Connect) -> io::Result<Cookie> {
        assert_eq!(self.leads, Leads::Yes, "a process that only follows makes a socket");
        self.fuse.before();
        let cookie = self.world.borrow_mut().opens(connect.remote);
        self.fuse.after();
        Ok(Cookie(cookie))
    }

    fn open_datagram(&mut self, _: SocketAddr) -> io::Result<Cookie> {
        assert_eq!(self.leads, Leads::Yes, "a process that only follows makes a socket");
        self.fuse.before();
        let cookie = self.world.borrow_mut().opens_datagram();
        self.fuse.after();
        Ok(Cookie(cookie))
    }

    fn connect(&mut self, socket: Cookie, _: &Connect) -> io::Result<()> {
        self.call(socket, |world, _| {
            let now = world.now;
            let fresh = world.sockets.get_mut(&socket.0).ok_or(io::ErrorKind::NotFound)?;
            assert_eq!(fresh.phase, Phase::Fresh, "connected twice");
            fresh.phase = Phase::Connecting;
            fresh.resolves_at = now + 3000;
            Ok(())
        })
    }

    fn outcome(&mut self, socket: Cookie) -> io::Result<(SocketAddr, SocketAddr)> {
        self.call(socket, |world, _| {
            let now = world.now;
            let socket = world.sockets.get_mut(&socket.0).ok_or(io::ErrorKind::NotFound)?;
            match (socket.phase, socket.fate) {
                (Phase::Connecting, _) if socket.resolves_at > now => Err(io::ErrorKind::WouldBlock.into()),
                (Phase::Connecting, Fate::Refused) => {
                    socket.phase = Phase::Over;
                    Err(io::Error::from_raw_os_error(REFUSED))
                }
                (Phase::Over, Fate::Refused) => Err(io::Error::from_raw_os_error(REFUSED)),
                (Phase::Over, Fate::Succeeds) => Err(io::Error::from_raw_os_error(RESET)),
                (Phase::Fresh, _) => Err(io::ErrorKind::NotConnected.into()),
                (Phase::Connecting | Phase::Open, _) => {
                    socket.phase = Phase::Open;
                    Ok((socket.local, socket.remote))
                }
            }
        })
    }

    fn watch(&mut self, socket: Cookie) -> io::Result<()> {
        self.call(socket, |_, kernel| {
            kernel.watched.insert(socket.0);
            Ok(())
        })
    }

    fn pause(&mut self, socket: Cookie) {
        self.paused.insert(socket.0);
    }

    fn resume(&mut self, socket: Cookie) {
        self.paused.remove(&socket.0);
    }

    fn set_options(&mut self, socket: Cookie, _: &SocketOptions) -> io::Result<()> {
        self.call(socket, |_, _| Ok(()))
    }

    fn set_listen_key(&mut self, _: IpNet, _: Option<&str>) -> io::Result<()> {
        self.fuse.before();
        self.fuse.after();
        Ok(())
    }

    fn end(&mut self, socket: Cookie) {
        let _ = self.call(socket, |world, _| {
            if let Some(socket) = world.sockets.get_mut(&socket.0) {
                socket.fin |= !socket.rst;
            }
            Ok(())
        });
    }

    fn abort(&mut self, socket: Cookie) {
        let _ = self.call(socket, |world, _| {
            if let Some(socket) = world.sockets.get_mut(&socket.0) {
                socket.rst |= !socket.reset;
                socket.phase = Phase::Over;
            }
            Ok(())
        });
    }

    fn forget(&mut self, socket: Cookie) {
        self.fuse.before();
        self.watched.remove(&socket.0);
        self.world.borrow_mut().forget(socket.0, self.process, self.leads);
        self.fuse.after();
    }

    fn held(&self) -> Vec<Cookie> {
        let world = self.world.borrow();
        let held = world.sockets.iter().filter(|(_, socket)| socket.holders.contains(&self.process));
        held.map(|(cookie, _)| Cookie(*cookie)).collect()
    }

    fn positions(&mut self, socket: Cookie) -> io::Result<Positions> {
        self.fuse.before();
        let world = self.world.borrow();
        let known = world.sockets.get(&socket.0).filter(|known| known.holders.contains(&self.process));
        let positions = known.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)).map(|socket| {
            let resolved = socket.phase == Phase::Connecting && socket.resolves_at <= world.now;
            let phase = match (socket.phase, socket.fate) {
                (Phase::Connecting, Fate::Succeeds) if resolved => Phase::Open,
                (Phase::Connecting, Fate::Refused) if resolved => Phase::Over,
                (phase, _) => phase,
            };
            Positions { phase, consumed: socket.consumed, written: socket.seen.len() as u64 }
        });
        drop(world);
        self.fuse.after();
        positions
    }
}
