//! The control socket: answers of any size, clients of any speed.

mod scripted;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bgpd::daemon::control::Answer;
use bgpd::daemon::stepper::Work;
use scripted::{Scripted, echo, start_with};

/// Counts down, a slice of some KiB at a time.
struct Countdown {
    left: u64,
    made: Arc<AtomicU64>,
}

impl Answer<Scripted> for Countdown {
    fn go_on(&mut self, _machine: &Scripted, to: &mut Vec<u8>) -> Work {
        let before = to.len();
        for _ in 0..1000 {
            if self.left == 0 {
                to.extend_from_slice(b"end\n");
                return Work::Done;
            }
            to.extend_from_slice(format!("{}\n", self.left).as_bytes());
            self.left -= 1;
        }
        self.made.fetch_add((to.len() - before) as u64, Ordering::SeqCst);
        Work::Left
    }
}

fn counting(made: &Arc<AtomicU64>) -> scripted::Ask {
    let made = Arc::clone(made);
    Box::new(move |request| {
        let left = std::str::from_utf8(request).unwrap().parse().unwrap();
        Box::new(Countdown { left, made: Arc::clone(&made) })
    })
}

fn client(router: &scripted::Running) -> UnixStream {
    let client = UnixStream::connect(&router.control).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    client
}

#[test]
fn requests_are_answered_one_after_another() {
    let router = start_with("127.0.0.1", echo, counting(&Arc::default()));
    let mut client = client(&router);
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
    let router = start_with("127.0.0.1", echo, counting(&made));
    let mut lazy = client(&router);
    lazy.write_all(b"5000000\n").unwrap();
    let mut peer = router.connect();
    for _ in 0..200 {
        peer.write_all(b"ping").unwrap();
        peer.read_exact(&mut [0; 4]).unwrap();
    }
    let mut quick = client(&router);
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
    let router = start_with("127.0.0.1", echo, counting(&made));
    let mut rude = client(&router);
    rude.write_all(b"5000000\n").unwrap();
    rude.read_exact(&mut [0; 1000]).unwrap();
    drop(rude);
    let mut next = client(&router);
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
    let router = start_with("127.0.0.1", echo, counting(&Arc::default()));
    let mode = std::fs::metadata(&router.control).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
}
