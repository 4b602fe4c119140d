//! The control socket: answers of any size, clients of any speed.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bgpd::daemon::control::{Answer, Console, Control, Making, Peer, Reply, Steps, listen};
use ftcore::core::primary::Work;
use ftcore::sys::sockets::{NotShared, Sockets, Source};

/// What the requests come to: an answer, made by this function out of the request.
type Ask = Box<dyn FnMut(&[u8]) -> Box<dyn Answer<Counter>> + Send>;

struct Asked(Ask);

impl Console<Counter> for Asked {
    fn ask(&mut self, _: &Counter, request: &[u8], _: Peer) -> Reply<Counter> {
        let input = request.strip_prefix(b"add ").map(<[u8]>::to_vec);
        Reply { input, answer: (self.0)(request) }
    }
}

/// A machine that adds up its inputs.
struct Counter(u64);

impl Steps<Counter> for Counter {
    fn machine(&self) -> &Counter {
        self
    }

    fn take_own(&mut self, octets: &[u8]) {
        self.0 += std::str::from_utf8(octets).unwrap().parse::<u64>().unwrap();
    }
}

/// Answers in a thread of its own until the process ends; the answer is where.
fn start(ask: Ask) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("ftbgpd-control-{}-{number}.sock", std::process::id()));
    let listener = listen(&path).unwrap();
    std::thread::spawn(move || {
        let mut sockets = Sockets::new(Box::new(NotShared)).unwrap();
        let epoll = sockets.poll().as_fd().try_clone_to_owned().unwrap();
        let mut control = Control::new(epoll, listener, Source::Own(1).token()).unwrap();
        let (mut console, mut machine) = (Asked(ask), Counter(0));
        loop {
            let patience = if control.work() == Work::Left { Duration::ZERO } else { Duration::from_secs(1) };
            for n in 0..sockets.collect(Some(patience)).unwrap() {
                let (source, readiness) = sockets.ready(n).unwrap();
                assert!(control.owns(source.token()));
                control.ready(source.token(), readiness);
            }
            control.go_on(&mut machine, &mut console);
        }
    });
    path
}

/// Counts down, a slice of some KiB at a time.
struct Countdown {
    left: u64,
    made: Arc<AtomicU64>,
}

impl Answer<Counter> for Countdown {
    fn go_on(&mut self, _: &Counter, to: &mut Vec<u8>) -> Making {
        let before = to.len();
        for _ in 0..1000 {
            if self.left == 0 {
                to.extend_from_slice(b"end\n");
                return Making::Whole;
            }
            to.extend_from_slice(format!("{}\n", self.left).as_bytes());
            self.left -= 1;
        }
        self.made.fetch_add((to.len() - before) as u64, Ordering::SeqCst);
        Making::More
    }
}

fn counting(made: &Arc<AtomicU64>) -> Ask {
    let made = Arc::clone(made);
    Box::new(move |request| {
        let left = std::str::from_utf8(request).unwrap().parse().unwrap();
        Box::new(Countdown { left, made: Arc::clone(&made) })
    })
}

fn client(path: &PathBuf) -> UnixStream {
    let client = UnixStream::connect(path).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    client
}

#[test]
fn requests_are_answered_one_after_another() {
    let path = start(counting(&Arc::default()));
    let mut client = client(&path);
    client.write_all(b"2\n1\n0").unwrap();
    client.write_all(b"\n3\n").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    assert_eq!(answers, "2\n1\nend\n1\nend\nend\n3\n2\n1\nend\n");
}

#[test]
fn a_client_that_does_not_read_costs_a_buffer_and_delays_nobody() {
    let made = Arc::new(AtomicU64::new(0));
    let path = start(counting(&made));
    let mut lazy = client(&path);
    lazy.write_all(b"5000000\n").unwrap();
    let mut quick = client(&path);
    quick.write_all(b"1\n").unwrap();
    let mut line = String::new();
    BufReader::new(&quick).read_line(&mut line).unwrap();
    assert_eq!(line, "1\n");
    // A socket's buffers and ours: far less than the 39 MB of the whole answer.
    let ahead = made.load(Ordering::SeqCst);
    assert!(ahead < 4 << 20, "{ahead} octets were made for a client that reads nothing");
    let lines = BufReader::new(&lazy).lines().take_while(|line| line.as_ref().unwrap() != "end").count();
    assert_eq!(lines, 5_000_000);
}

#[test]
fn a_client_that_goes_in_the_middle_is_forgotten() {
    let made = Arc::new(AtomicU64::new(0));
    let path = start(counting(&made));
    let mut rude = client(&path);
    rude.write_all(b"5000000\n").unwrap();
    rude.read_exact(&mut [0; 1000]).unwrap();
    drop(rude);
    let mut next = client(&path);
    next.write_all(b"1\n").unwrap();
    next.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    next.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "1\nend\n");
    assert!(made.load(Ordering::SeqCst) < 39_000_000, "the answer was made to its end for nobody");
}

#[test]
fn the_socket_is_for_owner_and_group() {
    use std::os::unix::fs::PermissionsExt;
    let path = start(counting(&Arc::default()));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
}

/// Waits until the machine has come to a number.
struct Reached(u64);

impl Answer<Counter> for Reached {
    fn go_on(&mut self, machine: &Counter, to: &mut Vec<u8>) -> Making {
        if machine.0 < self.0 {
            return Making::Waits;
        }
        to.extend_from_slice(format!("{}\n", machine.0).as_bytes());
        Making::Whole
    }
}

#[test]
fn an_answer_that_waits_for_something_holds_nobody_up() {
    let path = start(Box::new(|request| match request.strip_prefix(b"add ") {
        Some(_) => Box::new(Reached(0)),
        None => Box::new(Reached(std::str::from_utf8(request).unwrap().parse().unwrap())),
    }));
    let (mut waits, mut adds) = (client(&path), client(&path));
    waits.write_all(b"5\n").unwrap();
    let mut line = String::new();
    let mut answers = BufReader::new(adds.try_clone().unwrap());
    for expected in ["2\n", "4\n", "6\n"] {
        adds.write_all(b"add 2\n").unwrap();
        line.clear();
        answers.read_line(&mut line).unwrap();
        assert_eq!(line, expected);
    }
    line.clear();
    BufReader::new(waits).read_line(&mut line).unwrap();
    assert_eq!(line, "6\n");
}
