//! ADD-PATH (RFC 7911 §4).

use alloc::vec::Vec;

use nom::number::complete::be_u8;
use nom::{IResult, Parser};
use serde::{Deserialize, Serialize};

use super::Capability;
use super::family::{afi_safi, all, emit_afi_safi};
use crate::value::AfiSafi;

/// What a speaker can do with several paths to a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AddPathMode {
    /// It takes them.
    Receive,
    /// It sends them.
    Send,
    /// Both.
    Both,
}

impl AddPathMode {
    /// Whether the speaker takes several paths.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, AddPathMode::Receive | AddPathMode::Both)
    }

    /// Whether the speaker sends several paths.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, AddPathMode::Send | AddPathMode::Both)
    }
}

/// A family with what the speaker can do in it.
pub type AddPathFamily = (AfiSafi, AddPathMode);

fn entry(input: &[u8]) -> IResult<&[u8], (AfiSafi, u8)> {
    (afi_safi, be_u8).parse(input)
}

//= rfc7911#section-4
//# If any other value is received, then the capability SHOULD be treated as not understood and ignored
pub(super) fn parse(value: &[u8]) -> Option<Capability> {
    let mode = |octet| match octet {
        1 => Some(AddPathMode::Receive),
        2 => Some(AddPathMode::Send),
        3 => Some(AddPathMode::Both),
        _ => None,
    };
    let entries = all(value, entry)?;
    let known = entries.into_iter().filter_map(|(family, octet)| Some((family, mode(octet)?)));
    Some(Capability::AddPath(known.collect()))
}

pub(super) fn emit(families: &[AddPathFamily], out: &mut Vec<u8>) {
    for (family, mode) in families {
        emit_afi_safi(*family, out);
        out.push(match mode {
            AddPathMode::Receive => 1,
            AddPathMode::Send => 2,
            AddPathMode::Both => 3,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undefined_mode_is_ignored() {
        let v4 = AfiSafi { afi: 1, safi: 1 };
        let read = parse(&[0, 1, 1, 3, 0, 2, 1, 4]);
        assert_eq!(read, Some(Capability::AddPath([(v4, AddPathMode::Both)].to_vec())));
    }
}
