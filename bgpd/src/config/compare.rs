//! In what two configurations differ, as an operator reads it.

use super::outline::{Node, by_text, outline, push};

/// The lines that only `old` has, behind a `-`, those that only `new` has, behind a `+`, and the lines that their
/// blocks begin with, in the order of the running configuration. Empty where the two say the same.
#[must_use]
pub fn compare(old: &str, new: &str) -> String {
    let mut out = String::new();
    level(&outline(old), &outline(new), 0, &mut out);
    out
}

fn level(old: &[Node<'_>], new: &[Node<'_>], depth: usize, out: &mut String) {
    let (in_old, in_new) = (by_text(old), by_text(new));
    let mut old_lines = old.iter().peekable();
    let is_gone = |line: &Node<'_>| !in_new.contains_key(line.text);
    for node in new {
        // What is gone stands where it stood, before what came in its place.
        while let Some(line) = old_lines.next_if(|line| is_gone(line)) {
            whole(line, "-", depth, out);
        }
        match in_old.get(node.text) {
            Some((at, before)) => {
                while let Some(line) = old_lines.next_if(|line| in_old[line.text].0 <= *at) {
                    if is_gone(line) {
                        whole(line, "-", depth, out);
                    }
                }
                let mut inside = String::new();
                level(&before.below, &node.below, depth + 1, &mut inside);
                if !inside.is_empty() {
                    push(out, " ", depth, node.text);
                    out.push_str(&inside);
                }
            }
            None => whole(node, "+", depth, out),
        }
    }
    for line in old_lines.filter(|line| is_gone(line)) {
        whole(line, "-", depth, out);
    }
}

fn whole(node: &Node<'_>, sign: &str, depth: usize, out: &mut String) {
    push(out, sign, depth, node.text);
    for below in &node.below {
        whole(below, sign, depth + 1, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_in_its_block() {
        let old = "hostname a\nrouter bgp 1\n neighbor X remote-as 2\n address-family ipv4 unicast\n  network \
                   10.0.0.0/8\n  network 11.0.0.0/8\n exit-address-family\nexit\nlog stdout\n";
        let new = "hostname b\nrouter bgp 1\n neighbor X remote-as 2\n address-family ipv4 unicast\n  network \
                   11.0.0.0/8\n  network 12.0.0.0/8\n exit-address-family\nexit\nlog stdout\nroute-map A permit \
                   10\n match metric 1\nexit\n";
        let expected = "-hostname a\n+hostname b\n router bgp 1\n  address-family ipv4 unicast\n-  network \
                        10.0.0.0/8\n+  network 12.0.0.0/8\n+route-map A permit 10\n+ match metric 1\n";
        assert_eq!(compare(old, new), expected);
        assert_eq!(compare(old, old), "");
        assert_eq!(compare("", "a\n"), "+a\n");
        assert_eq!(compare("a\n b\n", ""), "-a\n- b\n");
    }
}
