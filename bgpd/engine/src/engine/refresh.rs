//! Routes again: route refresh (RFC 2918, RFC 7313) in both directions, and the end of a restart's waiting
//! (RFC 4724 §4.1).

use alloc::format;
use alloc::vec::Vec;

use super::Engine;
use crate::effect::Effects;
use crate::notice::{NoticeEvent, Severity};
use crate::rib::in_family;
use crate::session::{Event, State};
use crate::value::{ConnId, Duration, Family, Instant, PeerId};
use crate::wire::RouteRefresh;
use crate::wire::route_refresh::RefreshSubtype;

/// How long after its start a restarting router waits for peers that are not there yet.
const ABSENT_PEERS: Duration = Duration::from_secs(15);

impl Engine {
    pub(super) fn route_refresh(
        &mut self,
        id: PeerId,
        conn: ConnId,
        refresh: RouteRefresh,
        effects: &mut Effects,
    ) {
        self.event(id, Event::RouteRefresh(conn), effects);
        let Some(peer) = self.peer_by_id(id) else { return };
        if peer.session.connection() != Some(conn) || peer.session.state() != State::Established {
            return;
        }
        let used =
            Family::from_afi_safi(refresh.family).filter(|&family| peer.families[family].import.is_some());
        let Some(family) = used else {
            let text =
                format!("route refresh for a family that is not exchanged ({:?}) is ignored", refresh.family);
            return self.notice(Some(id), Severity::Warning, NoticeEvent::Malformed(text), effects);
        };
        let enhanced = peer.session.negotiated().is_some_and(|negotiated| negotiated.enhanced_route_refresh);
        match refresh.subtype {
            RefreshSubtype::Normal => self.answer_refresh(id, conn, family, enhanced, effects),
            //= rfc7313#section-4
            //# When a BGP speaker receives a BoRR message from a peer, it MUST mark all the routes with the given
            //# <AFI, SAFI> from that peer as stale.
            RefreshSubtype::BeginOfRr if enhanced => {
                in_family!(&mut self.rib, family, |rib, facts| rib.age(id, facts));
            }
            RefreshSubtype::EndOfRr if enhanced => {
                in_family!(&mut self.rib, family, |rib, _facts| rib.sweep(id));
                effects.more = true;
            }
            //= rfc7313#section-5
            //# When the BGP speaker receives a ROUTE-REFRESH message with a "Message Subtype" field other than 0,
            //# 1, or 2, it MUST ignore the received ROUTE-REFRESH message.
            RefreshSubtype::BeginOfRr | RefreshSubtype::EndOfRr | RefreshSubtype::Unknown(_) => {}
        }
    }

    fn answer_refresh(
        &mut self,
        id: PeerId,
        conn: ConnId,
        family: Family,
        enhanced: bool,
        effects: &mut Effects,
    ) {
        if enhanced {
            let mut out = Vec::new();
            RouteRefresh { family: family.afi_safi(), subtype: RefreshSubtype::BeginOfRr }.emit(&mut out);
            self.send_messages(id, conn, out.into(), effects);
        }
        if let Some(peer) = self.peer_mut(id) {
            let state = &mut peer.families[family];
            state.refreshing = enhanced;
            state.default_due |= state.default_sent;
        }
        self.soft_out(id, family, effects);
    }

    /// Sends a peer its routes again.
    pub(super) fn soft_out(&mut self, id: PeerId, family: Family, effects: &mut Effects) {
        in_family!(&mut self.rib, family, |rib, _facts| rib.resend(id));
        effects.more = true;
    }

    /// Evaluates a peer's routes again: those that were kept, or the peer is asked for them.
    pub(super) fn soft_in(&mut self, id: PeerId, family: Family, kept: bool, effects: &mut Effects) {
        let Some(peer) = self.peers.get(usize::from(id.0)).and_then(Option::as_ref) else { return };
        if peer.families[family].import.is_none() {
            return;
        }
        if kept {
            in_family!(&mut self.rib, family, |rib, _facts| rib.reimport(id));
            effects.more = true;
            return;
        }
        let (Some(conn), Some(negotiated)) = (peer.session.connection(), peer.session.negotiated()) else {
            return;
        };
        if !negotiated.route_refresh {
            let text = format!(
                "the peer cannot be asked for its {family} routes again: clear the session, or configure \
                 soft-reconfiguration inbound"
            );
            return self.notice(Some(id), Severity::Warning, NoticeEvent::Session(text), effects);
        }
        let mut out = Vec::new();
        RouteRefresh { family: family.afi_safi(), subtype: RefreshSubtype::Normal }.emit(&mut out);
        self.send_messages(id, conn, out.into(), effects);
    }

    /// Ends the waiting of a restarting router when all have spoken whom it waits for, or the time is up.
    ///
    /// It waits for no peer that is not there for long, and for no family that was not negotiated.
    pub(super) fn end_deferral_if_due(&mut self, effects: &mut Effects) {
        let Some(until) = self.deferred_until else { return };
        let early = self.started.is_some_and(|started| self.now < started + ABSENT_PEERS);
        let waits_for = |peer: &super::Peer| match peer.session.negotiated() {
            Some(negotiated) if peer.session.state() == State::Established => {
                let expected = negotiated.end_of_rib_expected();
                Family::ALL.into_iter().any(|f| expected[f] && !peer.families[f].end_of_rib_received)
            }
            Some(_) | None => early && peer.settings.shutdown.is_none(),
        };
        if self.now >= until || !self.peers.iter().flatten().any(waits_for) {
            self.deferred_until = None;
            effects.more = true;
        }
    }

    /// When to look again whether a restarting router still waits.
    pub(super) fn deferral_deadline(&self) -> Option<Instant> {
        let until = self.deferred_until?;
        let absent = self.started.map(|started| started + ABSENT_PEERS).filter(|&at| at > self.now);
        Some(absent.map_or(until, |absent| until.min(absent)))
    }
}
