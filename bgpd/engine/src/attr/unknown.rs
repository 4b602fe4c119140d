//! Optional transitive attributes that this router does not know (RFC 4271 §5).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::table::emit_header;

/// An attribute to be passed on as it came, with the Partial bit set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnknownAttribute {
    /// Attribute flags as received, with the Partial bit added and without the Extended Length bit.
    pub flags: u8,
    /// Attribute type code.
    pub code: u8,
    /// The value's octets.
    pub value: Box<[u8]>,
}

impl UnknownAttribute {
    /// Appends the attribute with its header.
    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        emit_header(self.flags, self.code, self.value.len(), out);
        out.extend_from_slice(&self.value);
    }
}
