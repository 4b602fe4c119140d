//! A prefix list, indexed: a question costs one look for each prefix length that the list has, not one for
//! each entry.

use alloc::vec::Vec;

use hashbrown::HashMap;
use ipnet::IpNet;

use super::{AccessList, Action, PrefixList, PrefixListEntry};
use crate::value::Net;

/// A seed like any other: what the table holds is never listed, so that its order is never seen.
type Hasher = foldhash::fast::FixedState;

/// What the entries of one prefix say, in the order of their sequence numbers.
type Verdicts = Vec<Verdict>;

/// The indexed list.
#[derive(Clone, Debug, Default)]
pub(crate) struct PrefixIndex {
    /// By prefix length, ascending; the prefixes by their bits (see [`Net::bits`]).
    lengths: Vec<(u8, HashMap<u128, Verdicts, Hasher>)>,
    /// A prefix list without entries permits everything, as in FRR.
    empty: bool,
}

/// What one entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Verdict {
    sequence: u32,
    /// The lengths that it is about.
    least: u8,
    most: u8,
    action: Action,
}

impl PartialEq for PrefixIndex {
    fn eq(&self, other: &Self) -> bool {
        self.empty == other.empty && self.lengths == other.lengths
    }
}

impl Eq for PrefixIndex {}

impl PrefixIndex {
    pub(crate) fn new(list: &PrefixList) -> PrefixIndex {
        let mut index = PrefixIndex { lengths: Vec::new(), empty: list.entries.is_empty() };
        for (sequence, entry) in &list.entries {
            let least = entry.ge.unwrap_or(entry.prefix.prefix_len());
            let verdict = Verdict { sequence: *sequence, least, most: most(entry), action: entry.action };
            index.add(entry.prefix, verdict);
        }
        index
    }

    /// An access list without entries denies everything.
    pub(crate) fn of_access_list(list: &AccessList) -> PrefixIndex {
        let mut index = PrefixIndex::default();
        for (sequence, entry) in &list.entries {
            let length = entry.prefix.prefix_len();
            let most = if entry.exact { length } else { entry.prefix.max_prefix_len() };
            index.add(
                entry.prefix,
                Verdict { sequence: *sequence, least: length, most, action: entry.action },
            );
        }
        index
    }

    fn add(&mut self, prefix: IpNet, verdict: Verdict) {
        let length = prefix.prefix_len();
        let at = match self.lengths.binary_search_by_key(&length, |(length, _)| *length) {
            Ok(at) => at,
            Err(at) => {
                self.lengths.insert(at, (length, HashMap::with_hasher(Hasher::default())));
                at
            }
        };
        self.lengths[at].1.entry(bits(prefix)).or_default().push(verdict);
    }

    /// What the entry with the least sequence number says that the prefix fits; deny where it fits none.
    pub(crate) fn decide<N: Net>(&self, net: N) -> Action {
        if self.empty {
            return Action::Permit;
        }
        let length = net.length();
        let mut best: Option<&Verdict> = None;
        for (own, prefixes) in self.lengths.iter().take_while(|(own, _)| *own <= length) {
            let Some(verdicts) = prefixes.get(&N::from_bits(net.bits(), *own).bits()) else { continue };
            let fitting = verdicts.iter().find(|verdict| (verdict.least..=verdict.most).contains(&length));
            if let Some(verdict) = fitting
                && best.is_none_or(|best| verdict.sequence < best.sequence)
            {
                best = Some(verdict);
            }
        }
        best.map_or(Action::Deny, |verdict| verdict.action)
    }
}

fn bits(prefix: IpNet) -> u128 {
    match prefix {
        IpNet::V4(net) => net.trunc().bits(),
        IpNet::V6(net) => net.trunc().bits(),
    }
}

/// Without `ge` and `le` the length must be the prefix's own; `ge` alone reaches to the longest.
fn most(entry: &PrefixListEntry) -> u8 {
    match (entry.ge, entry.le) {
        (_, Some(le)) => le,
        (Some(_), None) => entry.prefix.max_prefix_len(),
        (None, None) => entry.prefix.prefix_len(),
    }
}
