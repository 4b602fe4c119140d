//! `maximum-prefix`.

use super::Engine;
use crate::config::LimitAction;
use crate::effect::Effects;
use crate::notice::{NoticeEvent, Severity};
use crate::rib::in_family;
use crate::session::{Event, StopReason};
use crate::value::{Family, PeerId};

impl Engine {
    /// How many of a peer's paths are in the table.
    #[must_use]
    pub fn accepted(&self, id: PeerId, family: Family) -> u32 {
        match family {
            Family::Ipv4Unicast => self.rib.v4.table.count_of(id),
            Family::Ipv6Unicast => self.rib.v6.table.count_of(id),
        }
    }

    /// Compares a peer's count with its limit, and acts.
    pub(super) fn check_limit(&mut self, id: PeerId, family: Family, effects: &mut Effects) {
        let accepted = self.accepted(id, family);
        let Some(limit) = self.peer_by_id(id).and_then(|peer| peer.settings.families[family].maximum_prefix)
        else {
            return;
        };
        let received = in_family!(&mut self.rib, family, |rib, _facts| u32::try_from(rib.received_count(id))
            .unwrap_or(u32::MAX));
        let count = if limit.force { accepted.max(received) } else { accepted };
        let threshold = u64::from(limit.limit) * u64::from(limit.threshold_percent) / 100;
        let Some(peer) = self.peer_mut(id) else { return };
        let state = &mut peer.families[family];
        let above_threshold = u64::from(count) > threshold;
        let first = above_threshold && !state.warned;
        state.warned = above_threshold;
        let above = count > limit.limit;
        let event = NoticeEvent::PrefixLimit { family, count, limit: limit.limit };
        match limit.action {
            LimitAction::WarningOnly | LimitAction::Shutdown | LimitAction::Restart { .. } if !above => {
                if first {
                    self.notice(Some(id), Severity::Warning, event, effects);
                }
            }
            LimitAction::WarningOnly => {
                let again = count == limit.limit + 1;
                if first || again {
                    self.notice(Some(id), Severity::Warning, event, effects);
                }
            }
            LimitAction::Shutdown => self.stop_for_limit(id, family, limit.limit, None, event, effects),
            LimitAction::Restart { minutes } => {
                self.stop_for_limit(id, family, limit.limit, Some(minutes), event, effects);
            }
        }
    }

    fn stop_for_limit(
        &mut self,
        id: PeerId,
        family: Family,
        limit: u32,
        restart_minutes: Option<u16>,
        event: NoticeEvent,
        effects: &mut Effects,
    ) {
        self.notice(Some(id), Severity::Error, event, effects);
        let reason = StopReason::MaximumPrefix { family, limit, restart_minutes };
        self.event(id, Event::Stop(reason), effects);
    }
}
