//! A kernel's forwarding table as plain maps, and who writes it: batches wait, are done, refused in part, or lost
//! half done with their writer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bgp_engine::value::{FibBatch, FibChange, FibReport, GroupId, Hop, IfIndex, Ways};
use ipnet::IpNet;

const ENETDOWN: i32 = 100;
const EINVAL: i32 = 22;
const ENOMEM: i32 = 12;
const ENOENT: i32 = 2;
const EEXIST: i32 = 17;

/// What the kernel has of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Through {
    /// An object, by number.
    Group(GroupId),
    /// Its own ways, in a kernel without objects.
    Ways(Ways),
}

#[derive(Debug, Default)]
pub struct Kernel {
    pub objects: bool,
    pub groups: BTreeMap<GroupId, Ways>,
    pub routes: BTreeMap<IpNet, Through>,
    pub down: BTreeSet<IfIndex>,
    /// Batches that were given and not looked at.
    pub queue: VecDeque<FibBatch>,
    /// What a writer for a kernel without objects knows of groups.
    pub meant: BTreeMap<GroupId, Ways>,
    /// What the stream of all batches so far comes to, whatever became of them.
    pub stream_groups: BTreeSet<GroupId>,
    pub last: u64,
    pub given: usize,
    /// A removal was refused: of what nobody wants that shows at the next comparison alone.
    pub kept_dead: bool,
    /// Something was refused that leaves open what is in the kernel: a comparison is due.
    pub in_doubt: bool,
}

/// The link is not among those that are up: the ways over it are gone.
fn without(ways: &Ways, link: IfIndex) -> Option<Ways> {
    let Ways::Hops(hops) = ways else { return Some(ways.clone()) };
    let left: Vec<Hop> = hops.iter().copied().filter(|hop| hop.interface != link).collect();
    if left.is_empty() { None } else { Some(Ways::Hops(left)) }
}

impl Kernel {
    /// Takes a batch over from the engine, and checks what must hold of every one.
    pub fn give(&mut self, batch: FibBatch) {
        assert_eq!(batch.number, self.last + 1, "batches are counted up by one");
        self.last = batch.number;
        assert!(!batch.changes.is_empty() && batch.changes.len() <= FibBatch::MOST);
        let groups_only = batch.changes.iter().all(|change| matches!(change, FibChange::Group(..)));
        assert!(self.queue.len() < if groups_only { 8 } else { 4 }, "too many batches at once");
        for change in &batch.changes {
            self.given += 1;
            self.check(change);
        }
        self.queue.push_back(batch);
    }

    fn check(&mut self, change: &FibChange) {
        match change {
            FibChange::Group(id, ways) => {
                if let Ways::Hops(hops) = ways {
                    assert!(!hops.is_empty() && hops.is_sorted(), "{hops:?}");
                }
                let known = !self.stream_groups.insert(*id);
                assert!(self.objects || !known, "a kernel without objects moves no group");
            }
            FibChange::GroupGone(id) => {
                self.stream_groups.remove(id);
            }
            FibChange::Route(net, id) | FibChange::Moved(net, id) => {
                assert!(self.stream_groups.contains(id), "{net} through {id:?}, which was never told");
            }
            FibChange::RouteGone(..) => {}
        }
    }

    /// Does a change; an errno where it is refused.
    fn apply(&mut self, change: &FibChange) -> Result<(), i32> {
        match change {
            FibChange::Group(id, ways) => {
                if let Ways::Hops(hops) = ways
                    && self.objects
                    && hops.iter().any(|hop| self.down.contains(&hop.interface))
                {
                    return Err(ENETDOWN);
                }
                if self.objects && self.meant.contains_key(id) && !self.groups.contains_key(id) {
                    self.meant.remove(id);
                    return Err(ENOENT);
                }
                self.meant.insert(*id, ways.clone());
                if self.objects {
                    self.groups.insert(*id, ways.clone());
                }
            }
            FibChange::GroupGone(id) => {
                self.meant.remove(id);
                self.drop_group(*id);
            }
            FibChange::Route(net, id) | FibChange::Moved(net, id) => {
                let through = if self.objects {
                    self.groups.contains_key(id).then_some(Through::Group(*id)).ok_or(EINVAL)?
                } else {
                    let ways = self.meant.get(id).ok_or(EINVAL)?.clone();
                    if let Ways::Hops(hops) = &ways
                        && hops.iter().any(|hop| self.down.contains(&hop.interface))
                    {
                        return Err(ENETDOWN);
                    }
                    Through::Ways(ways)
                };
                let is_new = matches!(change, FibChange::Route(..));
                if is_new && self.routes.get(net).is_some_and(|other| *other != through) {
                    self.in_doubt = true;
                    return Err(EEXIST);
                }
                self.routes.insert(*net, through);
            }
            FibChange::RouteGone(net, id) => {
                if !self.objects || self.routes.get(net) == Some(&Through::Group(*id)) {
                    self.routes.remove(net);
                }
            }
        }
        Ok(())
    }

    pub fn drop_group(&mut self, id: GroupId) {
        self.groups.remove(&id);
        self.routes.retain(|_, through| *through != Through::Group(id));
    }

    /// Does the oldest batch; every `refuses`th change of it is refused where that is not 0.
    pub fn answer(&mut self, refuses: usize) -> Option<FibReport> {
        let batch = self.queue.pop_front()?;
        let mut failed = Vec::new();
        for (place, change) in batch.changes.iter().enumerate() {
            // Where there are no objects, groups are the writer's business alone.
            let of_group = matches!(change, FibChange::Group(..) | FibChange::GroupGone(_));
            let refused = refuses > 0 && (place + 1) % refuses == 0 && (self.objects || !of_group);
            let result = if refused { Err(ENOMEM) } else { self.apply(change) };
            if let Err(errno) = result {
                self.kept_dead |= matches!(change, FibChange::GroupGone(_) | FibChange::RouteGone(..));
                self.in_doubt |= matches!(change, FibChange::Moved(..) | FibChange::RouteGone(..));
                failed.push((u32::try_from(place).unwrap(), errno));
            }
        }
        Some(FibReport::Done { number: batch.number, failed })
    }

    /// The writer dies: so many changes of what it had were done, and nobody says which.
    pub fn lose_writer(&mut self, done: usize) {
        let changes: Vec<FibChange> = self.queue.drain(..).flat_map(|batch| batch.changes).collect();
        for change in changes.iter().take(done) {
            let _ = self.apply(change);
        }
    }

    /// A link goes down: what led over it alone is gone without a word.
    pub fn link_down(&mut self, link: IfIndex) {
        self.down.insert(link);
        let groups: Vec<GroupId> = self.groups.keys().copied().collect();
        for id in groups {
            match without(&self.groups[&id], link) {
                Some(ways) => drop(self.groups.insert(id, ways)),
                None => self.drop_group(id),
            }
        }
        self.routes.retain(|_, through| match through {
            Through::Group(_) => true,
            Through::Ways(ways) => match without(ways, link) {
                Some(left) => {
                    *ways = left;
                    true
                }
                None => false,
            },
        });
    }

    /// Where packets to this prefix go.
    pub fn ways(&self, net: &IpNet) -> Option<Ways> {
        match self.routes.get(net)? {
            Through::Group(id) => self.groups.get(id).cloned(),
            Through::Ways(ways) => Some(ways.clone()),
        }
    }
}
