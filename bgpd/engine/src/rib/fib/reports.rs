//! What is heard of the kernel's forwarding table, taken in.

use alloc::vec::Vec;

use ipnet::IpNet;

use super::groups::{Means, Routes};
use super::told::Before;
use super::{Ending, Given, Slot, Standing, Subject, Told, Writer};
use crate::rib::facts::Facts;
use crate::rib::next_hop::Moved;
use crate::rib::{FamilyRib, Rib, RouteId};
use crate::value::{Family, FibReport, GroupId, IfIndex, Instant, Net};

impl Rib {
    /// Takes a report in.
    pub fn report_of_fib(&mut self, report: FibReport, now: Instant) {
        if self.fib.writer == Writer::None && !matches!(report, FibReport::Attached { .. }) {
            return;
        }
        match report {
            FibReport::Attached { objects: true, highest } => self.attach_fib(Means::Objects, highest),
            FibReport::Attached { objects: false, highest } => self.attach_fib(Means::Routes, highest),
            FibReport::Reconciled => self.reconciled(),
            FibReport::Done { number, failed } => self.answered(number, failed, now),
            FibReport::Lost(nets) => nets.into_iter().for_each(|net| self.lost(net)),
            FibReport::RoutesMoved(nets) => nets.into_iter().for_each(|net| self.astray(net)),
            FibReport::GroupsLost(ids) => self.each_group(&ids, super::Groups::lost),
            FibReport::GroupsMoved(ids) => self.each_group(&ids, super::Groups::astray),
            FibReport::Stray(routes) => routes.into_iter().for_each(|(net, group)| self.stray(net, group)),
            FibReport::StrayGroups(ids) => ids.into_iter().for_each(|id| self.facts.groups.stray(id)),
        }
    }

    /// The router stops, and does this with the kernel's routes.
    pub fn end_fib(&mut self, ending: Ending) {
        self.fib.ending = ending;
        self.look_at_all();
    }

    /// Next hops lead elsewhere, and routes that are not BGP's came or went.
    pub fn next_hops_moved(&mut self, moved: &Moved) {
        if self.fib.writer == Writer::None {
            return;
        }
        let routes = self.facts.groups.follow(&self.facts.next_hops, &moved.next_hops);
        self.look_if(routes);
        for &net in &moved.nets {
            match net {
                IpNet::V4(net) => self.v4.look_again_at(net),
                IpNet::V6(net) => self.v6.look_again_at(net),
            }
        }
    }

    /// Whether the kernel has nothing of this router's, as far as it was told and answered.
    #[must_use]
    pub fn is_nothing_told(&self) -> bool {
        let no_groups =
            self.facts.groups.iter().next().is_none() && self.facts.groups.strays().next().is_none();
        self.fib.given.is_empty() && no_groups && self.v4.is_nothing_told() && self.v6.is_nothing_told()
    }

    /// A link is down or gone.
    pub fn link_lost(&mut self, link: IfIndex) {
        let routes = self.facts.groups.link_lost(link);
        self.look_if(routes);
    }

    fn look_if(&mut self, routes: Routes) {
        if routes == Routes::LookAgain {
            self.look_at_all();
        }
    }

    fn look_at_all(&mut self) {
        self.v4.look_at_all();
        self.v6.look_at_all();
    }

    fn attach_fib(&mut self, means: Means, highest: Option<GroupId>) {
        self.fib.writer = Writer::Comparing;
        self.facts.groups.begin_above(highest);
        let routes = self.facts.groups.set_means(means);
        self.v4.attach_fib();
        self.v6.attach_fib();
        self.look_if(routes);
        let given = core::mem::take(&mut self.fib.given);
        self.fib.unknown.extend(given.into_iter().flat_map(|given| given.subjects));
    }

    /// What was given to a former writer was done, but for what has been reported since.
    fn reconciled(&mut self) {
        self.fib.writer = Writer::Ready;
        for subject in core::mem::take(&mut self.fib.unknown) {
            self.accepted(subject, None);
        }
        self.tell_news();
    }

    fn answered(&mut self, number: u64, mut failed: Vec<(u32, i32)>, now: Instant) {
        let Some(at) = self.fib.given.iter().position(|given| given.number == number) else { return };
        let Some(Given { subjects, .. }) = self.fib.given.remove(at) else { return };
        failed.sort_unstable();
        let mut failed = failed.into_iter().peekable();
        for (place, subject) in (0u32..).zip(subjects) {
            let mut errno = None;
            while let Some((_, why)) = failed.next_if(|&(failed, _)| failed <= place) {
                errno = Some(why);
            }
            match errno {
                None => self.accepted(subject, Some(number)),
                Some(errno) => self.refused(subject, number, errno, now),
            }
        }
        self.tell_news();
    }

    fn accepted(&mut self, subject: Subject, batch: Option<u64>) {
        match subject {
            Subject::Route(Family::Ipv4Unicast, route) | Subject::Move(Family::Ipv4Unicast, route) => {
                self.v4.accepted(route, &mut self.facts);
            }
            Subject::Route(Family::Ipv6Unicast, route) | Subject::Move(Family::Ipv6Unicast, route) => {
                self.v6.accepted(route, &mut self.facts);
            }
            Subject::Group(id) => {
                let groups = &mut self.facts.groups;
                let routes = match batch {
                    Some(batch) => groups.accepted(GroupId(id), batch),
                    None => groups.unanswered(GroupId(id)),
                };
                self.look_if(routes);
            }
            Subject::Stray => {}
        }
    }

    fn refused(&mut self, subject: Subject, batch: u64, errno: i32, now: Instant) {
        let why = (errno, now);
        let (family, route, before) = match subject {
            Subject::Route(family, route) => (family, route, Before::Nothing),
            Subject::Move(family, route) => (family, route, Before::Ours),
            Subject::Group(id) => {
                let routes = self.facts.groups.refused(GroupId(id), batch, why);
                return self.look_if(routes);
            }
            Subject::Stray => return,
        };
        match family {
            Family::Ipv4Unicast => self.v4.refused(route, before, why, &mut self.facts),
            Family::Ipv6Unicast => self.v6.refused(route, before, why, &mut self.facts),
        }
    }

    fn tell_news(&mut self) {
        if self.facts.knobs.suppress_fib_pending {
            self.v4.tell_news();
            self.v6.tell_news();
        } else {
            self.v4.forget_news();
            self.v6.forget_news();
        }
    }

    fn lost(&mut self, net: IpNet) {
        match net {
            IpNet::V4(net) => self.v4.lost(net, &mut self.facts),
            IpNet::V6(net) => self.v6.lost(net, &mut self.facts),
        }
    }

    fn astray(&mut self, net: IpNet) {
        match net {
            IpNet::V4(net) => self.v4.astray(net, &mut self.facts),
            IpNet::V6(net) => self.v6.astray(net, &mut self.facts),
        }
    }

    fn stray(&mut self, net: IpNet, group: GroupId) {
        match net {
            IpNet::V4(net) => self.v4.stray(net, group, &self.facts),
            IpNet::V6(net) => self.v6.stray(net, group, &self.facts),
        }
    }

    fn each_group(&mut self, ids: &[GroupId], what: fn(&mut super::Groups, GroupId) -> Routes) {
        let groups = &mut self.facts.groups;
        let routes = ids.iter().fold(Routes::Stay, |routes, &id| routes.or(what(groups, id)));
        self.look_if(routes);
    }
}

impl<N: Net> FamilyRib<N> {
    /// From now on the kernel follows this table.
    fn attach_fib(&mut self) {
        if self.told.is_none() {
            self.told = Some(Told::new());
            self.set_interest();
        }
    }

    fn look_at_all(&mut self) {
        if let Some(told) = &mut self.told {
            told.sweep();
        }
    }

    fn is_nothing_told(&self) -> bool {
        self.told.as_ref().is_none_or(|told| {
            let open = [Standing::Asked, Standing::Installed, Standing::Refused, Standing::Astray];
            told.strays.is_empty() && open.iter().all(|&standing| told.counts[standing as usize] == 0)
        })
    }

    fn look_again_at(&mut self, net: N) {
        if let (Some(told), Some(route)) = (&mut self.told, self.table.find(net)) {
            told.look_again(route);
        }
    }

    fn accepted(&mut self, route: u32, facts: &mut Facts) {
        let Some(told) = &mut self.told else { return };
        told.accepted(route, &mut facts.groups);
        if !told.strays.is_empty() && told.slot(RouteId(route)).standing == Standing::Installed {
            told.strays.remove(&self.table.net(RouteId(route)));
        }
    }

    fn refused(&mut self, route: u32, before: Before, why: (i32, Instant), facts: &mut Facts) {
        if let Some(told) = &mut self.told {
            told.refuse(route, before, why, &mut facts.groups);
        }
    }

    fn forget_news(&mut self) {
        if let Some(told) = &mut self.told {
            told.news.clear();
        }
    }

    fn lost(&mut self, net: N, facts: &mut Facts) {
        if let (Some(told), Some(route)) = (&mut self.told, self.table.find(net)) {
            told.lost(route.0, &mut facts.groups);
        }
    }

    fn astray(&mut self, net: N, facts: &mut Facts) {
        if let (Some(told), Some(route)) = (&mut self.told, self.table.find(net)) {
            told.astray(route.0, &mut facts.groups);
        }
    }

    fn stray(&mut self, net: N, group: GroupId, facts: &Facts) {
        let Some(told) = &mut self.told else { return };
        let route = self.table.find(net);
        match route.map_or(Slot::NOTHING, |route| told.slot(route)) {
            // Also where it was told that the route is gone: the report may be of later than that.
            Slot { standing: Standing::Nothing, .. } | Slot { standing: Standing::Asked, group: None } => {
                told.strays.insert(net, group);
            }
            // It is wanted, and what is in its place is to be replaced.
            Slot { standing: Standing::Refused, .. } => {
                told.strays.insert(net, group);
                route.into_iter().for_each(|route| told.look_again(route));
            }
            // Should what is on its way be refused, this is in its place. Its removal names the group.
            Slot { standing: Standing::Asked, group: Some(asked) }
                if asked != group && facts.groups.has_objects() =>
            {
                told.strays.insert(net, group);
            }
            // Meanwhile it is wanted and there.
            Slot { .. } => {}
        }
    }
}
