//! What can be wrong with a path attribute, and what is done about it (RFC 7606).

use core::fmt;

/// The reactions to a malformed attribute, the mildest first (RFC 7606 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// The attribute is dropped, the routes are taken without it.
    AttributeDiscard,
    /// The message's announced routes are withdrawn.
    TreatAsWithdraw,
    /// The family is no longer exchanged on this session.
    AfiSafiDisable,
    /// The session ends with a NOTIFICATION.
    SessionReset,
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Disposition::AttributeDiscard => "attribute discarded",
            Disposition::TreatAsWithdraw => "treated as withdraw",
            Disposition::AfiSafiDisable => "address family disabled",
            Disposition::SessionReset => "session reset",
        })
    }
}

/// What is wrong with one attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Fault {
    /// The Optional or Transitive bit is not what the attribute's definition says.
    #[error("flags {0:#04x} are not those of this attribute")]
    Flags(u8),
    /// A length that the attribute cannot have, in octets.
    #[error("length {0} is not possible")]
    Length(usize),
    /// The attribute reaches beyond the field that holds it, or only a piece of a header is left.
    #[error("runs over the end of the path attributes")]
    Overrun,
    /// A mandatory attribute is not there.
    #[error("mandatory, but missing")]
    Missing,
    /// The attribute is there more than once.
    #[error("occurs more than once")]
    Repeated,
    /// Marked well-known, but not known.
    #[error("marked well-known, but not known")]
    Unrecognized,
    /// Only an internal or confederation peer may send it.
    #[error("not accepted from an external peer")]
    ExternalPeer,
    /// It is not enabled on this session.
    #[error("not enabled on this session")]
    NotEnabled,
    /// AS4_PATH and AS4_AGGREGATOR are for speakers without four-octet AS numbers.
    #[error("not expected from a peer with four-octet AS numbers")]
    NewSpeaker,
    /// ORIGIN has a value that is not defined.
    #[error("undefined origin {0}")]
    UndefinedOrigin(u8),
    /// The next hop is no address of a host.
    #[error("the next hop is not the address of a host")]
    NextHopAddress,
    /// The next hop's length does not fit the family, in octets.
    #[error("next hop length {0} is not possible for the address family")]
    NextHopLength(u8),
    /// An AS_PATH segment of a type that is not defined.
    #[error("undefined segment type {0}")]
    SegmentType(u8),
    /// An AS_PATH segment without an AS.
    #[error("a segment without an AS")]
    SegmentEmpty,
    /// An AS_PATH segment that reaches beyond the attribute, or one octet left over.
    #[error("a segment runs over the end of the attribute")]
    SegmentOverrun,
    /// AS 0 (RFC 7607).
    #[error("holds AS 0")]
    AsZero,
    /// AS_SET or AS_CONFED_SET (RFC 9774).
    #[error("holds an AS_SET")]
    AsSet,
    /// Confederation segments from a peer outside of the confederation (RFC 5065 §5).
    #[error("holds a confederation segment, but the peer is not of the confederation")]
    ConfedSegment,
    /// No confederation segment first, from a peer inside the confederation (RFC 5065 §5).
    #[error("does not begin with a confederation sequence, but the peer is of the confederation")]
    NoConfedSegment,
    /// A prefix longer than the family's addresses, in bits.
    #[error("prefix length {0} is not possible")]
    PrefixLength(u8),
    /// A prefix that reaches beyond its field.
    #[error("a prefix runs over the end of its field")]
    PrefixOverrun,
}

impl Fault {
    /// The reaction, for an attribute whose own class for malformed values is `malformed`.
    #[must_use]
    pub const fn disposition(self, malformed: Disposition) -> Disposition {
        match self {
            Fault::ExternalPeer | Fault::NotEnabled | Fault::NewSpeaker => Disposition::AttributeDiscard,
            //= rfc7606#section-3
            //# If the value of either the Optional or Transitive bits in the Attribute Flags is in conflict
            //# with their specified values, then the attribute MUST be treated as malformed and the
            //# "treat-as-withdraw" approach used
            Fault::Flags(_) | Fault::Overrun | Fault::Missing | Fault::AsSet => Disposition::TreatAsWithdraw,
            Fault::Unrecognized => Disposition::SessionReset,
            Fault::Length(_)
            | Fault::Repeated
            | Fault::UndefinedOrigin(_)
            | Fault::NextHopAddress
            | Fault::NextHopLength(_)
            | Fault::SegmentType(_)
            | Fault::SegmentEmpty
            | Fault::SegmentOverrun
            | Fault::AsZero
            | Fault::ConfedSegment
            | Fault::NoConfedSegment
            | Fault::PrefixLength(_)
            | Fault::PrefixOverrun => malformed,
        }
    }
}

/// One attribute's fault, with what is done about it. Its text names the attribute, the fault and the reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("attribute {code} ({name}): {fault}: {disposition}")]
pub struct AttributeError {
    /// The attribute's type code.
    pub code: u8,
    /// Its name as the RFCs write it, `unknown` for one that this router does not know.
    pub name: &'static str,
    /// What is wrong.
    pub fault: Fault,
    /// What is done.
    pub disposition: Disposition,
}
