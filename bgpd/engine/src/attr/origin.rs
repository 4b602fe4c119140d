//! ORIGIN (RFC 4271 §5.1.1): where the route entered BGP.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::table::{Mandatory, Row, TRANSITIVE, emit_attribute};
use super::{Disposition, Fault};

/// Where the route entered BGP. Ordered as the decision process prefers: the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// Interior to the originating AS.
    #[default]
    Igp = 0,
    /// Learned by EGP.
    Egp = 1,
    /// By some other means.
    Incomplete = 2,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Igp => "IGP",
            Origin::Egp => "EGP",
            Origin::Incomplete => "incomplete",
        })
    }
}

fn parse(octets: &[u8]) -> Result<Origin, Fault> {
    match octets {
        [0] => Ok(Origin::Igp),
        [1] => Ok(Origin::Egp),
        [2] => Ok(Origin::Incomplete),
        [other] => Err(Fault::UndefinedOrigin(*other)),
        _ => Err(Fault::Length(octets.len())),
    }
}

//= rfc7606#section-7.1
//# An UPDATE message with a malformed ORIGIN attribute SHALL be handled using the approach of
//# "treat-as-withdraw".
pub(super) const ROW: Row = Row {
    code: 1,
    name: "ORIGIN",
    flags: TRANSITIVE,
    partial: 0,
    mandatory: Mandatory::Announcement,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, _, draft| parse(octets).map(|origin| draft.attributes.origin = origin),
    emit: |attributes, _, out| emit_attribute(&ROW, &[attributes.origin as u8], out),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_three_defined_origins_are_read() {
        assert_eq!(parse(&[0]), Ok(Origin::Igp));
        assert_eq!(parse(&[2]), Ok(Origin::Incomplete));
        assert_eq!(parse(&[3]), Err(Fault::UndefinedOrigin(3)));
        assert_eq!(parse(&[]), Err(Fault::Length(0)));
        assert_eq!(parse(&[0, 0]), Err(Fault::Length(2)));
    }
}
