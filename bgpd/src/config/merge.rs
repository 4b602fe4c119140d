//! Two people's changes of one configuration, brought together.
//!
//! Lines that one of them added or took away are, where the other one left them alone. Where both had a hand in the same
//! setting, nobody is overruled: that is a [`Clash`], and nothing comes of it. Which lines are one setting the
//! grammar knows: of two lines for it only one is left when the text is read.

use core::fmt;

use super::outline::{Node, by_text, outline, write};
use super::{Config, Strictness, parse_str, running_config};

/// What cannot be brought together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The line, behind those around it.
    pub line: String,
    /// What is wrong with it.
    pub text: String,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}': {}", self.line, self.text)
    }
}

/// What `base` is when both what `mine` and what `theirs` made of it is done.
///
/// # Errors
/// Where that cannot be, line by line.
pub fn merge(base: &Config, mine: &Config, theirs: &Config) -> Result<Config, Vec<Clash>> {
    let text = |config: &Config| running_config(config).collect::<String>();
    let (base, mine, theirs) = (text(base), text(mine), text(theirs));
    let mut merging = Merging::default();
    let nodes = merging.level(&outline(&base), &outline(&mine), &outline(&theirs));
    if !merging.clashes.is_empty() {
        return Err(merging.clashes);
    }
    let merged = read(&nodes)?;
    if let Some(clash) = first_missing(&nodes, &merged) {
        return Err(vec![clash]);
    }
    if merging.gone_in_both {
        // Whoever took a line away to write another one in its place has touched what the other one touched; unless
        // they wrote the same.
        let with = |gone| {
            let mut merging = Merging { gone, ..Merging::default() };
            let nodes = merging.level(&outline(&base), &outline(&mine), &outline(&theirs));
            first_missing(&nodes, &read(&nodes)?).map_or(Ok(()), |clash| Err(vec![clash]))
        };
        with(Gone::Stays).or_else(|clashes| with(Gone::StaysForSame).map_err(|_| clashes))?;
    }
    Ok(merged)
}

/// What is done with lines that both took away.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Gone {
    #[default]
    Goes,
    /// They stay where they were.
    Stays,
    /// They stay, and lines that both wrote are left out.
    StaysForSame,
}

#[derive(Default)]
struct Merging<'t> {
    path: Vec<&'t str>,
    clashes: Vec<Clash>,
    /// There are lines that both took away.
    gone_in_both: bool,
    gone: Gone,
}

impl<'t> Merging<'t> {
    fn clash(&mut self, node: &Node<'t>, text: &str) {
        let line = self.path.iter().copied().chain([node.text]).collect::<Vec<_>>().join(" / ");
        self.clashes.push(Clash { line, text: text.to_owned() });
    }

    /// One block: theirs, with what is mine.
    fn level(&mut self, base: &[Node<'t>], mine: &[Node<'t>], theirs: &[Node<'t>]) -> Vec<Node<'t>> {
        let (in_base, in_mine, in_theirs) = (by_text(base), by_text(mine), by_text(theirs));
        let nothing = Vec::new();
        let mut merged: Vec<Node<'t>> = Vec::new();
        for node in theirs {
            let was = in_base.get(node.text).map(|(_, node)| *node);
            match (was, in_mine.get(node.text)) {
                (None, Some((_, own))) if self.gone == Gone::StaysForSame && own.below == node.below => {}
                (was, Some((_, own))) => {
                    self.path.push(node.text);
                    let below = self.level(was.map_or(&nothing, |was| &was.below), &own.below, &node.below);
                    self.path.pop();
                    let closing = node.closing.or(own.closing);
                    merged.push(Node { text: node.text, below, closing });
                }
                (None, None) => merged.push(node.clone()),
                (Some(was), None) if was.below == node.below => {}
                (Some(_), None) => self.clash(node, "you removed it, and lines in it were changed meanwhile"),
            }
        }
        for (at, node) in mine.iter().enumerate().filter(|(_, node)| !in_theirs.contains_key(node.text)) {
            match in_base.get(node.text) {
                None => insert(&mut merged, node, mine[..at].iter()),
                Some((_, was)) if was.below == node.below => {}
                Some(_) => self.clash(node, "you changed lines in it, and it was removed meanwhile"),
            }
        }
        for (at, node) in base.iter().enumerate() {
            if !in_mine.contains_key(node.text) && !in_theirs.contains_key(node.text) {
                self.gone_in_both = true;
                if self.gone != Gone::Goes {
                    insert(&mut merged, node, base[..at].iter());
                }
            }
        }
        merged
    }
}

/// Puts a line behind the nearest one of those before it that is there.
fn insert<'n, 't: 'n>(
    lines: &mut Vec<Node<'t>>,
    node: &Node<'t>,
    before: impl DoubleEndedIterator<Item = &'n Node<'t>>,
) {
    let place = |other: &Node<'t>| lines.iter().rposition(|line| line.text == other.text);
    let at = before.rev().find_map(place).map_or(0, |at| at + 1);
    lines.insert(at, node.clone());
}

fn read(nodes: &[Node<'_>]) -> Result<Config, Vec<Clash>> {
    let mut text = String::new();
    write(nodes, 0, &mut text);
    let (config, _) = parse_str("merged", &text, Strictness::Strict).map_err(|errors| {
        let clash = |error: super::ConfigError| {
            let line = text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default().trim().to_owned();
            Clash { line, text: format!("what it needs was changed meanwhile: {}", error.text) }
        };
        errors.into_iter().map(clash).collect::<Vec<_>>()
    })?;
    Ok(config)
}

/// The first line that did not stay when it was read with the others.
fn first_missing(nodes: &[Node<'_>], config: &Config) -> Option<Clash> {
    let text: String = running_config(config).collect();
    let mut path = Vec::new();
    missing(nodes, &outline(&text), &mut path)
}

fn missing<'t>(nodes: &[Node<'t>], of: &[Node<'_>], path: &mut Vec<&'t str>) -> Option<Clash> {
    let there = by_text(of);
    for node in nodes {
        path.push(node.text);
        let Some((_, found)) = there.get(node.text) else {
            let text = "it does not go together with what was changed meanwhile".to_owned();
            return Some(Clash { line: path.join(" / "), text });
        };
        if let Some(clash) = missing(&node.below, &found.below, path) {
            return Some(clash);
        }
        path.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "hostname r1\nrouter bgp 65001\n neighbor 10.0.0.2 remote-as 65002\n neighbor 10.0.0.2 description \
                        old\n neighbor 10.0.0.3 remote-as 65003\n address-family ipv4 unicast\n  network \
                        10.0.0.0/8\n  neighbor 10.0.0.2 weight 5\n exit-address-family\nexit\nip prefix-list A \
                        seq 5 permit any\nroute-map RM permit 10\n match ip address prefix-list A\nexit\n";

    fn config(text: &str) -> Config {
        parse_str("test", text, Strictness::Strict).unwrap().0
    }

    /// The base with these lines behind it, as they would be typed.
    fn with(lines: &str) -> Config {
        config(&format!("{BASE}{lines}"))
    }

    fn clash(mine: &str, theirs: &str) -> String {
        let clashes = merge(&with(""), &with(mine), &with(theirs)).unwrap_err();
        clashes.iter().map(|clash| format!("{clash}\n")).collect()
    }

    #[test]
    fn lines_that_do_not_touch_are_all_there() {
        let pairs = [
            ("hostname r2\n", "router bgp 65001\n neighbor 10.0.0.9 remote-as 9\n"),
            (
                "router bgp 65001\n neighbor 10.0.0.9 remote-as 9\n neighbor 10.0.0.9 passive\n",
                "router bgp 65001\n neighbor 10.0.0.8 remote-as 8\n neighbor 10.0.0.3 passive\n",
            ),
            (
                "router bgp 65001\n address-family ipv4 unicast\n  network 11.0.0.0/8\n",
                "router bgp 65001\n address-family ipv4 unicast\n  no network 10.0.0.0/8\n  network 12.0.0.0/8\n",
            ),
            (
                "no ip prefix-list A seq 5\n",
                "ip prefix-list B seq 5 deny any\nroute-map NEW permit 5\nexit\n",
            ),
            ("route-map RM permit 10\n description a\nexit\n", "no router bgp 65001\n"),
            // Both did the same.
            ("hostname same\n", "hostname same\nlog stdout\n"),
            (
                "router bgp 65001\n no neighbor 10.0.0.3\n no neighbor 10.0.0.2 description\n",
                "router bgp 65001\n no neighbor 10.0.0.3\n neighbor 10.0.0.2 passive\n",
            ),
        ];
        for (mine, theirs) in pairs {
            let both = with(&format!("{mine}{theirs}"));
            assert_eq!(merge(&with(""), &with(mine), &with(theirs)), Ok(both.clone()), "{mine}{theirs}");
            assert_eq!(merge(&with(""), &with(theirs), &with(mine)), Ok(both), "{theirs}{mine}");
        }
    }

    #[test]
    fn lines_that_touch_are_told() {
        let weight = |line: &str| format!("router bgp 65001\n address-family ipv4 unicast\n  {line}\n");
        let (seven, nine) = (weight("neighbor 10.0.0.2 weight 7"), weight("neighbor 10.0.0.2 weight 9"));
        let none = weight("no neighbor 10.0.0.2 weight");
        for (mine, theirs) in [(&seven, &nine), (&none, &nine), (&nine, &none)] {
            let said = clash(mine, theirs);
            assert!(said.contains("10.0.0.2 weight") && said.contains("go together"), "{said}");
        }
        let said = clash("hostname a\n", "hostname b\n");
        assert!(said.contains("hostname"), "{said}");
        let (gone, changed) =
            ("no route-map RM permit 10\n", "route-map RM permit 10\n description new\nexit\n");
        assert!(clash(gone, changed).contains("'route-map RM permit 10': you removed it"));
        assert!(clash(changed, gone).contains("it was removed meanwhile"));
        let said = clash(
            "router bgp 65001\n neighbor 10.0.0.3 passive\n",
            "router bgp 65001\n no neighbor 10.0.0.3\n",
        );
        assert!(said.contains("'neighbor 10.0.0.3 passive': what it needs was changed meanwhile"), "{said}");
    }
}
