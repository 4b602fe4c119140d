//! How one text becomes another, in as few octets as the difference needs: applied configurations are remembered so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What turns one text into another: runs of lines that are replaced, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch(Vec<Piece>);

/// So many lines of the first text from this one on, and what stands in their place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    at: usize,
    lines: usize,
    put: String,
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

impl Patch {
    /// What turns `old` into `new`. The time grows with their lengths, whatever they differ in; where lines that
    /// occur once have changed places, it is not the shortest there is.
    #[must_use]
    pub fn between(old: &str, new: &str) -> Patch {
        let (old, new) = (lines(old), lines(new));
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let rest = old[same..].iter().rev().zip(new[same..].iter().rev());
        let same_at_end = rest.take_while(|(a, b)| a == b).count();
        let (old_end, new_end) = (old.len() - same_at_end, new.len() - same_at_end);
        let mut anchors = anchors(&old[..old_end], &new[..new_end], same);
        anchors.push((old_end, new_end));
        let mut pieces = Vec::new();
        let (mut at, mut to) = (same, same);
        for (next_at, next_to) in anchors {
            gap(&old, &new, at..next_at, to..next_to, &mut pieces);
            (at, to) = (next_at + 1, next_to + 1);
        }
        Patch(pieces)
    }

    /// Applies it; `None` where `old` is not the text that it was made for.
    #[must_use]
    pub fn apply(&self, old: &str) -> Option<String> {
        let lines = lines(old);
        let mut new = String::with_capacity(old.len());
        let mut passed = 0;
        for piece in &self.0 {
            lines.get(passed..piece.at)?.iter().for_each(|line| new.push_str(line));
            new.push_str(&piece.put);
            passed = piece.at.checked_add(piece.lines)?;
        }
        lines.get(passed..)?.iter().for_each(|line| new.push_str(line));
        Some(new)
    }

    /// How much it remembers, in octets.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.0.iter().map(|piece| piece.put.len()).sum()
    }
}

/// A run that differs, without what is the same at its ends.
fn gap(
    old: &[&str],
    new: &[&str],
    from: core::ops::Range<usize>,
    to: core::ops::Range<usize>,
    pieces: &mut Vec<Piece>,
) {
    let (a, b) = (&old[from.clone()], &new[to]);
    let before = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[before..], &b[before..]);
    let behind = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - behind], &b[..b.len() - behind]);
    if !a.is_empty() || !b.is_empty() {
        pieces.push(Piece { at: from.start + before, lines: a.len(), put: b.concat() });
    }
}

/// Lines that are the same in both, in the same order in both: of those that occur once in each, from `begin` on,
/// the longest row.
fn anchors(old: &[&str], new: &[&str], begin: usize) -> Vec<(usize, usize)> {
    let once = |lines: &[&str]| {
        let mut places: BTreeMap<String, Option<usize>> = BTreeMap::new();
        for (at, line) in lines.iter().enumerate().skip(begin) {
            places.entry((*line).to_owned()).and_modify(|place| *place = None).or_insert(Some(at));
        }
        places
    };
    let (in_old, in_new) = (once(old), once(new));
    let mut pairs: Vec<(usize, usize)> =
        in_old.iter().filter_map(|(line, at)| Some(((*at)?, (*in_new.get(line)?)?))).collect();
    pairs.sort_unstable();
    longest_row(&pairs)
}

/// The longest subsequence whose second numbers rise, of pairs whose first ones do.
fn longest_row(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The last pair of the best row of each length, and before each pair the one that its row comes from.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, to)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *to);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut row = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(pair) = at {
        row.push(pairs[pair]);
        at = before[pair];
    }
    row.reverse();
    row
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_patch_makes_the_new_text(old in "([a-h]\n){0,40}[a-c]?", new in "([a-h]\n){0,40}[a-c]?") {
            let patch = Patch::between(&old, &new);
            prop_assert_eq!(patch.apply(&old), Some(new));
        }

        #[test]
        fn any_patch_is_borne_by_any_text(at in any::<usize>(), lines in any::<usize>(), text in "[ab\n]{0,20}") {
            let patch = Patch(vec![Piece { at, lines, put: "x\n".into() }]);
            let _ = patch.apply(&text);
        }
    }

    #[test]
    fn few_lines_in_a_long_text_are_few_octets() {
        let line = |n: usize, what: &str| format!(" network {n} {what}\n");
        let old: String = (0..20_000).map(|n| line(n, "a")).collect();
        let new: String = (0..20_000).map(|n| line(n, if n % 5000 == 7 { "b" } else { "a" })).collect();
        let patch = Patch::between(&old, &new);
        assert_eq!(patch.apply(&old).as_deref(), Some(new.as_str()));
        assert!(patch.octets() < 200, "{} octets", patch.octets());
    }
}
