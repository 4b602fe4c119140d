//! `ftbgpd` as processes: their files, their titles, exit statuses, what signals do, and what a death does not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use bgpd::command::Session;
use bgpd::shell::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
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

/// A daemon that is ready. All its processes are killed when the test ends.
struct Daemon {
    child: Child,
    log: BufReader<ChildStderr>,
    address: SocketAddr,
    run: PathBuf,
    /// What was passed over while something was waited for.
    said: String,
}

impl Daemon {
    fn start(place: &Place, mut command: Command) -> Daemon {
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
    fn wait_for(&mut self, text: &str) -> String {
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

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn status(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// A process of it by its file.
    fn pid(&self, name: &str) -> Option<Pid> {
        let text = std::fs::read_to_string(self.run.join(format!("{name}.pid"))).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    }

    fn kill(&self, name: &str) {
        kill_process(self.pid(name).unwrap(), Signal::KILL).unwrap();
    }

    /// What the shell says to a line.
    fn ask(&self, line: &str) -> String {
        let mut client = Client::new(&self.run);
        ask(&mut client, &[], line)
    }

    /// Waits until its redundancy is like this.
    fn wait_until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
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

    fn wait_until_protected(&self) -> Value {
        self.wait_until("protection", |value| value["state"] == "protected")
    }
}

fn ask(client: &mut Client, mode: &[&str], line: &str) -> String {
    client.set_mode(mode.iter().map(|line| (*line).to_owned()).collect());
    let nature = Session::restore(mode).unwrap().nature(line);
    let mut heard = String::new();
    client.ask(line, nature, &mut |text| heard.push_str(text)).unwrap();
    heard
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The keeper first, or it starts others.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for name in ["primary", "twin"] {
            if let Some(pid) = self.pid(name) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
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
    let daemon = Daemon::start(&place, command);
    notify.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut buffer = [0; 256];
    loop {
        let count = notify.recv(&mut buffer).unwrap();
        if &buffer[..count] == b"READY=1" {
            break;
        }
        assert!(buffer.starts_with(b"STATUS="), "{:?}", &buffer[..count]);
    }
    let run = place.0.join("run");
    daemon.wait_until_protected();
    let pid = daemon.child.id().to_string();
    assert_eq!(text(&run.join("keeper.pid")).trim(), pid);
    for part in ["keeper", "primary", "twin"] {
        let process = PathBuf::from("/proc").join(text(&run.join(format!("{part}.pid"))).trim());
        // The kernel has room for 15 octets.
        let title = format!("ftbgpd: {part}");
        assert_eq!(text(&process.join("comm")).trim(), &title[..title.len().min(15)]);
        let line = text(&process.join("cmdline"));
        let name = line.split('\0').next().unwrap_or_default().trim();
        assert_eq!(name, title);
    }

    let second = output(&place, &[]);
    assert_eq!(second.status.code(), Some(1));
    let log = String::from_utf8(second.stderr).unwrap();
    assert!(log.contains("already") && log.contains(&pid), "{log}");

    daemon.signal(Signal::TERM);
    assert_eq!(daemon.status(), Some(0));
    assert_eq!(std::fs::read_dir(run).unwrap().count(), 0);
}

#[test]
fn a_router_without_a_twin_says_that_it_is_not_protected() {
    let place = Place::new("protected");
    place.config(CONFIG);
    let mut command = place.command();
    command.args(["--standby", "none"]);
    let daemon = Daemon::start(&place, command);
    let warned = |line: &str| line.contains("WARN") && line.contains("not protected");
    assert!(daemon.said.lines().any(warned), "{}", daemon.said);
    let value = daemon.wait_until("the answer", |_| true);
    assert_eq!((&value["mode"], &value["state"]), (&json!("none"), &json!("unprotected")));
    assert_eq!((&value["twin"]["state"], &value["twin"]["pid"]), (&json!("absent"), &json!(null)));
}

/// Whether nothing has come on a connection but keepalives, and it is open.
fn is_quiet(peer: &mut TcpStream) -> bool {
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
fn settle(peer: &mut TcpStream) {
    while read_message(peer).0 != 2 {}
}

#[test]
fn a_session_survives_the_primary_and_then_the_next_one() {
    let place = Place::new("takeover");
    place.config(CONFIG);
    let mut daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    for epoch in 2..5_u64 {
        daemon.wait_until_protected();
        let (old, twin) = (daemon.pid("primary").unwrap(), daemon.pid("twin").unwrap());
        daemon.kill("primary");
        let line = daemon.wait_for("took over");
        assert!(line.contains("SIGKILL") && line.contains("1 connections go on, 0 are lost"), "{line}");
        assert!(is_quiet(&mut peer), "the neighbor has noticed");
        let value = daemon.wait_until("the epoch", |value| value["epoch"] == json!(epoch));
        assert_eq!(value["primary"]["pid"], json!(twin.as_raw_nonzero().get()));
        assert_ne!(daemon.pid("primary"), Some(old));
        let takeover = &value["takeovers"][0];
        assert_eq!((&takeover["cause"], &takeover["signal"]), (&json!("crash"), &json!("SIGKILL")));
        assert_eq!((&takeover["sessionsKept"], &takeover["sessionsLost"]), (&json!(1), &json!(0)));
        let neighbor: Value = serde_json::from_str(&daemon.ask("show bgp neighbors 127.0.0.2 json")).unwrap();
        assert_eq!(neighbor["127.0.0.2"]["connectionsSurvivedTakeovers"], json!(epoch - 1));
        assert_eq!(neighbor["127.0.0.2"]["bgpState"], "Established");
    }
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.status(), Some(0));
}

#[test]
fn a_session_survives_the_death_of_both_processes() {
    let place = Place::new("both");
    place.config(CONFIG);
    let mut daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    daemon.wait_until_protected();
    let both = [daemon.pid("twin").unwrap(), daemon.pid("primary").unwrap()];
    for pid in both {
        kill_process(pid, Signal::KILL).unwrap();
    }
    daemon.wait_for("took over");
    assert!(is_quiet(&mut peer), "the neighbor has noticed");
    daemon.wait_until_protected();
}

#[test]
fn lines_that_change_something_are_obeyed_once_whoever_dies_meanwhile() {
    const LINES: u8 = 40;
    let place = Place::new("lines");
    place.config(CONFIG);
    let daemon = Daemon::start(&place, place.command());
    daemon.wait_until_protected();
    let run = daemon.run.clone();
    let operator = std::thread::spawn(move || {
        let mut client = Client::new(&run);
        for n in 1..=LINES {
            // A second time this would be refused.
            let line = format!("ip prefix-list ONCE seq {n} permit 10.{n}.0.0/16");
            assert_eq!(ask(&mut client, &["configure terminal"], &line), "", "{line}");
            std::thread::sleep(Duration::from_millis(25));
        }
    });
    for _ in 0..3 {
        daemon.kill("primary");
        daemon.wait_until_protected();
    }
    operator.join().unwrap();
    let running = daemon.ask("show running-config");
    assert_eq!(running.matches("ip prefix-list ONCE").count(), usize::from(LINES), "{running}");
}

#[test]
fn a_planned_switchover_is_told_by_the_process_that_it_led_to() {
    let place = Place::new("switchover");
    place.config(CONFIG);
    let daemon = Daemon::start(&place, place.command());
    let mut peer = establish(daemon.address);
    settle(&mut peer);
    daemon.wait_until_protected();
    let said = daemon.ask("redundancy switchover");
    assert!(said.contains("epoch 2") && said.contains("1 connections kept, 0 lost"), "{said}");
    assert!(is_quiet(&mut peer), "the neighbor has noticed");
    let value = daemon.wait_until_protected();
    assert_eq!(value["takeovers"][0]["cause"], "switchover");
    kill_process(daemon.pid("primary").unwrap(), Signal::TERM).unwrap();
    let value = daemon.wait_until("a handover", |value| value["epoch"] == json!(3));
    assert_eq!(value["takeovers"][0]["cause"], "switchover");
    assert!(is_quiet(&mut peer), "the neighbor has noticed");
    daemon.wait_until_protected();
    let before = daemon.pid("twin");
    daemon.ask("redundancy twin restart");
    daemon.wait_until("another twin", |value| {
        value["state"] == "protected" && daemon.pid("twin").is_some_and(|twin| Some(twin) != before)
    });
    assert!(daemon.ask("redundancy upgrade /nowhere/ftbgpd").contains("cannot be executed"));
}

#[test]
fn the_mode_is_changed_while_the_router_runs() {
    let place = Place::new("mode");
    place.config(CONFIG);
    let daemon = Daemon::start(&place, place.command());
    daemon.wait_until_protected();
    for mode in ["none", "warm", "hot"] {
        assert_eq!(daemon.ask(&format!("redundancy mode {mode}")), "");
        let state = if mode == "none" { "unprotected" } else { "protected" };
        daemon.wait_until(mode, |value| value["mode"] == mode && value["state"] == state);
    }
    assert!(daemon.ask("show running-config").contains(" mode hot\n"));
}

#[test]
fn a_stop_ends_the_sessions_with_a_notification() {
    let place = Place::new("stop");
    place.config(CONFIG);
    let mut daemon = Daemon::start(&place, place.command());
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
    let mut daemon = Daemon::start(&place, place.command());
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
    let daemon = Daemon::start(&place, place.command());
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
