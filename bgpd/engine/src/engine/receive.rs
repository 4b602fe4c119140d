//! Octets of a connection: messages are cut out, read and acted upon.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::Engine;
use super::peer::Peer;
use crate::attr::{AsPath, NextHop, PathAttributes};
use crate::config::{AllowAsIn, BgpConfig};
use crate::effect::Effects;
use crate::notice::{NoticeEvent, Severity};
use crate::rib::in_family;
use crate::session::{Event, Negotiated, State};
use crate::value::{Asn, ConnId, Family, PeerId, PeerKind};
use crate::wire::capability::Role;
use crate::wire::{
    AttributeError, Dialect, Disposition, MessageType, Nlri, Notification, OpenMessage, RouteRefresh,
    UpdateMessage, frame, update,
};

/// Why a route is not taken in, though it was well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    AsPathLoop,
    OriginatorLoop,
    ClusterLoop,
    NextHop,
    /// A route leak (RFC 9234 §5), or the first AS is not the peer's.
    Path,
}

impl Engine {
    pub(super) fn received(&mut self, conn: ConnId, octets: &[u8], effects: &mut Effects) {
        let Some(known) = self.conns.get_mut(&conn) else { return };
        if known.partial.is_empty() {
            let taken = self.read_messages(conn, octets, effects);
            if let Some(known) = self.conns.get_mut(&conn) {
                known.partial = octets[taken..].to_vec();
            }
            return;
        }
        let mut partial = core::mem::take(&mut known.partial);
        partial.extend_from_slice(octets);
        let taken = self.read_messages(conn, &partial, effects);
        if let Some(known) = self.conns.get_mut(&conn) {
            partial.drain(..taken);
            known.partial = if partial.is_empty() { Vec::new() } else { partial };
        }
    }

    /// Acts on every whole message; gives how many octets they were.
    fn read_messages(&mut self, conn: ConnId, octets: &[u8], effects: &mut Effects) -> usize {
        let mut taken = 0;
        loop {
            let Some(id) = self.conns.get(&conn).and_then(|conn| conn.peer) else { return octets.len() };
            let dialect = self.dialect(id, conn);
            match frame::next(&octets[taken..], dialect.max_len()) {
                Ok(Some(frame)) => {
                    let message = &octets[taken..taken + frame.len];
                    taken += frame.len;
                    if !self.quarantine.is_empty() && self.is_got_over(id, conn, message, &dialect, effects) {
                        continue;
                    }
                    self.message(id, conn, &frame, &dialect, effects);
                }
                Ok(None) => return taken,
                Err(notification) => {
                    self.malformed(id, conn, notification, effects);
                    return octets.len();
                }
            }
        }
    }

    pub(super) fn dialect(&self, id: PeerId, conn: ConnId) -> Dialect {
        let peer = self.peers[usize::from(id.0)].as_ref();
        peer.and_then(|peer| peer.session.dialect(conn).copied()).unwrap_or_default()
    }

    fn malformed(&mut self, id: PeerId, conn: ConnId, notification: Notification, effects: &mut Effects) {
        let text = format!("malformed message, the session ends: {notification}");
        self.notice(Some(id), Severity::Error, NoticeEvent::Malformed(text), effects);
        self.event(id, Event::Malformed(conn, notification), effects);
    }

    fn message(
        &mut self,
        id: PeerId,
        conn: ConnId,
        frame: &frame::Frame<'_>,
        dialect: &Dialect,
        effects: &mut Effects,
    ) {
        let outcome =
            match frame.kind {
                MessageType::Update => return self.update(id, conn, frame.body, dialect, effects),
                MessageType::Keepalive => return self.event(id, Event::Keepalive(conn), effects),
                MessageType::Open => OpenMessage::parse(frame.body)
                    .map(|open| self.event(id, Event::Open(conn, &open), effects)),
                MessageType::Notification => Notification::parse(frame.body)
                    .map(|notification| self.event(id, Event::Notification(conn, &notification), effects)),
                MessageType::RouteRefresh => RouteRefresh::parse(frame.body)
                    .map(|refresh| self.route_refresh(id, conn, refresh, effects)),
            };
        if let Err(notification) = outcome {
            self.malformed(id, conn, notification, effects);
        }
    }

    fn update(&mut self, id: PeerId, conn: ConnId, body: &[u8], dialect: &Dialect, effects: &mut Effects) {
        self.event(id, Event::Update(conn), effects);
        let Some(peer) = &self.peers[usize::from(id.0)] else { return };
        if peer.session.connection() != Some(conn) || peer.session.state() != State::Established {
            return;
        }
        // The event may have brought the session up, and with it another dialect.
        let dialect = peer.session.dialect(conn).copied().unwrap_or(*dialect);
        match update::parse(body, &dialect) {
            Ok(message) => self.take_in(id, conn, message, effects),
            Err(notification) => self.malformed(id, conn, notification, effects),
        }
    }

    fn take_in(&mut self, id: PeerId, conn: ConnId, message: UpdateMessage<'_>, effects: &mut Effects) {
        if !message.errors.is_empty() {
            self.note_errors(id, &message, effects);
        }
        if let Some(family) = message.end_of_rib {
            return self.end_of_rib(id, conn, family, effects);
        }
        let treat_as_withdraw = message.disposition >= Some(Disposition::TreatAsWithdraw);
        self.withdraw(id, &message.withdrawn);
        if let Some(nlri) = &message.mp_withdrawn {
            self.withdraw(id, nlri);
        }
        let announced = [Some(message.announced), message.mp_announced];
        if treat_as_withdraw {
            for nlri in announced.iter().flatten() {
                self.withdraw(id, nlri);
            }
            return;
        }
        let Some(attributes) = message.attributes else { return };
        let [plain, multiprotocol] = announced;
        if let Some(nlri) = multiprotocol.filter(|nlri| !nlri.is_empty()) {
            let mut for_these = attributes.clone();
            // Where prefixes of both kinds came, each kind has a next hop of its own.
            if let Some(next_hop) = message.mp_next_hop {
                for_these.next_hop = next_hop;
            }
            self.announce(id, &nlri, for_these, effects);
        }
        if let Some(nlri) = plain.filter(|nlri| !nlri.is_empty()) {
            self.announce(id, &nlri, attributes, effects);
        }
    }

    /// Tells of attribute errors, with the peer and what became of the message (RFC 7606 §6).
    fn note_errors(&mut self, id: PeerId, message: &UpdateMessage<'_>, effects: &mut Effects) {
        let errors: Vec<_> = message.errors.iter().map(AttributeError::to_string).collect();
        let done = match message.disposition {
            Some(Disposition::AttributeDiscard) | None => "attribute discarded",
            Some(Disposition::TreatAsWithdraw) => "its routes are treated as withdrawn",
            Some(Disposition::AfiSafiDisable) => "the family is disabled",
            Some(Disposition::SessionReset) => "the session ends",
        };
        let text = format!("malformed UPDATE, {done}: {}", errors.join("; "));
        let count = message.announced.count() + message.mp_announced.as_ref().map_or(0, Nlri::count);
        let discarded = message.disposition == Some(Disposition::AttributeDiscard);
        let family = message.mp_announced.map_or(Family::Ipv4Unicast, |nlri| nlri.family);
        if let Some(peer) = &mut self.peers[usize::from(id.0)] {
            let refused = &mut peer.families[family].refused;
            if discarded {
                refused.attributes_discarded += message.errors.len() as u64;
            } else {
                refused.withdrawn += count as u64;
            }
        }
        self.notice(Some(id), Severity::Warning, NoticeEvent::Malformed(text), effects);
    }

    pub(super) fn withdraw(&mut self, id: PeerId, nlri: &Nlri<'_>) {
        if nlri.is_empty() {
            return;
        }
        in_family!(&mut self.rib, nlri.family, |rib, facts| {
            rib.withdraw(id, nlri, facts);
        });
    }

    fn announce(&mut self, id: PeerId, nlri: &Nlri<'_>, attributes: PathAttributes, effects: &mut Effects) {
        let family = nlri.family;
        let prepared = self.prepare(id, family, attributes);
        let now_s = self.now_s();
        let Some(peer) = &mut self.peers[usize::from(id.0)] else { return };
        let state = &mut peer.families[family];
        let Some(import) = &state.import else { return };
        let attributes = match prepared {
            Ok(attributes) => attributes,
            Err(refusal) => {
                let count = nlri.count() as u64;
                match refusal {
                    Refusal::AsPathLoop => state.refused.as_path_loop += count,
                    Refusal::OriginatorLoop => state.refused.originator_loop += count,
                    Refusal::ClusterLoop => state.refused.cluster_loop += count,
                    Refusal::NextHop => state.refused.invalid_next_hop += count,
                    Refusal::Path => state.refused.withdrawn += count,
                }
                return self.withdraw(id, nlri);
            }
        };
        let interface = peer.interface;
        let imported = in_family!(&mut self.rib, family, |rib, facts| {
            let attrs = facts.intern(attributes, interface);
            let imported = rib.announce(id, nlri, attrs, import, now_s, facts);
            facts.release(attrs);
            imported
        });
        state.refused.policy += u64::from(imported.refused);
        state.refused.duplicates += u64::from(imported.duplicates);
        if peer.settings.families[family].maximum_prefix.is_some() {
            self.check_limit(id, family, effects);
        }
    }

    /// The attributes as this router takes them in, or why it does not.
    fn prepare(
        &self,
        id: PeerId,
        family: Family,
        mut attributes: PathAttributes,
    ) -> Result<PathAttributes, Refusal> {
        let Some(bgp) = self.bgp() else { return Err(Refusal::Path) };
        let Some(peer) = &self.peers[usize::from(id.0)] else { return Err(Refusal::Path) };
        let Some(negotiated) = peer.session.negotiated() else { return Err(Refusal::Path) };
        let settings = &peer.settings.families[family];
        self.check_path(bgp, peer, negotiated, family, &attributes.as_path)?;
        if self.is_own(&attributes.next_hop) {
            return Err(Refusal::NextHop);
        }
        if negotiated.kind == PeerKind::Internal {
            let rare = attributes.rare();
            if rare.originator_id == Some(self.router_id()) {
                return Err(Refusal::OriginatorLoop);
            }
            if rare.cluster_list.contains(&self.cluster_id(bgp)) {
                return Err(Refusal::ClusterLoop);
            }
        }
        if let Some(local) = peer.settings.local_as
            && !local.no_prepend
            && negotiated.kind == PeerKind::External
        {
            attributes.as_path = attributes.as_path.prepend(local.asn, 1);
        }
        if let Some((role, _)) = negotiated.roles {
            check_role(role, negotiated.peer_as, &mut attributes)?;
        }
        attributes.weight = settings.weight.map_or(0, u32::from);
        Ok(attributes)
    }

    /// Whether a path may be taken in: no loop, and the peer's AS first.
    fn check_path(
        &self,
        bgp: &BgpConfig,
        peer: &Peer,
        negotiated: &Negotiated,
        family: Family,
        path: &AsPath,
    ) -> Result<(), Refusal> {
        //= rfc4271#section-9.1.2
        //# If the AS_PATH attribute of a BGP route contains an AS loop, the BGP route should be excluded from the
        //# Decision Process.
        let allowed = peer.settings.families[family].allow_as_in;
        let identifier = bgp.confederation.as_ref().map(|confederation| confederation.identifier);
        for own in core::iter::once(bgp.asn).chain(identifier) {
            let times = path.count(own);
            let refused = match allowed {
                None => times > 0,
                Some(AllowAsIn::Times(most)) => times > usize::from(most),
                Some(AllowAsIn::Origin) => times > 0 && path.origin_asn() != Some(own),
            };
            if refused {
                return Err(Refusal::AsPathLoop);
            }
        }
        let enforce = peer.settings.enforce_first_as.unwrap_or(bgp.enforce_first_as);
        // A route server leaves its own AS out (RFC 7947 §2.2.2.1): its clients say `no … enforce-first-as`.
        if negotiated.kind == PeerKind::External && enforce && !path.starts_with_asn(negotiated.peer_as) {
            return Err(Refusal::Path);
        }
        Ok(())
    }

    /// Whether a next hop is an address of this router.
    fn is_own(&self, next_hop: &NextHop) -> bool {
        let Some(address) = next_hop.address() else { return false };
        self.own_addresses.contains(&address)
    }

    fn end_of_rib(&mut self, id: PeerId, conn: ConnId, family: Family, effects: &mut Effects) {
        if let Some(peer) = &mut self.peers[usize::from(id.0)] {
            peer.families[family].end_of_rib_received = true;
        }
        self.event(id, Event::EndOfRib(conn, family), effects);
        self.end_deferral_if_due(effects);
    }
}

//= rfc9234#section-5
//# If a route with the OTC Attribute is received from a Customer or an RS-Client, then it is a route leak and MUST
//# be considered ineligible.
fn check_role(role: Role, peer_as: Asn, attributes: &mut PathAttributes) -> Result<(), Refusal> {
    let otc = attributes.rare().otc;
    match role {
        Role::Provider | Role::RouteServer if otc.is_some() => Err(Refusal::Path),
        Role::Peer if otc.is_some_and(|otc| otc != peer_as) => Err(Refusal::Path),
        Role::Customer | Role::Peer | Role::RouteServerClient if otc.is_none() => {
            attributes.edit_rare(|rare| rare.otc = Some(peer_as));
            Ok(())
        }
        Role::Provider
        | Role::RouteServer
        | Role::Customer
        | Role::Peer
        | Role::RouteServerClient
        | Role::Unknown(_) => Ok(()),
    }
}
