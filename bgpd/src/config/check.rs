//! A look at a configuration as a whole, before it is put in force.
//!
//! Every line has been understood when it was typed. What is left: whether all of it can be read back, without
//! which it is refused, and what is allowed but hardly meant, such as the name of a route map that nobody has
//! made (which passes no route, as in FRR), which is said.

use std::collections::BTreeSet;

use super::{Config, ConfigError, Strictness, parse_str};

/// What a list or map is called where one is made, and where one is used.
const KINDS: &[Kind] = &[
    Kind {
        name: "route map",
        made: &["route-map"],
        used: &["route-map", "call", "unsuppress-map", "suppress-map", "advertise-map", "exist-map"],
    },
    Kind { name: "prefix list", made: &["ip prefix-list", "ipv6 prefix-list"], used: &["prefix-list"] },
    Kind {
        name: "AS-path access list",
        made: &["bgp as-path access-list"],
        used: &["filter-list", "match as-path"],
    },
    Kind {
        name: "community list",
        made: &["bgp community-list standard", "bgp community-list expanded", "bgp community-list"],
        used: &["match community"],
    },
    Kind {
        name: "large community list",
        made: &[
            "bgp large-community-list standard",
            "bgp large-community-list expanded",
            "bgp large-community-list",
        ],
        used: &["match large-community"],
    },
];

struct Kind {
    name: &'static str,
    made: &'static [&'static str],
    used: &'static [&'static str],
}

/// Words behind which anything may stand.
const FREE: &[&str] = &["description", "message", "hostname", "password", "log"];

/// What in a configuration's text is allowed and hardly meant, each with its place in the text, whose name is `name`.
#[must_use]
pub fn doubts(name: &str, text: &str) -> Vec<ConfigError> {
    let made: Vec<BTreeSet<&str>> = KINDS.iter().map(|kind| names(kind, text)).collect();
    let mut doubts = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if words.iter().any(|word| FREE.contains(word)) {
            continue;
        }
        for (kind, made) in KINDS.iter().zip(&made) {
            let Some(used) = use_of(kind, &words) else { continue };
            if line.starts_with(' ') && !made.contains(used) {
                let column = line.find(used).unwrap_or_default() + 1;
                let text = format!("there is no {} '{used}', and none passes no route", kind.name);
                doubts.push(ConfigError { file: name.into(), line: at + 1, column, text });
            }
        }
    }
    doubts
}

/// The names that lines at the outermost level make.
fn names<'t>(kind: &Kind, text: &'t str) -> BTreeSet<&'t str> {
    let name = |line: &'t str| {
        let rest = kind.made.iter().find_map(|made| line.strip_prefix(made)?.strip_prefix(' '))?;
        rest.split_ascii_whitespace().next()
    };
    text.lines().filter_map(name).collect()
}

/// The name that a line in a block uses.
fn use_of<'t>(kind: &Kind, words: &[&'t str]) -> Option<&'t str> {
    let behind = |used: &str| {
        let used: Vec<&str> = used.split(' ').collect();
        let at = words.windows(used.len()).position(|window| window == used.as_slice())?;
        words.get(at + used.len()).copied()
    };
    kind.used.iter().find_map(|used| behind(used))
}

/// Whether a configuration can be written and read back: the twin and the next start get it so.
///
/// # Errors
/// What cannot be read in its text, or that it would be another one.
pub fn reads_back(config: &Config, name: &str, text: &str) -> Result<(), Vec<ConfigError>> {
    let (again, _) = parse_str(name, text, Strictness::Strict)?;
    if again == *config {
        return Ok(());
    }
    let text = "its text would be read as another configuration, expected the same".to_owned();
    Err(vec![ConfigError { file: name.into(), line: 0, column: 0, text }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nobody_has_made_are_said_with_their_places() {
        let text = "router bgp 1\n neighbor X description route-map NONE\n address-family ipv4 unicast\n  \
                    neighbor X route-map RM in\n  neighbor X route-map OUT out\n  neighbor X prefix-list PL in\n \
                    exit-address-family\nexit\nip prefix-list P4 seq 5 permit any\nroute-map RM permit 10\n match \
                    ip address prefix-list P4\nexit\n";
        let said: Vec<String> = doubts("candidate", text).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "candidate:5:24: there is no route map 'OUT', and none passes no route",
                "candidate:6:26: there is no prefix list 'PL', and none passes no route",
            ]
        );
    }
}
