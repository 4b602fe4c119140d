//! Optional transitive attributes that this router does not know (RFC 4271 §5).

use alloc::boxed::Box;

/// An attribute to be passed on as it came, with the Partial bit set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnknownAttribute {
    /// Attribute flags as received, with the Partial bit added.
    pub flags: u8,
    /// Attribute type code.
    pub code: u8,
    /// The value's octets.
    pub value: Box<[u8]>,
}
