//! A running node: commands in it, its daemon's log, captures on its interfaces.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::error::LabError;
use super::image::Start;
use super::namespace::Namespaces;
use super::speaker::Speaker;
use super::topology::NodeSpec;

/// Seconds after which a command in a node is given up.
const COMMAND_TIMEOUT_S: u32 = 30;

/// One node of a running lab.
#[derive(Debug)]
pub struct Node {
    spec: NodeSpec,
    start: Start,
    directory: PathBuf,
    namespaces: Mutex<Namespaces>,
    spawned: AtomicUsize,
}

impl Node {
    pub(crate) fn new(spec: NodeSpec, start: Start, directory: &Path, namespaces: Namespaces) -> Node {
        let (namespaces, spawned) = (Mutex::new(namespaces), AtomicUsize::new(0));
        Node { spec, start, directory: directory.into(), namespaces, spawned }
    }

    /// The node's name in the topology.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// What the topology says of it.
    pub fn spec(&self) -> &NodeSpec {
        &self.spec
    }

    /// The BGP daemon in it, if the image has one.
    pub fn speaker(&self) -> Option<Speaker> {
        self.start.speaker
    }

    /// Runs `words` in the node and returns what it printed on standard output.
    ///
    /// Errors: it could not be started, ended with another status than 0, or took longer than 30 s.
    pub fn run(&self, words: &[&str]) -> Result<String, LabError> {
        let output = self
            .enter(words, Some(COMMAND_TIMEOUT_S))
            .stdin(Stdio::null())
            .output()
            .map_err(|source| LabError::Spawn { program: "nsenter".into(), source })?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(stdout);
        }
        Err(LabError::Command {
            node: self.name().into(),
            command: words.join(" "),
            status: output.status.to_string(),
            stderr: format!("{stdout}{}", String::from_utf8_lossy(&output.stderr)),
        })
    }

    /// Runs `words` in the node and reads its answer as JSON.
    pub fn json(&self, words: &[&str]) -> Result<serde_json::Value, LabError> {
        let answer = self.run(words)?;
        serde_json::from_str(&answer).map_err(|error| self.unreadable(words, error.to_string(), answer))
    }

    /// Starts `words` in the node and goes on; it ends with the node, or when the result is dropped.
    pub fn spawn(&self, words: &[&str]) -> Result<Spawned, LabError> {
        let number = self.spawned.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.join(format!("{}.spawned{number}", self.name()));
        let directory = |source| LabError::Directory { path: path.clone(), source };
        let out = File::create(&path).map_err(directory)?;
        let err = out.try_clone().map_err(directory)?;
        let child = self
            .enter(words, None)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|source| LabError::Spawn { program: "nsenter".into(), source })?;
        Ok(Spawned { nsenter: child, output: path })
    }

    /// What the node's daemons have printed.
    pub fn log(&self) -> String {
        let path = self.directory.join(self.name()).with_extension("log");
        String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
    }

    /// Captures the BGP packets of `interface` until [`Capture::stop`].
    pub fn tcpdump(&self, interface: &str) -> Result<Capture, LabError> {
        let number = self.spawned.load(Ordering::Relaxed);
        let file = self.directory.join(format!("{}.{interface}.{number}.pcap", self.name()));
        let path = file.display().to_string();
        let words = [
            "tcpdump",
            "-i",
            interface,
            "--immediate-mode",
            "-U",
            "-s",
            "0",
            "-Z",
            "root",
            "-w",
            &path,
            "tcp",
            "port",
            "179",
        ];
        let running = self.spawn(&words)?;
        let started = Instant::now();
        while !running.output().contains("listening on") {
            if started.elapsed() > Duration::from_secs(10) {
                let (node, command) = (self.name().into(), words.join(" "));
                let status = "did not start listening".into();
                return Err(LabError::Command { node, command, status, stderr: running.output() });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Capture { running, file })
    }

    /// Sends `signal` (a name without SIG) to every process of the node that is called `program`, or runs its file.
    pub fn signal(&self, program: &str, signal: &str) -> Result<(), LabError> {
        let script = "for p in /proc/[0-9]*; do exe=$(readlink $p/exe); comm=$(cat $p/comm 2>/dev/null); \
                      if [ \"$comm\" = \"$1\" ] || [ \"${exe##*/}\" = \"$1\" ]; then \
                      kill -\"$2\" ${p#/proc/} && found=yes; fi; done; [ -n \"$found\" ]";
        self.run(&["sh", "-c", script, "signal", program, signal]).map(drop)
    }

    /// The node's living processes (a zombie is none): process id as this program sees it, and name (`comm`).
    pub fn processes(&self) -> Vec<(u32, String)> {
        let home = fs::read_link(format!("/proc/{}/ns/pid_for_children", self.lock().pid())).ok();
        let numbers = fs::read_dir("/proc").into_iter().flatten();
        let numbers = numbers.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        numbers
            .filter(|pid| home.is_some() && fs::read_link(format!("/proc/{pid}/ns/pid")).ok() == home)
            .filter(|pid| fs::metadata(format!("/proc/{pid}/exe")).is_ok())
            .filter_map(|pid| {
                let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
                Some((pid, name.trim_end().to_string()))
            })
            .collect()
    }

    /// The node's network namespace; a thread that moves into it has the node's addresses.
    pub fn network(&self) -> std::io::Result<File> {
        File::open(format!("/proc/{}/ns/net", self.lock().pid()))
    }

    /// The file at `path` of the node, as this program sees it.
    pub fn file(&self, path: &str) -> PathBuf {
        let pid = self.processes().first().map_or(0, |(pid, _)| *pid);
        PathBuf::from(format!("/proc/{pid}/root{path}"))
    }

    /// Starts the node's daemon, or what of it has died.
    pub fn start(&self) {
        self.lock().start(0);
    }

    pub(crate) fn start_after(&self, delay_s: u64) {
        self.lock().start(delay_s);
    }

    /// The shell command line that enters this node by hand.
    pub fn entrance(&self) -> String {
        let pid = self.lock().pid();
        format!(
            "nsenter --net=/proc/{pid}/ns/net --mount=/proc/{pid}/ns/mnt --uts=/proc/{pid}/ns/uts \
             --ipc=/proc/{pid}/ns/ipc --pid=/proc/{pid}/ns/pid_for_children env PATH={} bash",
            self.start.path
        )
    }

    /// An error about an answer of `words` that its reader does not know.
    pub(crate) fn unreadable(&self, words: &[&str], what: impl Into<String>, answer: String) -> LabError {
        LabError::Answer { node: self.name().into(), command: words.join(" "), what: what.into(), answer }
    }

    fn enter(&self, words: &[&str], timeout_s: Option<u32>) -> std::process::Command {
        let mut command = self.lock().enter(words, timeout_s);
        command.env("PATH", &self.start.path).envs(&self.spec.env);
        command
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Namespaces> {
        self.namespaces.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A program running in a node.
#[derive(Debug)]
pub struct Spawned {
    nsenter: Child,
    output: PathBuf,
}

impl Spawned {
    /// What it has printed on both streams so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// Sends it `signal` (a name without SIG) and waits for its end.
    pub fn stop(&mut self, signal: &str) {
        // nsenter waits for its child outside of the node's process namespace: the child is ours to signal.
        let pid = self.nsenter.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let _ = std::process::Command::new("kill").args([&format!("-{signal}"), child]).status();
        }
        let _ = self.nsenter.wait();
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        if matches!(self.nsenter.try_wait(), Ok(None)) {
            self.stop("KILL");
        }
    }
}

/// A running capture of BGP packets.
#[derive(Debug)]
pub struct Capture {
    running: Spawned,
    file: PathBuf,
}

impl Capture {
    /// Ends the capture; the file lives as long as the lab.
    pub fn stop(mut self) -> PathBuf {
        self.running.stop("INT");
        self.file.clone()
    }

    /// The packets so far, as `tcpdump -nn -v` prints them, that `filter` (words of pcap-filter) lets through.
    pub fn text(&self, filter: &[&str]) -> String {
        let mut command = std::process::Command::new("tcpdump");
        command.args(["-nn", "-v", "-r"]).arg(&self.file).args(filter);
        command.output().map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default()
    }
}
