//! Prefixes in a message (RFC 4271 §4.3, RFC 7911 §3).
//!
//! The octets are checked once, when the message is read; going through them afterwards cannot fail, allocates
//! nothing and is specialised for the family.

use core::marker::PhantomData;

use ipnet::{Ipv4Net, Ipv6Net};

use super::Dialect;
use crate::attr::Fault;
use crate::value::{Family, Net, PathId, octets_of_length};

/// Prefixes of one family, as they stand in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nlri<'a> {
    /// Their family.
    pub family: Family,
    /// Whether each has a path identifier.
    pub add_path: bool,
    octets: &'a [u8],
}

const fn max_len(family: Family) -> u8 {
    match family {
        Family::Ipv4Unicast => Ipv4Net::MAX_LEN,
        Family::Ipv6Unicast => Ipv6Net::MAX_LEN,
    }
}

impl<'a> Nlri<'a> {
    /// No prefixes.
    #[must_use]
    pub const fn empty(family: Family) -> Self {
        Nlri { family, add_path: false, octets: &[] }
    }

    //= rfc7606#section-5.3
    //# The NLRI field […] shall be considered syntactically incorrect if […] The length of any of the included
    //# NLRI is greater than 32 [128 for IPv6 …] when parsing NLRI contained in the field, the length of the last
    //# NLRI found exceeds the amount of unconsumed data remaining in the field.
    /// Checks the octets of a field in a message from a peer of this dialect.
    pub fn parse(family: Family, octets: &'a [u8], dialect: &Dialect) -> Result<Self, Fault> {
        let add_path = dialect.add_path_rx[family];
        let max_len = max_len(family);
        let before = if add_path { 4 } else { 0 };
        let mut place = 0;
        while place < octets.len() {
            let len = *octets.get(place + before).ok_or(Fault::PrefixOverrun)?;
            if len > max_len {
                return Err(Fault::PrefixLength(len));
            }
            place += before + 1 + octets_of_length(len);
        }
        if place > octets.len() { Err(Fault::PrefixOverrun) } else { Ok(Nlri { family, add_path, octets }) }
    }

    /// The field's octets.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Whether there is no prefix.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// How many prefixes there are. Goes through all of them.
    #[must_use]
    pub fn count(&self) -> usize {
        match self.family {
            Family::Ipv4Unicast => self.v4().count(),
            Family::Ipv6Unicast => self.v6().count(),
        }
    }

    /// The prefixes in order, canonical, with path identifier 0 where there is none on the wire. Nothing if they
    /// are of another family than `N`.
    #[must_use]
    pub fn iter<N: Net>(&self) -> Prefixes<'a, N> {
        let octets = if N::FAMILY == self.family { self.octets } else { &[] };
        Prefixes { octets, add_path: self.add_path, net: PhantomData }
    }

    /// The prefixes, if they are of IPv4.
    #[must_use]
    pub fn v4(&self) -> Prefixes<'a, Ipv4Net> {
        self.iter()
    }

    /// The prefixes, if they are of IPv6.
    #[must_use]
    pub fn v6(&self) -> Prefixes<'a, Ipv6Net> {
        self.iter()
    }
}

/// Goes through prefixes in a message.
#[derive(Clone, Debug)]
pub struct Prefixes<'a, N> {
    octets: &'a [u8],
    add_path: bool,
    net: PhantomData<N>,
}

impl<N: Net> Iterator for Prefixes<'_, N> {
    type Item = (PathId, N);

    #[inline]
    fn next(&mut self) -> Option<(PathId, N)> {
        let mut rest = self.octets;
        let mut path_id = PathId(0);
        if self.add_path {
            let (id, after) = rest.split_first_chunk::<4>()?;
            path_id = PathId(u32::from_be_bytes(*id));
            rest = after;
        }
        let (len, rest) = rest.split_first()?;
        let octets = octets_of_length(*len);
        let after = rest.get(octets..)?;
        self.octets = after;
        // The octets beyond the prefix, if there are any, spare a copy: the bits after the length are cleared.
        Some((path_id, N::from_octets(rest, *len)))
    }
}
