//! The synthetic table: distinct IPv4 prefixes in shuffled runs, a run to an attribute set.
//!
//! Modelled on the real tables in `tests/data/mrt`: the shares of prefix lengths are those of a full table of 2024,
//! a run is one to eleven neighbors in address order (mean six), as prefixes of one origin are; the runs are
//! shuffled. Paths are 2 to 14 hops long with the sender's own (mean 4.4), through a skewed choice of 3,000 transit
//! networks to one of 75,000 origins. 60 % of the sets have communities (median 2, p90 10), sorted, so that a router
//! that sorts them passes on the same bytes. The same seed and size give the same table everywhere.

use std::collections::HashSet;

use super::rng::{Rng, digest, mix};

/// The seed of every table that the benchmark loads.
pub const SEED: u64 = 0x4654_4247_5020_2631;

/// (prefix length, share in 100,000) of a full IPv4 table of January 2024; lengths over 24 left out.
const LENGTH_SHARES: [(u8, u32); 17] = [
    (8, 1),
    (9, 1),
    (10, 4),
    (11, 11),
    (12, 33),
    (13, 64),
    (14, 133),
    (15, 232),
    (16, 1_495),
    (17, 913),
    (18, 1_529),
    (19, 2_757),
    (20, 4_724),
    (21, 5_627),
    (22, 12_043),
    (23, 10_700),
    (24, 59_733),
];

/// Weights of the number of hops behind the sender: 1, 2, 3, …
const TAIL_WEIGHTS: [u32; 13] = [60, 245, 325, 185, 95, 42, 20, 11, 7, 4, 3, 2, 1];

/// Weights of the number of communities of a set that has some: 1, 2, 3, …
const COMMUNITY_WEIGHTS: [u32; 20] = [25, 30, 10, 8, 6, 4, 3, 2, 1, 3, 1, 1, 1, 1, 1, 1, 1, 0, 0, 2];

/// Networks that a table must not hold: (address, length). The benchmark's own addresses are among them.
const SPECIAL: [(u32, u8); 9] = [
    (0x0000_0000, 8),
    (0x0a00_0000, 8),
    (0x6440_0000, 10),
    (0x7f00_0000, 8),
    (0xa9fe_0000, 16),
    (0xac10_0000, 12),
    (0xc000_0000, 16),
    (0xc0a8_0000, 16),
    (0xc612_0000, 15),
];

/// An IPv4 prefix: host-order address with zero host bits, and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix4 {
    /// The address as a number.
    pub address: u32,
    /// 0 to 32.
    pub length: u8,
}

impl Prefix4 {
    /// The octets of the address that NLRI carries, RFC 4271 §4.3.
    pub fn octets(&self) -> usize {
        usize::from(self.length).div_ceil(8)
    }

    /// Appends the NLRI encoding.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.push(self.length);
        out.extend_from_slice(&self.address.to_be_bytes()[..self.octets()]);
    }
}

/// What a run's routes have in common, without the sender's own AS and next hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeSet {
    /// 0 IGP, 1 EGP, 2 incomplete.
    pub origin: u8,
    /// The hops behind the sender.
    pub tail: Vec<u32>,
    /// Ascending, each once.
    pub communities: Vec<u32>,
}

/// One attribute set and the prefixes (indices into the table) that have it.
#[derive(Debug, Clone)]
pub struct Run {
    /// What they have in common.
    pub set: AttributeSet,
    /// A range of [`Table::prefixes`].
    pub members: core::ops::Range<usize>,
}

/// A table in the order in which it is sent.
#[derive(Debug, Clone)]
pub struct Table {
    /// Distinct.
    pub prefixes: Vec<Prefix4>,
    /// Cover [`Table::prefixes`] without a gap.
    pub runs: Vec<Run>,
}

impl Table {
    /// `size` prefixes from `seed`; at most some millions, since they must be distinct.
    pub fn generate(seed: u64, size: usize) -> Self {
        let mut rng = Rng::new(seed);
        let sorted = distinct_prefixes(&mut rng, size);
        let mut pieces = Vec::new();
        let mut rest = &sorted[..];
        while !rest.is_empty() {
            let (piece, left) = rest.split_at(rest.len().min(1 + rng.below(11) as usize));
            pieces.push(piece);
            rest = left;
        }
        rng.shuffle(&mut pieces);
        let mut prefixes = Vec::with_capacity(size);
        let mut runs = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let start = prefixes.len();
            prefixes.extend_from_slice(piece);
            runs.push(Run { set: attribute_set(&mut rng), members: start..prefixes.len() });
        }
        Self { prefixes, runs }
    }

    /// The same prefixes with new attributes for the first `share` of the runs: one community more.
    pub fn renewed(&self, share: f64) -> Self {
        let count = (self.runs.len() as f64 * share).ceil() as usize;
        let mut runs: Vec<Run> = self.runs[..count.max(1)].to_vec();
        for run in &mut runs {
            run.set.communities.push(0xfde8_ffff);
        }
        let prefixes = self.prefixes[..runs.last().map_or(0, |run| run.members.end)].to_vec();
        Self { prefixes, runs }
    }

    /// A number that two tables share only if they are equal (order included).
    pub fn digest(&self) -> u64 {
        let mut state = 0;
        let mut bytes = Vec::new();
        for run in &self.runs {
            bytes.clear();
            bytes.push(run.set.origin);
            run.set.tail.iter().for_each(|asn| bytes.extend_from_slice(&asn.to_be_bytes()));
            run.set.communities.iter().for_each(|value| bytes.extend_from_slice(&value.to_be_bytes()));
            self.prefixes[run.members.clone()].iter().for_each(|prefix| prefix.emit(&mut bytes));
            state = digest(state, &bytes);
        }
        mix(state)
    }

    /// Mean number of hops with the sender's own.
    pub fn mean_path(&self) -> f64 {
        let hops: usize = self.runs.iter().map(|run| (run.set.tail.len() + 1) * run.members.len()).sum();
        hops as f64 / self.prefixes.len() as f64
    }
}

/// `size` prefixes in address order.
fn distinct_prefixes(rng: &mut Rng, size: usize) -> Vec<Prefix4> {
    let weights = LENGTH_SHARES.map(|(_, share)| share);
    let mut seen = HashSet::with_capacity(size);
    while seen.len() < size {
        let (length, _) = LENGTH_SHARES[rng.weighted(&weights)];
        let address = (rng.bits() as u32) & (u32::MAX << (32 - length));
        let special = SPECIAL.iter().any(|&(network, bits)| {
            let mask = u32::MAX << (32 - bits.min(length));
            address & mask == network & mask
        });
        if !special && address >> 24 < 224 {
            seen.insert(Prefix4 { address, length });
        }
    }
    let mut sorted: Vec<Prefix4> = seen.into_iter().collect();
    sorted.sort_unstable();
    sorted
}

/// One attribute set, as the module's head describes it.
fn attribute_set(rng: &mut Rng) -> AttributeSet {
    let hops = 1 + rng.weighted(&TAIL_WEIGHTS);
    let mut tail: Vec<u32> = Vec::with_capacity(hops);
    while tail.len() + 1 < hops {
        // The product of two draws prefers low numbers: some transit networks carry most paths.
        let rank = (u64::from(rng.below(3_000)) * u64::from(rng.below(3_000)) / 3_000) as u32;
        let asn = 2_000 + rank * 7;
        if !tail.contains(&asn) {
            tail.push(asn);
        }
    }
    let origin_as = rng.below(75_000);
    tail.push(if origin_as < 35_000 { 25_000 + origin_as } else { 196_608 + origin_as });
    let origin = [0, 1, 2][rng.weighted(&[89, 1, 10])];
    let mut communities = Vec::new();
    if rng.below(10) < 6 {
        let count = 1 + rng.weighted(&COMMUNITY_WEIGHTS);
        while communities.len() < count {
            let owner = tail[rng.below(tail.len() as u32) as usize] % 60_000;
            let value = owner << 16 | rng.below(5_000);
            if !communities.contains(&value) {
                communities.push(value);
            }
        }
        communities.sort_unstable();
    }
    AttributeSet { origin, tail, communities }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_table_and_another_seed_another() {
        let table = Table::generate(7, 2_000);
        assert_eq!(table.digest(), Table::generate(7, 2_000).digest());
        assert_ne!(table.digest(), Table::generate(8, 2_000).digest());
    }

    #[test]
    fn prefixes_are_distinct_and_runs_cover_them() {
        let table = Table::generate(SEED, 30_000);
        let distinct: HashSet<_> = table.prefixes.iter().collect();
        assert_eq!(distinct.len(), 30_000);
        let mut next = 0;
        for run in &table.runs {
            assert_eq!(run.members.start, next);
            assert!((1..=11).contains(&run.members.len()));
            next = run.members.end;
        }
        assert_eq!(next, 30_000);
        assert!(table.prefixes.iter().all(|prefix| prefix.address >> 24 != 10));
    }

    #[test]
    fn the_shares_are_those_of_a_real_table() {
        let table = Table::generate(SEED, 100_000);
        let share = |length| table.prefixes.iter().filter(|prefix| prefix.length == length).count();
        assert!((59_000..60_500).contains(&share(24)), "{}", share(24));
        assert!((11_500..12_600).contains(&share(22)), "{}", share(22));
        assert!((10_200..11_200).contains(&share(23)), "{}", share(23));
        assert!((4.3..4.5).contains(&table.mean_path()), "{}", table.mean_path());
        let mut counts: Vec<usize> =
            table.runs.iter().map(|run| run.set.communities.len()).filter(|&count| count > 0).collect();
        let with = counts.len() as f64 / table.runs.len() as f64;
        assert!((0.58..0.62).contains(&with), "{with}");
        counts.sort_unstable();
        assert_eq!(counts[counts.len() / 2], 2);
        assert_eq!(counts[counts.len() * 9 / 10], 10);
        let per_run = table.prefixes.len() as f64 / table.runs.len() as f64;
        assert!((5.8..6.2).contains(&per_run), "{per_run}");
    }

    #[test]
    fn a_renewed_table_keeps_the_prefixes_and_changes_each_set() {
        let table = Table::generate(SEED, 5_000);
        let renewed = table.renewed(0.1);
        assert!((450..560).contains(&renewed.prefixes.len()), "{}", renewed.prefixes.len());
        assert_eq!(renewed.prefixes, table.prefixes[..renewed.prefixes.len()]);
        assert!(renewed.runs.iter().zip(&table.runs).all(|(new, old)| new.set != old.set));
    }
}
