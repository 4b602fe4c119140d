//! Writing UPDATE messages: a set of attributes is encoded once, then prefixes are packed behind it, as many as
//! fit. Nothing here allocates for a prefix.
//!
//! IPv4 prefixes with an IPv4 next hop stand in the message's own fields, all others in MP_REACH_NLRI, which is
//! the first of the attributes (RFC 7606 §5.1), and in MP_UNREACH_NLRI.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::super::Dialect;
use super::super::frame::{self, MessageType};
use crate::attr::table::{EXTENDED_LENGTH, OPTIONAL};
use crate::attr::{NextHop, PathAttributes, mp_reach, mp_unreach, table};
use crate::value::{Family, Net, PathId, octets_of_length};

/// An announcement cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// Not even one prefix fits with these attributes into a message of this session: the route has to be
    /// withdrawn instead (RFC 4271 §9.2, RFC 8654 §4).
    #[error("the attributes of {attributes} octets leave no room for a prefix in a message of {max_len}")]
    TooLarge {
        /// The attributes' octets.
        attributes: usize,
        /// The most octets of a message.
        max_len: usize,
    },
    /// The attributes have no next hop: it must be set before a route is advertised.
    #[error("the attributes have no next hop")]
    NoNextHop,
}

/// Appends every attribute that goes to a peer of this dialect with prefixes of this family, NEXT_HOP where the
/// prefixes are IPv4 and the next hop is too, without MP_REACH_NLRI. What [`Announcement::begin`] needs.
///
/// LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST do not go to an external peer, AIGP only where the session has
/// it. All else is the set's own affair: MED, communities, the path itself.
pub fn emit_attributes(attributes: &PathAttributes, dialect: &Dialect, family: Family, out: &mut Vec<u8>) {
    table::emit(attributes, &dialect.outbound(family), out);
}

/// Where a message's prefixes stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In a field of the message itself, at its end.
    Field,
    /// In a multiprotocol attribute that began here, its header first.
    Attribute(usize),
}

/// What both directions have in common: a message that grows by prefixes.
#[derive(Debug)]
struct Growing<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    /// The most octets that `out` may have before [`Growing::tail`] comes.
    end: usize,
    add_path: bool,
}

impl Growing<'_> {
    #[inline]
    fn push<N: Net>(&mut self, path_id: PathId, net: N) -> bool {
        let id = if self.add_path { 4 } else { 0 };
        if self.out.len() + id + 1 + octets_of_length(net.length()) > self.end {
            return false;
        }
        if self.add_path {
            self.out.extend_from_slice(&path_id.0.to_be_bytes());
        }
        self.out.push(net.length());
        net.emit_octets(self.out);
        true
    }

    /// Writes the number of octets since `at + 2` into the two octets at `at`.
    fn patch_length(&mut self, at: usize) {
        let len = u16::try_from(self.out.len() - at - 2).unwrap_or(u16::MAX);
        self.out[at..at + 2].copy_from_slice(&len.to_be_bytes());
    }
}

/// The most octets of one prefix: path identifier, length, address.
const fn prefix_max(family: Family, add_path: bool) -> usize {
    let address = match family {
        Family::Ipv4Unicast => 4,
        Family::Ipv6Unicast => 16,
    };
    1 + address + if add_path { 4 } else { 0 }
}

/// Begins a multiprotocol attribute; its length is not yet known. Gives its start.
fn begin_attribute(code: u8, family: Family, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    let numbers = family.afi_safi();
    let [high, low] = numbers.afi.to_be_bytes();
    out.extend_from_slice(&[OPTIONAL | EXTENDED_LENGTH, code, 0, 0, high, low, numbers.safi]);
    start
}

/// The octets before the two of the attribute's length.
const LENGTH_PLACE: usize = 2;

/// One UPDATE that announces prefixes with the same attributes.
///
/// [`Announcement::begin`], then [`Announcement::push`] until it says that a prefix does not fit or there is none
/// left, then [`Announcement::finish`]. A message without a prefix is never to be finished: drop it with
/// [`Announcement::abandon`].
#[derive(Debug)]
pub struct Announcement<'a> {
    growing: Growing<'a>,
    attributes: &'a [u8],
    place: Place,
}

impl<'a> Announcement<'a> {
    /// Begins a message at the end of `out`, with attributes from [`emit_attributes`] for the same family and
    /// dialect and the next hop of the same set.
    pub fn begin(
        out: &'a mut Vec<u8>,
        attributes: &'a [u8],
        next_hop: &NextHop,
        family: Family,
        dialect: &Dialect,
    ) -> Result<Self, EmitError> {
        let add_path = dialect.add_path_tx[family];
        let max_len = dialect.max_len();
        if *next_hop == NextHop::Own {
            return Err(EmitError::NoNextHop);
        }
        let start = frame::open(MessageType::Update, out);
        out.extend_from_slice(&[0, 0, 0, 0]);
        let place = match (family, next_hop) {
            (Family::Ipv4Unicast, NextHop::V4(_)) => {
                out.extend_from_slice(attributes);
                Place::Field
            }
            _ => {
                let begin = begin_attribute(mp_reach::ROW.code, family, out);
                emit_next_hop(next_hop, family, out);
                Place::Attribute(begin)
            }
        };
        let tail = if place == Place::Field { 0 } else { attributes.len() };
        if out.len() - start + tail + prefix_max(family, add_path) > max_len {
            out.truncate(start);
            return Err(EmitError::TooLarge { attributes: attributes.len(), max_len });
        }
        let growing = Growing { end: start + max_len - tail, out, start, add_path };
        Ok(Announcement { growing, attributes, place })
    }

    /// Adds a prefix; `false` if the message is full, and the prefix is not in it then. The first one always
    /// fits. The family must be the one that the message was begun for.
    #[inline]
    #[must_use]
    pub fn push<N: Net>(&mut self, path_id: PathId, net: N) -> bool {
        self.growing.push(path_id, net)
    }

    /// Writes the lengths: the message is whole.
    pub fn finish(mut self) {
        let attributes = self.growing.start + frame::HEADER_LEN + 2;
        match self.place {
            Place::Field => {
                let len = u16::try_from(self.attributes.len()).unwrap_or(u16::MAX);
                self.growing.out[attributes..attributes + 2].copy_from_slice(&len.to_be_bytes());
            }
            Place::Attribute(begin) => {
                self.growing.patch_length(begin + LENGTH_PLACE);
                self.growing.out.extend_from_slice(self.attributes);
                self.growing.patch_length(attributes);
            }
        }
        frame::close(self.growing.start, self.growing.out);
    }

    /// Takes the begun message away again.
    pub fn abandon(self) {
        self.growing.out.truncate(self.growing.start);
    }
}

/// MP_REACH_NLRI's next hop with its length, and the reserved octet.
fn emit_next_hop(next_hop: &NextHop, family: Family, out: &mut Vec<u8>) {
    let at = out.len();
    out.push(0);
    match next_hop {
        // There is no IPv4 next hop for IPv6 prefixes but in this form (RFC 4291 §2.5.5.2).
        NextHop::V4(address) if family == Family::Ipv6Unicast => {
            out.extend_from_slice(&Ipv4Addr::to_ipv6_mapped(address).octets());
        }
        other => other.emit(out),
    }
    out[at] = u8::try_from(out.len() - at - 1).unwrap_or(u8::MAX);
    out.push(0);
}

/// One UPDATE that withdraws prefixes. Used as [`Announcement`] is.
#[derive(Debug)]
pub struct Withdrawal<'a> {
    growing: Growing<'a>,
    place: Place,
}

impl<'a> Withdrawal<'a> {
    /// Begins a message at the end of `out`.
    pub fn begin(out: &'a mut Vec<u8>, family: Family, dialect: &Dialect) -> Self {
        let start = frame::open(MessageType::Update, out);
        out.extend_from_slice(&[0, 0]);
        let (place, tail) = match family {
            Family::Ipv4Unicast => (Place::Field, 2),
            Family::Ipv6Unicast => {
                out.extend_from_slice(&[0, 0]);
                (Place::Attribute(begin_attribute(mp_unreach::ROW.code, family, out)), 0)
            }
        };
        let growing = Growing {
            end: start + dialect.max_len() - tail,
            out,
            start,
            add_path: dialect.add_path_tx[family],
        };
        Withdrawal { growing, place }
    }

    /// Adds a prefix; `false` if the message is full, and the prefix is not in it then.
    #[inline]
    #[must_use]
    pub fn push<N: Net>(&mut self, path_id: PathId, net: N) -> bool {
        self.growing.push(path_id, net)
    }

    /// Writes the lengths: the message is whole.
    pub fn finish(mut self) {
        let withdrawn = self.growing.start + frame::HEADER_LEN;
        match self.place {
            Place::Field => {
                self.growing.patch_length(withdrawn);
                self.growing.out.extend_from_slice(&[0, 0]);
            }
            Place::Attribute(begin) => {
                self.growing.patch_length(begin + LENGTH_PLACE);
                self.growing.patch_length(withdrawn + 2);
            }
        }
        frame::close(self.growing.start, self.growing.out);
    }

    /// Takes the begun message away again.
    pub fn abandon(self) {
        self.growing.out.truncate(self.growing.start);
    }
}

/// Appends the End-of-RIB marker of a family (RFC 4724 §2).
pub fn emit_end_of_rib(family: Family, out: &mut Vec<u8>) {
    frame::emit(MessageType::Update, out, |out| match family {
        Family::Ipv4Unicast => out.extend_from_slice(&[0; 4]),
        Family::Ipv6Unicast => {
            let numbers = family.afi_safi();
            let [high, low] = numbers.afi.to_be_bytes();
            let value = [high, low, numbers.safi];
            out.extend_from_slice(&[0, 0, 0, 6, OPTIONAL, mp_unreach::ROW.code, 3]);
            out.extend_from_slice(&value);
        }
    });
}
