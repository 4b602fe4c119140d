//! The daemon under test: its processes, the faults that it gets, what it says of its redundancy.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::lab::Node;

/// One of the daemon's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Holds sockets and memory, starts the others.
    Keeper,
    /// Speaks with the neighbors.
    Primary,
    /// Follows.
    Twin,
}

impl Role {
    /// The process' name (`comm`).
    pub fn process(self) -> &'static str {
        match self {
            Role::Keeper => "ftbgpd: keeper",
            Role::Primary => "ftbgpd: primary",
            Role::Twin => "ftbgpd: twin",
        }
    }

    /// The file in the run directory that holds its process id.
    pub fn pid_file(self) -> &'static str {
        match self {
            Role::Keeper => "keeper.pid",
            Role::Primary => "primary.pid",
            Role::Twin => "twin.pid",
        }
    }
}

/// What `show redundancy json` says.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redundancy {
    /// `hot`, `warm`, `cold` or `none`.
    pub mode: String,
    /// `protected`, `syncing` or `unprotected`.
    pub state: String,
    /// Grows by one with each takeover.
    pub epoch: u64,
    /// The one that answers.
    pub primary: Half,
    /// The one that follows.
    pub twin: Half,
    /// Newest first.
    pub takeovers: Vec<Takeover>,
    /// The ring's fill.
    pub log: LogFill,
}

/// The primary or the twin.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Half {
    /// In the router's process namespace; `None` without a process.
    pub pid: Option<u32>,
    /// Its binary's version.
    #[serde(default)]
    pub version: Option<String>,
    /// Of a twin: `inStep`, `syncing`, `absent`, `diverged` or `suspended`.
    #[serde(default)]
    pub state: Option<String>,
}

/// How full the log is.
#[derive(Debug, Clone, Deserialize)]
pub struct LogFill {
    /// Octets held.
    pub bytes: u64,
    /// Octets that it can hold.
    pub capacity: u64,
}

/// One takeover or switchover.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Takeover {
    /// The epoch that it began.
    pub epoch: u64,
    /// `crash`, `hang`, `poison`, `oom`, `stop`, `switchover` or `upgrade`.
    pub cause: String,
    /// `SIGKILL` and so on.
    pub signal: Option<String>,
    /// From death or last progress to detection, ms.
    pub detect_msec: f64,
    /// From detection to the first octet written, or to being ready to, ms.
    pub takeover_msec: f64,
    /// Sessions that live on.
    pub sessions_kept: u64,
    /// Sessions that do not.
    pub sessions_lost: u64,
}

/// The daemon on its node.
#[derive(Debug, Clone, Copy)]
pub struct Router<'a> {
    node: &'a Node,
}

impl<'a> Router<'a> {
    /// The daemon on this node.
    pub fn on(node: &'a Node) -> Self {
        Self { node }
    }

    /// The process in this role as this program sees it, by the process' name.
    pub fn pid(&self, role: Role) -> Option<u32> {
        let mut processes = self.node.processes().into_iter();
        processes.find(|(_, name)| name == role.process()).map(|(pid, _)| pid)
    }

    /// All of the daemon's processes.
    pub fn processes(&self) -> Vec<u32> {
        let ours = |(pid, name): (u32, String)| name.starts_with("ftbgpd").then_some(pid);
        self.node.processes().into_iter().filter_map(ours).collect()
    }

    /// Sends a signal to the process in this role; the error names the role that nobody has.
    pub fn signal(&self, role: Role, signal: Signal) -> Result<u32, String> {
        let pid = self.pid(role).ok_or_else(|| format!("there is no process '{}'", role.process()))?;
        send(pid, signal)?;
        Ok(pid)
    }

    /// Sends a signal to all of the daemon's processes.
    pub fn signal_all(&self, signal: Signal) {
        for pid in self.processes() {
            // One that has just ended needs none.
            let _ = send(pid, signal);
        }
    }

    /// Runs commands of the shell; the answer.
    pub fn shell(&self, commands: &[&str]) -> Result<String, String> {
        let mut words = vec!["ftsh"];
        for command in commands {
            words.extend(["-c", command]);
        }
        self.node.run(&words).map_err(|error| error.to_string())
    }

    /// Runs lines of configuration.
    pub fn configure(&self, lines: &[&str]) -> Result<String, String> {
        let mut commands = vec!["configure terminal"];
        commands.extend(lines);
        commands.push("end");
        self.shell(&commands)
    }

    /// What it says of its redundancy.
    pub fn redundancy(&self) -> Result<Redundancy, String> {
        let answer = self.shell(&["show redundancy json"])?;
        serde_json::from_str(&answer).map_err(|error| format!("show redundancy json: {error}\n{answer}"))
    }

    /// Waits until it says that it is protected; how long that took, and what it said.
    pub fn protected(&self, limit: Duration) -> Result<(Duration, Redundancy), String> {
        let what = "to be protected";
        self.wait(what, limit, |said| said.state == "protected")
    }

    /// Waits until it is protected again in a higher epoch than `epoch`.
    pub fn taken_over(&self, epoch: u64, limit: Duration) -> Result<(Duration, Redundancy), String> {
        let what = format!("to be protected in an epoch after {epoch}");
        self.wait(&what, limit, |said| said.epoch > epoch && said.state == "protected")
    }

    /// Waits until what it says of its redundancy is as wanted.
    pub fn wait(
        &self,
        what: &str,
        limit: Duration,
        is_there: impl Fn(&Redundancy) -> bool,
    ) -> Result<(Duration, Redundancy), String> {
        let started = Instant::now();
        loop {
            let said = self.redundancy();
            match said {
                Ok(said) if is_there(&said) => return Ok((started.elapsed(), said)),
                Ok(said) if started.elapsed() > limit => {
                    let (state, epoch, twin) = (said.state, said.epoch, said.twin);
                    return Err(format!("not within {limit:?} {what}: {state}, epoch {epoch}, {twin:?}"));
                }
                Err(error) if started.elapsed() > limit => {
                    return Err(format!("not within {limit:?} {what}: {error}"));
                }
                Ok(_) | Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// The process id that the run directory names for this role, as the router sees it.
    pub fn pid_in_file(&self, role: Role) -> Option<u32> {
        let path = self.node.file(&format!("/run/ftbgp/{}", role.pid_file()));
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    }
}

/// Sends a signal to a process of this machine.
pub fn send(pid: u32, signal: Signal) -> Result<(), String> {
    let process = Pid::from_raw(pid as i32).ok_or("no process has the number 0")?;
    kill_process(process, signal).map_err(|error| format!("{signal:?} to process {pid}: {error}"))
}

/// The process' id in its own process namespace, and whether it is stopped or gone: `/proc/PID/status`.
pub fn inner_pid(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    line.split_whitespace().last()?.parse().ok()
}
