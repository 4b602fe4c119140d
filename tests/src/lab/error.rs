//! What can go wrong in the lab, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

/// A mistake in a topology file, shown as `FILE:LINE:COLUMN: what`.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}:{column}: {what}", path.display())]
pub struct TopologyError {
    /// The topology file.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub what: String,
}

/// Why a lab could not start, or an action in it failed.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The lab makes namespaces and mounts.
    #[error("the lab needs root (it makes namespaces and mounts); run it with sudo")]
    NotRoot,
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The kernel's word.
        source: std::io::Error,
    },
    /// The topology file is wrong.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// No row of the image table fits.
    #[error(
        "node '{node}': no local daemon is known for image '{image}'; add a row to IMAGES in tests/src/lab/image.rs"
    )]
    UnknownImage {
        /// The node.
        node: String,
        /// Its image.
        image: String,
    },
    /// The local daemon of an image is not installed.
    #[error("node '{node}': image '{image}' needs {what}: {remedy}")]
    Missing {
        /// The node.
        node: String,
        /// Its image.
        image: String,
        /// The program that is not there.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A program of the lab itself (unshare, nsenter, ip) could not be started.
    #[error("cannot start {program}: {source}; install util-linux, iproute2 and coreutils")]
    Spawn {
        /// The program.
        program: String,
        /// The kernel's word.
        source: std::io::Error,
    },
    /// The lab's directory could not be made or written.
    #[error("the lab's directory {}: {source}", path.display())]
    Directory {
        /// The path.
        path: PathBuf,
        /// The kernel's word.
        source: std::io::Error,
    },
    /// A node's namespaces could not be set up.
    #[error("node '{node}' did not come up:\n{log}")]
    Node {
        /// The node.
        node: String,
        /// What its first process said.
        log: String,
    },
    /// The links could not be made.
    #[error("links: {0}")]
    Links(String),
    /// A command in a node failed.
    #[error("{node}: `{command}` {status}\n{stderr}")]
    Command {
        /// The node.
        node: String,
        /// The command.
        command: String,
        /// Its end, as the kernel says it.
        status: String,
        /// What it said (both streams).
        stderr: String,
    },
    /// A command's answer was not what its reader knows.
    #[error("{node}: the answer of `{command}` cannot be read: {what}\n{answer}")]
    Answer {
        /// The node.
        node: String,
        /// The command.
        command: String,
        /// What is wrong.
        what: String,
        /// The answer.
        answer: String,
    },
    /// What was waited for did not come.
    #[error("not within {waited:?}: {what}\nlast seen: {last}\n{logs}")]
    Deadline {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// The state at the end.
        last: String,
        /// The ends of the nodes' logs.
        logs: String,
    },
}
