//! COMMUNITIES (RFC 1997), with the well-known ones of IANA's registry.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::table::{Mandatory, OPTIONAL, Row, TRANSITIVE, emit_header};
use super::{Disposition, List};

/// One community: the AS in the upper two octets, by convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Community(pub u32);

/// A route's communities, in the order received.
pub type Communities = List<Community>;

impl Community {
    /// The peer should keep the traffic off its usual path (RFC 8326).
    pub const GRACEFUL_SHUTDOWN: Community = Community(0xffff_0000);
    /// Drop the traffic (RFC 7999).
    pub const BLACKHOLE: Community = Community(0xffff_029a);
    /// Not to be advertised outside of the confederation (RFC 1997).
    pub const NO_EXPORT: Community = Community(0xffff_ff01);
    /// Not to be advertised at all (RFC 1997).
    pub const NO_ADVERTISE: Community = Community(0xffff_ff02);
    /// Not to be advertised to any external peer, confederation included (RFC 1997: NO_EXPORT_SUBCONFED).
    pub const LOCAL_AS: Community = Community(0xffff_ff03);
    /// Not to be advertised over bilateral peerings (RFC 3765).
    pub const NO_PEER: Community = Community(0xffff_ff04);
    /// Kept beyond graceful restart (RFC 9494).
    pub const LLGR_STALE: Community = Community(0xffff_0006);
    /// Not to be kept beyond graceful restart (RFC 9494).
    pub const NO_LLGR: Community = Community(0xffff_0007);
}

const WELL_KNOWN: [(Community, &str); 14] = [
    (Community::GRACEFUL_SHUTDOWN, "graceful-shutdown"),
    (Community(0xffff_0001), "accept-own"),
    (Community(0xffff_0002), "route-filter-translated-v4"),
    (Community(0xffff_0003), "route-filter-v4"),
    (Community(0xffff_0004), "route-filter-translated-v6"),
    (Community(0xffff_0005), "route-filter-v6"),
    (Community::LLGR_STALE, "llgr-stale"),
    (Community::NO_LLGR, "no-llgr"),
    (Community(0xffff_0008), "accept-own-nexthop"),
    (Community::BLACKHOLE, "blackhole"),
    (Community::NO_EXPORT, "no-export"),
    (Community::NO_ADVERTISE, "no-advertise"),
    (Community::LOCAL_AS, "local-AS"),
    (Community::NO_PEER, "no-peer"),
];

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match WELL_KNOWN.iter().find(|(community, _)| community == self) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "{}:{}", self.0 >> 16, self.0 & 0xffff),
        }
    }
}

/// The text is not a community.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a community: write AS:VALUE with both from 0 to 65535, or a name like no-export")]
pub struct ParseCommunityError;

impl FromStr for Community {
    type Err = ParseCommunityError;

    /// Reads `65001:100`, a number of 32 bits, or a well-known community's name.
    fn from_str(text: &str) -> Result<Self, ParseCommunityError> {
        if let Some((community, _)) = WELL_KNOWN.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
            return Ok(*community);
        }
        let number = match text.split_once(':') {
            Some((high, low)) => {
                let high: u16 = digits(high).ok_or(ParseCommunityError)?;
                let low: u16 = digits(low).ok_or(ParseCommunityError)?;
                u32::from(high) << 16 | u32::from(low)
            }
            None => digits(text).ok_or(ParseCommunityError)?,
        };
        Ok(Community(number))
    }
}

/// A number of decimal digits alone: `parse` would also take a leading `+`.
pub(super) fn digits<T: FromStr>(text: &str) -> Option<T> {
    let plain = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

//= rfc7606#section-7.8
//# The error handling of [RFC1997] is revised as follows: The Community attribute SHALL be considered malformed
//# if its length is not a non-zero multiple of 4. An UPDATE message with a malformed Community attribute SHALL
//# be handled using the approach of "treat-as-withdraw".
pub(super) const ROW: Row = Row {
    code: 8,
    name: "COMMUNITIES",
    flags: OPTIONAL | TRANSITIVE,
    partial: 2,
    mandatory: Mandatory::No,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, _, draft| {
        draft.attributes.communities = List::parse(octets, |value| Community(u32::from_be_bytes(value)))?;
        Ok(())
    },
    emit: |attributes, _, out| {
        let list = &attributes.communities;
        if !list.is_empty() {
            emit_header(ROW.flags_in(attributes), ROW.code, list.len() * 4, out);
            list.iter().for_each(|community| out.extend_from_slice(&community.0.to_be_bytes()));
        }
    },
};

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn text_is_read_as_it_is_written() {
        for text in ["65001:100", "no-export", "local-AS", "blackhole", "0:0", "graceful-shutdown"] {
            assert_eq!(text.parse::<Community>().unwrap().to_string(), text);
        }
        assert_eq!("4259905636".parse(), Ok(Community(4_259_905_636)));
        for bad in ["", "1:", ":1", "65536:1", "1:65536", "+1:1", "no-exports", "1:2:3"] {
            assert_eq!(bad.parse::<Community>(), Err(ParseCommunityError), "{bad}");
        }
    }

    #[test]
    fn a_list_is_written_with_spaces_between() {
        let list: Communities = [Community(0xfde9_0064), Community::NO_EXPORT].into_iter().collect();
        assert_eq!(list.to_string(), "65001:100 no-export");
    }
}
