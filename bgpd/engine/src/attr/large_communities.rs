//! LARGE_COMMUNITY (RFC 8092).

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::communities::digits;
use super::table::{Mandatory, OPTIONAL, Row, TRANSITIVE, emit_header};
use super::{Disposition, List};

/// One large community: global administrator, local data part 1, local data part 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LargeCommunity(pub [u32; 3]);

/// A route's large communities, in the order received.
pub type LargeCommunities = List<LargeCommunity>;

impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [administrator, first, second] = self.0;
        write!(f, "{administrator}:{first}:{second}")
    }
}

/// The text is not a large community.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a large community: write AS:VALUE:VALUE, each from 0 to 4294967295")]
pub struct ParseLargeCommunityError;

impl FromStr for LargeCommunity {
    type Err = ParseLargeCommunityError;

    fn from_str(text: &str) -> Result<Self, ParseLargeCommunityError> {
        let mut parts = text.split(':').map(|part| digits(part).ok_or(ParseLargeCommunityError));
        let mut part = || parts.next().ok_or(ParseLargeCommunityError)?;
        let community = LargeCommunity([part()?, part()?, part()?]);
        if part().is_ok() || text.matches(':').count() != 2 {
            Err(ParseLargeCommunityError)
        } else {
            Ok(community)
        }
    }
}

fn parse(octets: [u8; 12]) -> LargeCommunity {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = octets;
    LargeCommunity([[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_be_bytes))
}

//= rfc8092#section-6
//# A BGP Large Communities attribute SHALL be considered malformed if the length of the BGP Large Communities
//# Attribute value, expressed in octets, is not a non-zero multiple of 12. […] shall be handled using the
//# approach of "treat-as-withdraw"
pub(super) const ROW: Row = Row {
    code: 32,
    name: "LARGE_COMMUNITY",
    flags: OPTIONAL | TRANSITIVE,
    partial: 16,
    mandatory: Mandatory::No,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, _, draft| {
        draft.rare.large_communities = List::parse(octets, parse)?;
        Ok(())
    },
    emit: |attributes, _, out| {
        let list = &attributes.rare().large_communities;
        if !list.is_empty() {
            emit_header(ROW.flags_in(attributes), ROW.code, list.len() * 12, out);
            list.iter().flat_map(|large| large.0).for_each(|part| out.extend_from_slice(&part.to_be_bytes()));
        }
    },
};

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn text_is_read_as_it_is_written() {
        let large: LargeCommunity = "65001:1:4294967295".parse().unwrap();
        assert_eq!(large, LargeCommunity([65001, 1, u32::MAX]));
        assert_eq!(large.to_string(), "65001:1:4294967295");
        for bad in ["", "1:2", "1:2:3:4", "1::3", "1:2:4294967296", "a:b:c", "1:2:3:"] {
            assert_eq!(bad.parse::<LargeCommunity>(), Err(ParseLargeCommunityError), "{bad}");
        }
    }

    #[test]
    fn the_three_parts_stand_in_order() {
        assert_eq!(parse([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]), LargeCommunity([1, 2, 3]));
    }
}
