//! A containerlab topology file, read strictly: what the lab does not do is an error with its place.
//!
//! What is always true: a [`Topology`] has its inheritance (defaults, kinds, node) resolved, every bind's source
//! is an absolute path, and both ends of every link name a node of the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::error::{LabError, TopologyError};

/// One topology: the nodes and the links between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// The lab's name (`name:`).
    pub name: String,
    /// The directory of the file; binds are relative to it.
    pub directory: PathBuf,
    /// The nodes in the order of the file.
    pub nodes: Vec<NodeSpec>,
    /// The links in the order of the file.
    pub links: Vec<Link>,
}

/// One node of the topology, inheritance resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeSpec {
    /// The node's name, its host name too.
    pub name: String,
    /// The container image; the lab starts the local daemon that `image::IMAGES` gives for it.
    pub image: String,
    /// Files and directories that the node sees at other places.
    pub binds: Vec<Bind>,
    /// Commands run in the node once all links are up.
    pub exec: Vec<String>,
    /// Environment of the node's processes.
    pub env: BTreeMap<String, String>,
    /// Kernel parameters of the node, `net.ipv4.ip_forward` style.
    pub sysctls: BTreeMap<String, String>,
    /// Seconds that the node's daemon waits after the others have started.
    pub startup_delay_s: u64,
    /// Arguments instead of the image's own.
    pub cmd: Option<String>,
    /// Program instead of the image's own.
    pub entrypoint: Option<String>,
}

/// A file or directory of this machine shown at another place in the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// Absolute path on this machine.
    pub source: PathBuf,
    /// Absolute path in the node.
    pub target: PathBuf,
    /// Whether the node may not write it.
    pub read_only: bool,
}

/// A veth pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// One end.
    pub a: Endpoint,
    /// The other end.
    pub b: Endpoint,
    /// Octets an IP packet may have on it; the kernel's 1500 if absent.
    pub mtu: Option<u32>,
}

/// One end of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name of the node.
    pub node: String,
    /// Name of the interface in it, at most 15 octets.
    pub interface: String,
}

const TOP_KEYS: &[&str] = &["name", "topology"];
const TOPOLOGY_KEYS: &[&str] = &["defaults", "kinds", "nodes", "links"];
const LINK_KEYS: &[&str] = &["endpoints", "mtu"];
const NODE_KEYS: &[&str] =
    &["kind", "image", "binds", "exec", "env", "sysctls", "startup-delay", "cmd", "entrypoint"];

/// The node keys of one level (defaults, a kind, or the node); absent keys are inherited.
#[derive(Debug, Clone, Default)]
struct Level {
    kind: Option<String>,
    image: Option<String>,
    binds: Vec<Bind>,
    exec: Vec<String>,
    env: BTreeMap<String, String>,
    sysctls: BTreeMap<String, String>,
    startup_delay_s: Option<u64>,
    cmd: Option<String>,
    entrypoint: Option<String>,
}

type Yaml<'a> = MarkedYaml<'a>;

/// Where we are: the file, for messages and for relative paths.
struct Reader<'a> {
    path: &'a Path,
    directory: PathBuf,
}

impl Topology {
    /// Reads the topology file at `path`.
    ///
    /// Errors: unreadable, not YAML, an unknown key, a wrong value; each with line and column.
    pub fn read(path: &Path) -> Result<Topology, LabError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| LabError::Read { path: path.into(), source })?;
        Ok(Topology::parse(path, &text)?)
    }

    /// Parses `text` as the topology file `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Topology, TopologyError> {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = std::path::absolute(parent).unwrap_or_else(|_| parent.into());
        let reader = Reader { path, directory };
        let documents = Yaml::load_from_str(text).map_err(|error| TopologyError {
            path: path.into(),
            line: error.marker().line(),
            column: error.marker().col() + 1,
            what: error.info().into(),
        })?;
        let root = documents.first().ok_or_else(|| TopologyError {
            path: path.into(),
            line: 1,
            column: 1,
            what: "the file is empty; it needs 'name' and 'topology'".into(),
        })?;
        reader.topology(root)
    }

    /// The node called `name`.
    pub fn node(&self, name: &str) -> Option<&NodeSpec> {
        self.nodes.iter().find(|node| node.name == name)
    }
}

impl Reader<'_> {
    fn wrong(&self, at: &Yaml<'_>, what: impl Into<String>) -> TopologyError {
        TopologyError {
            path: self.path.into(),
            line: at.span.start.line(),
            column: at.span.start.col() + 1,
            what: what.into(),
        }
    }

    fn topology(&self, root: &Yaml<'_>) -> Result<Topology, TopologyError> {
        let top = self.known_keys(root, TOP_KEYS)?;
        let name = self.text(find(&top, "name").ok_or_else(|| self.wrong(root, "'name' is missing"))?)?;
        let body = find(&top, "topology").ok_or_else(|| self.wrong(root, "'topology' is missing"))?;
        let body_keys = self.known_keys(body, TOPOLOGY_KEYS)?;
        let defaults = match find(&body_keys, "defaults") {
            Some(level) => self.level(level)?,
            None => Level::default(),
        };
        let mut kinds = BTreeMap::new();
        for (kind, _, level) in
            find(&body_keys, "kinds").map(|k| self.entries(k)).transpose()?.unwrap_or_default()
        {
            kinds.insert(kind, self.level(level)?);
        }
        let nodes_at = find(&body_keys, "nodes").ok_or_else(|| self.wrong(body, "'nodes' is missing"))?;
        let mut nodes: Vec<NodeSpec> = Vec::new();
        for (node_name, at, value) in self.entries(nodes_at)? {
            if nodes.iter().any(|node| node.name == node_name) {
                return Err(self.wrong(at, format!("node '{node_name}' is there twice")));
            }
            nodes.push(self.node(&node_name, at, value, &defaults, &kinds)?);
        }
        let mut links: Vec<Link> = Vec::new();
        for value in find(&body_keys, "links").map(|l| self.sequence(l)).transpose()?.unwrap_or_default() {
            let link = self.link(value, &nodes)?;
            for end in [&link.a, &link.b] {
                if links.iter().any(|other| other.a == *end || other.b == *end) || link.a == link.b {
                    let what = format!("{}:{} has a link already", end.node, end.interface);
                    return Err(self.wrong(value, what));
                }
            }
            links.push(link);
        }
        Ok(Topology { name, directory: self.directory.clone(), nodes, links })
    }

    fn node(
        &self,
        name: &str,
        at: &Yaml<'_>,
        value: &Yaml<'_>,
        defaults: &Level,
        kinds: &BTreeMap<String, Level>,
    ) -> Result<NodeSpec, TopologyError> {
        let own = if is_null(value) { Level::default() } else { self.level(value)? };
        let kind = own.kind.clone().or_else(|| defaults.kind.clone());
        match kind.as_deref() {
            Some("linux") => {}
            Some(other) => {
                return Err(self.wrong(at, format!("kind '{other}' of node '{name}': the lab knows 'linux'")));
            }
            None => return Err(self.wrong(at, format!("node '{name}' has no 'kind'; write 'kind: linux'"))),
        }
        let mut merged = defaults.clone();
        if let Some(level) = kind.as_deref().and_then(|kind| kinds.get(kind)) {
            merged.overlay(level);
        }
        merged.overlay(&own);
        let image = merged.image.ok_or_else(|| self.wrong(at, format!("node '{name}' has no 'image'")))?;
        Ok(NodeSpec {
            name: name.into(),
            image,
            binds: merged.binds,
            exec: merged.exec,
            env: merged.env,
            sysctls: merged.sysctls,
            startup_delay_s: merged.startup_delay_s.unwrap_or(0),
            cmd: merged.cmd,
            entrypoint: merged.entrypoint,
        })
    }

    fn level(&self, value: &Yaml<'_>) -> Result<Level, TopologyError> {
        let mut level = Level::default();
        for (key, at, value) in self.known_keys(value, NODE_KEYS)? {
            match key.as_str() {
                "kind" => level.kind = Some(self.text(value)?),
                "image" => level.image = Some(self.text(value)?),
                "cmd" => level.cmd = Some(self.text(value)?),
                "entrypoint" => level.entrypoint = Some(self.text(value)?),
                "startup-delay" => level.startup_delay_s = Some(self.number(value)?),
                "exec" => {
                    for command in self.sequence(value)? {
                        level.exec.push(self.text(command)?);
                    }
                }
                "binds" => {
                    for bind in self.sequence(value)? {
                        level.binds.push(self.bind(bind)?);
                    }
                }
                "env" => level.env = self.strings(value)?,
                "sysctls" => level.sysctls = self.strings(value)?,
                _ => return Err(self.unknown(at, &key, NODE_KEYS)),
            }
        }
        Ok(level)
    }

    fn bind(&self, value: &Yaml<'_>) -> Result<Bind, TopologyError> {
        let text = self.text(value)?;
        let mut parts = text.split(':');
        let source = parts.next().filter(|part| !part.is_empty());
        let (Some(source), Some(target)) = (source, parts.next()) else {
            return Err(self.wrong(value, format!("bind '{text}' is not SOURCE:TARGET")));
        };
        let read_only = match parts.next() {
            None | Some("rw") => false,
            Some("ro") => true,
            Some(other) => return Err(self.wrong(value, format!("bind option '{other}': known are ro, rw"))),
        };
        let source = self.directory.join(source);
        if !source.exists() {
            return Err(self.wrong(value, format!("bind source {} does not exist", source.display())));
        }
        if !target.starts_with('/') {
            return Err(self.wrong(value, format!("bind target '{target}' must be an absolute path")));
        }
        Ok(Bind { source, target: target.into(), read_only })
    }

    fn link(&self, value: &Yaml<'_>, nodes: &[NodeSpec]) -> Result<Link, TopologyError> {
        let keys = self.known_keys(value, LINK_KEYS)?;
        let ends = find(&keys, "endpoints").ok_or_else(|| self.wrong(value, "a link needs 'endpoints'"))?;
        let ends_at = self.sequence(ends)?;
        let [a, b] = ends_at.as_slice() else {
            return Err(self.wrong(ends, "a link has two endpoints"));
        };
        let mtu = find(&keys, "mtu").map(|mtu| self.number(mtu)).transpose()?;
        Ok(Link { a: self.endpoint(a, nodes)?, b: self.endpoint(b, nodes)?, mtu: mtu.map(|mtu| mtu as u32) })
    }

    fn endpoint(&self, value: &Yaml<'_>, nodes: &[NodeSpec]) -> Result<Endpoint, TopologyError> {
        let text = self.text(value)?;
        let Some((node, interface)) = text.split_once(':') else {
            return Err(self.wrong(value, format!("endpoint '{text}' is not NODE:INTERFACE")));
        };
        if !nodes.iter().any(|known| known.name == node) {
            return Err(self.wrong(value, format!("endpoint '{text}': there is no node '{node}'")));
        }
        if interface.is_empty() || interface.len() > 15 {
            return Err(self.wrong(value, format!("interface name '{interface}' must have 1 to 15 octets")));
        }
        Ok(Endpoint { node: node.into(), interface: interface.into() })
    }

    fn unknown(&self, at: &Yaml<'_>, key: &str, known: &[&str]) -> TopologyError {
        self.wrong(at, format!("unknown key '{key}'; the lab knows here: {}", known.join(", ")))
    }

    fn known_keys<'y, 'i>(
        &self,
        value: &'y Yaml<'i>,
        known: &[&str],
    ) -> Result<Entries<'y, 'i>, TopologyError> {
        let entries = self.entries(value)?;
        match entries.iter().find(|(key, _, _)| !known.contains(&key.as_str())) {
            Some((key, at, _)) => Err(self.unknown(at, key, known)),
            None => Ok(entries),
        }
    }

    fn entries<'y, 'i>(&self, value: &'y Yaml<'i>) -> Result<Entries<'y, 'i>, TopologyError> {
        let YamlData::Mapping(mapping) = &value.data else {
            return Err(self.wrong(value, "expected a mapping (key: value)"));
        };
        mapping.iter().map(|(key, value)| Ok((self.text(key)?, key, value))).collect()
    }

    fn sequence<'y, 'i>(&self, value: &'y Yaml<'i>) -> Result<Vec<&'y Yaml<'i>>, TopologyError> {
        match &value.data {
            YamlData::Sequence(sequence) => Ok(sequence.iter().collect()),
            _ => Err(self.wrong(value, "expected a list")),
        }
    }

    fn strings(&self, value: &Yaml<'_>) -> Result<BTreeMap<String, String>, TopologyError> {
        self.entries(value)?.into_iter().map(|(key, _, value)| Ok((key, self.text(value)?))).collect()
    }

    fn text(&self, value: &Yaml<'_>) -> Result<String, TopologyError> {
        match &value.data {
            YamlData::Value(Scalar::String(text)) => Ok(text.to_string()),
            YamlData::Value(Scalar::Integer(number)) => Ok(number.to_string()),
            YamlData::Value(Scalar::Boolean(yes)) => Ok(yes.to_string()),
            YamlData::Value(Scalar::FloatingPoint(number)) => Ok(number.to_string()),
            _ => Err(self.wrong(value, "expected a text or a number")),
        }
    }

    fn number(&self, value: &Yaml<'_>) -> Result<u64, TopologyError> {
        match &value.data {
            YamlData::Value(Scalar::Integer(number)) if (0..=65_535).contains(number) => Ok(*number as u64),
            _ => Err(self.wrong(value, "expected a number from 0 to 65535")),
        }
    }
}

type Entries<'y, 'i> = Vec<(String, &'y Yaml<'i>, &'y Yaml<'i>)>;

fn find<'y, 'i>(entries: &Entries<'y, 'i>, key: &str) -> Option<&'y Yaml<'i>> {
    entries.iter().find(|(known, _, _)| known == key).map(|(_, _, value)| *value)
}

fn is_null(value: &Yaml<'_>) -> bool {
    matches!(value.data, YamlData::Value(Scalar::Null))
}

impl Level {
    /// Lays `over` above `self` as containerlab does: lists grow, maps merge, the rest is replaced.
    fn overlay(&mut self, over: &Level) {
        self.binds.extend(over.binds.iter().cloned());
        self.exec.extend(over.exec.iter().cloned());
        self.env.extend(over.env.clone());
        self.sysctls.extend(over.sysctls.clone());
        self.image = over.image.clone().or(self.image.take());
        self.startup_delay_s = over.startup_delay_s.or(self.startup_delay_s);
        self.cmd = over.cmd.clone().or(self.cmd.take());
        self.entrypoint = over.entrypoint.clone().or(self.entrypoint.take());
    }
}
