//! A place of its own for each run: network, process and mount namespaces that nobody has to clean up.
//!
//! The namespaces have no names. The harness' thread moves into a network namespace of its own
//! ([`enter_private_network`]), a router starts in another with its own process and mount namespace ([`Sandbox`]),
//! veth pairs join the two. Always true: when the harness' thread ends, however it ends, the kernel kills the router
//! (`PR_SET_PDEATHSIG`, and the end of a process namespace's first process) and takes both networks down.
//! Uses `setpriv` and `unshare` of util-linux, `ip` of iproute2; needs root.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A program could not be started.
    #[error("cannot start {program}: {error}; install util-linux and iproute2, and run as root")]
    Start {
        /// Its name.
        program: String,
        /// What the kernel said.
        error: std::io::Error,
    },
    /// A program failed.
    #[error("{what} failed: {said}")]
    Failed {
        /// Which step.
        what: String,
        /// Its error output.
        said: String,
    },
    /// The kernel refused a network namespace.
    #[error("no network namespace: {0}; run as root")]
    Unshare(rustix::io::Errno),
}

/// A veth pair between the harness and the router.
#[derive(Debug, Clone)]
pub struct Link {
    /// The interface's name in the router's namespace; the harness' end has an `h-` in front.
    pub name: &'static str,
    /// The router's address.
    pub inside: IpAddr,
    /// The harness' addresses.
    pub outside: Vec<IpAddr>,
    /// The length of both networks' prefix.
    pub length: u8,
}

/// A router in namespaces of its own. Dropped, everything in them is gone.
#[derive(Debug)]
pub struct Sandbox {
    outer: Child,
    log: PathBuf,
}

/// Moves the calling thread, and what it starts from now on, into a new and empty network namespace.
pub fn enter_private_network() -> Result<(), SandboxError> {
    // SAFETY: NEWNET changes only which network the calling thread sees; it shares no memory or descriptor table
    // that the flag would split.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.map_err(SandboxError::Unshare)?;
    ip("link set lo up\n")
}

impl Sandbox {
    /// Starts `command` (a shell command line) behind `links`, in `directory`, where `router.log` gets its output.
    ///
    /// The calling thread must have entered its private network. `/run` is an empty tmpfs inside.
    pub fn start(links: &[Link], command: &str, directory: &Path) -> Result<Self, SandboxError> {
        let mut script = String::from(
            "echo ready; read go; mount -t tmpfs tmpfs /run && mkdir -p /run/frr /run/openbgpd && ip link set lo up",
        );
        for link in links {
            let Link { name, inside, length, .. } = link;
            script +=
                &format!(" && ip addr add {} && ip link set {name} up", assigned(*inside, *length, name));
        }
        script += &format!(" && exec {command} </dev/null >router.log 2>&1");
        let mut outer = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"])
            .args(["--mount-proc", "sh", "-c", &script])
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| SandboxError::Start { program: "setpriv".into(), error })?;
        let mut ready = String::new();
        let stdout = outer.stdout.take().expect("stdout is piped");
        let _ = BufReader::new(stdout).read_line(&mut ready);
        let sandbox = Self { log: directory.join("router.log"), outer };
        if ready != "ready\n" {
            return Err(sandbox.failed("unshare"));
        }
        sandbox.join(links)
    }

    /// Lays the links and lets the script go on.
    fn join(mut self, links: &[Link]) -> Result<Self, SandboxError> {
        let pid = self.outer.id();
        let mut batch = String::new();
        for Link { name, outside, length, .. } in links {
            batch += &format!("link add h-{name} type veth peer name {name}\nlink set {name} netns {pid}\n");
            batch += &format!("link set h-{name} up\n");
            for address in outside {
                batch += &format!("addr add {}\n", assigned(*address, *length, &format!("h-{name}")));
            }
        }
        ip(&batch)?;
        let mut stdin = self.outer.stdin.take().expect("stdin is piped");
        match stdin.write_all(b"go\n") {
            Ok(()) => Ok(self),
            Err(_) => Err(self.failed("the sandbox")),
        }
    }

    /// The process ids (as the harness sees them) of everything that runs inside now.
    pub fn processes(&self) -> Vec<u32> {
        let outer = self.outer.id();
        let Ok(home) = fs::read_link(format!("/proc/{outer}/ns/net")) else { return Vec::new() };
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|&pid| pid != outer)
            .filter(|pid| fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|net| net == home))
            .collect()
    }

    /// How many IPv4 routes the kernel has there, all tables together.
    pub fn kernel_routes(&self) -> Option<usize> {
        let pid = self.processes().first().copied()?;
        routes_of(&fs::read_to_string(format!("/proc/{pid}/net/fib_triestat")).ok()?)
    }

    /// Runs a program inside, and gives what it printed; an error if it failed.
    pub fn run(&self, words: &[&str]) -> Result<String, SandboxError> {
        let first = self.processes().first().copied().unwrap_or(self.outer.id()).to_string();
        let output = Command::new("nsenter")
            .args(["--target", &first, "--mount", "--net", "--pid", "--"])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| SandboxError::Start { program: "nsenter".into(), error })?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        let said = format!("{said}{}", String::from_utf8_lossy(&output.stderr));
        Err(SandboxError::Failed { what: words.join(" "), said })
    }

    /// The last lines that the router wrote.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }

    /// The error of a step that did not work, with what was written about it.
    fn failed(mut self, what: &str) -> SandboxError {
        let _ = self.outer.kill();
        let mut said = String::new();
        if let Some(stderr) = self.outer.stderr.take() {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                said += &line;
            }
        }
        SandboxError::Failed { what: what.into(), said }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.outer.kill();
        let _ = self.outer.wait();
    }
}

/// The sum of the lines `Prefixes: N`, one a table.
fn routes_of(triestat: &str) -> Option<usize> {
    let counts =
        triestat.lines().filter_map(|line| line.trim().strip_prefix("Prefixes:")?.trim().parse().ok());
    counts.reduce(|sum: usize, count| sum + count)
}

/// The words behind `ip addr add`; an IPv6 address is to be used at once, not after a search for duplicates.
fn assigned(address: IpAddr, length: u8, interface: &str) -> String {
    let at_once = if address.is_ipv6() { " nodad" } else { "" };
    format!("{address}/{length} dev {interface}{at_once}")
}

/// Runs lines of `ip -batch` in the calling thread's network.
pub(super) fn ip(batch: &str) -> Result<(), SandboxError> {
    let started = |error| SandboxError::Start { program: "ip".into(), error };
    let mut child = Command::new("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(started)?;
    child.stdin.take().expect("stdin is piped").write_all(batch.as_bytes()).map_err(started)?;
    let output = child.wait_with_output().map_err(started)?;
    if output.status.success() {
        return Ok(());
    }
    Err(SandboxError::Failed {
        what: "ip -batch".into(),
        said: String::from_utf8_lossy(&output.stderr).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::routes_of;

    #[test]
    fn routes_of_all_tables_are_counted() {
        let told = "Basic info: size of leaf: 48 bytes\nMain:\n\tLeaves:  7\n\tPrefixes:       8\nLocal:\n\tPrefixes: 3\n";
        assert_eq!((routes_of(told), routes_of("")), (Some(11), None));
    }
}
