//! Connections, from their first moment to their last.

use alloc::format;
use alloc::string::String;
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::peer::Kind;
use super::{Conn, Engine};
use crate::config::{Neighbor, NeighborName};
use crate::effect::{Close, Effect, Effects};
use crate::input::Connection;
use crate::notice::{NoticeEvent, Severity};
use crate::rib::is_link_local;
use crate::session::Event;
use crate::value::{ConnId, IfIndex, PeerId};

/// FRR's default for `bgp listen limit`.
const LISTEN_LIMIT: u16 = 100;

/// Refused connections that are told of in one second; the others are counted.
const TOLD_A_SECOND: u32 = 5;

/// Keeps strangers from filling the log.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Refusals {
    second: u32,
    told: u32,
    untold: u64,
}

impl Engine {
    pub(super) fn accept(&mut self, connection: Connection, effects: &mut Effects) {
        let Connection { conn, local, remote, interface } = connection;
        let id = match self.expected(remote.ip(), interface) {
            Ok(id) => id,
            Err(reason) => {
                self.refuse(conn, remote.ip(), &reason, effects);
                return;
            }
        };
        let Some(peer) = self.peer_by_id(id) else { return };
        let options = self.socket_options(peer);
        self.conns.insert(conn, Conn::new(id, Some((local, remote))));
        effects.list.push(Effect::Options { conn, options });
        self.meet(id, remote.ip(), interface, effects);
        self.event(id, Event::Accepted(conn), effects);
    }

    /// The neighbor that a connection from this address is of, or why there is none.
    fn expected(&mut self, address: IpAddr, interface: IfIndex) -> Result<PeerId, String> {
        if self.stopping {
            return Err(String::from("the router stops"));
        }
        let by_address = self.names.get(&NeighborName::Address(address)).copied();
        let on_link = || {
            let link = self.links.get(&interface)?;
            self.names.get(&NeighborName::Interface(link.interface.name.clone())).copied()
        };
        let found = by_address.or_else(|| if is_link_local(address) { on_link() } else { None });
        let Some(id) = found else { return self.admit_from_range(address) };
        let reachable = self.peer_by_id(id).is_some_and(|peer| self.is_in_reach(peer, address));
        if !reachable {
            return Err(String::from("the neighbor is not on a connected network; ebgp-multihop is not set"));
        }
        Ok(id)
    }

    /// A link's neighbor may connect before its router advertisement is heard, and a dynamic one is only known
    /// by its connection: then that says where it is, and the session begins with it.
    fn meet(&mut self, id: PeerId, address: IpAddr, interface: IfIndex, effects: &mut Effects) {
        let Some(peer) = self.peer_mut(id) else { return };
        let is_new =
            peer.kind == Kind::Dynamic && peer.session.stopped_by().is_none() && !peer.session.is_wanted();
        if peer.address.is_none() || is_new {
            peer.address = Some(address);
            peer.interface = interface;
            self.start(id, effects);
        }
    }

    /// A new neighbor, if a listen range has this address.
    fn admit_from_range(&mut self, address: IpAddr) -> Result<PeerId, String> {
        let Some(bgp) = self.bgp() else { return Err(String::from("BGP is not configured")) };
        let ranges = bgp.listen_ranges.iter().filter(|(range, _)| range.contains(&address));
        let Some((_, range)) = ranges.max_by_key(|(range, _)| range.prefix_len()) else {
            return Err(String::from("no such neighbor is configured"));
        };
        if let Some(reason) = self.held_back(&NeighborName::Address(address)) {
            return Err(reason);
        }
        let limit = usize::from(bgp.listen_limit.unwrap_or(LISTEN_LIMIT));
        let dynamic = self.peers.iter().flatten().filter(|peer| peer.kind == Kind::Dynamic).count();
        if dynamic >= limit {
            return Err(format!("the limit of {limit} dynamic neighbors is reached (bgp listen limit)"));
        }
        let group = range.group.clone();
        let neighbor = Neighbor { group: Some(group.clone()), ..Neighbor::default() };
        let id = self
            .add_peer(&NeighborName::Address(address), &neighbor, Kind::Dynamic)
            .ok_or_else(|| format!("peer group {group} has no remote-as"))?;
        Ok(id)
    }

    //= rfc4271#section-8.2.2
    //# a connection from an address that is not configured is refused
    fn refuse(&mut self, conn: ConnId, address: IpAddr, reason: &str, effects: &mut Effects) {
        effects.list.push(Effect::Close { conn, how: Close::Abort });
        let second = self.now_s();
        if self.refusals.second != second {
            self.refusals.second = second;
            self.refusals.told = 0;
            let untold = core::mem::take(&mut self.refusals.untold);
            if untold > 0 {
                let text = format!("{untold} more connections were refused");
                self.notice(None, Severity::Warning, NoticeEvent::Refused(text), effects);
            }
        }
        if self.refusals.told < TOLD_A_SECOND {
            self.refusals.told += 1;
            let text = format!("connection from {address} refused: {reason}");
            self.notice(None, Severity::Warning, NoticeEvent::Refused(text), effects);
        } else {
            self.refusals.untold += 1;
        }
    }

    pub(super) fn connected(&mut self, connection: Connection, effects: &mut Effects) {
        let Some(known) = self.conns.get_mut(&connection.conn) else { return };
        known.ends = Some((connection.local, connection.remote));
        let Some(id) = known.peer else { return };
        if let Some(peer) = self.peer_mut(id) {
            peer.connecting = None;
        }
        self.event(id, Event::Connected(connection.conn), effects);
    }

    pub(super) fn connect_failed(&mut self, conn: ConnId, errno: i32, effects: &mut Effects) {
        let Some(id) = self.conns.remove(&conn).and_then(|conn| conn.peer) else { return };
        if let Some(peer) = self.peer_mut(id) {
            peer.connecting = None;
        }
        let text = format!("connection failed (errno {errno})");
        self.notice(Some(id), Severity::Debug, NoticeEvent::Session(text), effects);
        self.event(id, Event::ConnectFailed(conn), effects);
    }

    pub(super) fn closed(&mut self, conn: ConnId, _errno: i32, effects: &mut Effects) {
        let Some(id) = self.conns.remove(&conn).and_then(|conn| conn.peer) else { return };
        self.event(id, Event::Closed(conn), effects);
    }

    pub(super) fn drained(&mut self, conn: ConnId, octets: u64, effects: &mut Effects) {
        let Some(known) = self.conns.get_mut(&conn) else { return };
        known.outstanding = known.outstanding.saturating_sub(octets);
        let (peer, outstanding) = (known.peer, known.outstanding);
        if let Some(id) = peer {
            self.event(id, Event::Progress { conn, outstanding }, effects);
        }
    }
}
