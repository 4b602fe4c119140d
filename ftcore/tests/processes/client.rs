//! Clients that send, and check what comes back.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The longest that a connection may be silent while something is to come.
const SILENCE: Duration = Duration::from_secs(20);

/// Numbers that a seed gives again (xorshift).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The next piece of a stream: any octets but that no line is the one that is answered.
    fn piece(&mut self) -> Vec<u8> {
        let length = 1 + self.next() as usize % 8000;
        (0..length).map(|_| (self.next() >> 32) as u8 | 0x80).collect()
    }
}

/// A connection that sends a stream for as long as it is wanted and gets it back.
#[derive(Debug)]
pub struct Client {
    stop: Arc<AtomicBool>,
    sender: JoinHandle<std::io::Result<u64>>,
    reader: JoinHandle<std::io::Result<(u64, Duration)>>,
}

impl Client {
    /// Begins. Each seed is another stream, the odd ones are slow.
    pub fn start(address: SocketAddr, seed: u64) -> Client {
        let stream = TcpStream::connect(address).expect("a listener is always there");
        stream.set_read_timeout(Some(SILENCE)).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (mut out, enough) = (stream.try_clone().unwrap(), Arc::clone(&stop));
        let sender = thread::spawn(move || {
            let (mut random, mut sent) = (Random::new(seed), 0);
            while !enough.load(Ordering::Relaxed) {
                let piece = random.piece();
                out.write_all(&piece)?;
                sent += piece.len() as u64;
                let pause = if seed % 2 == 1 { 2000 } else { 200 };
                thread::sleep(Duration::from_micros(pause));
            }
            out.shutdown(Shutdown::Write)?;
            Ok(sent)
        });
        let reader = thread::spawn(move || check(stream, Random::new(seed)));
        Client { stop, sender, reader }
    }

    /// Ends, and answers how much came back and the longest time in which nothing did.
    pub fn finish(self) -> (u64, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let sent = self.sender.join().unwrap().expect("all is taken");
        let (got, gap) = self.reader.join().unwrap().expect("all comes back");
        assert_eq!(got, sent, "octets are missing at the end");
        (got, gap)
    }

    /// Ends; whether the connection had been cut, as is to be expected.
    pub fn finish_cut(self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        let sent = self.sender.join().unwrap();
        let got = self.reader.join().unwrap();
        match (sent, got) {
            (Ok(sent), Ok((got, _))) => got < sent,
            _ => true,
        }
    }
}

fn check(mut stream: TcpStream, mut random: Random) -> std::io::Result<(u64, Duration)> {
    let (mut got, mut gap, mut last) = (0, Duration::ZERO, Instant::now());
    let (mut expected, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        let count = stream.read(&mut buffer)?;
        gap = gap.max(last.elapsed());
        last = Instant::now();
        if count == 0 {
            return Ok((got, gap));
        }
        while expected.len() < count {
            expected.extend(random.piece());
        }
        let same = expected.iter().zip(&buffer[..count]).take_while(|(one, other)| one == other).count();
        assert_eq!(same, count, "the stream differs at octet {}", got + same as u64);
        expected.drain(..count);
        got += count as u64;
    }
}

/// A connection that asks one thing at a time.
#[derive(Debug)]
pub struct Probe(TcpStream);

impl Probe {
    pub fn start(address: SocketAddr) -> Probe {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(SILENCE)).unwrap();
        Probe(stream)
    }

    /// Asks, and gets the answer.
    pub fn exchange(&mut self) {
        self.0.write_all(b"x").unwrap();
        self.0.read_exact(&mut [0]).unwrap();
    }

    /// Says a line, and waits for no answer.
    pub fn say(&mut self, line: &str) {
        self.0.write_all(format!("\n{line}\n").as_bytes()).unwrap();
    }

    /// Asks for what was counted. What the server had said before is passed over.
    pub fn counters(&mut self) -> String {
        self.0.write_all(b"\ncounters\n").unwrap();
        let (mut text, mut octet) = (Vec::new(), [0]);
        let mut lines = 0;
        while lines < 3 {
            self.0.read_exact(&mut octet).unwrap();
            text.push(octet[0]);
            lines += usize::from(octet[0] == b'\n');
        }
        let text = String::from_utf8(text).unwrap();
        text.lines().last().unwrap_or_default().to_owned()
    }

    /// How long it takes to be answered when this happens just before the question.
    pub fn time_to_answer(&mut self, what: impl FnOnce()) -> Duration {
        let before = Instant::now();
        what();
        self.exchange();
        before.elapsed()
    }
}
