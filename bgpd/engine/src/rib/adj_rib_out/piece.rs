//! A piece of what a group is told: encoded once, cut into parts by who is to have them.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::value::PeerId;

/// Who a part of a piece is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Every member.
    All,
    /// Every member but the one that the path came from.
    AllBut(PeerId),
    /// This member alone: it had been told of another path, and is now the best one's source itself.
    Only(PeerId),
}

impl Audience {
    fn has(self, peer: PeerId) -> bool {
        match self {
            Audience::All => true,
            Audience::AllBut(other) => peer != other,
            Audience::Only(one) => peer == one,
        }
    }
}

/// A piece of a group's stream of messages.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    pub(super) octets: Bytes,
    /// Where each part ends, and who it is for.
    pub(super) parts: Vec<(usize, Audience)>,
}

impl Piece {
    /// A piece made of parts, each given by where it ends.
    #[must_use]
    pub fn new(octets: Vec<u8>, parts: Vec<(usize, Audience)>) -> Self {
        Piece { octets: octets.into(), parts }
    }

    /// What this member is sent of it, in order.
    pub(super) fn push_for(&self, peer: PeerId, out: &mut Vec<Bytes>) {
        let mut start = 0;
        let mut run = 0;
        for &(end, audience) in &self.parts {
            if !audience.has(peer) {
                if run > start {
                    out.push(self.octets.slice(start..run));
                }
                start = end;
            }
            run = end;
        }
        if run > start {
            out.push(self.octets.slice(start..run));
        }
    }
}
