//! Namespaces of one node: how they are made, entered and ended.
//!
//! A node is the set of namespaces (network, mount, process, host name, IPC) of its first process, a shell that
//! `unshare` starts. That shell lives as long as the pipe on its standard input: when the lab's process ends in
//! whatever way, SIGKILL included, the pipe closes, the shell ends, and the kernel ends every process of the node
//! and frees its interfaces. Nothing of a node is ever visible on the machine but its processes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::error::LabError;
use super::image::Start;
use super::topology::{Link, NodeSpec};
use super::words;

/// The first process: mounts, binds, kernel parameters; then a line `start` on standard input starts the daemon.
///
/// `/etc` and `/var` are overlays, `/run` is empty: the daemons find their places and the machine keeps its own.
const FIRST_PROCESS: &str = r#"
set -e
scratch=$1; log=$2
mount -t tmpfs -o mode=755 lab "$scratch"
for place in etc var; do
  mkdir "$scratch/$place" "$scratch/$place.work"
  mount -t overlay -o "lowerdir=/$place,upperdir=$scratch/$place,workdir=$scratch/$place.work" lab /$place
done
mount -t tmpfs -o mode=755 lab /run
mount -t sysfs lab /sys
hostname "$LAB_NODE"
printf '127.0.0.1 localhost\n::1 localhost\n' > /etc/hosts
# Addresses of a fresh pair of ends have no duplicates; without the wait for them daemons start at once.
for which in all default; do echo 0 > /proc/sys/net/ipv6/conf/$which/accept_dad; done
. "$scratch.setup"
ip link set lo up
echo ready
set +e
while read -r word delay; do
  [ "$word" = start ] && ( sleep "${delay:-0}"; exec sh "$scratch.start" ) >> "$log" 2>&1 < /dev/null &
done
"#;

/// A node's first process and the pipe that keeps it alive.
#[derive(Debug)]
pub(crate) struct Namespaces {
    unshare: Child,
    control: Option<ChildStdin>,
}

impl Namespaces {
    /// Starts the first process of `spec`; it is ready only after [`Namespaces::wait_ready`].
    pub(crate) fn make(directory: &Path, spec: &NodeSpec, start: &Start) -> Result<Namespaces, LabError> {
        let scratch = directory.join(&spec.name);
        let written = fs::create_dir(&scratch)
            .and_then(|()| fs::write(scratch.with_extension("setup"), setup(spec)))
            .and_then(|()| fs::write(scratch.with_extension("start"), start_script(spec, start)))
            .and_then(|()| File::create(scratch.with_extension("log")))
            .and_then(|_| File::create(scratch.with_extension("boot")));
        let boot = written.map_err(|source| LabError::Directory { path: scratch.clone(), source })?;
        let mut command = Command::new("unshare");
        command
            .args([
                "--net",
                "--mount",
                "--pid",
                "--uts",
                "--ipc",
                "--fork",
                "--kill-child=KILL",
                "--mount-proc",
            ])
            .args(["sh", "-c", FIRST_PROCESS, "lab"])
            .arg(&scratch)
            .arg(scratch.with_extension("log"))
            .env("LAB_NODE", &spec.name)
            .env("PATH", &start.path)
            .envs(&spec.env)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(boot)
            .process_group(0);
        let mut unshare =
            command.spawn().map_err(|source| LabError::Spawn { program: "unshare".into(), source })?;
        let control = unshare.stdin.take();
        Ok(Namespaces { unshare, control })
    }

    /// Blocks until the node's mounts are made; an error holds what its first process said.
    pub(crate) fn wait_ready(&mut self, directory: &Path, node: &str) -> Result<(), LabError> {
        let mut line = String::new();
        if let Some(stdout) = self.unshare.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        if line.trim() == "ready" {
            return Ok(());
        }
        let _ = self.unshare.wait();
        let log = fs::read_to_string(directory.join(node).with_extension("boot")).unwrap_or_default();
        Err(LabError::Node { node: node.into(), log })
    }

    /// Starts the daemon (again) after `delay_s` seconds.
    pub(crate) fn start(&mut self, delay_s: u64) {
        if let Some(control) = &mut self.control {
            // A first process that has ended says so at the next command in the node.
            let _ = writeln!(control, "start {delay_s}");
        }
    }

    /// The pid whose namespaces are the node's (`unshare` itself: it has moved into all but its child's).
    pub(crate) fn pid(&self) -> u32 {
        self.unshare.id()
    }

    /// The command `words` with the node's namespaces around it.
    pub(crate) fn enter(&self, words: &[&str], timeout_s: Option<u32>) -> Command {
        let pid = self.pid();
        let mut command = Command::new("nsenter");
        for (option, file) in
            [("net", "net"), ("mount", "mnt"), ("uts", "uts"), ("ipc", "ipc"), ("pid", "pid_for_children")]
        {
            command.arg(format!("--{option}=/proc/{pid}/ns/{file}"));
        }
        command.arg("--");
        if let Some(seconds) = timeout_s {
            command.args(["timeout", "--kill-after=1", &seconds.to_string()]);
        }
        command.args(words).current_dir("/").process_group(0);
        command
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        drop(self.control.take());
        // --kill-child: the node's first process, and with it all others, dies with unshare.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
    }
}

/// The part of the first process that the topology file decides: binds and kernel parameters.
fn setup(spec: &NodeSpec) -> String {
    let mut script = String::new();
    for bind in &spec.binds {
        let source = words::quote(&bind.source.display().to_string());
        let target = words::quote(&bind.target.display().to_string());
        let place = if bind.source.is_dir() {
            format!("mkdir -p {target}\n")
        } else {
            format!("mkdir -p $(dirname {target}); [ -e {target} ] || : > {target}\n")
        };
        script.push_str(&place);
        script.push_str(&format!("mount --bind {source} {target}\n"));
        if bind.read_only {
            script.push_str(&format!("mount -o remount,bind,ro {target}\n"));
        }
    }
    for (key, value) in &spec.sysctls {
        let file = words::quote(&format!("/proc/sys/{}", key.replace('.', "/")));
        script.push_str(&format!("echo {} > {file}\n", words::quote(value)));
    }
    script
}

/// What `start` runs: the image's script, or the node's own entry point, with the node's arguments.
fn start_script(spec: &NodeSpec, start: &Start) -> String {
    let arguments = words::split(spec.cmd.as_deref().unwrap_or_default());
    let quoted: Vec<String> = arguments.iter().map(|word| words::quote(word)).collect();
    let body = match &spec.entrypoint {
        Some(entrypoint) => {
            let program: Vec<String> =
                words::split(entrypoint).iter().map(|word| words::quote(word)).collect();
            format!("exec {} \"$@\"", program.join(" "))
        }
        None => start.script.clone(),
    };
    format!("set -- {}\n{body}\n", quoted.join(" "))
}

/// Makes every link, each end in its node, and sets it up.
pub(crate) fn connect<'a>(links: &[Link], of: impl Fn(&str) -> &'a Namespaces) -> Result<(), LabError> {
    let mut batch = String::new();
    for link in links {
        let (a, b) = (of(&link.a.node), of(&link.b.node));
        let mtu = link.mtu.map(|mtu| format!(" mtu {mtu}")).unwrap_or_default();
        batch.push_str(&format!(
            "link add name {} netns {}{mtu} type veth peer name {} netns {}{mtu}\n",
            link.a.interface,
            a.pid(),
            link.b.interface,
            b.pid()
        ));
    }
    ip_batch(Command::new("ip"), &batch)?;
    let mut nodes: Vec<&str> = links.iter().flat_map(|l| [l.a.node.as_str(), l.b.node.as_str()]).collect();
    nodes.sort_unstable();
    nodes.dedup();
    for node in nodes {
        let ends = links.iter().flat_map(|link| [&link.a, &link.b]).filter(|end| end.node == node);
        let batch: String = ends.map(|end| format!("link set {} up\n", end.interface)).collect();
        ip_batch(of(node).enter(&["ip"], None), &batch)?;
    }
    Ok(())
}

fn ip_batch(mut ip: Command, batch: &str) -> Result<(), LabError> {
    let failed = |source| LabError::Spawn { program: "ip".into(), source };
    ip.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = ip.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(batch.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    Err(LabError::Links(format!("{}\nof the batch:\n{batch}", String::from_utf8_lossy(&output.stderr))))
}
