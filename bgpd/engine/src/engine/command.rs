//! Operators' commands.

use alloc::vec::Vec;

use super::Engine;
use crate::effect::Effects;
use crate::input::{Clear, Command, Whom};
use crate::session::{Event, StopReason};
use crate::value::{Family, PeerId, PeerKind};

impl Engine {
    pub(super) fn command(&mut self, command: Command, effects: &mut Effects) {
        match command {
            Command::Clear { whom, how, family } => {
                for id in self.meant(&whom) {
                    self.clear(id, how, family, effects);
                }
            }
            Command::ClearCounters(whom) => {
                for id in self.meant(&whom) {
                    if let Some(peer) = self.peer_mut(id) {
                        peer.session.clear_counters();
                    }
                }
            }
            Command::ClearMapCounts(name) => self.policy.clear_counts(name.as_deref()),
            Command::Stop => {
                self.stopping = true;
                self.leave_kernel(effects);
                for id in self.meant(&Whom::All) {
                    self.event(id, Event::Stop(StopReason::RouterStop), effects);
                }
            }
        }
    }

    /// Whether a command for these neighbors would find any.
    #[must_use]
    pub fn knows(&self, whom: &Whom) -> bool {
        !self.meant(whom).is_empty() || *whom == Whom::All
    }

    fn meant(&self, whom: &Whom) -> Vec<PeerId> {
        let all = self.names.iter().map(|(_, &id)| id);
        let is_meant = |&id: &PeerId| match whom {
            Whom::All => true,
            Whom::Neighbor(name) => self.names.get(name) == Some(&id),
            Whom::Address(address) => self.is_at(id, *address),
            Whom::As(asn) => self.peer_by_id(id).is_some_and(|peer| self.remote_as(peer) == Some(*asn)),
            Whom::Group(group) => self.is_in_group(id, group),
            Whom::External => {
                self.peer_by_id(id).is_some_and(|peer| self.expected_kind(peer) == PeerKind::External)
            }
        };
        all.filter(is_meant).collect()
    }

    fn clear(&mut self, id: PeerId, how: Clear, family: Option<Family>, effects: &mut Effects) {
        if how == Clear::Hard {
            self.pardon(id);
            let stopped = self.peer_by_id(id).and_then(|peer| peer.session.stopped_by());
            let event = match stopped {
                Some(StopReason::MaximumPrefix { .. } | StopReason::Poison { .. }) => Event::Start,
                Some(_) | None => Event::Stop(StopReason::Reset),
            };
            return self.event(id, event, effects);
        }
        for family in Family::ALL.into_iter().filter(|&f| family.is_none_or(|wanted| wanted == f)) {
            if matches!(how, Clear::SoftIn | Clear::Soft) {
                let kept = self.keeps_received(id, family);
                self.soft_in(id, family, kept, effects);
            }
            if matches!(how, Clear::SoftOut | Clear::Soft) {
                self.soft_out(id, family, effects);
            }
        }
    }

    fn keeps_received(&self, id: PeerId, family: Family) -> bool {
        let import = self.peer_by_id(id).and_then(|peer| peer.families[family].import.as_ref());
        import.is_some_and(|import| import.keep_received)
    }
}
