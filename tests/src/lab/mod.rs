//! The lab: a containerlab topology file, run with the daemons of this machine.
//!
//! [`Lab::start`] reads `topologies/NAME/NAME.clab.yml`, gives each node namespaces of its own, makes the links, runs
//! the nodes' `exec` commands and then starts all daemons in the same instant. [`Lab::node`] runs commands in a node;
//! [`speaker`] asks each kind of daemon for its routes in its own words and gives them one shape.
//!
//! What is always true: when a [`Lab`] is dropped, or its process ends in whatever way, nothing of it is left: no
//! process, no interface, no file. Any number of labs may run at the same time.
//!
//! Where the lab differs from containerlab: there a node's daemon starts before its links and `exec`; here after them,
//! so that all daemons find their addresses at the same moment. There is no management network.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub mod error;
pub mod expected;
pub mod image;
mod namespace;
mod node;
pub mod speaker;
pub mod topology;
pub mod words;

pub use error::{LabError, TopologyError};
pub use node::{Capture, Node, Spawned};
pub use topology::Topology;

use namespace::Namespaces;

/// Lines of each node's log that a failed wait shows.
const LOG_LINES: usize = 25;

/// A running topology.
#[derive(Debug)]
pub struct Lab {
    name: String,
    // Dropped in this order: the nodes first, then their directory.
    nodes: Vec<Node>,
    directory: LabDirectory,
}

impl Lab {
    /// Starts the topology of the file at `path`; a directory stands for `PATH/NAME.clab.yml`.
    ///
    /// On return all links are up, all `exec` commands have run and all daemons have been told to start; whether
    /// they have converged is asked with [`Lab::wait_until`].
    pub fn start(path: impl AsRef<Path>) -> Result<Lab, LabError> {
        let topology = Topology::read(&topology_file(path.as_ref()))?;
        Lab::start_topology(&topology)
    }

    /// Starts `topology`.
    pub fn start_topology(topology: &Topology) -> Result<Lab, LabError> {
        let lab = Lab::prepare(topology)?;
        lab.start_daemons();
        Ok(lab)
    }

    /// Like [`Lab::start`], but leaves the daemons unstarted: they wait for [`Lab::start_daemons`].
    pub fn prepare(topology: &Topology) -> Result<Lab, LabError> {
        if !rustix::process::geteuid().is_root() {
            return Err(LabError::NotRoot);
        }
        let starts: Result<Vec<_>, _> =
            topology.nodes.iter().map(|spec| image::find(&spec.name, &spec.image)).collect();
        let directory = LabDirectory::make(&topology.name)?;
        let mut made = Vec::new();
        for (spec, start) in topology.nodes.iter().zip(starts?) {
            let namespaces = Namespaces::make(&directory.path, spec, &start)?;
            made.push((spec, start, namespaces));
        }
        for (spec, _, namespaces) in &mut made {
            namespaces.wait_ready(&directory.path, &spec.name)?;
        }
        let of = |name: &str| match made.iter().find(|(spec, _, _)| spec.name == name) {
            Some((_, _, namespaces)) => namespaces,
            None => unreachable!("Topology checks that a link's nodes exist"),
        };
        namespace::connect(&topology.links, of)?;
        let nodes: Vec<Node> = made
            .into_iter()
            .map(|(spec, start, namespaces)| Node::new(spec.clone(), start, &directory.path, namespaces))
            .collect();
        for node in &nodes {
            for command in &node.spec().exec {
                let words = words::split(command);
                node.run(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
            }
        }
        Ok(Lab { name: topology.name.clone(), nodes, directory })
    }

    /// Starts every node's daemon, all in the same instant but for their `startup-delay`.
    pub fn start_daemons(&self) {
        for node in &self.nodes {
            node.start_after(node.spec().startup_delay_s);
        }
    }

    /// The topology's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lab's private directory (logs, captures); it goes with the lab.
    pub fn directory(&self) -> &Path {
        &self.directory.path
    }

    /// All nodes in the order of the file.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node called `name`.
    ///
    /// # Panics
    /// If the topology has no such node: the test names what its own file does not have.
    pub fn node(&self, name: &str) -> &Node {
        match self.nodes.iter().find(|node| node.name() == name) {
            Some(node) => node,
            None => panic!("topology {} has no node '{name}'", self.name),
        }
    }

    /// Asks `probe` again and again until it answers `Ok`, for at most `deadline`.
    ///
    /// An `Err` of `probe` is the state as last seen; the error shows it with the ends of all logs.
    pub fn wait_until<T>(
        &self,
        what: &str,
        deadline: Duration,
        mut probe: impl FnMut() -> Result<T, String>,
    ) -> Result<T, LabError> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            match probe() {
                Ok(answer) => return Ok(answer),
                Err(last) if started.elapsed() >= deadline => {
                    let (what, logs) = (what.into(), self.logs());
                    return Err(LabError::Deadline { what, waited: deadline, last, logs });
                }
                Err(_) => std::thread::sleep(pause),
            }
            pause = (pause * 3 / 2).min(Duration::from_millis(500));
        }
    }

    /// The last lines of every node's log.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            let log = node.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(LOG_LINES)..];
            text.push_str(&format!("--- log of {} ---\n{}\n", node.name(), tail.join("\n")));
        }
        text
    }
}

/// `path` itself, or the topology file of the directory `path`.
pub fn topology_file(path: &Path) -> PathBuf {
    match path.file_name() {
        Some(name) if path.is_dir() => path.join(format!("{}.clab.yml", name.to_string_lossy())),
        _ => path.into(),
    }
}

/// The directory `topologies/NAME` of this workspace.
pub fn topology_directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies").join(name)
}

/// The lab's directory, and a process that removes it should ours be killed.
#[derive(Debug)]
struct LabDirectory {
    path: PathBuf,
    sweeper: Child,
}

impl LabDirectory {
    fn make(name: &str) -> Result<LabDirectory, LabError> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ftbgp-lab-{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).map_err(|source| LabError::Directory { path: path.clone(), source })?;
        let sweeper = Command::new("sh")
            .args(["-c", "read -r word; [ \"$word\" = done ] || { sleep 1; rm -rf -- \"$1\"; }", "sweep"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|source| LabError::Spawn { program: "sh".into(), source })?;
        Ok(LabDirectory { path, sweeper })
    }
}

impl Drop for LabDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        if let Some(mut stdin) = self.sweeper.stdin.take() {
            let _ = stdin.write_all(b"done\n");
        }
        let _ = self.sweeper.wait();
    }
}
