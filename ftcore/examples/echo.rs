//! An echo server that outlives its processes: what comes on a connection goes back on it, and a line
//! `counters` is answered with what was counted besides.
//!
//! ```text
//! cargo run --release -p ftcore --example echo -- --run-dir /tmp/echo --listen 127.0.0.1:7007 &
//! nc 127.0.0.1 7007                                  # and in another shell, while that runs:
//! kill -9 $(cat /tmp/echo/primary.pid)               # nc does not notice
//! ```

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use bytes::Bytes;
use ftcore::core::effect::{Close, Effect, Effects};
use ftcore::core::input::{ConnId, Input, Time};
use ftcore::core::machine::Machine;
use ftcore::core::record::Cause;
use ftcore::core::role::{Mode, Order, Settings};
use ftcore::sys::child::links::News;
use ftcore::sys::child::serve::Turn;
use ftcore::sys::keeper::{Opened, Options, listen};
use ftcore::sys::program::{Program, run};
use serde::{Deserialize, Serialize};

/// The line that is answered.
const COUNTERS: &[u8] = b"counters";

/// What an answer begins with. A program with another one is another version: it says something else for the same
/// input.
static GREETING: OnceLock<String> = OnceLock::new();

/// A line, of fewer than nine octets, after which each process dies a second later and its successors do the same: what
/// a program's mistake in its state looks like, for a look at what becomes of it.
static BOMB: OnceLock<String> = OnceLock::new();
/// When, in microseconds of the log's time.
const BURNS_FOR_US: u64 = 1_000_000;

/// The server: all that it knows.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Echo {
    /// The line of each connection that is not complete yet, as far as it can be the one that is answered.
    lines: BTreeMap<u64, Vec<u8>>,
    connections: u64,
    octets: u64,
    /// All output so far, in one number.
    sum: u64,
    /// When every process that has this state dies.
    bomb: Option<Time>,
}

impl Echo {
    /// Counts what comes; the answer is to be said after the octets, where they ask for it.
    fn count(&mut self, now: Time, conn: ConnId, octets: &[u8]) -> Option<String> {
        self.octets += octets.len() as u64;
        let line = self.lines.get_mut(&conn.0)?;
        let mut asked = false;
        for octet in octets {
            match octet {
                b'\n' => {
                    asked |= line == COUNTERS;
                    if BOMB.get().is_some_and(|bomb| line == bomb.as_bytes()) {
                        self.bomb = Some(Time(now.0 + BURNS_FOR_US));
                    }
                    line.clear();
                }
                // One more than it needs to be another line.
                _ if line.len() <= COUNTERS.len() => line.push(*octet),
                _ => {}
            }
        }
        let greeting = GREETING.get().map_or("", String::as_str);
        asked.then(|| format!("{greeting}connections {} octets {}\n", self.connections, self.octets))
    }
}

impl Machine for Echo {
    type Effect = ();

    fn step(&mut self, now: Time, input: Input<'_>, effects: &mut Effects<()>) {
        let mut send = |conn, octets: Bytes| {
            self.sum = self.sum.rotate_left(1) ^ u64::from(crc32fast::hash(&octets));
            effects.list.push(Effect::Send { conn, octets });
        };
        match input {
            Input::Accepted { ends, .. } => {
                self.connections += 1;
                self.lines.insert(ends.conn.0, Vec::new());
            }
            Input::Received { conn, octets } => {
                send(conn, Bytes::copy_from_slice(octets));
                if let Some(answer) = self.count(now, conn, octets) {
                    self.sum ^= u64::from(crc32fast::hash(answer.as_bytes()));
                    effects.list.push(Effect::Send { conn, octets: answer.into() });
                }
            }
            Input::Closed { conn, .. } => {
                self.lines.remove(&conn.0);
                effects.list.push(Effect::Close { conn, how: Close::Orderly });
            }
            Input::Clock if self.bomb.is_some_and(|at| at <= now) => std::process::abort(),
            _ => {}
        }
        effects.deadline = self.bomb;
    }

    fn save(&self, to: &mut dyn io::Write) -> io::Result<()> {
        rmp_serde::encode::write_named(&mut io::BufWriter::new(to), self).map_err(io::Error::other)
    }

    fn restore(from: &[u8]) -> io::Result<Self> {
        rmp_serde::from_slice(from).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn digest(&self) -> u64 {
        self.sum ^ self.octets.rotate_left(17) ^ self.connections.rotate_left(43)
    }

    fn units(&self, _conn: ConnId, octets: &[u8]) -> Vec<usize> {
        (1..=octets.len()).filter(|end| octets.get(end - 1) == Some(&b'\n')).collect()
    }
}

/// The program: where the server listens, and where it looks for orders.
struct Server {
    listen: SocketAddr,
    orders: PathBuf,
}

impl Server {
    /// What the file of orders wants of the processes: `switchover`, `twin restart`, `mode MODE`, `upgrade PATH`,
    /// `log OCTETS`.
    fn obey(&self, turn: &mut Turn<'_, Echo>) -> Option<()> {
        let text = std::fs::read_to_string(&self.orders).ok()?;
        let (verb, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if verb == "log" {
            let settings = Settings { log_octets: rest.parse().ok()?, ..*turn.links.settings() };
            turn.links.set(settings, turn.primary);
        } else {
            turn.links.order(1, Server::order(verb, rest)?);
        }
        Some(())
    }

    fn order(verb: &str, rest: &str) -> Option<Order> {
        match verb {
            "switchover" => Some(Order::Switchover(Cause::Switchover)),
            "twin" => Some(Order::TwinRestart),
            "mode" => Mode::parse(rest).map(Order::Mode),
            "upgrade" => Some(Order::Upgrade(rest.into())),
            _ => None,
        }
    }
}

impl Program for Server {
    type Machine = Echo;

    fn genesis(&self, _seed: u64) -> Echo {
        Echo::default()
    }

    fn open(&self) -> io::Result<Opened> {
        Ok(Opened { listeners: vec![listen(self.listen)?], offered: Vec::new() })
    }

    /// SIGHUP to the keeper has the file `order` in the run directory read; `answer` says what became of it.
    fn attend(&self, turn: &mut Turn<'_, Echo>) {
        for news in std::mem::take(&mut turn.news) {
            match news {
                News::Reload => {
                    if self.obey(turn).is_none() {
                        tracing::error!("no order can be read in {}", self.orders.display());
                    }
                }
                News::Answer(_, answer) => {
                    tracing::info!("the order: {answer:?}");
                    let text = answer.map_or_else(|why| why, |()| "done".to_owned());
                    let _ = std::fs::write(self.orders.with_file_name("answer"), text);
                }
                News::Stop | News::Mode(_) => {}
            }
        }
    }
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let mut options = Options {
        program: "echo".to_owned(),
        run_dir: PathBuf::from("/tmp/echo"),
        state_dir: PathBuf::from("/tmp/echo"),
        settings: Settings { log_octets: 16 << 20, ..Settings::default() },
    };
    let listen = SocketAddr::from(([127, 0, 0, 1], 7007));
    let mut server = Server { listen, orders: options.run_dir.join("order") };
    let mut arguments = std::env::args().skip(1);
    while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
        let understood = match name.as_str() {
            "--run-dir" => {
                options.state_dir = PathBuf::from(&value).join("state");
                server.orders = PathBuf::from(&value).join("order");
                options.run_dir = value.into();
                true
            }
            "--listen" => value.parse().map(|listen| server.listen = listen).is_ok(),
            "--standby" => Mode::parse(&value).map(|mode| options.settings.mode = mode).is_some(),
            "--bomb" => BOMB.set(value).is_ok(),
            "--greeting" => GREETING.set(value).is_ok(),
            "--log" => value.parse().map(|octets| options.settings.log_octets = octets).is_ok(),
            _ => false,
        };
        if !understood {
            eprintln!(
                "usage: echo [--run-dir DIR] [--listen ADDR:PORT] [--standby hot|warm|cold|none] [--log OCTETS]"
            );
            return ExitCode::from(2);
        }
    }
    run(server, options)
}
