//! One comparison of the kernel's routes with what they should be, as far as it has come.

use std::collections::VecDeque;

use bgp_engine::engine::Engine;
use bgp_engine::value::{FibReport, GroupId};
use fib::change::Batch;
use fib::dump::{Chunk, Objects};
use fib::reconcile::{Comparison, Course, Difference, TooBusy};

use super::desired::Wanted;

/// Places that are looked at in one turn.
const PLACES: u32 = 16 * 1024;
/// Differences of one input.
const PIECE: usize = 1024;

/// A comparison under way.
pub(super) struct Comparing {
    comparison: Comparison,
    /// All routes of the kernel were seen.
    seen: bool,
}

/// What was different, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Routes of ours that the kernel has.
    pub compared: usize,
    /// Routes that it had not.
    pub missing: usize,
    /// Routes that led elsewhere.
    pub different: usize,
    /// Routes that nobody wants.
    pub stray: usize,
    /// Groups that it had not, that led elsewhere, or that nobody wants.
    pub groups: usize,
}

/// What a comparison came to.
pub(super) struct Compared {
    pub reports: VecDeque<FibReport>,
    pub differences: Differences,
}

impl Comparing {
    /// Begins: the dump is ordered after this.
    pub(super) fn begin() -> Comparing {
        Comparing { comparison: Comparison::begin(), seen: false }
    }

    pub(super) fn touch(&mut self, batch: &Batch) {
        self.comparison.touch(batch);
    }

    pub(super) fn objects(&mut self, objects: &Objects, engine: &Engine) {
        self.comparison.objects(objects, &Wanted(engine));
    }

    pub(super) fn chunk(&mut self, chunk: &Chunk, engine: &Engine) {
        // A chunk is as much as a turn may take.
        self.comparison.routes(chunk, 0, usize::MAX, &Wanted(engine));
    }

    pub(super) fn all_seen(&mut self) {
        self.seen = true;
    }

    /// Whether it can go on without the kernel.
    pub(super) fn has_work(&self) -> bool {
        self.seen
    }

    /// Looks for what is missing, for a turn; what came of all when it is over.
    pub(super) fn go_on(
        mut self: Box<Self>,
        engine: &Engine,
    ) -> Result<Result<Compared, TooBusy>, Box<Comparing>> {
        if !self.seen || self.comparison.missing(PLACES, &Wanted(engine)) == Course::More {
            return Err(self);
        }
        let compared = self.comparison.compared();
        Ok(self.comparison.finish().map(|difference| of(difference, compared)))
    }
}

fn of(difference: Difference, compared: usize) -> Compared {
    let Difference { missing, different, stray, groups_missing, groups_different, groups_stray } = difference;
    let differences = Differences {
        compared,
        missing: missing.len(),
        different: different.len(),
        stray: stray.len(),
        groups: groups_missing.len() + groups_different.len() + groups_stray.len(),
    };
    let ids = |groups: Vec<fib::change::GroupId>| -> Vec<GroupId> {
        groups.into_iter().map(|group| GroupId(group.0)).collect()
    };
    let stray: Vec<_> = stray.into_iter().map(|(net, group)| (net, GroupId(group.0))).collect();
    // Groups first: what is lost with one of them is told anew through another.
    let mut reports = VecDeque::new();
    pieces(&ids(groups_missing), FibReport::GroupsLost, &mut reports);
    pieces(&ids(groups_different), FibReport::GroupsMoved, &mut reports);
    pieces(&missing, FibReport::Lost, &mut reports);
    pieces(&different, FibReport::RoutesMoved, &mut reports);
    pieces(&stray, FibReport::Stray, &mut reports);
    pieces(&ids(groups_stray), FibReport::StrayGroups, &mut reports);
    Compared { reports, differences }
}

fn pieces<T: Clone>(all: &[T], report: fn(Vec<T>) -> FibReport, out: &mut VecDeque<FibReport>) {
    out.extend(all.chunks(PIECE).map(|piece| report(piece.to_vec())));
}

#[cfg(test)]
mod tests {
    use ipnet::{IpNet, Ipv4Net};

    use super::*;

    #[test]
    fn differences_come_in_pieces_and_groups_before_routes() {
        let net = |n: u32| IpNet::V4(Ipv4Net::new((n << 8).into(), 24).unwrap());
        let difference = Difference {
            missing: (0..2500).map(net).collect(),
            groups_missing: vec![fib::change::GroupId(7)],
            ..Difference::default()
        };
        let Compared { reports, differences } = of(difference, 10);
        assert_eq!((differences.missing, differences.groups, differences.compared), (2500, 1, 10));
        assert_eq!(reports[0], FibReport::GroupsLost(vec![GroupId(7)]));
        let sizes: Vec<usize> = reports
            .iter()
            .skip(1)
            .map(|report| if let FibReport::Lost(nets) = report { nets.len() } else { 0 })
            .collect();
        assert_eq!(sizes, [1024, 1024, 452]);
    }
}
