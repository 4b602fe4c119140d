//! Which next hops a route's packets go to, and in which shares.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::groups::Member;
use crate::rib::decision::{self, Candidate};
use crate::rib::facts::{Facts, Source};
use crate::rib::table::{PathPlace, RouteId, Table};
use crate::value::Net;

/// The heaviest weight.
const HEAVIEST: u128 = 255;

/// The paths used beside the best one, the better first: which ones they are, and whose bandwidth counts where two name the
/// same next hop, must not follow from the order in which they came.
pub fn shares<'a, N: Net>(
    table: &'a Table<N>,
    route: RouteId,
    facts: &'a Facts,
) -> impl Iterator<Item = (PathPlace, Candidate<'a>)> {
    let best = table.candidates(route, facts).next().filter(|(_, first)| first.selected);
    let limit = best.map_or(1, |(_, best)| limit::<N>(&best, facts));
    let others = table.candidates(route, facts).skip(1);
    let mut used: Vec<_> = others
        .filter(|(_, other)| best.is_some_and(|(_, best)| decision::is_multipath(&best, other, facts)))
        .collect();
    // The steps that are left to tell these apart compare single numbers, and so are an order.
    used.sort_by(|(_, one), (_, other)| match decision::is_better(one, other, facts) {
        true => Ordering::Less,
        false if decision::is_better(other, one, facts) => Ordering::Greater,
        false => Ordering::Equal,
    });
    used.truncate(limit.saturating_sub(1));
    used.into_iter()
}

/// How many paths may be used at once where this one is the best.
fn limit<N: Net>(best: &Candidate<'_>, facts: &Facts) -> usize {
    let most = facts.knobs.maximum_paths[N::FAMILY];
    usize::from(if best.peer.source == Source::Internal { most.internal } else { most.external })
}

/// The next hops of a route whose best path is reached, in the order of their values, with their weights, into `out`.
pub fn members<N: Net>(table: &Table<N>, route: RouteId, facts: &Facts, out: &mut Vec<Member>) {
    out.clear();
    let Some((_, best)) = table.candidates(route, facts).next() else { return };
    out.push(Member { next_hop: best.stored.next_hop, weight: 1 });
    if table.has_one_path(route) {
        return;
    }
    let mut bandwidths: Vec<u64> = bandwidth(&best).into_iter().collect();
    for (_, other) in shares(table, route, facts) {
        let next_hop = other.stored.next_hop;
        // Two peers may have told of the same next hop; its packets take one way all the same.
        if out.iter().any(|member| member.next_hop == next_hop) {
            continue;
        }
        out.push(Member { next_hop, weight: 1 });
        if !bandwidths.is_empty() {
            bandwidths.extend(bandwidth(&other));
        }
    }
    weigh(out, &bandwidths);
    out.sort_unstable();
}

/// What the link bandwidth community of a path says, in octets a second; `None` where there is none, or of nothing.
fn bandwidth(path: &Candidate<'_>) -> Option<u64> {
    let communities = &path.stored.attributes.rare().extended_communities;
    let (_, octets_per_s) = communities.iter().find_map(|community| community.link_bandwidth())?;
    Some(octets_per_s as u64).filter(|&octets_per_s| octets_per_s > 0)
}

/// Gives the members shares as their bandwidths are, where all of them tell one (as FRR does unless told otherwise,
/// draft-ietf-idr-link-bandwidth); else equal ones.
fn weigh(members: &mut [Member], bandwidths: &[u64]) {
    let Some(&most) = bandwidths.iter().max().filter(|_| bandwidths.len() == members.len()) else { return };
    for (member, &bandwidth) in members.iter_mut().zip(bandwidths) {
        let share = (u128::from(bandwidth) * HEAVIEST + u128::from(most) / 2) / u128::from(most);
        member.weight = u8::try_from(share).unwrap_or(u8::MAX).max(1);
    }
    let divisor = members.iter().fold(0, |divisor, member| gcd(divisor, member.weight));
    members.iter_mut().for_each(|member| member.weight /= divisor.max(1));
}

/// The greatest common divisor; 0 is divided by everything.
pub(super) const fn gcd(mut a: u8, mut b: u8) -> u8 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rib::next_hop::NextHopId;

    fn weights(bandwidths: &[u64], members: u32) -> Vec<u8> {
        let mut out: Vec<Member> =
            (1..=members).map(|id| Member { next_hop: NextHopId::at(id), weight: 1 }).collect();
        weigh(&mut out, bandwidths);
        out.iter().map(|member| member.weight).collect()
    }

    #[test]
    fn shares_follow_the_bandwidths_where_every_path_tells_one() {
        assert_eq!(weights(&[10_000, 10_000, 10_000], 3), [1, 1, 1]);
        assert_eq!(weights(&[2_000, 1_000], 2), [255, 128]);
        assert_eq!(weights(&[300, 100, 100], 3), [3, 1, 1]);
        assert_eq!(weights(&[u64::MAX, 1], 2), [255, 1]);
    }

    #[test]
    fn shares_are_equal_where_one_path_tells_no_bandwidth() {
        assert_eq!(weights(&[2_000], 2), [1, 1]);
        assert_eq!(weights(&[], 2), [1, 1]);
    }
}
