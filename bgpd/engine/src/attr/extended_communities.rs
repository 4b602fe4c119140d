//! EXTENDED_COMMUNITIES (RFC 4360), four-octet AS specific ones (RFC 5668), link bandwidth.

use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::communities::digits;
use super::table::{Mandatory, OPTIONAL, Row, TRANSITIVE, emit_header};
use super::{Disposition, List};
use crate::value::Asn;

/// One extended community: type, subtype and value, eight octets in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExtendedCommunity(pub [u8; 8]);

/// A route's extended communities, in the order received.
pub type ExtendedCommunities = List<ExtendedCommunity>;

const TWO_OCTET_AS: u8 = 0x00;
const IPV4_ADDRESS: u8 = 0x01;
const FOUR_OCTET_AS: u8 = 0x02;
const OPAQUE: u8 = 0x03;
/// This bit of the type is set where the community does not leave the AS.
const NON_TRANSITIVE: u8 = 0x40;

const ROUTE_TARGET: u8 = 0x02;
const SITE_OF_ORIGIN: u8 = 0x03;
const LINK_BANDWIDTH: u8 = 0x04;
const COLOR: u8 = 0x0b;
const ENCAPSULATION: u8 = 0x0c;
const ORIGIN_VALIDATION: u8 = 0x00;

impl ExtendedCommunity {
    /// Whether the community may leave the AS (RFC 4360 §2).
    #[must_use]
    pub const fn is_transitive(self) -> bool {
        self.0[0] & NON_TRANSITIVE == 0
    }

    /// The bandwidth that a link bandwidth community tells, in octets a second, with the AS that set it.
    #[must_use]
    pub fn link_bandwidth(self) -> Option<(Asn, f32)> {
        let [kind, subtype, high, low, a, b, c, d] = self.0;
        let known = kind & !NON_TRANSITIVE == TWO_OCTET_AS && subtype == LINK_BANDWIDTH;
        known.then(|| (Asn(u32::from_be_bytes([0, 0, high, low])), f32::from_be_bytes([a, b, c, d])))
    }

    /// A link bandwidth community, non-transitive as its draft has it, of this many octets a second.
    #[must_use]
    pub fn from_link_bandwidth(asn: Asn, octets_per_s: f32) -> Self {
        let asn = if asn.is_two_octet() { asn } else { crate::value::AS_TRANS };
        let [_, _, high, low] = asn.0.to_be_bytes();
        let [a, b, c, d] = octets_per_s.to_be_bytes();
        ExtendedCommunity([TWO_OCTET_AS | NON_TRANSITIVE, LINK_BANDWIDTH, high, low, a, b, c, d])
    }

    /// The same community, which may leave the AS.
    #[must_use]
    pub const fn transitive(self) -> Self {
        let mut octets = self.0;
        octets[0] &= !NON_TRANSITIVE;
        ExtendedCommunity(octets)
    }

    /// A route target from its text without the keyword.
    #[must_use]
    pub fn route_target(text: &str) -> Option<Self> {
        Self::from_pair(text, ROUTE_TARGET)
    }

    /// A site of origin from its text without the keyword.
    #[must_use]
    pub fn site_of_origin(text: &str) -> Option<Self> {
        Self::from_pair(text, SITE_OF_ORIGIN)
    }

    /// The text of a route target or a site of origin without its keyword, as configurations have it.
    #[must_use]
    pub fn pair(self) -> impl fmt::Display {
        Pair(self)
    }

    /// `rt` or `soo`, as configurations have it.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        if self.0[1] == ROUTE_TARGET { "rt" } else { "soo" }
    }

    /// A route target or site of origin from its text: `65000:1`, `70000:1`, `192.0.2.1:1`, as FRR's `rt` and
    /// `soo` keywords take it.
    fn from_pair(text: &str, subtype: u8) -> Option<Self> {
        let (administrator, value) = text.rsplit_once(':')?;
        if let Ok(address) = administrator.parse::<Ipv4Addr>() {
            let [i, j, k, l] = address.octets();
            let [high, low] = digits::<u16>(value)?.to_be_bytes();
            return Some(ExtendedCommunity([IPV4_ADDRESS, subtype, i, j, k, l, high, low]));
        }
        let asn: Asn = administrator.parse().ok()?;
        let [i, j, k, l] = asn.0.to_be_bytes();
        if asn.is_two_octet() {
            let [a, b, c, d] = digits::<u32>(value)?.to_be_bytes();
            return Some(ExtendedCommunity([TWO_OCTET_AS, subtype, k, l, a, b, c, d]));
        }
        let [high, low] = digits::<u16>(value)?.to_be_bytes();
        Some(ExtendedCommunity([FOUR_OCTET_AS, subtype, i, j, k, l, high, low]))
    }

    fn write_link_bandwidth(self, f: &mut fmt::Formatter<'_>, asn: Asn, octets_per_s: f32) -> fmt::Result {
        let whole = octets_per_s as u32;
        let bits = octets_per_s * 8.0;
        write!(f, "LB:{asn}:{whole} ")?;
        match bits {
            1e9.. => write!(f, "({:.3} Gbps)", bits / 1e9),
            1e6.. => write!(f, "({:.3} Mbps)", bits / 1e6),
            1e3.. => write!(f, "({:.3} Kbps)", bits / 1e3),
            _ => write!(f, "({} bps)", bits as u64),
        }
    }
}

/// A route target or site of origin without its keyword.
struct Pair(ExtendedCommunity);

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, _, i, j, k, l, m, n] = self.0.0;
        match kind & !NON_TRANSITIVE {
            IPV4_ADDRESS => write!(f, "{}:{}", Ipv4Addr::new(i, j, k, l), u16::from_be_bytes([m, n])),
            FOUR_OCTET_AS => write!(f, "{}:{}", u32::from_be_bytes([i, j, k, l]), u16::from_be_bytes([m, n])),
            _ => write!(f, "{}:{}", u16::from_be_bytes([i, j]), u32::from_be_bytes([k, l, m, n])),
        }
    }
}

impl fmt::Display for ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((asn, octets_per_s)) = self.link_bandwidth() {
            return self.write_link_bandwidth(f, asn, octets_per_s);
        }
        let [kind, subtype, value @ ..] = self.0;
        let [_, _, k, l, m, n] = value;
        let name = match subtype {
            ROUTE_TARGET => "RT",
            _ => "SoO",
        };
        match (kind, subtype) {
            (TWO_OCTET_AS | IPV4_ADDRESS | FOUR_OCTET_AS, ROUTE_TARGET | SITE_OF_ORIGIN) => {
                write!(f, "{name}:{}", Pair(*self))
            }
            (OPAQUE, COLOR) => write!(f, "Color:{}", u32::from_be_bytes([k, l, m, n])),
            (OPAQUE, ENCAPSULATION) => write!(f, "ET:{}", u16::from_be_bytes([m, n])),
            (0x43, ORIGIN_VALIDATION) => match n {
                0 => f.write_str("OVS:valid"),
                1 => f.write_str("OVS:not-found"),
                2 => f.write_str("OVS:invalid"),
                _ => f.write_str("OVS:unknown"),
            },
            _ => write!(f, "UNK:{kind}, {subtype}"),
        }
    }
}

/// The text is not an extended community.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an extended community: write RT:AS:VALUE, RT:ADDRESS:VALUE or the same with SoO")]
pub struct ParseExtendedCommunityError;

impl FromStr for ExtendedCommunity {
    type Err = ParseExtendedCommunityError;

    /// Reads `RT:65000:1` and `SoO:192.0.2.1:7`, the keyword in any case, with a colon or a space after it.
    fn from_str(text: &str) -> Result<Self, ParseExtendedCommunityError> {
        let (keyword, pair) = text.split_once([':', ' ']).ok_or(ParseExtendedCommunityError)?;
        let subtype = if keyword.eq_ignore_ascii_case("rt") {
            ROUTE_TARGET
        } else if keyword.eq_ignore_ascii_case("soo") {
            SITE_OF_ORIGIN
        } else {
            return Err(ParseExtendedCommunityError);
        };
        Self::from_pair(pair, subtype).ok_or(ParseExtendedCommunityError)
    }
}

//= rfc7606#section-7.14
//# The Extended Community attribute SHALL be considered malformed if its length is not a non-zero multiple of
//# 8. An UPDATE message with a malformed Extended Community attribute SHALL be handled using the approach of
//# "treat-as-withdraw".
pub(super) const ROW: Row = Row {
    code: 16,
    name: "EXTENDED_COMMUNITIES",
    flags: OPTIONAL | TRANSITIVE,
    partial: 4,
    mandatory: Mandatory::No,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, _, draft| {
        draft.rare.extended_communities = List::parse(octets, ExtendedCommunity)?;
        Ok(())
    },
    emit: |attributes, _, out| {
        let list = &attributes.rare().extended_communities;
        if !list.is_empty() {
            emit_header(ROW.flags_in(attributes), ROW.code, list.len() * 8, out);
            list.iter().for_each(|community| out.extend_from_slice(&community.0));
        }
    },
};

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn text_is_read_as_it_is_written() {
        for text in ["RT:65000:1", "SoO:65000:70000", "RT:70000:1", "SoO:192.0.2.1:7"] {
            assert_eq!(text.parse::<ExtendedCommunity>().unwrap().to_string(), text);
        }
        assert_eq!("rt 65000:1".parse::<ExtendedCommunity>(), "RT:65000:1".parse());
        for bad in ["", "RT", "RT:65000", "RT:70000:65536", "RT:0:1", "XX:1:1", "RT:1.2.3.4:65536"] {
            assert_eq!(bad.parse::<ExtendedCommunity>(), Err(ParseExtendedCommunityError), "{bad}");
        }
    }

    #[test]
    fn a_link_bandwidth_tells_its_unit() {
        let text = |octets| ExtendedCommunity::from_link_bandwidth(Asn(65001), octets).to_string();
        assert_eq!(text(125_000_000.0), "LB:65001:125000000 (1.000 Gbps)");
        assert_eq!(text(1_250_000.0), "LB:65001:1250000 (10.000 Mbps)");
        assert_eq!(text(125.0), "LB:65001:125 (1.000 Kbps)");
        assert_eq!(text(100.0), "LB:65001:100 (800 bps)");
        let community = ExtendedCommunity::from_link_bandwidth(Asn(65001), 5.0);
        assert_eq!(community.link_bandwidth(), Some((Asn(65001), 5.0)));
        assert!(!community.is_transitive());
    }

    #[test]
    fn other_communities_are_named_by_their_numbers() {
        assert_eq!(ExtendedCommunity([6, 1, 0, 0, 0, 0, 0, 0]).to_string(), "UNK:6, 1");
        assert_eq!(ExtendedCommunity([3, 11, 0, 0, 0, 0, 0, 100]).to_string(), "Color:100");
        assert_eq!(ExtendedCommunity([0x43, 0, 0, 0, 0, 0, 0, 2]).to_string(), "OVS:invalid");
    }
}
