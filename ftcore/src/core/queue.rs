//! What waits to be sent on one connection: shared pieces, in order.
//!
//! The queue has no bound of its own. A machine makes no more than its own bound ahead of what the kernel has
//! taken, and is told of every octet that it took; a peer that stops reading therefore stops the making.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use serde::{Deserialize, Serialize};

/// How many pieces one call gives to the kernel.
pub const PIECES: usize = 64;

/// The queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    pieces: VecDeque<Bytes>,
    octets: u64,
}

impl Queue {
    /// Puts a piece at the end.
    pub fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.octets += piece.len() as u64;
            self.pieces.push_back(piece);
        }
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// How many octets wait.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The first pieces behind so many octets, as many as fit into `slices`; the answer is how many those are.
    pub fn offer<'a>(&'a self, slices: &mut [IoSlice<'a>; PIECES]) -> usize {
        let count = self.pieces.len().min(PIECES);
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
        }
        count
    }

    /// Takes so many octets from the front; no more than there are.
    pub fn advance(&mut self, taken: u64) {
        let taken = taken.min(self.octets);
        self.octets -= taken;
        let mut left = taken as usize;
        while left > 0 {
            let Some(first) = self.pieces.front_mut() else { break };
            if first.len() > left {
                first.advance(left);
                break;
            }
            left -= first.len();
            self.pieces.pop_front();
        }
        if self.pieces.is_empty() && self.pieces.capacity() > PIECES {
            self.pieces = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_leave_in_order_however_they_are_cut() {
        let mut queue = Queue::default();
        let mut expected = Vec::new();
        for n in 0..2000_u32 {
            let piece: Vec<u8> = (0..n % 700).map(|octet| (octet ^ n) as u8).collect();
            expected.extend_from_slice(&piece);
            queue.push(Bytes::from(piece));
        }
        assert_eq!(queue.octets(), expected.len() as u64);
        let mut got = Vec::new();
        let mut step = 1;
        while !queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); PIECES];
            let count = queue.offer(&mut slices);
            let offered: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect();
            let taken = offered.len().min(step);
            got.extend_from_slice(&offered[..taken]);
            queue.advance(taken as u64);
            step = step * 7 % 4099 + 1;
        }
        assert_eq!(got, expected);
        assert_eq!(queue.octets(), 0);
    }
}
