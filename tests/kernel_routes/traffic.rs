//! Packets from one node to another, numbered: UDP datagrams, and one TCP connection.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tests::lab::Node;

const UDP: u16 = 7001;
const TCP: u16 = 7002;
/// What is sent in each turn of a millisecond, at most: a sender that was not let run does not make up for it at once.
const BURST: u64 = 4;
const RECORD: usize = 128;
/// How long the last ones may take.
const REST: Duration = Duration::from_secs(2);

/// The flows; they run until [`Traffic::end`].
pub(crate) struct Traffic {
    stop: Arc<AtomicBool>,
    udp: (JoinHandle<u64>, JoinHandle<Vec<u64>>),
    tcp: (JoinHandle<u64>, JoinHandle<u64>),
    network: String,
    retransmitted: u64,
}

/// What became of the packets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) datagrams: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) records: u64,
    /// Of the connection's segments, those that the other side never got.
    pub(crate) segments_lost: u64,
}

impl Tally {
    /// Fails unless all came, and there was enough of it.
    pub(crate) fn assert_lossless(&self, what: &str, seconds: f64) {
        assert_eq!((self.lost, self.doubled, self.segments_lost), (0, 0, 0), "{what}: {self:?}");
        let least = (seconds * 1000.0) as u64;
        assert!(self.datagrams > least && self.records > least, "{what}: too few for {seconds} s: {self:?}");
    }
}

fn enter(node: &Node) -> impl FnOnce() + Send + use<> {
    let network = node.network().expect("the node lives");
    move || {
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("root may enter a network that it has made");
    }
}

impl Traffic {
    /// Begins to send from a node to an address of another one, and returns when the connection is up.
    pub(crate) fn start(from: &Node, to: &Node, address: &str) -> Traffic {
        let address: IpAddr = address.parse().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let (ready, is_ready) = std::sync::mpsc::channel();
        let received = {
            let (enter, stop, ready) = (enter(to), Arc::clone(&stop), ready.clone());
            spawn(move || {
                enter();
                let socket = UdpSocket::bind(SocketAddr::new(address, UDP)).expect("a socket");
                let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
                let _ = ready.send(());
                receive(&socket, &stop)
            })
        };
        let accepted = {
            let enter = enter(to);
            spawn(move || {
                enter();
                let listener = TcpListener::bind(SocketAddr::new(address, TCP)).expect("a socket");
                let _ = ready.send(());
                read_records(listener.accept().expect("a connection").0)
            })
        };
        for _ in 0..2 {
            is_ready.recv().expect("both listen");
        }
        let network = network_of(from);
        let retransmitted = lost_segments(&network);
        let sent = {
            let (enter, stop) = (enter(from), Arc::clone(&stop));
            spawn(move || {
                enter();
                let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
                send_until(&stop, |number| {
                    let mut datagram = [0; RECORD];
                    datagram[..8].copy_from_slice(&number.to_be_bytes());
                    let sent = socket.send_to(&datagram, SocketAddr::new(address, UDP));
                    sent.expect("there is a way");
                })
            })
        };
        let (up, is_up) = std::sync::mpsc::channel();
        let written = {
            let (enter, stop) = (enter(from), Arc::clone(&stop));
            spawn(move || {
                enter();
                let to = SocketAddr::new(address, TCP);
                let mut stream =
                    TcpStream::connect_timeout(&to, Duration::from_secs(5)).expect("a connection");
                stream.set_nodelay(true).expect("an option");
                let _ = up.send(());
                send_until(&stop, |number| {
                    let mut record = [0; RECORD];
                    record[..8].copy_from_slice(&number.to_be_bytes());
                    stream.write_all(&record).expect("the connection lives");
                })
            })
        };
        is_up.recv().expect("the connection comes up");
        Traffic { stop, udp: (sent, received), tcp: (written, accepted), network, retransmitted }
    }

    /// Stops sending, waits for the rest, and counts.
    pub(crate) fn end(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let datagrams = self.udp.0.join().expect("the sender ends well");
        let seen = self.udp.1.join().expect("the receiver ends well");
        let records = self.tcp.0.join().expect("the writer ends well");
        assert_eq!(self.tcp.1.join().expect("the reader ends well"), records, "records of the connection");
        let count = |wanted: fn(u64) -> bool| {
            seen.iter().take(datagrams as usize).filter(|&&n| wanted(n)).count() as u64
        };
        let unseen = datagrams.saturating_sub(seen.len() as u64);
        Tally {
            datagrams,
            lost: count(|n| n == 0) + unseen,
            doubled: count(|n| n > 1),
            records,
            segments_lost: lost_segments(&self.network).saturating_sub(self.retransmitted),
        }
    }
}

/// Sends numbered things, a few each millisecond; how many.
fn send_until(stop: &AtomicBool, mut send: impl FnMut(u64)) -> u64 {
    let number = AtomicU64::new(0);
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..BURST {
            send(number.fetch_add(1, Ordering::Relaxed));
        }
        sleep(Duration::from_millis(1));
    }
    number.into_inner()
}

/// How often each number came.
fn receive(socket: &UdpSocket, stop: &AtomicBool) -> Vec<u64> {
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("an option");
    let (mut seen, mut datagram, mut stopped) = (Vec::<u64>::new(), [0; RECORD], None);
    loop {
        if let Ok(RECORD) = socket.recv(&mut datagram) {
            let number = u64::from_be_bytes(*datagram.first_chunk().expect("eight octets")) as usize;
            if seen.len() <= number {
                seen.resize(number + 1, 0);
            }
            seen[number] += 1;
        } else if stop.load(Ordering::Relaxed) {
            let since = *stopped.get_or_insert_with(Instant::now);
            if since.elapsed() > REST / 4 {
                return seen;
            }
        }
    }
}

/// Reads records in their order until the end.
fn read_records(mut stream: TcpStream) -> u64 {
    let (mut expected, mut record) = (0_u64, [0; RECORD]);
    while stream.read_exact(&mut record).is_ok() {
        assert_eq!(u64::from_be_bytes(*record.first_chunk().expect("eight octets")), expected);
        expected += 1;
    }
    expected
}

/// Where the kernel's counters of a node's network are.
fn network_of(node: &Node) -> String {
    let (pid, _) = node.processes().into_iter().next().expect("the node has a process");
    format!("/proc/{pid}/net")
}

/// Segments that were sent again and that the other side had not got: it says (DSACK) which it had.
fn lost_segments(network: &str) -> u64 {
    let read = |file: &str| std::fs::read_to_string(format!("{network}/{file}")).expect("the node lives");
    let again = counter(&read("snmp"), "Tcp:", "RetransSegs");
    again.saturating_sub(counter(&read("netstat"), "TcpExt:", "TCPDSACKRecv"))
}

fn counter(text: &str, table: &str, name: &str) -> u64 {
    let mut rows = text.lines().filter(|line| line.starts_with(table)).map(str::split_whitespace);
    let (names, values) = (rows.next().expect("a row"), rows.next().expect("a row"));
    names.zip(values).find(|(this, _)| *this == name).and_then(|(_, value)| value.parse().ok()).expect(name)
}
