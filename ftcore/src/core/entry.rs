//! One entry of the log: what it can say, and its octets.
//!
//! An entry is a header of [`HEADER`] octets and its payload, padded to a multiple of [`ALIGN`]:
//!
//! ```text
//!  0   4   8  9  10 12    16       24     32     40          40+len
//!  len crc kind flags 0 epoch number   time   conn   payload …      0…
//! ```
//!
//! All numbers are little-endian. `len` counts the payload, the checksum is over everything but itself and the
//! padding. What is read here may have been written by a process that went wild: nothing in it is believed
//! before it was checked, and no octets make this code panic.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use serde::{Deserialize, Serialize};

use super::effect::Close;
use super::input::{ConnId, Cookie, Ends, ListenerId, Time};
use super::record::{Digest, Takeover, Verdict};

/// Octets of an entry's header.
pub const HEADER: usize = 40;
/// Entries begin at multiples of this.
pub const ALIGN: u64 = 8;

/// An entry's place in the order of the log, from 1 on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryNumber(pub u64);

/// Counts the primaries, from 1 on: at most one process writes in an epoch (I5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub u32);

/// An entry, as it was read or is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place in the order.
    pub number: EntryNumber,
    /// Who wrote it.
    pub epoch: Epoch,
    /// When.
    pub time: Time,
    /// What it says.
    pub content: Content<'a>,
}

/// What an entry says. Those from [`Content::Opened`] on are this crate's own, the machine is not given them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A connection was accepted.
    Accepted {
        /// Its name and ends.
        ends: Ends,
        /// Where it came to.
        listener: ListenerId,
        /// Its socket.
        socket: Cookie,
    },
    /// A connection that the machine asked for stands.
    Connected(Ends),
    /// A connection or datagram socket that the machine asked for came to nothing.
    ConnectFailed {
        /// Which.
        conn: ConnId,
        /// Why.
        errno: i32,
    },
    /// A connection was ended from outside.
    Closed {
        /// Which.
        conn: ConnId,
        /// Why; 0 for an orderly end.
        errno: i32,
    },
    /// Octets of a connection.
    Received {
        /// Which.
        conn: ConnId,
        /// Never empty.
        octets: &'a [u8],
    },
    /// The kernel has taken so many octets of a connection to send.
    Drained {
        /// Which.
        conn: ConnId,
        /// How many.
        octets: u64,
    },
    /// A datagram.
    Datagram {
        /// The socket.
        conn: ConnId,
        /// Who sent it.
        from: SocketAddr,
        /// Its payload.
        octets: &'a [u8],
    },
    /// The program's own.
    Other(&'a [u8]),
    /// Time alone.
    Clock,
    /// A connection that the machine asked for, or a datagram socket, has this socket from now on.
    Opened {
        /// Which.
        conn: ConnId,
        /// The socket.
        socket: Cookie,
    },
    /// A connection that the machine had closed is over: nothing knows it any more.
    Ended {
        /// Which.
        conn: ConnId,
        /// Whether what was left of it is given up.
        how: Close,
    },
    /// What the primary's state comes to here.
    Digest(Digest),
    /// A new primary.
    Takeover(Takeover),
    /// What stands for an entry before.
    Verdict(Verdict),
}

/// Why octets are not the entry that they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Fewer octets than an entry has.
    #[error("{0} octets are no whole entry")]
    Short(usize),
    /// The length is beyond what fits.
    #[error("a length of {0} octets is impossible here")]
    Length(u64),
    /// The checksum does not fit.
    #[error("the checksum is {found:08x}, that of the octets is {computed:08x}")]
    Checksum {
        /// As written.
        found: u32,
        /// As it should be.
        computed: u32,
    },
    /// Nobody writes such an entry.
    #[error("kind {0} is unknown")]
    Kind(u8),
    /// The payload is not what the kind asks for.
    #[error("an entry of kind {0} has a payload that cannot be read")]
    Payload(u8),
}

/// The length in the log of an entry with so many octets of payload.
#[must_use]
pub fn length(payload: usize) -> u64 {
    (HEADER as u64 + payload as u64).next_multiple_of(ALIGN)
}

mod kind {
    pub const ACCEPTED: u8 = 1;
    pub const CONNECTED: u8 = 2;
    pub const CONNECT_FAILED: u8 = 3;
    pub const CLOSED: u8 = 4;
    pub const RECEIVED: u8 = 5;
    pub const DRAINED: u8 = 6;
    pub const DATAGRAM: u8 = 7;
    pub const OTHER: u8 = 8;
    pub const CLOCK: u8 = 9;
    pub const OPENED: u8 = 10;
    pub const ENDED: u8 = 11;
    pub const DIGEST: u8 = 12;
    pub const TAKEOVER: u8 = 13;
    pub const VERDICT: u8 = 14;
}

impl Content<'_> {
    fn kind(&self) -> u8 {
        match self {
            Content::Accepted { .. } => kind::ACCEPTED,
            Content::Connected(_) => kind::CONNECTED,
            Content::ConnectFailed { .. } => kind::CONNECT_FAILED,
            Content::Closed { .. } => kind::CLOSED,
            Content::Received { .. } => kind::RECEIVED,
            Content::Drained { .. } => kind::DRAINED,
            Content::Datagram { .. } => kind::DATAGRAM,
            Content::Other(_) => kind::OTHER,
            Content::Clock => kind::CLOCK,
            Content::Opened { .. } => kind::OPENED,
            Content::Ended { .. } => kind::ENDED,
            Content::Digest(_) => kind::DIGEST,
            Content::Takeover(_) => kind::TAKEOVER,
            Content::Verdict(_) => kind::VERDICT,
        }
    }

    /// The connection that it is about; 0 for none.
    #[must_use]
    pub fn conn(&self) -> ConnId {
        match self {
            Content::Accepted { ends, .. } | Content::Connected(ends) => ends.conn,
            Content::ConnectFailed { conn, .. }
            | Content::Closed { conn, .. }
            | Content::Received { conn, .. }
            | Content::Drained { conn, .. }
            | Content::Datagram { conn, .. }
            | Content::Opened { conn, .. }
            | Content::Ended { conn, .. } => *conn,
            Content::Other(_)
            | Content::Clock
            | Content::Digest(_)
            | Content::Takeover(_)
            | Content::Verdict(_) => ConnId(0),
        }
    }

    /// Appends the payload to `to`. What is large is not built here: a received entry's octets are in place
    /// already.
    pub(super) fn emit(&self, to: &mut Vec<u8>) {
        match self {
            Content::Accepted { ends, listener, socket } => {
                to.extend(listener.0.to_le_bytes());
                to.extend([0; 4]);
                to.extend(socket.0.to_le_bytes());
                emit_address(ends.local, to);
                emit_address(ends.remote, to);
            }
            Content::Connected(ends) => {
                emit_address(ends.local, to);
                emit_address(ends.remote, to);
            }
            Content::ConnectFailed { errno, .. } | Content::Closed { errno, .. } => {
                to.extend(errno.to_le_bytes());
            }
            Content::Received { octets, .. } | Content::Other(octets) => to.extend_from_slice(octets),
            Content::Drained { octets, .. } => to.extend(octets.to_le_bytes()),
            Content::Datagram { from, octets, .. } => {
                emit_address(*from, to);
                to.extend_from_slice(octets);
            }
            Content::Clock => {}
            Content::Opened { socket, .. } => to.extend(socket.0.to_le_bytes()),
            Content::Ended { how, .. } => to.push(u8::from(*how == Close::Abort)),
            Content::Digest(digest) => digest.emit(to),
            Content::Takeover(takeover) => takeover.emit(to),
            Content::Verdict(verdict) => verdict.emit(to),
        }
    }
}

impl Entry<'_> {
    /// Writes the header for a payload that is in place already: `whole` is header and payload, without padding.
    pub(super) fn seal(&self, whole: &mut [u8]) {
        self.seal_as(self.content.kind(), whole);
    }

    /// The same, whatever kind it is said to be.
    pub(super) fn seal_as(&self, kind: u8, whole: &mut [u8]) {
        let payload = (whole.len() - HEADER) as u32;
        whole[0..4].copy_from_slice(&payload.to_le_bytes());
        whole[8] = kind;
        whole[9..12].fill(0);
        whole[12..16].copy_from_slice(&self.epoch.0.to_le_bytes());
        whole[16..24].copy_from_slice(&self.number.0.to_le_bytes());
        whole[24..32].copy_from_slice(&self.time.0.to_le_bytes());
        whole[32..40].copy_from_slice(&self.content.conn().0.to_le_bytes());
        let sum = checksum(whole);
        whole[4..8].copy_from_slice(&sum.to_le_bytes());
    }
}

/// The length of the payload that a header speaks of, unchecked.
pub(super) fn payload_length(header: &[u8]) -> usize {
    u32_at(header, 0) as usize
}

/// Whether a header, unchecked, is that of a verdict.
pub(super) fn is_verdict(header: &[u8]) -> bool {
    header.len() >= HEADER && header[8] == kind::VERDICT
}

/// Reads an entry that begins where `octets` begins.
///
/// # Errors
/// Where they are not a whole entry as this module writes it.
pub fn parse(octets: &[u8]) -> Result<Entry<'_>, EntryError> {
    if octets.len() < HEADER {
        return Err(EntryError::Short(octets.len()));
    }
    let length = payload_length(octets);
    let whole = octets.get(..HEADER + length).ok_or(EntryError::Length(length as u64))?;
    let (found, computed) = (u32_at(whole, 4), checksum(whole));
    if found != computed {
        return Err(EntryError::Checksum { found, computed });
    }
    let kind = whole[8];
    let conn = ConnId(u64_at(whole, 32));
    let content = parse_content(kind, conn, &whole[HEADER..])?;
    Ok(Entry {
        number: EntryNumber(u64_at(whole, 16)),
        epoch: Epoch(u32_at(whole, 12)),
        time: Time(u64_at(whole, 24)),
        content,
    })
}

fn parse_content(kind: u8, conn: ConnId, payload: &[u8]) -> Result<Content<'_>, EntryError> {
    let wrong = EntryError::Payload(kind);
    let content = match kind {
        kind::ACCEPTED if payload.len() == 16 + 2 * ADDRESS => Content::Accepted {
            listener: ListenerId(u32_at(payload, 0)),
            socket: Cookie(u64_at(payload, 8)),
            ends: parse_ends(conn, &payload[16..]).ok_or(wrong)?,
        },
        kind::CONNECTED if payload.len() == 2 * ADDRESS => {
            Content::Connected(parse_ends(conn, payload).ok_or(wrong)?)
        }
        kind::CONNECT_FAILED if payload.len() == 4 => {
            Content::ConnectFailed { conn, errno: u32_at(payload, 0) as i32 }
        }
        kind::CLOSED if payload.len() == 4 => Content::Closed { conn, errno: u32_at(payload, 0) as i32 },
        kind::RECEIVED if !payload.is_empty() => Content::Received { conn, octets: payload },
        kind::DRAINED if payload.len() == 8 => Content::Drained { conn, octets: u64_at(payload, 0) },
        kind::DATAGRAM if payload.len() >= ADDRESS => Content::Datagram {
            conn,
            from: parse_address(payload).ok_or(wrong)?,
            octets: &payload[ADDRESS..],
        },
        kind::OTHER => Content::Other(payload),
        kind::CLOCK if payload.is_empty() => Content::Clock,
        kind::OPENED if payload.len() == 8 => Content::Opened { conn, socket: Cookie(u64_at(payload, 0)) },
        kind::ENDED if payload == [0] => Content::Ended { conn, how: Close::Orderly },
        kind::ENDED if payload == [1] => Content::Ended { conn, how: Close::Abort },
        kind::DIGEST => Content::Digest(Digest::parse(payload).ok_or(wrong)?),
        kind::TAKEOVER => Content::Takeover(Takeover::parse(payload).ok_or(wrong)?),
        kind::VERDICT => Content::Verdict(Verdict::parse(payload).ok_or(wrong)?),
        kind::ACCEPTED..=kind::VERDICT => return Err(wrong),
        other => return Err(EntryError::Kind(other)),
    };
    Ok(content)
}

fn checksum(whole: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&whole[..4]);
    hasher.update(&whole[8..]);
    hasher.finalize()
}

/// Octets of an address: family, 16 of address, port, flow and scope.
const ADDRESS: usize = 28;

fn emit_address(address: SocketAddr, to: &mut Vec<u8>) {
    let (family, octets, flow, scope) = match address {
        SocketAddr::V4(v4) => (4_u8, v4.ip().to_ipv6_mapped().octets(), 0, 0),
        SocketAddr::V6(v6) => (6, v6.ip().octets(), v6.flowinfo(), v6.scope_id()),
    };
    to.extend([family, 0]);
    to.extend(address.port().to_le_bytes());
    to.extend(octets);
    to.extend(flow.to_le_bytes());
    to.extend(scope.to_le_bytes());
}

fn parse_address(octets: &[u8]) -> Option<SocketAddr> {
    let port = u16::from_le_bytes([octets[2], octets[3]]);
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(&octets[4..20]).ok()?);
    match octets[0] {
        4 => Some(SocketAddr::new(IpAddr::V4(mapped(address)?), port)),
        6 => Some(SocketAddrV6::new(address, port, u32_at(octets, 20), u32_at(octets, 24)).into()),
        _ => None,
    }
}

fn mapped(address: Ipv6Addr) -> Option<Ipv4Addr> {
    address.to_ipv4_mapped()
}

fn parse_ends(conn: ConnId, octets: &[u8]) -> Option<Ends> {
    Some(Ends { conn, local: parse_address(octets)?, remote: parse_address(&octets[ADDRESS..])? })
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

fn u64_at(octets: &[u8], at: usize) -> u64 {
    u64::from(u32_at(octets, at)) | u64::from(u32_at(octets, at + 4)) << 32
}
