//! `ftbgpd` as a process: its files, its title, its exit statuses, and what signals do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use socket2::{Domain, Socket, Type};

const FTBGPD: &str = env!("CARGO_BIN_EXE_ftbgpd");
const CONFIG: &str = "router bgp 65001\n bgp router-id 192.0.2.1\n neighbor 127.0.0.2 remote-as 65002\n \
                      neighbor 127.0.0.2 passive\n";

/// A directory of the test's own.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("ftbgpd-process-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn config(&self, text: &str) -> PathBuf {
        let path = self.0.join("ftbgpd.conf");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self) -> Command {
        let mut command = Command::new(FTBGPD);
        command.arg("--config").arg(self.0.join("ftbgpd.conf")).arg("--run-dir").arg(self.0.join("run"));
        command.args(["--no-fib", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped());
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A daemon that is ready. It is killed when the test ends.
struct Daemon {
    child: Child,
    log: BufReader<ChildStderr>,
    address: SocketAddr,
}

impl Daemon {
    fn start(mut command: Command) -> Daemon {
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut daemon = Daemon { child, log, address: "127.0.0.1:0".parse().unwrap() };
        let line = daemon.wait_for("listening on ");
        daemon.address = line.rsplit_once("listening on ").unwrap().1.trim().parse().unwrap();
        daemon.wait_for(" ready");
        daemon
    }

    /// The next line of the log that has this in it.
    fn wait_for(&mut self, text: &str) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "the log ended without '{text}':\n{all}");
            if line.contains(text) {
                return line;
            }
            all.push_str(&line);
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn status(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The neighbor at 127.0.0.2: opens a session and reads until it is established.
fn establish(to: SocketAddr) -> TcpStream {
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

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(19 + body.len()).unwrap().to_be_bytes();
    [&[0xff; 16][..], &length, &[kind], body].concat()
}

fn read_message(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut header = [0; 19];
    stream.read_exact(&mut header).unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes([header[16], header[17]])) - 19];
    stream.read_exact(&mut body).unwrap();
    (header[18], body)
}

fn output(place: &Place, arguments: &[&str]) -> Output {
    place.command().args(arguments).output().unwrap()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_configuration_is_checked_without_running_anything() {
    let place = Place::new("check");
    place.config(CONFIG);
    let good = output(&place, &["--check-config"]);
    assert_eq!((good.status.code(), good.stdout.len(), good.stderr.len()), (Some(0), 0, 0));
    let file = place.config("router bgp 65001\n neighbor nonsense\nnonsense\n");
    let bad = output(&place, &["--check-config"]);
    assert_eq!((bad.status.code(), bad.stdout.len()), (Some(2), 0));
    let errors = String::from_utf8(bad.stderr).unwrap();
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(lines.len(), 2, "{errors}");
    assert!(lines[0].starts_with(&format!("{}:2:", file.display())), "{errors}");
    assert!(lines[1].starts_with(&format!("{}:3:1: ", file.display())), "{errors}");
    assert!(!place.0.join("run").exists());
}

#[test]
fn what_is_refused_at_the_start_is_status_2_and_what_fails_is_status_1() {
    let place = Place::new("status");
    place.config("nonsense\n");
    assert_eq!(output(&place, &[]).status.code(), Some(2));
    assert_eq!(output(&place, &["--standby", "lukewarm"]).status.code(), Some(2));
    place.config(CONFIG);
    let taken = output(&place, &["--listen", "192.0.2.77:1"]);
    assert_eq!(taken.status.code(), Some(1));
    let log = String::from_utf8(taken.stderr).unwrap();
    assert!(log.contains("cannot listen on 192.0.2.77:1"), "{log}");
}

#[test]
fn a_running_router_is_seen_in_its_directory_and_its_title() {
    let place = Place::new("title");
    place.config(CONFIG);
    let notify = UnixDatagram::bind(place.0.join("notify")).unwrap();
    let mut command = place.command();
    command.env("NOTIFY_SOCKET", place.0.join("notify"));
    let daemon = Daemon::start(command);
    let mut buffer = [0; 32];
    let count = notify.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"READY=1");
    let run = place.0.join("run");
    let pid = daemon.child.id().to_string();
    assert_eq!(text(&run.join("primary.pid")).trim(), pid);
    assert_eq!(text(&run.join("keeper.pid")).trim(), pid);
    assert!(!run.join("twin.pid").exists());
    let process = PathBuf::from("/proc").join(&pid);
    assert_eq!(text(&process.join("comm")).trim(), "ftbgpd: primary");
    assert!(text(&process.join("cmdline")).starts_with("ftbgpd: primary\0--config\0"));

    let second = output(&place, &[]);
    assert_eq!(second.status.code(), Some(1));
    let log = String::from_utf8(second.stderr).unwrap();
    assert!(log.contains("a router runs on the run directory") && log.contains(&pid), "{log}");

    daemon.signal(Signal::TERM);
    assert_eq!(daemon.status(), Some(0));
    assert_eq!(std::fs::read_dir(run).unwrap().count(), 0);
}

#[test]
fn a_router_without_its_twin_says_that_it_is_not_protected() {
    let place = Place::new("protected");
    place.config(CONFIG);
    let mut command = place.command();
    command.args(["--standby", "warm"]);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    while !line.contains("not protected") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the log ended");
    }
    assert!(line.contains("WARN") && line.contains("standby warm"), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_stop_ends_the_sessions_with_a_notification() {
    let place = Place::new("stop");
    place.config(CONFIG);
    let mut daemon = Daemon::start(place.command());
    let mut peer = establish(daemon.address);
    daemon.wait_for("session is up");
    daemon.signal(Signal::TERM);
    let (code, body) = loop {
        let (kind, body) = read_message(&mut peer);
        if kind == 3 {
            break (body[0], body[1..].to_vec());
        }
    };
    assert_eq!((code, body.as_slice()), (6, &[2][..]), "Cease, Administrative Shutdown");
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
    drop(peer);
    assert_eq!(daemon.status(), Some(0));
}

#[test]
fn a_hangup_reads_the_file_again_and_keeps_what_is_good() {
    let place = Place::new("reload");
    place.config(CONFIG);
    let mut daemon = Daemon::start(place.command());
    let mut peer = establish(daemon.address);
    daemon.wait_for("session is up");
    daemon.signal(Signal::HUP);
    daemon.wait_for("nothing has changed");
    place.config("router bgp 65001\n nonsense\n");
    daemon.signal(Signal::HUP);
    daemon.wait_for("ftbgpd.conf:2:");
    daemon.wait_for("stays as it was");
    place.config(&format!("{CONFIG} address-family ipv4 unicast\n  network 198.51.100.0/24\n"));
    daemon.signal(Signal::HUP);
    daemon.wait_for("was read again");
    place.config(&format!("{CONFIG} neighbor 127.0.0.2 shutdown message enough\n"));
    daemon.signal(Signal::HUP);
    // The session lived until now, or its NOTIFICATION would have come before and been another.
    let notification = loop {
        let (kind, body) = read_message(&mut peer);
        if kind == 3 {
            break body;
        }
    };
    assert_eq!(notification, [&[6, 2, 6][..], b"enough"].concat());
}

#[test]
fn a_command_changes_what_runs_and_write_keeps_it() {
    let place = Place::new("write");
    let file = place.config(CONFIG);
    let daemon = Daemon::start(place.command());
    let client = UnixStream::connect(place.0.join("run/ftbgpd.sock")).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut frames = BufReader::new(&client).lines();
    let mut ask = |request: &str| {
        (&client).write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut out = String::new();
        loop {
            let frame = frames.next().unwrap().unwrap();
            out.push_str(&frame);
            if frame.contains("\"end\"") {
                return out;
            }
        }
    };
    let modes = r#"["configure terminal","router bgp 65001"]"#;
    let line = "neighbor 127.0.0.9 remote-as 65009";
    let done = ask(&format!(r#"{{"id":1,"mode":{modes},"line":"{line}"}}"#));
    assert!(done.contains(r#""status":0"#), "{done}");
    assert!(!text(&file).contains(line));
    let done = ask(r#"{"id":2,"mode":[],"line":"write memory"}"#);
    assert!(done.contains("[OK]"), "{done}");
    assert!(text(&file).contains(line), "{}", text(&file));
    let refused = ask(r#"{"id":3,"mode":[],"line":"nonsense"}"#);
    assert!(refused.contains(r#""status":1"#), "{refused}");
    let refused = ask("this is no request");
    assert!(refused.contains(r#""status":1"#), "{refused}");
    drop(daemon);
}
