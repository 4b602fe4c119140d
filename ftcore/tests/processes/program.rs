//! The echo example as a user runs it.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

static NUMBER: AtomicU32 = AtomicU32::new(0);
/// How long anything may take that must happen.
const LONG: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Keeper,
    Primary,
    Twin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Kill,
    Term,
    Stop,
    Continue,
    Hangup,
    Segv,
}

/// A running program. Dropping it kills all its processes.
#[derive(Debug)]
pub struct Echo {
    dir: PathBuf,
    address: SocketAddr,
    mode: String,
    keeper: Child,
}

impl Echo {
    /// Starts it, and waits until it serves.
    pub fn start(mode: &str) -> Echo {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("ftcore-echo-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        // The port is free a moment later, as nobody has connected to it.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let keeper = spawn(&dir, address, mode);
        let echo = Echo { dir, address, mode: mode.to_owned(), keeper };
        echo.wait_for_successor();
        echo
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process that has this part.
    pub fn pid(&self, part: Part) -> Option<i32> {
        let name = format!("{part:?}.pid").to_lowercase();
        std::fs::read_to_string(self.dir.join(name)).ok()?.trim().parse().ok()
    }

    /// Whether the process that has this part lives.
    pub fn lives(&self, part: Part) -> bool {
        self.pid(part).is_some_and(|pid| has_title(pid, part))
    }

    /// Says what is wanted of the processes.
    pub fn order(&self, text: &str) {
        let _ = std::fs::remove_file(self.dir.join("answer"));
        std::fs::write(self.dir.join("order"), text).unwrap();
        kill(self.pid(Part::Keeper).unwrap(), Signal::Hangup);
    }

    /// What became of it, once that is known.
    pub fn answer(&self) -> Option<String> {
        std::fs::read_to_string(self.dir.join("answer")).ok().filter(|answer| !answer.is_empty())
    }

    /// Another mode was ordered.
    pub fn now_in_mode(&mut self, mode: &str) {
        mode.clone_into(&mut self.mode);
    }

    /// A program that says something else for the same input.
    pub fn another_version(&self, greeting: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.dir.join("another-version");
        let script = format!("#!/bin/sh\nexec {} \"$@\" --greeting '{greeting}'\n", program().display());
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub fn signal(&self, part: Part, signal: Signal) {
        kill(self.pid(part).expect("somebody has the part"), signal);
    }

    /// Sends it to two, as shortly after each other as can be.
    pub fn signal_both(&self, first: Part, second: Part, signal: Signal) {
        let (first, second) = (self.pid(first).unwrap(), self.pid(second).unwrap());
        kill(first, signal);
        kill(second, signal);
    }

    /// Waits until there is a primary, and a twin where the mode has one.
    pub fn wait_for_successor(&self) {
        let with_twin = matches!(self.mode.as_str(), "hot" | "warm");
        self.wait_until(
            |echo| echo.lives(Part::Primary) && (!with_twin || echo.lives(Part::Twin)),
            "there are a primary and a twin",
        );
    }

    pub fn wait_until(&self, mut done: impl FnMut(&Echo) -> bool, what: &str) {
        let since = Instant::now();
        while !done(self) {
            assert!(since.elapsed() < LONG, "{what}: not after {LONG:?}; {}", self.log());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Kills the keeper, and waits for its end: when it ends, the kernel has its stopped children go on.
    pub fn kill_keeper(&mut self) {
        self.signal(Part::Keeper, Signal::Kill);
        self.keeper.wait().unwrap();
    }

    /// Starts a keeper where the last one has died.
    pub fn start_keeper(&mut self) {
        let _ = self.keeper.wait();
        self.keeper = spawn(&self.dir, self.address, &self.mode);
        let pid = i32::try_from(self.keeper.id()).unwrap();
        self.wait_until(|echo| echo.pid(Part::Keeper) == Some(pid), "there is a keeper");
    }

    /// Starts another keeper while one lives, and answers how it ended.
    pub fn start_second(&mut self) -> ExitStatus {
        spawn(&self.dir, self.address, &self.mode).wait().unwrap()
    }

    /// Asks the program to end, and waits for that.
    pub fn stop(mut self) {
        self.signal(Part::Keeper, Signal::Term);
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.keeper.try_wait().unwrap() {
                break status;
            }
            assert!(since.elapsed() < LONG, "the keeper does not end; {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(0), "{}", self.log());
        for part in [Part::Keeper, Part::Primary, Part::Twin] {
            assert_eq!(self.pid(part), None, "the file of the {part:?} is left");
        }
    }

    /// Waits until the program has said this.
    pub fn wait_until_said(&self, text: &str) {
        self.wait_until(|echo| echo.has_said(text), text);
    }

    /// Whether the program has said this.
    pub fn has_said(&self, text: &str) -> bool {
        std::fs::read_to_string(self.dir.join("log")).is_ok_and(|log| log.contains(text))
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        for part in [Part::Keeper, Part::Twin, Part::Primary] {
            if let Some(pid) = self.pid(part).filter(|pid| has_title(*pid, part)) {
                kill(pid, Signal::Kill);
            }
        }
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn has_title(pid: i32, part: Part) -> bool {
    let title = format!("echo: {part:?}").to_lowercase();
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim_end() == title)
}

/// The example, which cargo builds with the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join("examples/echo")
}

fn spawn(dir: &std::path::Path, address: SocketAddr, mode: &str) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
    Command::new(program())
        .arg0("echo")
        .arg("--run-dir")
        .arg(dir)
        .args(["--standby", mode, "--log", "67108864", "--listen", &address.to_string(), "--bomb", "bomb"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn kill(pid: i32, signal: Signal) {
    use rustix::process::{Pid, Signal as Number, kill_process};
    let number = match signal {
        Signal::Kill => Number::KILL,
        Signal::Term => Number::TERM,
        Signal::Stop => Number::STOP,
        Signal::Continue => Number::CONT,
        Signal::Hangup => Number::HUP,
        Signal::Segv => Number::SEGV,
    };
    // One that has just ended needs none.
    let _ = kill_process(Pid::from_raw(pid).unwrap(), number);
}
