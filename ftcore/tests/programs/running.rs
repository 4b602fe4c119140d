//! A program under test: started, its primary killed again and again, and ended with all that belongs to it.

use std::fs::{self, File};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// How long anything may take that is waited for here.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder of a test's own, gone with it.
pub struct Ground(PathBuf);

impl Ground {
    /// A new one.
    pub fn new() -> Ground {
        static GROUNDS: AtomicU32 = AtomicU32::new(0);
        let number = GROUNDS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ftcore-programs-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for a test");
        Ground(path)
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes a folder in it.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).expect("a folder for a test");
        path
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A program and all its processes.
pub struct Running {
    keeper: Child,
    run_dir: PathBuf,
    /// The port of 127.0.0.1 that it serves.
    pub port: u16,
    /// What it serves.
    pub folder: PathBuf,
    ground: Ground,
    /// How often a primary had said that it is protected, before the last kill.
    protections: AtomicUsize,
}

impl Running {
    /// Starts an example on a port that is free, and waits until a crash would be survived.
    pub fn start(example: &str, arguments: &[&str]) -> Running {
        let ground = Ground::new();
        let (run_dir, folder) = (ground.folder("run"), ground.folder("served"));
        // Both kinds of port are taken for a moment, so that the same number serves either.
        let port = loop {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let port = listener.local_addr().expect("its number").port();
            if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
                break port;
            }
        };
        let keeper = Command::new(example_path(example))
            .arg("--run-dir")
            .arg(&run_dir)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(arguments)
            .arg(&folder)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stderr(File::create(ground.path("log")).expect("a log"))
            .spawn()
            .unwrap_or_else(|error| panic!("{example}: {error}"));
        let running = Running { keeper, run_dir, port, folder, ground, protections: AtomicUsize::new(0) };
        running.wait_until_protected();
        running
    }

    /// A path beside the folder that is served.
    pub fn path(&self, name: &str) -> PathBuf {
        self.ground.path(name)
    }

    /// What the program has said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.ground.path("log")).unwrap_or_default()
    }

    /// The process that is primary, or twin, or keeper.
    pub fn pid(&self, part: &str) -> Option<Pid> {
        let text = fs::read_to_string(self.run_dir.join(format!("{part}.pid"))).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    }

    /// Waits until the present primary has said that it is protected.
    pub fn wait_until_protected(&self) {
        let before = self.protections.load(Ordering::Relaxed);
        self.wait("the program is not protected", || (self.count_protections() > before).then_some(()));
    }

    /// How often a primary has said that it is protected.
    fn count_protections(&self) -> usize {
        self.log().lines().filter(|line| line.ends_with("INFO protected")).count()
    }

    /// Kills the primary with this signal and waits for the next one.
    pub fn kill_primary(&self, signal: Signal) {
        let old = self.pid("primary").expect("a primary");
        self.protections.store(self.count_protections(), Ordering::Relaxed);
        kill_process(old, signal).expect("the primary can be killed");
        self.wait("no other process became primary", || self.pid("primary").filter(|new| *new != old));
    }

    /// Does something while the primary is killed whenever the program is protected, about `pause` after that, and
    /// says how often that was.
    pub fn during_kills<T>(&self, pause: Duration, work: impl FnOnce() -> T) -> (T, u32) {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let killer = scope.spawn(|| {
                let mut kills = 0;
                loop {
                    self.wait_until_protected();
                    // Not always at the same place of what goes on.
                    thread::sleep(pause + pause * (kills * 37 % 100) / 100);
                    if over.load(Ordering::Relaxed) {
                        return kills;
                    }
                    self.kill_primary(Signal::KILL);
                    kills += 1;
                }
            });
            let done = work();
            over.store(true, Ordering::Relaxed);
            (done, killer.join().expect("the killer has done its work"))
        })
    }

    fn wait<T>(&self, complaint: &str, mut until: impl FnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = until() {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "{complaint}; its log:\n{}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the program's log:\n{}", self.log());
        }
        let _ = kill_process(Pid::from_child(&self.keeper), Signal::TERM);
        let begun = Instant::now();
        while self.keeper.try_wait().is_ok_and(|status| status.is_none()) {
            if begun.elapsed() > PATIENCE {
                let _ = self.keeper.kill();
            }
            thread::sleep(Duration::from_millis(5));
        }
        // A child that did not end with it is ended here; its number is not another's yet.
        for pid in ["primary", "twin"].into_iter().filter_map(|part| self.pid(part)) {
            if test_kill_process(pid).is_ok() {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

/// Where cargo puts the examples: beside the folder of the tests.
fn example_path(example: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let target = test.parent().and_then(Path::parent).expect("it lies below the target's folder");
    let path = target.join("examples").join(example);
    assert!(path.exists(), "{} is not there: run `cargo build --workspace --examples`", path.display());
    path
}

/// Runs a client to its end, which must come within a minute.
pub fn client(program: &str, arguments: &[&str]) -> Output {
    Command::new("timeout")
        .args(["60", program])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; run tests/setup.sh"))
}

/// Octets that are not the same anywhere.
pub fn content(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut octets = Vec::with_capacity(length + 8);
    while octets.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        octets.extend(state.to_le_bytes());
    }
    octets.truncate(length);
    octets
}
