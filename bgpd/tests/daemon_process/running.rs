//! A daemon in a directory of its own, and a neighbor that speaks to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use bgpd::command::Session;
use bgpd::shell::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use socket2::{Domain, Socket, Type};

const FTBGPD: &str = env!("CARGO_BIN_EXE_ftbgpd");
pub const CONFIG: &str = "router bgp 65001\n bgp router-id 192.0.2.1\n neighbor 127.0.0.2 remote-as 65002\n \
                      neighbor 127.0.0.2 passive\n";

/// A directory of the test's own.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("ftbgpd-process-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    pub fn config(&self, text: &str) -> PathBuf {
        let path = self.0.join("ftbgpd.conf");
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(FTBGPD);
        command.arg("--config").arg(self.0.join("ftbgpd.conf")).arg("--run-dir").arg(self.0.join("run"));
        command.arg("--state-dir").arg(self.0.join("state"));
        command.args(["--no-fib", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped());
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A daemon that is ready. All its processes are killed when the test ends.
pub struct Daemon {
    pub child: Child,
    pub log: BufReader<ChildStderr>,
    pub address: SocketAddr,
    pub run: PathBuf,
    /// What was passed over while something was waited for.
    pub said: String,
}

impl Daemon {
    pub fn start(place: &Place, mut command: Command) -> Daemon {
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (address, run) = ("127.0.0.1:0".parse().unwrap(), place.0.join("run"));
        let mut daemon = Daemon { child, log, address, run, said: String::new() };
        let line = daemon.wait_for("listening on ");
        daemon.address = line.rsplit_once("listening on ").unwrap().1.trim().parse().unwrap();
        daemon.wait_for(" ready");
        daemon
    }

    /// The next line of the log that has this in it.
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let count = self.log.read_line(&mut line).unwrap();
            assert!(count > 0, "the log ended without '{text}':\n{}", self.said);
            if line.contains(text) {
                return line;
            }
            self.said.push_str(&line);
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn status(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// A process of it by its file.
    pub fn pid(&self, name: &str) -> Option<Pid> {
        let text = std::fs::read_to_string(self.run.join(format!("{name}.pid"))).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    }

    pub fn kill(&self, name: &str) {
        kill_process(self.pid(name).unwrap(), Signal::KILL).unwrap();
    }

    /// What the shell says to a line.
    pub fn ask(&self, line: &str) -> String {
        let mut client = Client::new(&self.run);
        ask(&mut client, &[], line)
    }

    /// Waits until its redundancy is like this.
    pub fn wait_until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.ask("show redundancy json");
            let value: Value =
                serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
            if is(&value) {
                return value;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{what} does not come about: {answer}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn wait_until_protected(&self) -> Value {
        self.wait_until("protection", |value| value["state"] == "protected")
    }
}

pub fn ask(client: &mut Client, mode: &[&str], line: &str) -> String {
    client.set_mode(mode.iter().map(|line| (*line).to_owned()).collect());
    let nature = Session::restore(mode).unwrap().nature(line);
    let mut heard = String::new();
    client.ask(line, nature, &mut |text: &str| heard.push_str(text)).unwrap();
    heard
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The keeper first, or it starts others.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for name in ["twin", "primary"] {
            if let Some(pid) = self.pid(name) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

/// The neighbor at 127.0.0.2: opens a session and reads until it is established.
pub fn establish(to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 2], 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // OPEN: version 4, AS 65002, hold time 180 s, identifier 192.0.2.2, the four-octet AS capability.
    let body = [4, 0xfd, 0xea, 0, 180, 192, 0, 2, 2, 8, 2, 6, 65, 4, 0, 0, 0xfd, 0xea];
    stream.write_all(&message(1, &body)).unwrap();
    stream.write_all(&message(4, &[])).unwrap();
    assert_eq!(read_message(&mut stream).0, 1);
    assert_eq!(read_message(&mut stream).0, 4);
    stream
}

pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(19 + body.len()).unwrap().to_be_bytes();
    [&[0xff; 16][..], &length, &[kind], body].concat()
}

pub fn read_message(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut header = [0; 19];
    stream.read_exact(&mut header).unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes([header[16], header[17]])) - 19];
    stream.read_exact(&mut body).unwrap();
    (header[18], body)
}

pub fn output(place: &Place, arguments: &[&str]) -> Output {
    place.command().args(arguments).output().unwrap()
}

pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether nothing has come on a connection but keepalives, and it is open.
pub fn is_quiet(peer: &mut TcpStream) -> bool {
    peer.write_all(&message(4, &[])).unwrap();
    peer.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut octets = [0; 4096];
    let quiet = match peer.read(&mut octets) {
        Ok(count) => count > 0 && octets[..count].chunks(19).all(|chunk| chunk == message(4, &[])),
        Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
    };
    peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    quiet
}

/// Reads what comes at the beginning of a session: the end of the table.
pub fn settle(peer: &mut TcpStream) {
    while read_message(peer).0 != 2 {}
}
