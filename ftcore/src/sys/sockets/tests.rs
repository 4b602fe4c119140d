//! The table on real sockets over loopback.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;

use super::super::fork::fork;
use super::super::process::Exit;
use super::*;
use crate::core::input::ConnId;

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(30);

fn table() -> Sockets {
    Sockets::new(Box::new(NotShared)).unwrap()
}

fn wanted(remote: SocketAddr) -> Connect {
    Connect { conn: ConnId(1), remote, local: None, options: SocketOptions::default() }
}

/// A table with one accepted connection, and the other end of it.
fn accepted() -> (Sockets, Cookie, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut sockets = table();
    let cookie = sockets.adopt(listener.accept().unwrap().0.into(), Origin::Accepted).unwrap();
    (sockets, cookie, peer)
}

/// What is ready within a time, for a table with one socket.
fn ready(sockets: &mut Sockets, within: Duration) -> Option<Readiness> {
    let count = sockets.collect(Some(within)).unwrap();
    assert!(count <= 1);
    sockets.ready(0).map(|(_, readiness)| readiness)
}

const READ: Readiness = Readiness { read: true, write: false, over: false };
const WRITE: Readiness = Readiness { read: false, write: true, over: false };

fn fill(sockets: &mut Sockets, cookie: Cookie) -> usize {
    let piece = vec![7; 1 << 16];
    let mut sent = 0;
    loop {
        match sockets.send(cookie, &[IoSlice::new(&piece), IoSlice::new(&piece)]) {
            Ok(count) => sent += count,
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                return sent;
            }
        }
    }
}

/// Remembers what it was told.
#[derive(Clone, Default)]
struct Told(Rc<RefCell<Vec<(&'static str, Cookie)>>>);

impl Sharer for Told {
    fn share(&mut self, cookie: Cookie, _: Origin, socket: BorrowedFd<'_>) -> io::Result<()> {
        assert_eq!(socket::cookie(socket).unwrap(), cookie);
        self.0.borrow_mut().push(("share", cookie));
        Ok(())
    }

    fn forget(&mut self, cookie: Cookie) {
        self.0.borrow_mut().push(("forget", cookie));
    }
}

#[test]
fn a_connection_is_shared_before_it_is_made_and_forgotten_without_a_word() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let remote = listener.local_addr().unwrap();
    let told = Told::default();
    let mut sockets = Sockets::new(Box::new(told.clone())).unwrap();
    let cookie = sockets.open(&wanted(remote)).unwrap();
    assert_eq!(*told.0.borrow(), [("share", cookie)]);
    sockets.register_all().unwrap();
    assert_eq!(ready(&mut sockets, SHORT), None, "what was never connected is not watched");
    sockets.connect(cookie, &wanted(remote)).unwrap();
    assert!(ready(&mut sockets, LONG).unwrap().write);
    let (local, peer) = sockets.outcome(cookie).unwrap();
    let mut other = listener.accept().unwrap().0;
    assert_eq!((local, peer), (other.peer_addr().unwrap(), remote));
    assert_eq!(ready(&mut sockets, SHORT), None);
    other.write_all(b"hello").unwrap();
    assert_eq!(ready(&mut sockets, LONG), Some(READ));
    let mut into = [0; 9];
    assert_eq!(sockets.receive(cookie, &mut into).unwrap(), 5);
    assert_eq!(sockets.receive(cookie, &mut into).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(sockets.positions(cookie).unwrap().consumed, 5);
    // Another holder, as the keeper is one: the peer sees nothing of the forgetting.
    let kept = sockets.iter().next().unwrap().2.try_clone_to_owned().unwrap();
    sockets.forget(cookie);
    assert_eq!(told.0.borrow().last(), Some(&("forget", cookie)));
    other.set_read_timeout(Some(SHORT)).unwrap();
    assert_eq!(other.read(&mut into).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    socket::end(&kept);
    assert_eq!(other.read(&mut into).unwrap(), 0);
}

/// An address that refuses: its port is taken, so that nobody else's listener gets it, and nobody listens there.
fn refusing() -> (socket2::Socket, SocketAddr) {
    let held = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    held.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = held.local_addr().unwrap().as_socket().unwrap();
    (held, address)
}

#[test]
fn a_refused_attempt_says_why_once_and_that_it_is_over_ever_after() {
    let (_held, gone) = refusing();
    let mut sockets = table();
    let cookie = sockets.open(&wanted(gone)).unwrap();
    match sockets.connect(cookie, &wanted(gone)) {
        Ok(()) => {
            assert!(ready(&mut sockets, LONG).unwrap().over);
            assert_eq!(sockets.outcome(cookie).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        }
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused),
    }
    assert!(sockets.outcome(cookie).is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock));
}

#[test]
fn room_is_told_to_who_waits_for_it_and_to_nobody_else() {
    let (mut sockets, cookie, mut peer) = accepted();
    assert_eq!(ready(&mut sockets, SHORT), None);
    let sent = fill(&mut sockets, cookie);
    assert_eq!(ready(&mut sockets, SHORT), None);
    assert_eq!(sockets.positions(cookie).unwrap().written, sent as u64);
    peer.read_exact(&mut vec![0; sent]).unwrap();
    assert_eq!(ready(&mut sockets, LONG), Some(WRITE));
    // Nobody found it full since: it is told once more at most.
    let _ = ready(&mut sockets, SHORT);
    assert_eq!(ready(&mut sockets, SHORT), None);
}

#[test]
fn a_connection_that_is_held_back_keeps_nobody_awake() {
    let (mut sockets, cookie, mut peer) = accepted();
    peer.write_all(b"x").unwrap();
    sockets.set_reading(cookie, Reading::Off).unwrap();
    assert_eq!(ready(&mut sockets, SHORT), None);
    // Room to send is told all the same.
    let sent = fill(&mut sockets, cookie);
    peer.read_exact(&mut vec![0; sent]).unwrap();
    assert!(ready(&mut sockets, LONG).unwrap().write);
    socket::abort(&peer);
    let mut times = 0;
    while ready(&mut sockets, SHORT).is_some() {
        times += 1;
        assert!(times < 5, "an end is told for ever");
    }
    sockets.set_reading(cookie, Reading::On).unwrap();
    assert!(ready(&mut sockets, LONG).unwrap().read);
}

#[test]
fn a_dead_process_leaves_the_connection_to_the_one_that_holds_it_too() {
    let (mut sockets, cookie, mut peer) = accepted();
    sockets.deregister_all();
    let descriptor = sockets.iter().next().unwrap().2;
    // The child is the primary: it reads, writes, and dies in the middle.
    let child = fork(&[descriptor], || {
        let mut into = [0; 4];
        let _ = rustix::net::send(descriptor, b"one", SendFlags::empty());
        while rustix::net::recv(descriptor, &mut into, RecvFlags::empty()).is_err() {}
        std::process::abort()
    });
    peer.write_all(b"twoandmore").unwrap();
    assert_eq!(child.unwrap().wait(LONG), Some(Exit::Signal(libc::SIGABRT)));
    let at = sockets.positions(cookie).unwrap();
    assert_eq!((at.phase, at.written), (Phase::Open, 3));
    sockets.register_all().unwrap();
    assert_eq!(ready(&mut sockets, LONG), Some(READ));
    let mut rest = [0; 10];
    let count = sockets.receive(cookie, &mut rest).unwrap();
    assert_eq!(rest[..count], b"twoandmore"[at.consumed as usize..]);
    sockets.send(cookie, &[IoSlice::new(b"four")]).unwrap();
    let mut seen = [0; 7];
    peer.read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"onefour");
}

#[test]
fn the_ends_are_a_fin_and_a_reset() {
    let (mut sockets, cookie, mut peer) = accepted();
    sockets.end(cookie);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    peer.write_all(b"x").unwrap();
    assert_eq!(ready(&mut sockets, LONG), Some(READ));
    sockets.abort(cookie);
    let error = loop {
        std::thread::sleep(Duration::from_millis(1));
        if let Err(error) = peer.write(b"x") {
            break error;
        }
    };
    assert!(matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe));
    sockets.end(cookie);
    sockets.abort(cookie);
    sockets.abort(Cookie(u64::MAX));
}

#[test]
fn datagrams_go_both_ways() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let mut sockets = table();
        let cookie = sockets.open_datagram(address.parse().unwrap()).unwrap();
        let own = socket::local(sockets.iter().next().unwrap().2).unwrap();
        let peer = std::net::UdpSocket::bind(address).unwrap();
        peer.send_to(b"ping", own).unwrap();
        assert_eq!(ready(&mut sockets, LONG), Some(READ));
        let mut into = [0; 9];
        let (count, from) = sockets.receive_datagram(cookie, &mut into).unwrap();
        assert_eq!((&into[..count], from), (&b"ping"[..], peer.local_addr().unwrap()));
        sockets.send_datagram(cookie, from, b"pong").unwrap();
        assert_eq!(peer.recv(&mut into).unwrap(), 4);
        assert!(sockets.positions(cookie).is_err());
    }
}

#[test]
fn only_who_has_the_key_gets_in() {
    for (at, range) in [("127.0.0.1:0", "127.0.0.0/8"), ("[::1]:0", "::1/128")] {
        let mut keeper = table();
        keeper.listeners.open(at.parse().unwrap()).unwrap();
        let remote = keeper.listeners.iter().next().unwrap().1;
        keeper.set_listen_key(range.parse().unwrap(), Some("secret")).unwrap();
        let attempt = |key: Option<&str>| {
            let mut sockets = table();
            let mut connect = wanted(remote);
            connect.options.key = key.map(str::to_owned);
            let cookie = sockets.open(&connect).unwrap();
            sockets.connect(cookie, &connect).unwrap();
            ready(&mut sockets, Duration::from_millis(100)).map(|_| sockets.outcome(cookie).is_ok())
        };
        assert_eq!(attempt(Some("secret")), Some(true));
        assert_eq!(attempt(Some("wrong")), None);
        assert_eq!(attempt(None), None);
        keeper.set_listen_key(range.parse().unwrap(), None).unwrap();
        keeper.set_listen_key(range.parse().unwrap(), None).unwrap();
        assert_eq!(attempt(None), Some(true));
    }
}

#[test]
fn octets_from_too_far_away_are_not_taken() {
    for at in ["127.0.0.1:0", "[::1]:0"] {
        let mut sockets = table();
        let listener = sockets.listeners.open(at.parse().unwrap()).unwrap();
        let remote = sockets.listeners.iter().next().unwrap().1;
        let mut peer = TcpStream::connect(remote).unwrap();
        let accepted = sockets.accept(listener);
        let cookie = accepted[0].socket;
        assert_eq!((accepted[0].local, accepted[0].remote), (remote, peer.local_addr().unwrap()));
        let near = SocketOptions { ttl: Some(255), min_ttl: Some(255), ..SocketOptions::default() };
        sockets.set_options(cookie, &near).unwrap();
        sockets.watch(cookie).unwrap();
        peer.write_all(b"far").unwrap();
        assert_eq!(ready(&mut sockets, SHORT), None);
        socket::apply(peer.as_fd(), remote.ip(), &near).unwrap();
        peer.write_all(b"near").unwrap();
        assert_eq!(ready(&mut sockets, LONG), Some(READ));
    }
}

#[test]
fn a_shortage_of_descriptors_pauses_the_accepting() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let child = fork(&[], || {
        let mut sockets = table();
        let id = sockets.listeners.open("127.0.0.1:0".parse().unwrap()).unwrap();
        sockets.register_listeners().unwrap();
        let remote = sockets.listeners.iter().next().unwrap().1;
        let _peers = [TcpStream::connect(remote).unwrap(), TcpStream::connect(remote).unwrap()];
        let last = rustix::io::dup(&_peers[0]).unwrap();
        let limit = std::os::fd::AsRawFd::as_raw_fd(&last) as u64;
        let few =
            |limit| setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum: Some(64) }).unwrap();
        few(limit);
        let heard = ready(&mut sockets, LONG) == Some(READ);
        let none = sockets.accept(id).is_empty();
        let paused = sockets.listeners.deadline().is_some() && ready(&mut sockets, SHORT).is_none();
        few(64);
        std::thread::sleep(Duration::from_millis(1100));
        sockets.resume_listeners();
        let goes_on = ready(&mut sockets, LONG) == Some(READ) && sockets.accept(id).len() == 2;
        [heard, none, paused, goes_on].into_iter().fold(0, |all, one| 2 * all + i32::from(one))
    });
    assert_eq!(child.unwrap().wait(LONG), Some(Exit::Status(0b1111)));
}

#[test]
fn sources_have_tokens_of_their_own() {
    let sources = [
        Source::Socket(Cookie(1)),
        Source::Socket(Cookie((1 << 62) - 1)),
        Source::Listener(ListenerId(0)),
        Source::Listener(ListenerId(u32::MAX)),
        Source::Own(0),
        Source::Own((1 << 62) - 1),
    ];
    assert_eq!(sources.map(|source| Source::of(source.token())), sources);
}
