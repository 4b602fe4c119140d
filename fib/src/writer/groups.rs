//! Groups: their single hops, themselves, and what is tried where the kernel refuses.

use super::Writer;
use super::hops::Part;
use crate::change::{Change, Done, GroupId, Ways};
use crate::netlink::abi::{self, errno};
use crate::netlink::exchange::{ExchangeError, NOBODY, Refused};
use crate::netlink::next_hop::{self, Form, Member};
use crate::netlink::route;
use crate::settings::{Kernel, Settings};

/// How often a group is put: as it is; with hops in the other form; with hops that the kernel has dropped meanwhile;
/// these in the other form.
const ATTEMPTS: usize = 4;
/// What the group's own message is called; its hops' are called by their place in it.
const GROUP: u32 = NOBODY - 1;

/// What became of a change: done, or refused.
type Fate = Result<(), Refused>;

impl Writer {
    /// Puts a group into the kernel, new or in the place of what it was. Nothing else is under way.
    pub(super) fn set_group(&mut self, group: GroupId, ways: &Ways) -> Result<Fate, ExchangeError> {
        let refused = |errno, words: &str| Err(Refused { token: GROUP, errno, words: words.to_owned() });
        let Some(id) = self.settings.group_object(group) else {
            return Ok(refused(errno::ERANGE, "there is no room for so many groups"));
        };
        if self.kernel == Kernel::Multipath {
            self.note_ways(group, Some((ways.merged(), Form::Plain)));
            return Ok(Ok(()));
        }
        if self.hops.is_taken(group) {
            return Ok(refused(errno::EEXIST, "somebody else has the next-hop object of this id"));
        }
        let Some(entered) = self.hops.enter(ways) else {
            return Ok(refused(errno::ERANGE, "there is no room for so many next hops"));
        };
        let fate = self.put(group, id, &entered.parts, &entered.fresh)?;
        let released = match &fate {
            Ok(()) => self.hops.set(group, entered.parts),
            Err(_) => self.hops.leave(&entered.parts),
        };
        self.remove_hops(&released)?;
        if fate.as_ref().is_err_and(|refused| refused.errno == errno::ENOENT) {
            // The kernel has dropped it with its routes: it is not there to be replaced.
            let released = self.hops.remove(group);
            self.remove_hops(&released)?;
        }
        Ok(fate)
    }

    /// Forgets a group and removes it.
    pub(super) fn remove_group(&mut self, group: GroupId, place: u32) -> Result<(), ExchangeError> {
        if self.kernel == Kernel::Multipath {
            self.note_ways(group, None);
            return Ok(());
        }
        let known = self.hops.has(group);
        let Some(id) = self.settings.group_object(group).filter(|_| known) else { return Ok(()) };
        next_hop::emit_removal(&mut self.exchange.out, id);
        self.exchange.queued(place)?;
        let released = self.hops.remove(group);
        self.remove_hops(&released)
    }

    /// Sends a group and those of its hops that the kernel does not have.
    fn put(&mut self, group: GroupId, id: u32, parts: &[Part], fresh: &[u32]) -> Result<Fate, ExchangeError> {
        let flags = match self.hops.has(group) {
            // Not NLM_F_CREATE: a group that is gone has taken its routes with it, and that must come out.
            true => abi::NLM_F_REPLACE,
            false => abi::NLM_F_CREATE | abi::NLM_F_EXCL,
        };
        let member =
            |(number, weight): &Part| Member { id: self.settings.hop_object(*number), weight: *weight };
        let members: Vec<Member> = parts.iter().map(member).collect();
        let mut wanted: Vec<(u32, Form)> = fresh.iter().map(|number| (*number, Form::Plain)).collect();
        let mut complete = false;
        for _ in 0..ATTEMPTS {
            let refused = self.send_group(flags, id, &members, &wanted)?;
            let (group, hops): (Vec<Refused>, Vec<Refused>) =
                refused.into_iter().partition(|refused| refused.token == GROUP);
            let Some(group) = group.into_iter().next() else { return Ok(Ok(())) };
            let place = |refused: &Refused| wanted.get(refused.token as usize).copied();
            let again: Vec<(u32, Form)> = hops.iter().filter_map(|hop| retried(place(hop)?, hop)).collect();
            let hopeless = hops.iter().find(|hop| place(hop).and_then(|place| retried(place, hop)).is_none());
            // In a second round of all hops those that are there are no fault.
            match hopeless.filter(|hop| !(complete && hop.errno == errno::EEXIST)) {
                Some(hop) => {
                    if let Some((number, _)) = place(hop).filter(|_| hop.errno == errno::EEXIST) {
                        self.hops.avoid(number);
                    }
                    return Ok(Err(hop.clone()));
                }
                None if !again.is_empty() => wanted = again,
                // A hop that should be there is not: the kernel drops those of a link that goes down.
                None if group.errno == errno::EINVAL && !complete => {
                    complete = true;
                    wanted = parts.iter().map(|(number, _)| (*number, Form::Plain)).collect();
                }
                None => return Ok(Err(group)),
            }
        }
        let words = "the kernel took neither form of its next hops".to_owned();
        Ok(Err(Refused { token: GROUP, errno: errno::EINVAL, words }))
    }

    fn send_group(
        &mut self,
        flags: u16,
        id: u32,
        members: &[Member],
        hops: &[(u32, Form)],
    ) -> Result<Vec<Refused>, ExchangeError> {
        let Settings { protocol, .. } = self.settings;
        let create = abi::NLM_F_CREATE | abi::NLM_F_EXCL;
        for (place, (number, form)) in (0..).zip(hops) {
            let Some(exit) = self.hops.exit(*number) else { continue };
            let id = self.settings.hop_object(*number);
            next_hop::emit_single(&mut self.exchange.out, create, protocol, id, (exit, *form));
            self.exchange.queued(place)?;
        }
        next_hop::emit_group(&mut self.exchange.out, flags, protocol, id, members);
        self.exchange.queued(GROUP)?;
        self.exchange.finish()
    }

    fn note_ways(&mut self, group: GroupId, ways: Option<(Ways, Form)>) {
        let place = group.0 as usize;
        if group.0 >= Settings::MOST {
            return;
        }
        if self.ways.len() <= place {
            self.ways.resize(place + 1, None);
        }
        self.ways[place] = ways;
    }

    /// Without objects: whether a route that was refused is put again in the other form.
    pub(super) fn may_insist(&self, group: GroupId, refused: &Refused) -> bool {
        let known = self.ways.get(group.0 as usize).is_some_and(Option::is_some);
        known && self.kernel == Kernel::Multipath && is_form(refused.errno)
    }

    /// Puts a route again in the other form; if the kernel takes it, the group keeps that form.
    pub(super) fn insist(
        &mut self,
        change: &Change,
        group: GroupId,
        refused: Refused,
        done: &mut Done,
    ) -> Result<(), ExchangeError> {
        let Some((Ways::Hops(hops), form)) = self.ways.get_mut(group.0 as usize).and_then(Option::as_mut)
        else {
            self.refuse(done, change, &refused);
            return Ok(());
        };
        let Some(net) = change.net() else { return Ok(()) };
        let flags = match change {
            Change::Moved(..) => abi::NLM_F_CREATE | abi::NLM_F_REPLACE,
            _ => abi::NLM_F_CREATE | abi::NLM_F_EXCL,
        };
        let target = route::Target::Hops(hops, Form::Insisting);
        route::emit(&mut self.exchange.out, flags, &self.settings, net, target);
        self.exchange.queued(refused.token)?;
        match self.exchange.finish()?.is_empty() {
            true => *form = Form::Insisting,
            false => self.refuse(done, change, &refused),
        }
        Ok(())
    }
}

/// Whether the other form of a hop may be what the kernel wants: it finds the gateway nowhere, or the link has no IPv6.
fn is_form(error: i32) -> bool {
    matches!(
        error,
        errno::ENETUNREACH
            | errno::EHOSTUNREACH
            | errno::EINVAL
            | errno::EAFNOSUPPORT
            | errno::EACCES
            | errno::ENODEV
    )
}

/// How a hop that was refused is put again, if there is another form of it.
fn retried((number, form): (u32, Form), refused: &Refused) -> Option<(u32, Form)> {
    (form == Form::Plain && is_form(refused.errno)).then_some((number, Form::Insisting))
}
