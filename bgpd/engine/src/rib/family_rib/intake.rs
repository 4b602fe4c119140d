//! What comes into a family's table: what peers send, what this router originates.

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::Bound;

use super::FamilyRib;
use crate::attr::PathAttributes;
use crate::rib::attr_store::AttrId;
use crate::rib::facts::{Facts, SELF};
use crate::rib::import::{Import, Imported, Importer, ReceivedKey};
use crate::rib::table::{Announced, Arrival};
use crate::value::{IfIndex, Net, PathId, PeerId};
use crate::wire::Nlri;

/// Kept paths evaluated again in one slice.
const SLICE_RECEIVED: usize = 2048;

impl<N: Net> FamilyRib<N> {
    /// Puts a route of this router itself into the table. `id` tells apart the ways to originate one prefix.
    pub fn originate(
        &mut self,
        net: N,
        attributes: PathAttributes,
        id: PathId,
        now_s: u32,
        facts: &mut Facts,
    ) {
        self.networks.insert((net, id));
        let attrs = facts.intern(attributes, IfIndex(0));
        let arrival = Arrival { peer: SELF, received_id: id, attrs, now_s };
        self.change(net, facts, |table, facts| table.announce(net, arrival, facts));
    }

    /// Takes a route of this router itself back.
    pub fn take_back(&mut self, net: N, id: PathId, facts: &mut Facts) {
        self.networks.remove(&(net, id));
        self.change(net, facts, |table, facts| table.withdraw(net, SELF, id, facts));
    }

    /// The prefixes that this router originates under this identifier.
    #[must_use]
    pub fn own_networks(&self, id: PathId) -> BTreeSet<ipnet::IpNet> {
        self.networks.iter().filter(|(_, own)| *own == id).map(|&(net, _)| net.into()).collect()
    }

    /// The same, behind `after`, in the order of prefixes.
    pub fn own_networks_after(
        &self,
        id: PathId,
        after: Option<ipnet::IpNet>,
    ) -> impl Iterator<Item = ipnet::IpNet> {
        let behind = move |net: ipnet::IpNet| after.is_none_or(|after| net > after);
        let from = after.and_then(N::from_ipnet).unwrap_or_default();
        let own = self.networks.range((from, PathId(0))..).filter(move |(_, own)| *own == id);
        own.map(|&(net, _)| net.into()).filter(move |net| behind(*net))
    }

    /// Whether this router originates the prefix under this identifier.
    #[must_use]
    pub fn is_own(&self, net: N, id: PathId) -> bool {
        self.networks.contains(&(net, id))
    }

    /// Takes in prefixes that a peer announced with these attributes. The caller keeps its reference to them.
    pub fn announce(
        &mut self,
        peer: PeerId,
        nlri: &Nlri<'_>,
        attrs: AttrId,
        import: &Import,
        now_s: u32,
        facts: &mut Facts,
    ) -> Imported {
        let mut imported = Imported::default();
        let mut importer = Importer::new(peer, import);
        for (received_id, net) in nlri.iter::<N>() {
            if import.keep_received {
                self.keep_received(peer, (net, received_id), attrs, facts);
            }
            let arrival = Arrival { peer, received_id, attrs, now_s };
            self.import_one(net, arrival, &mut importer, facts, &mut imported);
        }
        importer.finish(facts);
        imported
    }

    fn import_one(
        &mut self,
        net: N,
        arrival: Arrival,
        importer: &mut Importer<'_>,
        facts: &mut Facts,
        imported: &mut Imported,
    ) {
        let Some(attrs) = importer.attributes(net, arrival.attrs, facts) else {
            imported.refused += 1;
            imported.removed += u32::from(self.change(net, facts, |table, facts| {
                table.withdraw(net, arrival.peer, arrival.received_id, facts)
            }));
            return;
        };
        facts.attrs.hold(attrs, 1);
        let arrival = Arrival { attrs, ..arrival };
        match self.change(net, facts, |table, facts| table.announce(net, arrival, facts)) {
            Announced::New => imported.added += 1,
            Announced::Replaced => {}
            Announced::Duplicate => imported.duplicates += 1,
        }
    }

    /// Takes out prefixes that a peer withdrew.
    pub fn withdraw(&mut self, peer: PeerId, nlri: &Nlri<'_>, facts: &mut Facts) -> Imported {
        let mut imported = Imported::default();
        for (received_id, net) in nlri.iter::<N>() {
            if let Some(received) = self.received.get_mut(&peer)
                && let Some(attrs) = received.remove(&(net, received_id))
            {
                facts.release(attrs);
            }
            let removed =
                self.change(net, facts, |table, facts| table.withdraw(net, peer, received_id, facts));
            imported.removed += u32::from(removed);
        }
        imported
    }

    fn keep_received(&mut self, peer: PeerId, key: ReceivedKey<N>, attrs: AttrId, facts: &mut Facts) {
        let received = self.received.entry(peer).or_default();
        facts.attrs.hold(attrs, 1);
        if let Some(former) = received.insert(key, attrs) {
            facts.release(former);
        }
    }

    /// How many paths a peer sent, before policy, where that is kept.
    #[must_use]
    pub fn received_count(&self, peer: PeerId) -> usize {
        self.received.get(&peer).map_or(0, BTreeMap::len)
    }

    /// Evaluates again what a peer sent, where it was kept, in slices.
    pub fn reimport(&mut self, peer: PeerId) {
        if self.received.contains_key(&peer) {
            self.reimports.insert(peer, None);
        }
    }

    /// Evaluates a slice of what the first of the peers sent whose paths are to be evaluated again.
    pub(super) fn reimport_some<'i>(
        &mut self,
        imports: &dyn Fn(PeerId) -> Option<&'i Import>,
        now_s: u32,
        facts: &mut Facts,
    ) {
        let Some((peer, last)) = self.reimports.pop_first() else { return };
        let (Some(import), Some(received)) = (imports(peer), self.received.get(&peer)) else { return };
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        let slice: alloc::vec::Vec<(ReceivedKey<N>, AttrId)> =
            received.range((from, Bound::Unbounded)).take(SLICE_RECEIVED).map(|(&k, &v)| (k, v)).collect();
        let mut importer = Importer::new(peer, import);
        let mut imported = Imported::default();
        for &((net, received_id), attrs) in &slice {
            let arrival = Arrival { peer, received_id, attrs, now_s };
            self.import_one(net, arrival, &mut importer, facts, &mut imported);
        }
        importer.finish(facts);
        if let Some(&(last, _)) = slice.last().filter(|_| slice.len() == SLICE_RECEIVED) {
            self.reimports.insert(peer, Some(last));
        }
    }

    /// Forgets what a peer sent, before policy.
    pub fn forget_received(&mut self, peer: PeerId, facts: &mut Facts) {
        self.reimports.remove(&peer);
        for attrs in self.received.remove(&peer).into_iter().flat_map(BTreeMap::into_values) {
            facts.release(attrs);
        }
    }
}
