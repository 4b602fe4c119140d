//! The whole engine in a snapshot. What follows from the rest is left out and made anew: the names of peers, the
//! policy, every filter.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::connections::Refusals;
use super::peer::Peer;
use super::poison::Quarantine;
use super::redistribute::Sweep;
use super::resolve::Direction;
use super::{Conn, Engine, FIRST_OWN_CONN, Link};
use crate::config::Configuration;
use crate::policy::{Filter, MapCounts, Policy};
use crate::rib::{Rib, SavedRib, in_family};
use crate::value::octets::{Damaged, Part};
use crate::value::{ConnId, Digest, Family, IfIndex, Instant, PeerId, PerFamily, RouterId};

/// The form of the snapshot. It changes only where a field's meaning does: fields that come or go need no other
/// one.
const FORM: u32 = 1;

/// The most octets that can wait on one connection: room for every sum.
const MOST_OUTSTANDING: u64 = 1 << 62;

/// The engine as it is saved.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedEngine<'a> {
    form: u32,
    seed: u64,
    config: Part<'a, Configuration>,
    #[serde(borrow)]
    rib: SavedRib<'a>,
    peers: Vec<Part<'a, Peer>>,
    conns: Part<'a, BTreeMap<ConnId, Conn>>,
    links: Part<'a, BTreeMap<IfIndex, Link>>,
    own_addresses: Part<'a, BTreeSet<IpAddr>>,
    leaving: Part<'a, BTreeSet<PeerId>>,
    listen_keys: Part<'a, BTreeMap<(IpNet, IfIndex), String>>,
    advertised_links: Part<'a, BTreeSet<String>>,
    next_conn: u64,
    now: Instant,
    started: Option<Instant>,
    deferred_until: Option<Instant>,
    configured_id: Option<RouterId>,
    refusals: Part<'a, Refusals>,
    quarantine: Part<'a, Quarantine>,
    #[serde(default)]
    sweep: Option<Sweep>,
    stopping: bool,
    /// How often route maps were asked.
    #[serde(default)]
    map_counts: Vec<MapCounts>,
}

impl Engine {
    /// The engine as it is saved.
    pub(crate) fn saved(&self) -> SavedEngine<'_> {
        SavedEngine {
            form: FORM,
            seed: self.seed,
            config: Part::Lent(&self.config),
            rib: self.rib.save(),
            peers: self.peers.iter().flatten().map(Part::Lent).collect(),
            conns: Part::Lent(&self.conns),
            links: Part::Lent(&self.links),
            own_addresses: Part::Lent(&self.own_addresses),
            leaving: Part::Lent(&self.leaving),
            listen_keys: Part::Lent(&self.listen_keys),
            advertised_links: Part::Lent(&self.advertised_links),
            next_conn: self.next_conn,
            now: self.now,
            started: self.started,
            deferred_until: self.deferred_until,
            configured_id: self.configured_id,
            refusals: Part::Lent(&self.refusals),
            quarantine: Part::Lent(&self.quarantine),
            sweep: self.sweep,
            stopping: self.stopping,
            map_counts: self.policy.counts(),
        }
    }

    /// The engine that was saved. What comes back can take any input.
    pub(crate) fn restored(saved: SavedEngine<'_>) -> Result<Engine, Damaged> {
        if saved.form != FORM {
            return Err(Damaged("its form is not known to this version"));
        }
        let mut engine = Engine::new(saved.seed);
        engine.config = saved.config.own()?;
        engine.policy = Policy::compile(&engine.config, &Configuration::default(), &Policy::default());
        engine.policy.set_counts(&saved.map_counts);
        engine.rib = Rib::restore(saved.rib, saved.seed)?;
        engine.restore_aggregates();
        engine.conns = saved.conns.own()?;
        engine.links = saved.links.own()?;
        engine.own_addresses = saved.own_addresses.own()?;
        engine.leaving = saved.leaving.own()?;
        engine.listen_keys = saved.listen_keys.own()?;
        engine.advertised_links = saved.advertised_links.own()?;
        engine.next_conn = saved.next_conn;
        engine.now = saved.now;
        engine.started = saved.started;
        engine.deferred_until = saved.deferred_until;
        engine.configured_id = saved.configured_id;
        engine.refusals = saved.refusals.own()?;
        engine.quarantine = saved.quarantine.own()?;
        engine.sweep = saved.sweep;
        engine.stopping = saved.stopping;
        engine.restore_peers(saved.peers)?;
        engine.check()?;
        engine.restore_filters()?;
        Ok(engine)
    }

    /// Puts in what no reader of the engine sees.
    pub(crate) fn digest_rest(&self, digest: &mut Digest) {
        for conn in self.conns.values() {
            digest.add(conn.partial.len() as u64);
        }
        self.digest_itself(digest);
        digest.add(self.policy.count_sum());
        self.quarantine.digest(digest);
    }

    /// Puts in what there is but once.
    pub(crate) fn digest_itself(&self, digest: &mut Digest) {
        // What looks like chance and has not shown yet.
        digest.add(self.seed);
        digest.add(self.next_conn);
        digest.add(self.now.as_micros());
        digest.add(self.deferred_until.map_or(0, |until| until.as_micros()));
        digest.add((self.leaving.len() as u64) << 1 ^ u64::from(self.stopping));
    }

    fn restore_peers(&mut self, saved: Vec<Part<'_, Peer>>) -> Result<(), Damaged> {
        for peer in saved {
            let peer = peer.own()?;
            let (id, place) = (peer.id, usize::from(peer.id.0));
            if place == 0 || place >= self.rib.facts.peers.len() {
                return Err(Damaged("a peer's place cannot be"));
            }
            if !self.leaving.contains(&id) && self.names.insert(peer.name.clone(), id).is_some() {
                return Err(Damaged("two peers have one name"));
            }
            if self.peers.len() <= place {
                self.peers.resize_with(place + 1, || None);
            }
            if self.peers[place].replace(peer).is_some() {
                return Err(Damaged("two peers have one place"));
            }
        }
        Ok(())
    }

    /// Checks what the engine later takes for granted.
    fn check(&self) -> Result<(), Damaged> {
        let is_place = |id: PeerId| usize::from(id.0) < self.peers.len();
        if !self.leaving.iter().all(|&id| is_place(id)) {
            return Err(Damaged("a peer that leaves was never there"));
        }
        let conns = self.conns.values();
        let fits = |conn: &Conn| conn.peer.is_none_or(is_place) && conn.outstanding < MOST_OUTSTANDING;
        if !conns.into_iter().all(fits) {
            return Err(Damaged("a connection is nobody's, or too full"));
        }
        if !self.quarantine.is_whole() {
            return Err(Damaged("the poisonous messages do not fit"));
        }
        if self.next_conn < FIRST_OWN_CONN || self.next_conn > FIRST_OWN_CONN | MOST_OUTSTANDING {
            return Err(Damaged("the next connection's name cannot be"));
        }
        Ok(())
    }

    /// Gives every peer and every group its filter. At the end of a step they always are what the configuration
    /// says, so that they need not be saved.
    fn restore_filters(&mut self) -> Result<(), Damaged> {
        for at in 0..self.peers.len() {
            let filters = PerFamily::from_fn(|family| self.filter_of(at, family, Direction::In));
            let Some(peer) = &mut self.peers[at] else { continue };
            for (state, filter) in peer.families.0.iter_mut().zip(filters.0) {
                if let Some(import) = &mut state.import {
                    import.filter = filter.ok_or(Damaged("a peer takes routes in without a session"))?;
                }
            }
        }
        for family in Family::ALL {
            let members = in_family!(&mut self.rib, family, |rib, _facts| {
                rib.groups_mut().map(|group| group.members().next()).collect::<Vec<_>>()
            });
            let filters = members.into_iter().map(|member| self.group_filters(member, family));
            let filters = filters.collect::<Result<Vec<_>, Damaged>>()?;
            in_family!(&mut self.rib, family, |rib, _facts| {
                for (group, (filter, unsuppress)) in rib.groups_mut().zip(filters) {
                    group.set_filters(filter, unsuppress);
                }
            });
        }
        Ok(())
    }

    /// The maps and lists of a group, from one of its members. A group that nobody is in any more asks nothing.
    fn group_filters(
        &self,
        member: Option<PeerId>,
        family: Family,
    ) -> Result<(Filter, Option<Filter>), Damaged> {
        let Some(member) = member else { return Ok((Filter::default(), None)) };
        let filter = self.filter_of(usize::from(member.0), family, Direction::Out);
        let filter = filter.ok_or(Damaged("a group is told of routes without a session"))?;
        let peer = self.peer_by_id(member).ok_or(Damaged("a group is of a peer that is not there"))?;
        Ok((filter, self.unsuppress(peer, family)))
    }

    /// A peer's filter; `None` where the peer has no session.
    fn filter_of(&self, at: usize, family: Family, direction: Direction) -> Option<Filter> {
        let peer = self.peers.get(at)?.as_ref()?;
        let kind = peer.session.negotiated()?.kind;
        Some(self.filter(self.bgp()?, peer, kind, family, direction))
    }
}
