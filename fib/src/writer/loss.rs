//! A next hop that is lost, out of all its groups with one message.
//!
//! The router tells the new ways of each group that names the hop. To replace them one by one costs the kernel a walk
//! through the whole table for each, where it tells of every route (`nexthop_compat_mode`). But a single hop that is
//! removed leaves all its groups at once, and nothing else is told. So where groups only become smaller, and no other
//! group names what they lose, the hops go and the groups are left alone.

use std::collections::{BTreeMap, BTreeSet};

use super::Writer;
use super::hops::Part;
use crate::change::{Change, GroupId};
use crate::dump::Objects;
use crate::netlink::exchange::ExchangeError;
use crate::netlink::next_hop;
use crate::settings::Kernel;

impl Writer {
    /// Looks at the groups that `changes` begin with, and removes the hops that all of their groups lose. Gives the groups
    /// that are as they should be with that.
    pub(super) fn lose_hops(&mut self, changes: &[Change]) -> Result<BTreeSet<GroupId>, ExchangeError> {
        let mut shrunk: BTreeMap<GroupId, (Vec<Part>, Vec<u32>)> = BTreeMap::new();
        if self.kernel == Kernel::Multipath {
            return Ok(BTreeSet::new());
        }
        let mut seen = BTreeSet::new();
        for change in changes {
            let Change::Group(group, ways) = change else { break };
            // A group that comes twice does not only become smaller.
            match self.hops.shrunk(*group, ways).filter(|_| !seen.contains(group)) {
                Some(lost) => _ = shrunk.insert(*group, lost),
                None => _ = shrunk.remove(group),
            }
            seen.insert(*group);
        }
        let mut losers: BTreeMap<u32, usize> = BTreeMap::new();
        for number in shrunk.values().flat_map(|(_, lost)| lost) {
            *losers.entry(*number).or_default() += 1;
        }
        let gone: BTreeSet<u32> = losers
            .into_iter()
            .filter(|(number, losers)| self.hops.named(*number) == *losers)
            .map(|(number, _)| number)
            .collect();
        shrunk.retain(|_, (_, lost)| lost.iter().all(|number| gone.contains(number)));
        self.remove_lost(&gone, &shrunk)
    }

    fn remove_lost(
        &mut self,
        gone: &BTreeSet<u32>,
        shrunk: &BTreeMap<GroupId, (Vec<Part>, Vec<u32>)>,
    ) -> Result<BTreeSet<GroupId>, ExchangeError> {
        // Of a hop that only some of its groups lose with nothing else, the others' ways are told in any case.
        let needless = |number: &&u32| shrunk.values().any(|(_, lost)| lost.contains(number));
        let removed: Vec<u32> = gone.iter().filter(needless).copied().collect();
        for number in &removed {
            next_hop::emit_removal(&mut self.exchange.out, self.settings.hop_object(*number));
            self.exchange.queued(*number)?;
        }
        let refused = self.exchange.finish()?;
        for number in &removed {
            self.hops.lose(*number);
        }
        // With a link that goes down the kernel has dropped the hop, and perhaps more: it is asked.
        let actual = match refused.is_empty() {
            true => None,
            false => Some(Objects::read(&self.settings).unwrap_or_default()),
        };
        let is = |(group, (parts, _)): &(&GroupId, &(Vec<Part>, Vec<u32>))| match &actual {
            None => true,
            Some(objects) => objects.groups.get(*group).is_some_and(|actual| same(actual, parts)),
        };
        Ok(shrunk.iter().filter(is).map(|(group, _)| *group).collect())
    }
}

/// Whether a group has these parts, in whatever order.
fn same(some: &[Part], others: &[Part]) -> bool {
    some.len() == others.len() && some.iter().all(|part| others.contains(part))
}
