//! A router of the test's own, and a terminal with a shell in it: keys go in one way, a screen comes out.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bgpd::command::Nature;
use bgpd::shell::Client;
use rexpect::process::PtyProcess;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Winsize, tcsetwinsize};

const ROWS: NonZero<u16> = NonZero::new(24).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(100).unwrap();
/// How long anything may take on a machine that has much to do.
const PATIENCE: Duration = Duration::from_secs(30);

pub const CONFIG: &str = "hostname r1
ip prefix-list CUSTOMERS seq 5 permit 10.0.0.0/8
route-map FROM-TRANSIT permit 10
route-map TO-TRANSIT permit 10
router bgp 65001
 bgp router-id 192.0.2.1
 neighbor UPSTREAM peer-group
 neighbor 127.0.0.2 remote-as 65002
 neighbor 127.0.0.2 passive
 neighbor 127.0.0.3 remote-as 65003
 neighbor 127.0.0.3 passive
";

/// A program that was built beside this test.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.exists(), "{} is not there: cargo build -p bgpd", path.display());
    path
}

/// A router, in a directory that goes with it.
pub struct Router {
    pub dir: PathBuf,
    child: Child,
}

impl Router {
    pub fn start(name: &str) -> Router {
        let dir = std::env::temp_dir().join(format!("ftbgp-shell-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("ftbgpd.conf"), CONFIG).unwrap();
        let log = File::create(dir.join("log")).unwrap();
        let mut command = Command::new(program("ftbgpd"));
        command.arg("--config").arg(dir.join("ftbgpd.conf")).arg("--run-dir").arg(dir.join("run"));
        command.arg("--state-dir").arg(dir.join("state"));
        command.args(["--no-fib", "--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stderr(log);
        let router = Router { dir, child: command.spawn().unwrap() };
        router.wait_until_protected();
        router
    }

    pub fn run_dir(&self) -> PathBuf {
        self.dir.join("run")
    }

    /// What the shell's own client hears.
    pub fn ask(&self, line: &str) -> String {
        let mut heard = String::new();
        let mut client = Client::new(&self.run_dir());
        client.ask(line, Some(Nature::Reads), &mut |text: &str| heard.push_str(text)).unwrap();
        heard
    }

    pub fn wait_until_protected(&self) {
        let began = Instant::now();
        while !self.ask("show redundancy json").contains("\"state\": \"protected\"") {
            assert!(began.elapsed() < PATIENCE, "{}", self.ask("show redundancy json"));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn primary(&self) -> i32 {
        std::fs::read_to_string(self.run_dir().join("primary.pid")).unwrap().trim().parse().unwrap()
    }

    /// Ends the primary, and waits until another process is.
    pub fn kill_primary(&self) {
        let before = self.primary();
        kill_process(Pid::from_raw(before).unwrap(), Signal::KILL).unwrap();
        let began = Instant::now();
        while self.primary() == before {
            assert!(began.elapsed() < PATIENCE, "nobody took over");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn shell(&self) -> Command {
        let mut command = Command::new(program("ftsh"));
        command.arg("--run-dir").arg(self.run_dir()).env("HOME", &self.dir).env("TERM", "xterm");
        command.env_remove("VTYSH_PAGER").env_remove("VTYSH_HISTFILE");
        command
    }

    /// Runs the shell without a terminal.
    pub fn batch(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.shell();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        // An orderly stop ends all of its processes. Were the keeper killed, the others would go on without it.
        let keeper = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        let _ = kill_process(keeper, Signal::TERM);
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

/// A terminal in which a shell runs.
pub struct Terminal {
    shell: PtyProcess,
    keys: File,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    pub fn open(router: &Router) -> Terminal {
        let shell = PtyProcess::new(router.shell()).unwrap();
        let keys = shell.get_file_handle().unwrap();
        let size = Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&keys, size).unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let (mut from, seen) = (shell.get_file_handle().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut octets = [0; 4096];
            // It ends with the shell.
            while let Ok(count @ 1..) = from.read(&mut octets) {
                seen.lock().unwrap().process(&octets[..count]);
            }
        });
        let mut terminal = Terminal { shell, keys, screen };
        terminal.prompt("r1#");
        terminal
    }

    /// Presses these keys.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// The screen, without blank ends of lines.
    pub fn screen(&self) -> String {
        let contents = self.screen.lock().unwrap().screen().contents();
        contents.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// What stands in the cursor's line before the cursor.
    pub fn line(&self) -> String {
        let parser = self.screen.lock().unwrap();
        let (row, column) = parser.screen().cursor_position();
        parser.screen().contents_between(row, 0, row, column).trim_end().to_owned()
    }

    /// Waits until the screen is as wanted.
    pub fn until(&self, what: &str, is: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if is(&screen) {
                return screen;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{what} is not seen in:\n{screen}\n--- cursor: {}",
                self.line()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn sees(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Waits until the cursor stands behind this text, which is all of its line.
    pub fn prompt(&mut self, text: &str) {
        self.until(text, |_| self.line() == text);
    }

    /// Clears the screen. A key that comes while a command still writes may be lost to the editor, as it is for a person
    /// too: it is pressed until it is heard.
    pub fn clear(&mut self) {
        let began = Instant::now();
        while self.screen().lines().count() > 1 {
            assert!(began.elapsed() < PATIENCE, "a clear screen is not seen in:\n{}", self.screen());
            self.press("\u{c}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Clears the screen, types a line and waits for the next prompt; what stands between, as far as the screen has it.
    pub fn run(&mut self, line: &str, prompt: &str) -> String {
        self.clear();
        let before = self.line();
        self.press(&format!("{line}\r"));
        let screen = self.until(prompt, |screen| screen.lines().count() > 1 && self.line() == prompt);
        let mut lines: Vec<&str> = screen.lines().collect();
        // A long answer has pushed the line itself off the screen.
        if lines[0].starts_with(&before) {
            lines.remove(0);
        }
        lines.pop();
        lines.join("\n")
    }

    /// Waits until the shell has ended.
    pub fn ends(&self) {
        let began = Instant::now();
        while !matches!(self.shell.status(), Some(rexpect::process::WaitStatus::Exited(_, 0)) | None) {
            assert!(began.elapsed() < PATIENCE, "the shell goes on:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
