//! What a topology must come to: `expected.json` beside the topology file.
//!
//! `{"NODE": [{"prefix": "198.51.100.0/24", "as_path": "65002", …}, …], …}`: each node named has exactly these paths,
//! of both families, in the table that its own show command prints. An object names the fields of
//! [`Route`] that matter; those it leaves out may be anything.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::LabError;
use super::speaker::{Family, Route};
use super::{Lab, Node};

/// The file beside the topology.
pub const FILE: &str = "expected.json";

/// The tables that a topology must come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    nodes: BTreeMap<String, Vec<Map<String, Value>>>,
}

impl Expected {
    /// Reads `expected.json` of the topology directory.
    pub fn read(directory: &Path) -> Result<Expected, LabError> {
        let path = directory.join(FILE);
        let text =
            std::fs::read_to_string(&path).map_err(|source| LabError::Read { path: path.clone(), source })?;
        let nodes: BTreeMap<String, Vec<Map<String, Value>>> = serde_json::from_str(&text)
            .map_err(|error| LabError::Read { path: path.clone(), source: error.into() })?;
        let known = serde_json::to_value(Route::default()).unwrap_or_default();
        for field in nodes.values().flatten().flat_map(Map::keys) {
            if known.get(field).is_none() {
                let source = std::io::Error::other(format!("a route has no field '{field}'"));
                return Err(LabError::Read { path, source });
            }
        }
        Ok(Expected { nodes })
    }

    /// The nodes that it speaks of.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// Compares the lab's nodes with it; the error says every difference.
    pub fn check(&self, lab: &Lab) -> Result<(), String> {
        let mut differences = Vec::new();
        for (name, expected) in &self.nodes {
            match routes(lab.node(name)) {
                Ok(routes) => differences.extend(compare(name, expected, &routes)),
                Err(error) => differences.push(error.to_string()),
            }
        }
        if differences.is_empty() { Ok(()) } else { Err(format!("\n{}", differences.join("\n"))) }
    }
}

/// The node's routes of both families; none for a node without a daemon.
pub fn routes(node: &Node) -> Result<Vec<Route>, LabError> {
    let Some(speaker) = node.speaker() else { return Ok(Vec::new()) };
    let mut routes = speaker.routes(node, Family::Ipv4)?;
    routes.extend(speaker.routes(node, Family::Ipv6)?);
    Ok(routes)
}

fn compare(node: &str, expected: &[Map<String, Value>], routes: &[Route]) -> Vec<String> {
    let mut left: Vec<Value> = routes.iter().map(|r| serde_json::to_value(r).unwrap_or_default()).collect();
    let mut differences = Vec::new();
    for wanted in expected {
        match left.iter().position(|route| wanted.iter().all(|(field, value)| route[field] == *value)) {
            Some(found) => drop(left.swap_remove(found)),
            None => differences.push(format!("{node} lacks    {}", Value::Object(wanted.clone()))),
        }
    }
    differences.extend(left.iter().map(|route| format!("{node} has also {}", without_empty(route))));
    differences
}

/// The route's fields that say something.
fn without_empty(route: &Value) -> Value {
    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    };
    let fields = route.as_object().into_iter().flatten().filter(|(_, value)| says_something(value));
    Value::Object(fields.map(|(field, value)| (field.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Vec<Map<String, Value>> {
        serde_json::from_str(text).expect("test input is JSON")
    }

    #[test]
    fn a_missing_path_and_a_surplus_path_are_both_said() {
        let route = |as_path: &str| Route {
            prefix: "10.0.0.0/8".into(),
            as_path: as_path.into(),
            ..Route::default()
        };
        let expected =
            wanted(r#"[{"prefix": "10.0.0.0/8", "as_path": "1"}, {"prefix": "10.0.0.0/8", "as_path": "2"}]"#);
        assert!(compare("r1", &expected, &[route("2"), route("1")]).is_empty());
        let differences = compare("r1", &expected, &[route("1"), route("3")]);
        assert_eq!(differences.len(), 2, "{differences:?}");
        assert!(differences[0].contains("lacks") && differences[0].contains("\"2\""));
        assert!(differences[1].contains("also") && differences[1].contains("\"3\""));
    }
}
