//! Lines made from patterns, for tests: whatever a pattern takes can come out.

use super::{Atom, Kind, Pattern};

/// Makes a line of a pattern; `choose(n)` gives a number below `n` for every choice.
pub(crate) fn sample(pattern: &Pattern, choose: &mut dyn FnMut(usize) -> usize) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut taken: Vec<usize> = Vec::new();
    let mut next: &[usize] = &pattern.first;
    let mut complete = false;
    loop {
        let fresh: Vec<usize> = next
            .iter()
            .copied()
            .filter(|at| pattern.atoms[*at].kind != Kind::Keyword || !taken.contains(at))
            .collect();
        if fresh.is_empty() || (complete && choose(3) == 0) || words.len() > 12 && complete {
            return words.join(" ");
        }
        let at = fresh[choose(fresh.len())];
        words.push(word(&pattern.atoms[at], choose));
        taken.push(at);
        next = &pattern.follow[at];
        complete = pattern.last[at];
    }
}

/// A word that fits; few of each kind, so that lines are about the same things.
fn word(atom: &Atom, choose: &mut dyn FnMut(usize) -> usize) -> String {
    let mut one = |words: &[&str]| words[choose(words.len())].to_owned();
    match &atom.kind {
        Kind::Keyword => atom.shown.clone(),
        Kind::Ipv4 if atom.name == "mask" => one(&["255.255.0.0", "255.0.0.0"]),
        Kind::Ipv4 => one(&["10.0.0.1", "10.0.0.2", "255.255.0.0", "192.0.2.1"]),
        Kind::Ipv6 => one(&["2001:db8::1", "fe80::1"]),
        Kind::Ipv4Net => one(&["10.0.0.0/8", "10.1.2.3/16", "0.0.0.0/0", "192.0.2.1/32"]),
        Kind::Ipv6Net => one(&["2001:db8::/32", "::/0", "2001:db8::1/128"]),
        Kind::Asn => one(&["65001", "65002", "1.5"]),
        Kind::Number(least, most) => {
            let numbers =
                [*least, *most, least + (most - least) / 2, (least + 7).min(*most), 24.clamp(*least, *most)];
            numbers[choose(numbers.len())].to_string()
        }
        Kind::Word if atom.shown == "COMMUNITY" => one(&["rt:65001:1", "soo:192.0.2.1:7"]),
        Kind::Word if atom.shown == "AA:NN" => one(&["65001:1", "no-export", "65001:2"]),
        Kind::Word if atom.shown == "AA:BB:CC" => one(&["65001:1:2", "1:2:3"]),
        Kind::Word if atom.shown == "ASN:NN_OR_IP-ADDRESS:NN" => one(&["65001:1", "192.0.2.1:7"]),
        Kind::Word if matches!(atom.shown.as_str(), "METRIC" | "PREFERENCE") => {
            one(&["7", "+5", "-4294967295"])
        }
        Kind::Word => one(&["A", "B", "eth0", "Null0", "7"]),
        Kind::Line => one(&["some words", "one", "two  spaces ! here", "\u{a0}"]),
    }
}
