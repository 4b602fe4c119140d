//! Every case on real connections over loopback: what was really read and written is counted here, and must be
//! what the kernel's numbers come to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use super::super::socket;
use super::*;

/// A connection with both of its ends in this process: the side that opened it, and the one that accepted it.
struct Both {
    opened: TcpStream,
    accepted: TcpStream,
}

impl Both {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let opened = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap().0;
        for side in [&opened, &accepted] {
            socket2::SockRef::from(side).set_out_of_band_inline(true).unwrap();
        }
        Both { opened, accepted }
    }

    #[track_caller]
    fn expect(&self, opened: (Phase, u64, u64), accepted: (Phase, u64, u64)) {
        // What is on its way over loopback arrives within this.
        std::thread::sleep(Duration::from_millis(10));
        assert_eq!(at(&self.opened, Origin::Opened), opened, "the side that opened");
        assert_eq!(at(&self.accepted, Origin::Accepted), accepted, "the side that accepted");
    }

    /// Waits until the kernel says these states. A FIN's acknowledgement may be delayed.
    #[track_caller]
    fn come_to(&self, opened: u8, accepted: u8) {
        let state = |side: &TcpStream| told(side.as_fd()).unwrap().tcpi_state;
        let states = || (state(&self.opened), state(&self.accepted));
        let until = std::time::Instant::now() + Duration::from_secs(5);
        while states() != (opened, accepted) && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(states(), (opened, accepted));
    }
}

fn at(socket: impl AsFd, origin: Origin) -> (Phase, u64, u64) {
    let Positions { phase, consumed, written } = positions(socket.as_fd(), origin).unwrap();
    (phase, consumed, written)
}

fn read(mut from: &TcpStream, count: usize) {
    from.read_exact(&mut vec![0; count]).unwrap();
}

use Phase::{Connecting, Fresh, Open, Over};

#[test]
fn octets_both_ways_read_and_unread() {
    let mut both = Both::new();
    both.expect((Open, 0, 0), (Open, 0, 0));
    both.opened.write_all(&[1; 1000]).unwrap();
    both.expect((Open, 0, 1000), (Open, 0, 0));
    read(&both.accepted, 300);
    both.expect((Open, 0, 1000), (Open, 300, 0));
    both.accepted.write_all(&[2; 77]).unwrap();
    read(&both.opened, 77);
    read(&both.accepted, 700);
    both.expect((Open, 77, 1000), (Open, 1000, 77));
}

#[test]
fn a_peeked_octet_is_not_consumed() {
    let mut both = Both::new();
    both.opened.write_all(&[1; 10]).unwrap();
    both.accepted.peek(&mut [0; 5]).unwrap();
    both.expect((Open, 0, 10), (Open, 0, 0));
}

#[test]
fn the_peers_fin_with_and_without_unread_octets() {
    let mut both = Both::new();
    both.opened.write_all(&[1; 1000]).unwrap();
    both.opened.shutdown(Shutdown::Write).unwrap();
    both.expect((Open, 0, 1000), (Open, 0, 0));
    both.come_to(state::FIN_WAIT2, state::CLOSE_WAIT);
    both.expect((Open, 0, 1000), (Open, 0, 0));
    read(&both.accepted, 999);
    both.expect((Open, 0, 1000), (Open, 999, 0));
    read(&both.accepted, 1);
    both.expect((Open, 0, 1000), (Open, 1000, 0));
    assert_eq!(both.accepted.read(&mut [0; 9]).unwrap(), 0);
    both.expect((Open, 0, 1000), (Open, 1000, 0));
    // The half that is left goes on.
    both.accepted.write_all(&[3; 50]).unwrap();
    read(&both.opened, 20);
    both.expect((Open, 20, 1000), (Open, 1000, 50));
}

#[test]
fn our_fin_behind_octets_that_the_peer_has_no_room_for() {
    let mut both = Both::new();
    both.accepted.set_nonblocking(true).unwrap();
    let mut written = 0;
    while let Ok(count) = both.accepted.write(&[5; 1 << 16]) {
        written += count as u64;
    }
    both.expect((Open, 0, 0), (Open, 0, written));
    both.accepted.shutdown(Shutdown::Write).unwrap();
    both.come_to(1, state::FIN_WAIT1);
    both.expect((Open, 0, 0), (Open, 0, written));
    read(&both.opened, written as usize);
    both.expect((Open, written, 0), (Open, 0, written));
    both.come_to(state::CLOSE_WAIT, state::FIN_WAIT2);
}

#[test]
fn both_fins_while_ours_waits() {
    let mut both = Both::new();
    both.opened.set_nonblocking(true).unwrap();
    let mut written = 0;
    while let Ok(count) = both.opened.write(&[5; 1 << 16]) {
        written += count as u64;
    }
    both.opened.shutdown(Shutdown::Write).unwrap();
    both.accepted.write_all(&[1; 7]).unwrap();
    both.accepted.shutdown(Shutdown::Write).unwrap();
    // The one's FIN is stuck behind its octets, the other's has arrived: CLOSING; where it has not seen it, it
    // waits for its own to be acknowledged.
    both.come_to(state::CLOSING, state::FIN_WAIT2);
    both.expect((Open, 0, written), (Open, 0, 7));
    read(&both.opened, 7);
    both.expect((Open, 7, written), (Open, 0, 7));
    read(&both.accepted, 1000);
    both.expect((Open, 7, written), (Open, 1000, 7));
}

#[test]
fn the_last_ack_is_awaited() {
    let mut both = Both::new();
    both.opened.write_all(&[1; 9]).unwrap();
    both.opened.shutdown(Shutdown::Write).unwrap();
    std::thread::sleep(Duration::from_millis(10));
    both.accepted.set_nonblocking(true).unwrap();
    let mut written = 0;
    while let Ok(count) = both.accepted.write(&[5; 1 << 16]) {
        written += count as u64;
    }
    both.accepted.shutdown(Shutdown::Write).unwrap();
    both.come_to(state::FIN_WAIT2, state::LAST_ACK);
    both.expect((Open, 0, 9), (Open, 0, written));
    read(&both.accepted, 4);
    read(&both.opened, 1 << 16);
    both.expect((Open, 1 << 16, 9), (Open, 4, written));
}

#[test]
fn both_ends_done_is_over() {
    let both = Both::new();
    both.opened.shutdown(Shutdown::Write).unwrap();
    std::thread::sleep(Duration::from_millis(10));
    both.accepted.shutdown(Shutdown::Write).unwrap();
    std::thread::sleep(Duration::from_millis(10));
    assert_eq!(at(&both.opened, Origin::Opened).0, Over);
    assert_eq!(at(&both.accepted, Origin::Accepted).0, Over);
}

#[test]
fn a_reset_is_over_on_both_sides() {
    let mut both = Both::new();
    both.opened.write_all(&[1; 100]).unwrap();
    std::thread::sleep(Duration::from_millis(10));
    socket::abort(&both.opened);
    std::thread::sleep(Duration::from_millis(10));
    assert_eq!(at(&both.accepted, Origin::Accepted).0, Over);
    assert_eq!(at(&both.opened, Origin::Opened).0, Over);
}

#[test]
fn urgent_octets_are_octets() {
    let mut both = Both::new();
    both.opened.write_all(&[1; 10]).unwrap();
    socket2::SockRef::from(&both.opened).send_out_of_band(b"!").unwrap();
    both.opened.write_all(&[1; 10]).unwrap();
    both.expect((Open, 0, 21), (Open, 0, 0));
    // A read stops before an urgent octet, and then takes it with the rest.
    read(&both.accepted, 10);
    both.expect((Open, 0, 21), (Open, 10, 0));
    read(&both.accepted, 1);
    both.expect((Open, 0, 21), (Open, 11, 0));
    read(&both.accepted, 10);
    both.expect((Open, 0, 21), (Open, 21, 0));
}

#[test]
fn an_attempt_is_fresh_then_under_way_then_over() {
    use crate::core::effect::{Connect, SocketOptions};
    use crate::core::input::ConnId;

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = listener.local_addr().unwrap();
    drop(listener);
    let wanted =
        |remote, local| Connect { conn: ConnId(1), remote, local, options: SocketOptions::default() };
    // With an address to connect from and without.
    for local in [None, Some("127.0.0.1".parse().unwrap())] {
        let socket = socket::open(&wanted(refused, local)).unwrap();
        assert_eq!(at(&socket, Origin::Opened), (Fresh, 0, 0));
        let _ = socket::connect(&socket, refused);
        std::thread::sleep(Duration::from_millis(10));
        assert_eq!(at(&socket, Origin::Opened).0, Over);
        assert!(socket::outcome(&socket).is_err());
        assert_eq!(at(&socket, Origin::Opened).0, Over, "also when the reason was asked for");
    }
    // A full backlog keeps the SYN waiting.
    let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    full.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    full.listen(0).unwrap();
    let remote = full.local_addr().unwrap().as_socket().unwrap();
    let _first = TcpStream::connect(remote).unwrap();
    let waiting = socket::open(&wanted(remote, None)).unwrap();
    socket::connect(&waiting, remote).unwrap();
    std::thread::sleep(Duration::from_millis(10));
    assert_eq!(at(&waiting, Origin::Opened), (Connecting, 0, 0));
}

#[test]
fn a_listening_socket_has_no_position() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(positions(listener.as_fd(), Origin::Accepted).is_err());
}

#[test]
fn the_numbers_agree_while_a_peer_sends_as_hard_as_it_can() {
    let both = Both::new();
    let (mut sending, accepted) = (both.opened, both.accepted);
    let closer = sending.try_clone().unwrap();
    let writer = std::thread::spawn(move || while sending.write(&[7; 1 << 16]).is_ok() {});
    let mut consumed = 0;
    for _ in 0..300 {
        let count = (&accepted).read(&mut [0; 1 << 14]).unwrap();
        consumed += count as u64;
        assert_eq!(at(&accepted, Origin::Accepted), (Open, consumed, 0));
    }
    closer.shutdown(Shutdown::Both).unwrap();
    writer.join().unwrap();
}

#[test]
fn numbers_beyond_32_bits_stay_whole() {
    let counters = |state| Counters {
        state,
        received: (7 << 32) + 1001,
        acknowledged: (9 << 32) + 5,
        unread: 1000,
        // More than half of the sequence space is no negative number.
        unacknowledged: 0xf000_0000,
    };
    let written = (9 << 32) + 5 + 0xf000_0000;
    let of = |state, phase, origin| {
        let Positions { consumed, written, .. } = of(counters(state), phase, origin);
        (consumed, written)
    };
    assert_eq!(of(1, Open, Origin::Accepted), ((7 << 32) + 1, written));
    assert_eq!(of(1, Open, Origin::Opened), ((7 << 32) + 1, written - 1));
    assert_eq!(of(state::CLOSE_WAIT, Open, Origin::Opened), (7 << 32, written - 1));
    assert_eq!(of(state::CLOSING, Open, Origin::Opened), (7 << 32, written - 2));
    assert_eq!(of(state::FIN_WAIT2, Open, Origin::Accepted), ((7 << 32) + 1, written - 1));
}

/// More than 4 GB through one connection: every sequence number comes round. It takes some ten seconds, so it is
/// asked for: `FTCORE_LONG=1 cargo test -p ftcore --lib more_than_four`
#[test]
fn more_than_four_gigabytes_both_ways() {
    if std::env::var_os("FTCORE_LONG").is_none() {
        return;
    }
    const GOAL: u64 = (1 << 32) + (1 << 28);
    let Both { opened, accepted } = Both::new();
    let (mut forth, mut back) = (opened, accepted);
    let mut answering = back.try_clone().unwrap();
    let mut answered = forth.try_clone().unwrap();
    let buffer = || vec![0_u8; 1 << 20];
    std::thread::scope(|scope| {
        scope.spawn(move || (0..GOAL >> 20).for_each(|_| answering.write_all(&buffer()).unwrap()));
        scope.spawn(move || (0..GOAL >> 20).for_each(|_| answered.read_exact(&mut buffer()).unwrap()));
        let writer = forth.try_clone().unwrap();
        scope.spawn(move || (0..GOAL >> 20).for_each(|_| (&writer).write_all(&buffer()).unwrap()));
        let mut into = buffer();
        for n in 1..=GOAL >> 20 {
            back.read_exact(&mut into).unwrap();
            if n % 16 == 0 {
                let (_, consumed, _) = at(&back, Origin::Accepted);
                assert_eq!(consumed, n << 20);
            }
        }
    });
    let both = Both { opened: forth.try_clone().unwrap(), accepted: back };
    both.expect((Open, GOAL, GOAL), (Open, GOAL, GOAL));
    forth.write_all(b"x").unwrap();
    both.expect((Open, GOAL, GOAL + 1), (Open, GOAL, GOAL));
}
