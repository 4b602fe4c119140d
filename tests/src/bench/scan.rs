//! The harness' own scanner of UPDATEs: just enough, and fast.
//!
//! A router that sends lengths that lie fails the run by a panic: what comes from a router under test is checked for
//! being right, not defended against.

use super::table::Prefix4;

/// An UPDATE's three parts, RFC 4271 §4.3.
#[derive(Debug, Clone, Copy)]
pub struct Update<'a> {
    /// NLRI without a route from now on.
    pub withdrawn: &'a [u8],
    /// The path attributes.
    pub attributes: &'a [u8],
    /// NLRI that has these attributes from now on.
    pub announced: &'a [u8],
}

/// One path attribute, RFC 4271 §4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Optional 0x80, transitive 0x40, partial 0x20, extended length 0x10.
    pub flags: u8,
    /// The type code.
    pub code: u8,
    /// The value.
    pub value: &'a [u8],
}

/// The attributes that a ledger looks at.
#[derive(Debug, Default)]
pub struct Attributes<'a> {
    /// ORIGIN's value.
    pub origin: u8,
    /// AS_PATH's value.
    pub path: &'a [u8],
    /// NEXT_HOP's value.
    pub next_hop: &'a [u8],
    /// COMMUNITIES' value.
    pub communities: &'a [u8],
}

impl<'a> Update<'a> {
    /// Splits a body (the message without its header).
    pub fn split(body: &'a [u8]) -> Self {
        let (withdrawn, rest) = counted(body);
        let (attributes, announced) = counted(rest);
        Self { withdrawn, attributes, announced }
    }

    /// Reads what a ledger looks at.
    pub fn attributes(&self) -> Attributes<'a> {
        let mut found = Attributes::default();
        for Attribute { code, value, .. } in attributes(self.attributes) {
            match code {
                1 => found.origin = value[0],
                2 => found.path = value,
                3 => found.next_hop = value,
                8 => found.communities = value,
                _ => {}
            }
        }
        found
    }
}

impl<'a> Attributes<'a> {
    /// The path's ASNs behind `router_as`, which must be the first of one AS_SEQUENCE.
    pub fn path_behind(&self, router_as: u32) -> Option<&'a [u8]> {
        let (&[kind, count], hops) = self.path.split_first_chunk()?;
        let (first, behind) = hops.split_first_chunk()?;
        let whole = kind == 2 && hops.len() == usize::from(count) * 4;
        (whole && u32::from_be_bytes(*first) == router_as).then_some(behind)
    }
}

/// The attributes one after the other.
pub fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    core::iter::from_fn(move || {
        let &[flags, code, short, ..] = bytes else { return None };
        let (length, start) = if flags & 0x10 == 0 {
            (usize::from(short), 3)
        } else {
            (usize::from(u16::from_be_bytes([short, bytes[3]])), 4)
        };
        let value = &bytes[start..start + length];
        bytes = &bytes[start + length..];
        Some(Attribute { flags, code, value })
    })
}

/// A two-octet length and what it counts.
fn counted(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = bytes.split_first_chunk().expect("an UPDATE has both of its lengths");
    rest.split_at(usize::from(u16::from_be_bytes(*length)))
}

/// The IPv4 prefixes of a run of NLRI.
pub fn nlri(mut bytes: &[u8]) -> impl Iterator<Item = Prefix4> + '_ {
    core::iter::from_fn(move || {
        let (&length, rest) = bytes.split_first()?;
        let (octets, rest) = rest.split_at(usize::from(length).div_ceil(8));
        bytes = rest;
        let mut address = [0; 4];
        address[..octets.len()].copy_from_slice(octets);
        Some(Prefix4 { address: u32::from_be_bytes(address), length })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_attribute_length_are_read() {
        let bytes = [0x40, 1, 1, 2, 0xd0, 8, 0, 4, 1, 2, 3, 4, 0x40, 6, 0];
        let read: Vec<_> =
            attributes(&bytes).map(|found| (found.flags, found.code, found.value.len())).collect();
        assert_eq!(read, [(0x40, 1, 1), (0xd0, 8, 4), (0x40, 6, 0)]);
    }

    #[test]
    fn a_path_of_another_first_as_or_of_two_segments_is_none() {
        let path = |path| Attributes { path, ..Attributes::default() };
        assert_eq!(path(&[2, 2, 0, 0, 0, 9, 0, 0, 0, 7]).path_behind(9), Some(&[0, 0, 0, 7][..]));
        assert_eq!(path(&[2, 1, 0, 0, 0, 9]).path_behind(8), None);
        assert_eq!(path(&[2, 1, 0, 0, 0, 9, 1, 1, 0, 0, 0, 7]).path_behind(9), None);
    }
}
