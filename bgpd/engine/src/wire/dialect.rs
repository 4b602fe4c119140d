//! What two speakers have agreed on, as far as the octets of their messages depend on it.

use serde::{Deserialize, Serialize};

use super::frame;
use crate::attr::table::{Inbound, Outbound};
use crate::value::{Family, PeerKind, PerFamily};

/// What two speakers have agreed on, as far as the octets of their messages depend on it.
///
/// The default is what holds before the OPEN messages: nothing is agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialect {
    /// Both have four-octet AS numbers (RFC 6793).
    pub four_octet_as: bool,
    /// Both take messages of more than 4,096 octets (RFC 8654).
    pub extended_message: bool,
    /// The peer's prefixes come with a path identifier (RFC 7911).
    pub add_path_rx: PerFamily<bool>,
    /// Prefixes go to the peer with a path identifier.
    pub add_path_tx: PerFamily<bool>,
    /// IPv4 prefixes may have an IPv6 next hop (RFC 8950).
    pub extended_next_hop: bool,
    /// The families that both have.
    pub families: PerFamily<bool>,
    /// What the peer is to this router.
    pub peer: PeerKind,
    /// Paths with an AS_SET are refused (RFC 9774).
    pub reject_as_sets: bool,
    /// AIGP is exchanged (RFC 7311 §3.2).
    pub aigp: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect {
            four_octet_as: false,
            extended_message: false,
            add_path_rx: PerFamily::default(),
            add_path_tx: PerFamily::default(),
            extended_next_hop: false,
            families: PerFamily::default(),
            peer: PeerKind::External,
            reject_as_sets: true,
            aigp: false,
        }
    }
}

impl Dialect {
    /// The most octets that a message may have.
    #[must_use]
    pub const fn max_len(&self) -> usize {
        if self.extended_message { frame::MAX_EXTENDED_LEN } else { frame::MAX_LEN }
    }

    /// What the reader of attributes needs to know.
    pub(super) const fn inbound(&self) -> Inbound {
        Inbound {
            four_octet_as: self.four_octet_as,
            extended_next_hop: self.extended_next_hop,
            peer: self.peer,
            reject_as_sets: self.reject_as_sets,
            aigp: self.aigp,
        }
    }

    /// What the writer of attributes needs to know.
    pub(super) const fn outbound(&self, family: Family) -> Outbound {
        Outbound { family, four_octet_as: self.four_octet_as, peer: self.peer, aigp: self.aigp }
    }
}
