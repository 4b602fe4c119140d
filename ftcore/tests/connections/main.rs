//! A primary on real sockets: octets, ends, keys, TTLs, and peers that misbehave.

mod scripted;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ftcore::core::effect::{Close, Connect, Effect, Effects, SocketOptions};
use ftcore::core::input::{ConnId, FIRST_OWN_CONN, Input};
use ftcore::sys::option;
use scripted::{BEGIN, Seen, echo, start};
use socket2::{Domain, SockRef, Socket, Type};

/// The connection that a script asks for.
const OWN: ConnId = ConnId(FIRST_OWN_CONN);

#[test]
fn octets_go_both_ways_and_what_the_kernel_took_is_said() {
    let router = start("127.0.0.1", echo);
    let mut stream = router.connect();
    let connection = router.accepted();
    assert_eq!(connection.remote, stream.local_addr().unwrap());
    assert_eq!(connection.local, router.listening[0]);
    stream.write_all(b"hello").unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello");
    let drained = router.wait(|seen| match seen {
        Seen::Drained(conn, octets) if conn == connection.conn => Some(octets),
        _ => None,
    });
    assert_eq!(drained, 5);
}

#[test]
fn addresses_of_ipv6_connections_are_ipv6() {
    let router = start("::1", echo);
    let stream = router.connect();
    let connection = router.accepted();
    assert_eq!(connection.remote, stream.local_addr().unwrap());
}

/// A machine that keeps `window` octets in flight until it has sent `total`, on the first connection only.
fn sender(window: u64, total: u64, sent: Arc<AtomicU64>) -> impl FnMut(&Input<'_>, &mut Effects<()>) + Send {
    let mut first = None;
    move |input, effects| {
        let (conn, room) = match input {
            Input::Accepted { ends: connection, .. } if first.is_none() => (connection.conn, window),
            Input::Drained { conn, octets } if first == Some(*conn) => (*conn, *octets),
            other => return echo(other, effects),
        };
        first = Some(conn);
        let before = sent.load(Ordering::SeqCst);
        let count = room.min(total - before);
        let octets: Vec<u8> = (before..before + count).map(|n| (n % 251) as u8).collect();
        effects.list.push(Effect::Send { conn, octets: Bytes::from(octets) });
        sent.store(before + count, Ordering::SeqCst);
    }
}

#[test]
fn a_peer_that_stops_reading_stops_the_making_and_nobody_else() {
    const TOTAL: u64 = 64 << 20;
    let sent = Arc::new(AtomicU64::new(0));
    let router = start("127.0.0.1", sender(1 << 18, TOTAL, Arc::clone(&sent)));
    let mut lazy = router.connect();
    router.accepted();
    let mut other = router.connect();
    let mut answer = [0; 4];
    for _ in 0..100 {
        other.write_all(b"ping").unwrap();
        other.read_exact(&mut answer).unwrap();
    }
    assert!(sent.load(Ordering::SeqCst) < TOTAL, "the kernel has taken everything: nothing was tested");
    let mut got = 0_u64;
    let mut buffer = vec![0; 1 << 20];
    while got < TOTAL {
        let count = lazy.read(&mut buffer).unwrap();
        assert!(count > 0, "the stream ended at {got}");
        for (at, octet) in (got..).zip(&buffer[..count]) {
            assert_eq!(u64::from(*octet), at % 251, "at {at}");
        }
        got += count as u64;
    }
}

#[test]
fn an_orderly_close_sends_what_waits_and_then_a_fin() {
    const OCTETS: usize = 8 << 20;
    let router = start("127.0.0.1", |input, effects| {
        if let Input::Accepted { ends: connection, .. } = input {
            let conn = connection.conn;
            effects.list.push(Effect::Send { conn, octets: Bytes::from(vec![7; OCTETS]) });
            effects.list.push(Effect::Close { conn, how: Close::Orderly });
        }
    });
    let mut stream = router.connect();
    // What the peer still says must not turn the end into an RST.
    stream.write_all(b"too late").unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), OCTETS);
}

#[test]
fn an_abort_is_an_rst() {
    let router = start("127.0.0.1", |input, effects| {
        if let Input::Accepted { ends: connection, .. } = input {
            effects.list.push(Effect::Close { conn: connection.conn, how: Close::Abort });
        }
    });
    let mut stream = router.connect();
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn the_peers_ends_are_told_apart() {
    let router = start("127.0.0.1", echo);
    let closed = |conn: ConnId| {
        router.wait(|seen| match seen {
            Seen::Closed(closed, errno) if closed == conn => Some(errno),
            _ => None,
        })
    };
    let mut orderly = router.connect();
    let conn = router.accepted().conn;
    orderly.write_all(b"last words").unwrap();
    orderly.shutdown(Shutdown::Write).unwrap();
    router.wait(|seen| (seen == Seen::Received(conn, b"last words".to_vec())).then_some(()));
    assert_eq!(closed(conn), 0);

    let abrupt = router.connect();
    let conn = router.accepted().conn;
    SockRef::from(&abrupt).set_linger(Some(Duration::ZERO)).unwrap();
    drop(abrupt);
    assert_eq!(closed(conn), libc::ECONNRESET);
}

/// A router that connects to `remote` as soon as it is configured.
fn connecting(remote: SocketAddr, local: Option<&str>, options: SocketOptions) -> scripted::Running {
    let local = local.map(|local| local.parse().unwrap());
    start("127.0.0.1", move |input, effects| {
        if matches!(input, Input::Other(BEGIN)) {
            let (conn, options) = (OWN, options.clone());
            effects.list.push(Effect::Connect(Connect { conn, remote, local, options }));
        }
        echo(input, effects);
    })
}

#[test]
fn a_connection_that_is_asked_for_comes_from_the_address_that_is_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let router = connecting(listener.local_addr().unwrap(), Some("127.0.0.9"), SocketOptions::default());
    let (mut stream, from) = listener.accept().unwrap();
    let connection = router.wait(|seen| match seen {
        Seen::Connected(connection) => Some(connection),
        _ => None,
    });
    assert_eq!(connection.conn, OWN);
    assert_eq!((connection.local, connection.remote), (from, listener.local_addr().unwrap()));
    assert_eq!(from.ip().to_string(), "127.0.0.9");
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
}

#[test]
fn a_connection_that_fails_says_why() {
    // Bound and not listening: it refuses, and no other test's listener gets its port.
    let held = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    held.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let free = held.local_addr().unwrap().as_socket().unwrap();
    let failure = |router: scripted::Running| {
        router.wait(|seen| match seen {
            Seen::ConnectFailed(OWN, errno) => Some(errno),
            _ => None,
        })
    };
    assert_eq!(failure(connecting(free, None, SocketOptions::default())), libc::ECONNREFUSED);
    let foreign = connecting(free, Some("192.0.2.99"), SocketOptions::default());
    assert_eq!(failure(foreign), libc::EADDRNOTAVAIL);
    let interface = Some("no-such-link".to_owned());
    let nowhere = connecting(free, None, SocketOptions { interface, ..SocketOptions::default() });
    assert_eq!(failure(nowhere), libc::ENODEV);
}

/// How long a connection that must not come about is waited for: a kernel that drops a SYN for its key answers nothing.
const REFUSED_AFTER: Duration = Duration::from_millis(500);
/// How long one that must come about is: longer than a SYN that came before its key was set needs to be repeated.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);

fn signed_from(
    address: &str,
    key: Option<&[u8]>,
    to: SocketAddr,
    within: Duration,
) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(address.parse().unwrap(), 0).into())?;
    if let Some(key) = key {
        option::set_md5_key(socket.as_fd(), "127.0.0.1/32".parse().unwrap(), Some(key))?;
    }
    socket.connect_timeout(&to.into(), within)?;
    Ok(socket.into())
}

#[test]
fn a_key_is_wanted_from_those_that_it_is_for_and_from_no_others() {
    let router = start("127.0.0.1", |input, effects| {
        if matches!(input, Input::Other(BEGIN)) {
            for (from, key) in [("127.0.0.2/32", "secret"), ("127.0.1.0/24", "ranged")] {
                let (from, key) = (from.parse().unwrap(), Some(key.to_owned()));
                effects.list.push(Effect::ListenKey { from, key });
            }
        }
        if let Input::Accepted { ends: connection, .. } = input {
            let options = SocketOptions { key: Some("secret".into()), ..SocketOptions::default() };
            if connection.remote.ip().to_string() == "127.0.0.2" {
                effects.list.push(Effect::Options { conn: connection.conn, options });
            }
        }
        echo(input, effects);
    });
    let to = router.listening[0];
    let talks = |mut stream: TcpStream| {
        stream.write_all(b"signed").unwrap();
        stream.read_exact(&mut [0; 6]).unwrap();
    };
    talks(signed_from("127.0.0.2", Some(b"secret"), to, TAKEN_WITHIN).unwrap());
    talks(signed_from("127.0.1.44", Some(b"ranged"), to, TAKEN_WITHIN).unwrap());
    talks(signed_from("127.0.0.3", None, to, TAKEN_WITHIN).unwrap());
    assert!(signed_from("127.0.0.2", Some(b"wrong"), to, REFUSED_AFTER).is_err());
    assert!(signed_from("127.0.0.2", None, to, REFUSED_AFTER).is_err());
    assert!(signed_from("127.0.1.44", None, to, REFUSED_AFTER).is_err());
}

#[test]
fn a_connection_that_is_asked_for_is_signed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    option::set_md5_key(listener.as_fd(), "127.0.0.5/32".parse().unwrap(), Some(b"secret")).unwrap();
    let options = SocketOptions { key: Some("secret".into()), ..SocketOptions::default() };
    let router = connecting(listener.local_addr().unwrap(), Some("127.0.0.5"), options);
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    router.wait(|seen| matches!(seen, Seen::Connected(_)).then_some(()));
}

#[test]
fn what_came_too_far_is_not_heard() {
    for address in ["127.0.0.1", "::1"] {
        let router = start(address, |input, effects| {
            if let Input::Accepted { ends: connection, .. } = input {
                let options =
                    SocketOptions { ttl: Some(255), min_ttl: Some(254), ..SocketOptions::default() };
                effects.list.push(Effect::Options { conn: connection.conn, options });
                effects.list.push(Effect::Send { conn: connection.conn, octets: Bytes::from_static(b"set") });
            }
        });
        let mut stream = router.connect();
        stream.read_exact(&mut [0; 3]).unwrap();
        let conn = router.accepted().conn;
        router.wait(|seen| (seen == Seen::Drained(conn, 3)).then_some(()));
        let peer = router.listening[0].ip();
        stream.write_all(b"from afar").unwrap();
        let early = router.seen.recv_timeout(Duration::from_millis(300));
        assert!(early.is_err(), "{early:?}");
        option::set_ttl(stream.as_fd(), peer, Some(255)).unwrap();
        // The kernel sends it again, now with the TTL that is wanted.
        router.wait(|seen| (seen == Seen::Received(conn, b"from afar".to_vec())).then_some(()));
    }
}

#[test]
fn thousands_of_strangers_are_refused_while_a_peer_is_served() {
    let mut known = None;
    let router = start("127.0.0.1", move |input, effects| match input {
        Input::Accepted { ends: connection, .. } if known.is_none() => known = Some(connection.conn),
        Input::Accepted { ends: connection, .. } => {
            let how = if connection.conn.0 % 2 == 0 { Close::Orderly } else { Close::Abort };
            effects.list.push(Effect::Close { conn: connection.conn, how });
        }
        other => echo(other, effects),
    });
    let mut peer = router.connect();
    router.accepted();
    let to = router.listening[0];
    let strangers = std::thread::spawn(move || {
        // Dropped at once or kept: both kinds of strangers exist.
        let kept: Vec<_> = (0..2000).map(|_| TcpStream::connect(to)).step_by(4).collect();
        kept.len()
    });
    for _ in 0..500 {
        peer.write_all(b"ping").unwrap();
        peer.read_exact(&mut [0; 4]).unwrap();
    }
    assert_eq!(strangers.join().unwrap(), 500);
}

#[test]
fn a_connection_whose_guard_cannot_be_set_is_ended() {
    let router = start("127.0.0.1", |input, effects| {
        if let Input::Accepted { ends: connection, .. } = input {
            let interface = Some("no-such-link".to_owned());
            let options = SocketOptions { interface, ..SocketOptions::default() };
            effects.list.push(Effect::Options { conn: connection.conn, options });
            effects.list.push(Effect::Send { conn: connection.conn, octets: Bytes::from_static(b"never") });
        }
    });
    let mut stream = router.connect();
    let conn = router.accepted().conn;
    router.wait(|seen| (seen == Seen::Closed(conn, libc::ENODEV)).then_some(()));
    let error = stream.read(&mut [0; 5]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}
