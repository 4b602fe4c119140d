//! Capabilities (RFC 5492): what a speaker offers in its OPEN. A value with more than a number in it has a file
//! of its own here; [`TABLE`] has a row a code. A code that is not in it, or a value that cannot be read, is
//! kept as [`Capability::Unknown`] and has no effect.

mod add_path;
mod extended_next_hop;
mod family;
mod graceful_restart;
mod names;
mod role;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use add_path::{AddPathFamily, AddPathMode};
pub use extended_next_hop::ExtendedNextHopFamily;
pub use graceful_restart::{GracefulRestart, RestartFamily};
pub use names::{Fqdn, SoftwareVersion};
pub use role::Role;

use super::Notification;
use crate::value::{AfiSafi, Asn};

/// One capability of a speaker.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Capability {
    /// Multiprotocol: a family (RFC 4760 §8).
    MultiProtocol(AfiSafi),
    /// Route refresh (RFC 2918).
    RouteRefresh,
    /// Extended next hop encoding (RFC 8950 §4).
    ExtendedNextHop(Vec<ExtendedNextHopFamily>),
    /// Extended messages (RFC 8654).
    ExtendedMessage,
    /// Role (RFC 9234 §4.1).
    Role(Role),
    /// Graceful restart (RFC 4724 §3).
    GracefulRestart(GracefulRestart),
    /// Four-octet AS numbers, with the speaker's (RFC 6793 §3).
    FourOctetAs(Asn),
    /// ADD-PATH (RFC 7911 §4).
    AddPath(Vec<AddPathFamily>),
    /// Enhanced route refresh (RFC 7313 §3.1).
    EnhancedRouteRefresh,
    /// The speaker's host name and domain (draft-walton-bgp-hostname-capability).
    Fqdn(Fqdn),
    /// The speaker's software version (draft-abraitis-bgp-version-capability).
    SoftwareVersion(SoftwareVersion),
    /// One that this router does not know, or whose value cannot be read.
    Unknown {
        /// Its code.
        code: u8,
        /// Its value.
        value: Vec<u8>,
    },
}

/// One capability's definition.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The code.
    pub code: u8,
    /// The name, as the RFCs write it.
    pub name: &'static str,
    /// Whether a value that cannot be read makes the OPEN malformed: so where the session cannot go on without.
    pub vital: bool,
    /// Reads a value.
    pub parse: fn(&[u8]) -> Option<Capability>,
}

/// Every capability that this router knows, in ascending order of code.
pub static TABLE: [Row; 11] = [
    Row { code: 1, name: "Multiprotocol Extensions", vital: true, parse: family::parse },
    Row {
        code: 2,
        name: "Route Refresh",
        vital: false,
        parse: |value| flag(value, Capability::RouteRefresh),
    },
    Row { code: 5, name: "Extended Next Hop Encoding", vital: false, parse: extended_next_hop::parse },
    Row {
        code: 6,
        name: "Extended Message",
        vital: false,
        parse: |value| flag(value, Capability::ExtendedMessage),
    },
    Row { code: 9, name: "BGP Role", vital: false, parse: role::parse },
    Row { code: 64, name: "Graceful Restart", vital: false, parse: graceful_restart::parse },
    Row { code: 65, name: "4-octet AS number", vital: true, parse: four_octet_as },
    Row { code: 69, name: "ADD-PATH", vital: false, parse: add_path::parse },
    Row {
        code: 70,
        name: "Enhanced Route Refresh",
        vital: false,
        parse: |value| flag(value, Capability::EnhancedRouteRefresh),
    },
    Row { code: 73, name: "FQDN", vital: false, parse: names::parse_fqdn },
    Row { code: 75, name: "Software Version", vital: false, parse: names::parse_software_version },
];

/// A capability without a value.
fn flag(value: &[u8], capability: Capability) -> Option<Capability> {
    value.is_empty().then_some(capability)
}

fn four_octet_as(value: &[u8]) -> Option<Capability> {
    let octets = <[u8; 4]>::try_from(value).ok()?;
    Some(Capability::FourOctetAs(Asn(u32::from_be_bytes(octets))))
}

impl Capability {
    /// The capability of this code and value. The error is for the peer.
    pub fn parse(code: u8, value: &[u8]) -> Result<Self, Notification> {
        let row = TABLE.iter().find(|row| row.code == code);
        match row.map(|row| (row.parse)(value)) {
            Some(Some(capability)) => Ok(capability),
            Some(None) if row.is_some_and(|row| row.vital) => Err(Notification::open_unspecific()),
            Some(None) | None => Ok(Capability::Unknown { code, value: value.to_vec() }),
        }
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Capability::MultiProtocol(_) => 1,
            Capability::RouteRefresh => 2,
            Capability::ExtendedNextHop(_) => 5,
            Capability::ExtendedMessage => 6,
            Capability::Role(_) => 9,
            Capability::GracefulRestart(_) => 64,
            Capability::FourOctetAs(_) => 65,
            Capability::AddPath(_) => 69,
            Capability::EnhancedRouteRefresh => 70,
            Capability::Fqdn(_) => 73,
            Capability::SoftwareVersion(_) => 75,
            Capability::Unknown { code, .. } => *code,
        }
    }

    /// The name, as the RFCs write it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        TABLE.iter().find(|row| row.code == self.code()).map_or("unknown", |row| row.name)
    }

    /// Appends code, length and value. A value of more than 255 octets, which the format does not have, is cut.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[self.code(), 0]);
        match self {
            Capability::RouteRefresh | Capability::ExtendedMessage | Capability::EnhancedRouteRefresh => {}
            Capability::MultiProtocol(numbers) => family::emit(*numbers, out),
            Capability::ExtendedNextHop(families) => extended_next_hop::emit(families, out),
            Capability::Role(role) => out.push(role.to_octet()),
            Capability::GracefulRestart(restart) => restart.emit(out),
            Capability::FourOctetAs(asn) => out.extend_from_slice(&asn.0.to_be_bytes()),
            Capability::AddPath(families) => add_path::emit(families, out),
            Capability::Fqdn(fqdn) => fqdn.emit(out),
            Capability::SoftwareVersion(version) => version.emit(out),
            Capability::Unknown { value, .. } => out.extend_from_slice(value),
        }
        out.truncate(start + 2 + usize::from(u8::MAX));
        out[start + 1] = u8::try_from(out.len() - start - 2).unwrap_or(u8::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_ascending_order_and_agree_with_the_codes() {
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
        assert_eq!(Capability::parse(6, &[]), Ok(Capability::ExtendedMessage));
        assert_eq!(Capability::ExtendedMessage.name(), "Extended Message");
    }

    #[test]
    fn values_that_cannot_be_read_are_kept_and_vital_ones_end_the_session() {
        let unknown = |code, value: &[u8]| Capability::Unknown { code, value: value.to_vec() };
        for (code, value) in
            [(2, &[1][..]), (5, &[1]), (9, &[]), (64, &[1]), (69, &[1, 2]), (73, &[9]), (200, &[1])]
        {
            assert_eq!(Capability::parse(code, value), Ok(unknown(code, value)));
        }
        assert_eq!(Capability::parse(65, &[1, 2]), Err(Notification::open_unspecific()));
        assert_eq!(Capability::parse(1, &[0, 1, 0]), Err(Notification::open_unspecific()));
    }

    #[test]
    fn a_value_that_is_too_long_is_cut() {
        let mut out = Vec::new();
        Capability::Unknown { code: 200, value: [7; 300].to_vec() }.emit(&mut out);
        assert_eq!((out.len(), out[1]), (257, 255));
    }
}
