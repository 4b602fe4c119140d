//! The topology files of the tree: what the lab reads is what containerlab reads.

use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::Value;
use tests::lab::expected::Expected;
use tests::lab::image::IMAGES;
use tests::lab::{Topology, topology_file};

use crate::schema::Schema;

/// The directories of topologies/ that hold a topology.
fn topologies() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies");
    let entries = fs::read_dir(directory).expect("topologies/ is there");
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| path.is_dir() && path.file_name().is_some_and(|name| name != "images"));
    found.sort();
    assert!(found.len() >= 5, "{found:?}");
    found
}

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(yes)) => Value::Bool(*yes),
        Yaml::Value(Scalar::Integer(number)) => (*number).into(),
        Yaml::Value(Scalar::FloatingPoint(number)) => number.into_inner().into(),
        Yaml::Value(Scalar::String(text)) => text.to_string().into(),
        Yaml::Sequence(list) => list.iter().map(json).collect(),
        Yaml::Mapping(map) => {
            map.iter().map(|(k, v)| (json(k).as_str().unwrap_or_default().to_string(), json(v))).collect()
        }
        other => panic!("no topology file has {other:?}"),
    }
}

fn validator() -> Schema {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/vectors/clab.schema.json");
    Schema::new(
        serde_json::from_str(&fs::read_to_string(path).expect("the schema")).expect("the schema is JSON"),
    )
}

fn document(text: &str) -> Value {
    json(&Yaml::load_from_str(text).expect("YAML")[0])
}

#[test]
fn every_topology_is_valid_against_containerlabs_schema() {
    let validator = validator();
    for directory in topologies() {
        let file = topology_file(&directory);
        let text = fs::read_to_string(&file).expect("a topology directory has NAME.clab.yml");
        let errors = validator.errors(&document(&text));
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }
}

#[test]
fn the_schema_refuses_what_containerlab_refuses() {
    let validator = validator();
    let good = "name: a\ntopology:\n  nodes:\n    r1: {kind: linux, image: x}\n";
    assert!(validator.errors(&document(good)).is_empty());
    for bad in [
        "topology:\n  nodes:\n    r1: {kind: linux}\n",
        "name: a\ntopology:\n  nodes:\n    r1: {kind: linux, imgae: x}\n",
        "name: a\ntopology:\n  nodes:\n    r1: {kind: linux, exec: ip link}\n",
        "name: a\ntopology:\n  nodes:\n    r1: {kind: linuxx}\n",
        "name: -a\ntopology:\n  nodes:\n    r1: {kind: linux}\n",
        "name: a\ntopology:\n  nodes:\n    r1: {kind: linux}\n  links:\n    - endpoints: [\"r1:e\", \"r1:e\"]\n",
    ] {
        assert!(!validator.errors(&document(bad)).is_empty(), "{bad}");
    }
}

#[test]
fn the_lab_reads_every_topology_and_what_it_must_come_to() {
    for directory in topologies() {
        let topology = Topology::read(&topology_file(&directory)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Some(topology.name.as_ref()), directory.file_name().and_then(|name| name.to_str()));
        let expected = Expected::read(&directory).unwrap_or_else(|error| panic!("{error}"));
        for node in expected.nodes() {
            assert!(topology.node(node).is_some(), "{}: expected.json names {node}", topology.name);
        }
        let readme = fs::read_to_string(directory.join("README.md")).expect("a topology has a README.md");
        assert!(readme.contains("```text\n"), "{}: README.md has no drawing", topology.name);
    }
}

#[test]
fn every_image_is_published_or_has_a_dockerfile_in_the_tree() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for image in IMAGES {
        let dockerfile = match image.repository.strip_prefix("ftbgp") {
            Some("") => top.join("bgpd/packaging/Dockerfile"),
            Some(name) => top.join("topologies/images").join(name.trim_start_matches('/')).join("Dockerfile"),
            // The others are public: FRR's, Debian's, netshoot.
            None => continue,
        };
        assert!(dockerfile.exists(), "{} has no {}", image.repository, dockerfile.display());
    }
}

#[test]
fn a_mistake_is_shown_with_its_place_and_what_is_known() {
    let node = "name: a\ntopology:\n  nodes:\n    r1:\n      kind: linux\n      image: x\n";
    for (text, line, says) in [
        ("nmae: a\n", 1, "unknown key 'nmae'; the lab knows here: name, topology"),
        (&format!("{node}      imgae: y\n"), 7, "unknown key 'imgae'; the lab knows here: kind, image"),
        (&format!("{node}      binds: [nowhere:/x]\n"), 7, "does not exist"),
        (&format!("{node}      exec: ip link\n"), 7, "expected a list"),
        (&format!("{node}    r2: {{kind: bridge}}\n"), 7, "the lab knows 'linux'"),
        (&format!("{node}  links:\n    - endpoints: [\"r1:eth1\", \"r9:eth1\"]\n"), 8, "no node 'r9'"),
        (&format!("{node}  links:\n    - endpoints: [\"r1:eth1\"]\n"), 8, "two endpoints"),
        ("name: [\n", 2, "while parsing"),
    ] {
        let error = Topology::parse(Path::new("dir/a.clab.yml"), text).expect_err(text);
        let shown = error.to_string();
        assert!(shown.starts_with(&format!("dir/a.clab.yml:{line}:")) && shown.contains(says), "{shown}");
    }
}

#[test]
fn nodes_inherit_as_in_containerlab() {
    let text = "name: a\ntopology:\n  defaults:\n    kind: linux\n    env: {A: 1, B: 1}\n  kinds:\n    linux:\n      \
                image: x\n      env: {B: 2}\n      exec: [one]\n  nodes:\n    r1:\n      exec: [two]\n      \
                sysctls: {net.ipv4.ip_forward: 1}\n    r2:\n      image: y\n";
    let topology = Topology::parse(Path::new("a.clab.yml"), text).unwrap_or_else(|error| panic!("{error}"));
    let r1 = topology.node("r1").expect("r1");
    assert_eq!(r1.exec, ["one", "two"]);
    assert_eq!((r1.env["A"].as_str(), r1.env["B"].as_str()), ("1", "2"));
    assert_eq!(r1.sysctls["net.ipv4.ip_forward"], "1");
    assert_eq!((r1.image.as_str(), topology.node("r2").map(|r2| r2.image.as_str())), ("x", Some("y")));
}
