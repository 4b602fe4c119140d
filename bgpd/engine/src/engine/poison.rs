//! Messages that have crashed a process of this router.
//!
//! The shell finds out which message it was and gives it as [`Input::Poison`](crate::input::Input::Poison) in place
//! of the octets that it came with. Its prefixes are treated as withdrawn where they can be read without looking
//! closely, else the session ends. The NOTIFICATION is Cease, Out of Resources: what failed is this router, nothing
//! says that the message was wrong (RFC 7606 §2 leaves the code to the case at hand), and a peer that restarts
//! gracefully keeps its routes over a Cease (RFC 8538).
//!
//! The message's digest is remembered: should it come again, from whomever, it is treated alike and never read. A
//! peer whose messages crash this router again and again loses its session, and is then held in Idle, each time for
//! longer.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::Engine;
use crate::config::NeighborName;
use crate::effect::Effects;
use crate::input::Treatment;
use crate::notice::{NoticeEvent, Severity};
use crate::session::{Event, State, StopReason};
use crate::value::{ConnId, Digest, Duration, Family, Instant, PeerId};
use crate::wire::notification::cease;
use crate::wire::update::{Salvaged, salvage};
use crate::wire::{Dialect, MessageType, Notification, frame};

/// Messages whose digests are remembered; the oldest goes first.
const REMEMBERED: usize = 256;

/// Peers whose poison is remembered; the one that has been quiet the longest goes first.
const PEERS: usize = 256;

/// After so long without another one a peer starts from the first again.
const QUIET: Duration = Duration::from_secs(3600);

/// So many poisonous messages of one peer are treated as withdraws; the next one ends its session.
const FORGIVEN: u32 = 3;

/// The longest time for which a peer is held in Idle, in minutes.
const LONGEST_HOLD_MIN: u16 = 60;

/// What was done about a peer's last poison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reaction {
    /// Its prefixes were treated as withdrawn.
    Withdrawn,
    /// The session was ended.
    Ended,
    /// The session was ended and the neighbor is held in Idle for so many minutes.
    Held {
        /// 1 to 60.
        minutes: u16,
    },
}

impl fmt::Display for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reaction::Withdrawn => f.write_str("treated as withdraw"),
            Reaction::Ended => f.write_str("session ended"),
            Reaction::Held { minutes } => write!(f, "held in Idle for {minutes} min"),
        }
    }
}

/// What is remembered of a peer's poison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoisonRecord {
    /// How many messages of the peer have crashed a process, ever.
    pub count: u64,
    /// When the last one did.
    pub last: Instant,
    /// What was done about it.
    pub reaction: Reaction,
    /// How many there were without an hour of quiet between them.
    recent: u32,
}

impl PoisonRecord {
    /// Until when the peer is held in Idle; in the past where it is not.
    fn held_until(&self) -> Instant {
        match self.reaction {
            Reaction::Withdrawn | Reaction::Ended => self.last,
            Reaction::Held { minutes } => self.last + Duration::from_secs(60 * u64::from(minutes)),
        }
    }
}

/// All that is remembered of poison.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Quarantine {
    /// The treatment of each message, by its digest.
    messages: BTreeMap<u64, Treatment>,
    /// The digests, the oldest first.
    order: VecDeque<u64>,
    peers: BTreeMap<NeighborName, PoisonRecord>,
}

impl Quarantine {
    /// Whether there is no message to look for.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    fn add(&mut self, message: u64, treatment: Treatment) {
        if self.messages.insert(message, treatment).is_none() {
            self.order.push_back(message);
        }
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.messages.remove(&oldest);
            }
        }
    }

    /// Notes one more of this peer's at `now`; gives how many there were lately.
    fn count(&mut self, name: &NeighborName, now: Instant) -> u32 {
        if !self.peers.contains_key(name) && self.peers.len() >= PEERS {
            let quietest = self.peers.iter().min_by_key(|(_, record)| record.last);
            if let Some(name) = quietest.map(|(name, _)| name.clone()) {
                self.peers.remove(&name);
            }
        }
        let first = PoisonRecord { count: 0, last: now, reaction: Reaction::Withdrawn, recent: 0 };
        let record = self.peers.entry(name.clone()).or_insert(first);
        if now >= record.held_until() + QUIET {
            record.recent = 0;
        }
        record.count = record.count.saturating_add(1);
        record.recent = record.recent.saturating_add(1);
        record.last = now;
        record.recent
    }

    /// What matters of it in a digest of the engine.
    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.add(self.order.len() as u64);
        digest.add(self.order.back().copied().unwrap_or(0));
        for record in self.peers.values() {
            digest.add(record.count);
            digest.add(record.last.as_micros());
        }
    }

    /// Whether what came back from a snapshot holds together.
    pub(super) fn is_whole(&self) -> bool {
        let known = |digest: &u64| self.messages.contains_key(digest);
        self.order.len() == self.messages.len() && self.order.iter().all(known)
    }
}

/// For how long the peer is held for its poison number `recent`; not at all for
/// those that are forgiven and for the one after them.
fn hold_min(recent: u32) -> Option<u16> {
    let doublings = recent.checked_sub(FORGIVEN + 2)?.min(6);
    Some((1 << doublings).min(LONGEST_HOLD_MIN))
}

impl Engine {
    /// A message that has crashed a process: `octets` are what was received of it now, its beginning may lie here.
    pub(super) fn poison(
        &mut self,
        conn: ConnId,
        octets: &[u8],
        treatment: Treatment,
        effects: &mut Effects,
    ) {
        let Some(known) = self.conns.get_mut(&conn) else { return };
        let mut message = core::mem::take(&mut known.partial);
        message.extend_from_slice(octets);
        #[cfg(feature = "fault")]
        crate::attr::crash::provoke_unread(&message);
        let Some(id) = known.peer else { return };
        let Some(name) = self.peer_by_id(id).map(|peer| peer.name.clone()) else { return };
        let dialect = self.dialect(id, conn);
        let salvaged = self.salvaged(id, conn, &message, &dialect, treatment);
        if self.is_worth_remembering(&message, &dialect) {
            let digest = self.message_digest(&message);
            self.quarantine.add(digest, treatment);
        }
        let recent = self.quarantine.count(&name, self.now);
        let reaction = match (hold_min(recent), &salvaged) {
            (Some(minutes), _) => Reaction::Held { minutes },
            (None, Some(_)) if recent <= FORGIVEN => Reaction::Withdrawn,
            (None, _) => Reaction::Ended,
        };
        if let Some(record) = self.quarantine.peers.get_mut(&name) {
            record.reaction = reaction;
        }
        let many = salvaged.as_ref().map_or(0, |salvaged| salvaged.announced);
        let text = match reaction {
            Reaction::Withdrawn => format!(
                "a message of {} octets crashed a process: its {many} routes are treated as withdrawn (RFC 7606)",
                message.len()
            ),
            Reaction::Ended => format!(
                "a message of {} octets crashed a process, number {recent} of this neighbor: the session ends",
                message.len()
            ),
            Reaction::Held { minutes } => format!(
                "a message of {} octets crashed a process, number {recent} of this neighbor: the neighbor is held in \
                 Idle for {minutes} min; 'clear bgp' starts it before",
                message.len()
            ),
        };
        self.notice(Some(id), Severity::Error, NoticeEvent::Poison(text), effects);
        match (reaction, salvaged) {
            (Reaction::Withdrawn, Some(salvaged)) => self.withdraw_salvaged(id, conn, &salvaged, effects),
            (Reaction::Held { minutes }, _) => {
                self.event(id, Event::Stop(StopReason::Poison { minutes }), effects);
            }
            (Reaction::Withdrawn | Reaction::Ended, _) => self.end_for_poison(id, conn, effects),
        }
    }

    fn end_for_poison(&mut self, id: PeerId, conn: ConnId, effects: &mut Effects) {
        self.event(id, Event::Malformed(conn, Notification::cease(cease::OUT_OF_RESOURCES)), effects);
    }

    /// The prefixes of a message, where it is one UPDATE on a session that is up and all of them are sure.
    fn salvaged<'a>(
        &self,
        id: PeerId,
        conn: ConnId,
        message: &'a [u8],
        dialect: &Dialect,
        treatment: Treatment,
    ) -> Option<Salvaged<'a>> {
        let session = &self.peer_by_id(id)?.session;
        let up = session.connection() == Some(conn) && session.state() == State::Established;
        let frame = frame::next(message, dialect.max_len()).ok()??;
        let alone = frame.kind == MessageType::Update && frame.len == message.len();
        if treatment == Treatment::Withdraw && up && alone { salvage(frame.body, dialect) } else { None }
    }

    fn withdraw_salvaged(
        &mut self,
        id: PeerId,
        conn: ConnId,
        salvaged: &Salvaged<'_>,
        effects: &mut Effects,
    ) {
        self.event(id, Event::Update(conn), effects);
        for nlri in &salvaged.prefixes {
            self.withdraw(id, nlri);
        }
        let family = salvaged.prefixes.last().map_or(Family::Ipv4Unicast, |nlri| nlri.family);
        if let Some(peer) = self.peer_mut(id) {
            peer.families[family].refused.withdrawn += salvaged.announced as u64;
        }
    }

    /// Whether the message may be treated alike when it comes again. Not the short ones that every speaker sends:
    /// KEEPALIVE, End-of-RIB, ROUTE-REFRESH, NOTIFICATION. With those the fault is not in the octets.
    fn is_worth_remembering(&self, message: &[u8], dialect: &Dialect) -> bool {
        let Ok(Some(frame)) = frame::next(message, dialect.max_len()) else { return false };
        match frame.kind {
            MessageType::Open => true,
            MessageType::Update => salvage(frame.body, dialect).is_none_or(|own| !own.prefixes.is_empty()),
            MessageType::Notification | MessageType::Keepalive | MessageType::RouteRefresh => false,
        }
    }

    /// The digest of a message. It depends on the seed, so that nobody can give another's message the digest of
    /// a poisonous one.
    fn message_digest(&self, message: &[u8]) -> u64 {
        let mut digest = Digest::default();
        digest.add(self.seed);
        digest.add(message.len() as u64);
        digest.add_octets(message);
        digest.value()
    }

    /// Gets over a message that is known to be poisonous, without reading it. False if it is not.
    pub(super) fn is_got_over(
        &mut self,
        id: PeerId,
        conn: ConnId,
        message: &[u8],
        dialect: &Dialect,
        effects: &mut Effects,
    ) -> bool {
        let Some(&treatment) = self.quarantine.messages.get(&self.message_digest(message)) else {
            return false;
        };
        let (text, salvaged) = match self.salvaged(id, conn, message, dialect, treatment) {
            Some(salvaged) => ("its routes are treated as withdrawn (RFC 7606)", Some(salvaged)),
            None => ("the session ends", None),
        };
        let text = format!("a message that once crashed a process has come again, it is not read: {text}");
        self.notice(Some(id), Severity::Warning, NoticeEvent::Poison(text), effects);
        match salvaged {
            Some(salvaged) => self.withdraw_salvaged(id, conn, &salvaged, effects),
            None => self.end_for_poison(id, conn, effects),
        }
        true
    }

    /// An operator starts the neighbor anew: it starts from the first poison again.
    pub(super) fn pardon(&mut self, id: PeerId) {
        let Some(name) = self.peer_by_id(id).map(|peer| peer.name.clone()) else { return };
        if let Some(record) = self.quarantine.peers.get_mut(&name) {
            record.recent = 0;
        }
    }

    /// Why a neighbor from a listen range is not taken in: it would not be held otherwise, as it goes with its
    /// session.
    pub(super) fn held_back(&self, name: &NeighborName) -> Option<String> {
        let record = self.quarantine.peers.get(name)?;
        let held = record.recent > 0 && self.now < record.held_until();
        held.then(|| format!("messages of {name} crash this router, it is {}", record.reaction))
    }

    /// What is remembered of a neighbor's poison.
    #[must_use]
    pub fn poison_of(&self, name: &NeighborName) -> Option<&PoisonRecord> {
        self.quarantine.peers.get(name)
    }

    /// How many messages are known to be poisonous.
    #[must_use]
    pub fn quarantined(&self) -> usize {
        self.quarantine.messages.len()
    }

    /// Where the messages end that these octets would complete on this connection, as offsets into `octets`,
    /// rising. What comes after the last one is the beginning of a message. Octets that are no message are one with
    /// all that follows: the session would end with them. Changes nothing and bears any octets.
    #[must_use]
    pub fn units(&self, conn: ConnId, octets: &[u8]) -> Vec<usize> {
        let mut ends = Vec::new();
        let Some(known) = self.conns.get(&conn) else { return ends };
        // Before the peer's OPEN anything may yet be agreed on in these octets.
        let dialect = known.peer.and_then(|id| self.peer_by_id(id)?.session.dialect(conn).copied());
        let max_len = dialect.map_or(frame::MAX_EXTENDED_LEN, |dialect| dialect.max_len());
        let before = known.partial.len();
        let whole = [&known.partial[..], octets].concat();
        let mut taken = 0;
        while taken < whole.len() {
            match frame::next(&whole[taken..], max_len) {
                Ok(Some(frame)) => taken += frame.len,
                Ok(None) => break,
                Err(_) => taken = whole.len(),
            }
            // A message that lay here whole already cannot be: it would have been taken.
            if taken > before {
                ends.push(taken - before);
            }
        }
        ends
    }
}
