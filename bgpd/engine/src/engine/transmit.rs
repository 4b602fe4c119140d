//! Output, made when a connection can take it.
//!
//! The engine never makes more for a connection than a window ahead of what the kernel has taken of it. So a
//! KEEPALIVE waits behind little, and a peer that does not read costs that much and no more.

use alloc::vec::Vec;

use bytes::Bytes;

use super::Engine;
use crate::effect::{Effect, Effects};
use crate::notice::{NoticeEvent, Severity};
use crate::rib::Next;
use crate::session::MessageKind;
use crate::value::{ConnId, Family, PeerId};
use crate::wire::{self, MessageType};

/// Octets given to the shell and not yet taken by the kernel, above which no more routes are made for a
/// connection.
const WINDOW: u64 = 128 * 1024;

/// Pieces made for one peer and family in one step.
const PIECES: u32 = 8;

impl Engine {
    /// Sends octets that a session has made, and counted.
    pub(super) fn send(&mut self, conn: ConnId, octets: Bytes, effects: &mut Effects) {
        let Some(known) = self.conns.get_mut(&conn) else { return };
        known.outstanding += octets.len() as u64;
        known.digest.add_octets(&octets);
        effects.list.push(Effect::Send { conn, octets });
    }

    /// Sends messages that the engine itself has made.
    pub(super) fn send_messages(&mut self, id: PeerId, conn: ConnId, octets: Bytes, effects: &mut Effects) {
        let now = self.now;
        let mut updates = 0;
        let mut refreshes = 0;
        for kind in Messages(&octets) {
            updates += u64::from(kind == MessageType::Update as u8);
            refreshes += u64::from(kind == MessageType::RouteRefresh as u8);
        }
        if let Some(peer) = self.peer_mut(id) {
            peer.session.sent(MessageKind::Update, updates, now);
            peer.session.sent(MessageKind::RouteRefresh, refreshes, now);
        }
        self.send(conn, octets, effects);
    }

    /// Makes output for every peer that can take it.
    pub(super) fn transmit(&mut self, effects: &mut Effects) {
        if self.deferred_until.is_some() {
            return;
        }
        for at in 0..self.peers.len() {
            let Some(peer) = &self.peers[at] else { continue };
            let Some(conn) = peer.session.connection() else { continue };
            let id = peer.id;
            for family in Family::ALL {
                self.transmit_family(id, conn, family, effects);
            }
        }
        self.tell_too_large(effects);
    }

    fn has_window(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|conn| conn.outstanding < WINDOW)
    }

    fn transmit_family(&mut self, id: PeerId, conn: ConnId, family: Family, effects: &mut Effects) {
        let Some(peer) = &self.peers[usize::from(id.0)] else { return };
        if peer.families[family].import.is_none() {
            return;
        }
        if peer.families[family].next_advertisement.is_some_and(|due| self.now < due) {
            return;
        }
        if peer.families[family].default_due {
            self.send_default(id, conn, family, effects);
        }
        for piece in 0..=PIECES {
            if !self.has_window(conn) {
                return;
            }
            if piece == PIECES {
                effects.more = true;
                return;
            }
            match self.rib.next(family, id) {
                Next::Octets(pieces) => {
                    self.note_advertising(id, family);
                    for octets in pieces {
                        self.send_messages(id, conn, octets, effects);
                    }
                }
                Next::EndOfRib => self.send_end_of_rib(id, conn, family, effects),
                Next::Nothing => return self.pace(id, family),
            }
        }
    }

    fn note_advertising(&mut self, id: PeerId, family: Family) {
        if let Some(peer) = &mut self.peers[usize::from(id.0)] {
            peer.families[family].advertising = true;
        }
    }

    /// Everything is sent: the advertisement interval begins, where there is one.
    fn pace(&mut self, id: PeerId, family: Family) {
        let now = self.now;
        let Some(peer) = &mut self.peers[usize::from(id.0)] else { return };
        if !core::mem::take(&mut peer.families[family].advertising) {
            return;
        }
        if let Some(seconds @ 1..) = peer.settings.advertisement_interval_s {
            let due = now + crate::value::Duration::from_secs(seconds.into());
            peer.families[family].next_advertisement = Some(due);
        }
    }

    fn send_end_of_rib(&mut self, id: PeerId, conn: ConnId, family: Family, effects: &mut Effects) {
        let Some(peer) = &mut self.peers[usize::from(id.0)] else { return };
        let family_state = &mut peer.families[family];
        let refreshing = core::mem::take(&mut family_state.refreshing);
        let first = !core::mem::replace(&mut family_state.end_of_rib_sent, true);
        let mut out = Vec::new();
        if first {
            wire::update::emit_end_of_rib(family, &mut out);
        }
        if refreshing {
            let end = wire::route_refresh::RouteRefresh {
                family: family.afi_safi(),
                subtype: wire::route_refresh::RefreshSubtype::EndOfRr,
            };
            end.emit(&mut out);
        }
        if !out.is_empty() {
            self.send_messages(id, conn, out.into(), effects);
        }
    }

    /// Tells of prefixes that could not be sent.
    fn tell_too_large(&mut self, effects: &mut Effects) {
        let v4 = core::mem::take(&mut self.rib.v4.too_large).into_iter().map(ipnet::IpNet::V4);
        let v6 = core::mem::take(&mut self.rib.v6.too_large).into_iter().map(ipnet::IpNet::V6);
        for net in v4.chain(v6) {
            let text = alloc::format!(
                "{net} is not advertised to peers whose messages are too small for its attributes"
            );
            self.notice(None, Severity::Warning, NoticeEvent::TooLarge(text), effects);
        }
    }

    /// The earliest end of an advertisement interval with something to send after it.
    pub(super) fn next_advertisement(&self) -> Option<crate::value::Instant> {
        let peers = self.peers.iter().flatten();
        peers
            .flat_map(|peer| peer.families.0.iter().filter_map(|f| f.next_advertisement))
            .filter(|&at| at > self.now)
            .min()
    }
}

/// The type codes of the whole messages in some octets.
struct Messages<'a>(&'a [u8]);

impl Iterator for Messages<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let header = self.0.get(..wire::frame::HEADER_LEN)?;
        let len = usize::from(u16::from_be_bytes([header[16], header[17]]));
        let kind = header[18];
        self.0 = self.0.get(len.max(wire::frame::HEADER_LEN)..).unwrap_or(&[]);
        Some(kind)
    }
}
