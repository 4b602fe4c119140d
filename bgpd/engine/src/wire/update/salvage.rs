//! The prefixes of an UPDATE that must not be looked at closely: it has crashed a process.
//!
//! This walk goes by lengths alone and reads no attribute's value but the fields around the prefixes of
//! MP_REACH_NLRI and MP_UNREACH_NLRI. It shares nothing with the reader of attributes, where the fault may be. What
//! it is not sure of it does not give: RFC 7606 §3 asks for a session reset where the prefixes cannot be located.

use alloc::vec::Vec;

use super::{Dialect, Nlri};
use crate::attr::table::EXTENDED_LENGTH;
use crate::value::{AfiSafi, Family};

const MP_REACH: u8 = 14;
const MP_UNREACH: u8 = 15;

/// The prefixes of an UPDATE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged<'a> {
    /// Withdrawn and announced ones alike, field by field; those of families that are not agreed on are left out.
    pub prefixes: Vec<Nlri<'a>>,
    /// How many are announced.
    pub announced: usize,
}

/// The first octets, so many as the length of `WIDTH` octets before them says, and the rest.
fn field<const WIDTH: usize>(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_at_checked(WIDTH)?;
    let length = length.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
    rest.split_at_checked(length)
}

/// The next attribute's code and value, and what follows it.
fn attribute(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([flags, code], rest) = octets.split_first_chunk::<2>()?;
    let (value, rest) = if flags & EXTENDED_LENGTH == 0 { field::<1>(rest)? } else { field::<2>(rest)? };
    Some((*code, value, rest))
}

/// The family of a multiprotocol attribute, and what follows.
fn family(value: &[u8]) -> Option<(AfiSafi, &[u8])> {
    let ([high, low, safi], rest) = value.split_first_chunk::<3>()?;
    Some((AfiSafi { afi: u16::from_be_bytes([*high, *low]), safi: *safi }, rest))
}

/// The prefixes' octets in the two multiprotocol attributes, with their families.
type Multiprotocol<'a> = [Option<(AfiSafi, &'a [u8])>; 2];

fn multiprotocol(mut attributes: &[u8]) -> Option<Multiprotocol<'_>> {
    let mut found: Multiprotocol<'_> = [None, None];
    while !attributes.is_empty() {
        let (code, value, rest) = attribute(attributes)?;
        let place = match code {
            MP_REACH => {
                let (family, value) = family(value)?;
                let (_next_hop, value) = field::<1>(value)?;
                let (_reserved, prefixes) = value.split_first()?;
                found[0].replace((family, prefixes))
            }
            MP_UNREACH => found[1].replace(family(value)?),
            _ => None,
        };
        // Of two nobody knows which one the sender means.
        if place.is_some() {
            return None;
        }
        attributes = rest;
    }
    Some(found)
}

/// The prefixes of an UPDATE's body, `None` where not all of them can be read safely.
#[must_use]
pub fn salvage<'a>(body: &'a [u8], dialect: &Dialect) -> Option<Salvaged<'a>> {
    let (withdrawn, rest) = field::<2>(body)?;
    let (attributes, announced) = field::<2>(rest)?;
    let [reach, unreach] = multiprotocol(attributes)?;
    let ipv4 = Family::Ipv4Unicast.afi_safi();
    let fields = [Some((ipv4, withdrawn)), unreach, Some((ipv4, announced)), reach];
    let mut salvaged = Salvaged { prefixes: Vec::new(), announced: 0 };
    for (at, (numbers, octets)) in fields.into_iter().enumerate().filter_map(|(at, f)| Some((at, f?))) {
        let Some(family) = Family::from_afi_safi(numbers).filter(|&family| dialect.families[family]) else {
            continue;
        };
        let nlri = Nlri::parse(family, octets, dialect).ok()?;
        if at >= 2 {
            salvaged.announced += nlri.count();
        }
        if !nlri.is_empty() {
            salvaged.prefixes.push(nlri);
        }
    }
    Some(salvaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::PerFamily;
    use proptest::prelude::*;

    fn dialect() -> Dialect {
        Dialect { families: PerFamily([true, true]), ..Dialect::default() }
    }

    fn nets(salvaged: &Salvaged<'_>) -> Vec<alloc::string::String> {
        use alloc::string::ToString;
        let of = |nlri: &Nlri<'_>| {
            let v4 = nlri.v4().map(|(_, net)| net.to_string());
            v4.chain(nlri.v6().map(|(_, net)| net.to_string())).collect::<Vec<_>>()
        };
        salvaged.prefixes.iter().flat_map(of).collect()
    }

    const WHOLE: [u8; 42] = [
        0, 2, 8, 10, // withdrawn 10/8
        0, 34, // attributes
        0xc0, 255, 3, 1, 2, 3, // whatever
        0x80, 15, 5, 0, 2, 1, 8, 0x20, // withdrawn 2000::/8
        0x90, 14, 0, 16, 0, 2, 1, 4, 1, 2, 3, 4, 0, 16, 0x20, 1, 16, 0x20, 2,
        0, // announced: three, the last one ::/0
        16, 11, // announced, an octet short
    ];

    #[test]
    fn the_prefixes_of_all_fields_are_found_by_lengths_alone() {
        let mut whole = WHOLE.to_vec();
        whole.push(0);
        let salvaged = salvage(&whole, &dialect()).unwrap();
        assert_eq!(
            nets(&salvaged),
            ["10.0.0.0/8", "2000::/8", "11.0.0.0/16", "2001::/16", "2002::/16", "::/0"]
        );
        assert_eq!(salvaged.announced, 4);
    }

    #[test]
    fn what_is_not_sure_is_not_given() {
        assert_eq!(salvage(&WHOLE, &dialect()), None, "a prefix runs over the end");
        let twice = [0, 0, 0, 12, 0x80, 15, 3, 0, 2, 1, 0x80, 15, 3, 0, 2, 1];
        assert_eq!(salvage(&twice, &dialect()), None);
        let overrun = [0, 0, 0, 4, 0x40, 1, 2, 0, 8, 10];
        assert_eq!(salvage(&overrun, &dialect()), None);
    }

    proptest! {
        #[test]
        fn any_octets_are_borne(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = salvage(&octets, &dialect());
        }
    }
}
