//! A configuration's text as a tree: each line with the lines of its block.
//!
//! What two texts differ in is told by it ([`compare`](super::compare)), and what two people changed is brought
//! together by it ([`merge`](super::merge)). A line is named by the lines around it and by itself; no block has a
//! line twice, since no command writes one twice.

use std::collections::BTreeMap;

use crate::command::is_comment;

/// A line, without its indentation, and what stands in its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node<'t> {
    /// The line.
    pub(super) text: &'t str,
    /// The lines of its block.
    pub(super) below: Vec<Node<'t>>,
    /// The line that ends the block, where one does.
    pub(super) closing: Option<&'t str>,
}

/// Reads a text as [`running_config`](super::running_config) writes it.
pub(super) fn outline(text: &str) -> Vec<Node<'_>> {
    let mut outermost = Vec::new();
    let mut open: Vec<(usize, Node<'_>)> = Vec::new();
    for line in text.lines().filter(|line| !is_comment(line)) {
        let indent = line.len() - line.trim_start().len();
        let text = line.trim();
        close(&mut open, indent + 1, &mut outermost);
        if text == "exit" || text.starts_with("exit-") {
            if let Some((_, node)) = open.last_mut() {
                node.closing = Some(text);
            }
            continue;
        }
        close(&mut open, indent, &mut outermost);
        open.push((indent, Node { text, below: Vec::new(), closing: None }));
    }
    close(&mut open, 0, &mut outermost);
    outermost
}

/// Puts the open lines that are indented by `least` or more where they belong.
fn close<'t>(open: &mut Vec<(usize, Node<'t>)>, least: usize, outermost: &mut Vec<Node<'t>>) {
    while let Some((_, node)) = open.pop_if(|(indent, _)| *indent >= least) {
        match open.last_mut() {
            Some((_, around)) => around.below.push(node),
            None => outermost.push(node),
        }
    }
}

/// Writes it as text that can be read.
pub(super) fn write(nodes: &[Node<'_>], depth: usize, out: &mut String) {
    for node in nodes {
        push(out, "", depth, node.text);
        write(&node.below, depth + 1, out);
        if let Some(closing) = node.closing {
            push(out, "", depth, closing);
        }
    }
}

/// A line at a depth, behind a sign.
pub(super) fn push(out: &mut String, sign: &str, depth: usize, text: &str) {
    out.push_str(sign);
    out.extend(std::iter::repeat_n(' ', depth));
    out.push_str(text);
    out.push('\n');
}

/// The lines of a block by their text.
pub(super) fn by_text<'n, 't>(nodes: &'n [Node<'t>]) -> BTreeMap<&'t str, (usize, &'n Node<'t>)> {
    nodes.iter().enumerate().map(|(at, node)| (node.text, (at, node))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_outline() {
        let text = "hostname r1\n!\nrouter bgp 1\n bgp router-id 1.1.1.1\n !\n address-family ipv4 unicast\n  \
                    network 10.0.0.0/8\n exit-address-family\nexit\n!\nroute-map A permit 10\nexit\nlog stdout\n";
        let nodes = outline(text);
        let texts: Vec<&str> = nodes.iter().map(|node| node.text).collect();
        assert_eq!(texts, ["hostname r1", "router bgp 1", "route-map A permit 10", "log stdout"]);
        assert_eq!(nodes[1].below[1].below[0].text, "network 10.0.0.0/8");
        assert_eq!(nodes[1].below[1].closing, Some("exit-address-family"));
        assert_eq!((nodes[0].closing, nodes[2].closing), (None, Some("exit")));
        let mut written = String::new();
        write(&nodes, 0, &mut written);
        let kept: String = text.lines().filter(|line| line.trim() != "!").map(|l| format!("{l}\n")).collect();
        assert_eq!(written, kept);
    }
}
