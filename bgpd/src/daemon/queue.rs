//! What waits to be sent on one connection: shared pieces, in order.
//!
//! The queue has no bound of its own. The engine makes no more than its own bound ahead of what the kernel has
//! taken, and is told of every octet that it took; a peer that stops reading therefore stops the making.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;

use bytes::{Buf, Bytes};
use rustix::net::{SendAncillaryBuffer, SendFlags};

/// How many pieces one call gives to the kernel.
const PIECES: usize = 64;

/// The queue.
#[derive(Debug, Default)]
pub struct SendQueue {
    pieces: VecDeque<Bytes>,
    octets: u64,
}

impl SendQueue {
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

    /// Gives one call's worth to the kernel; the answer is how many octets it took.
    ///
    /// # Errors
    /// The kernel's; `WouldBlock` where it takes nothing now.
    pub fn send(&mut self, socket: impl AsFd) -> io::Result<u64> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let count = self.pieces.len().min(PIECES);
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
        }
        let mut control = SendAncillaryBuffer::default();
        // NOSIGNAL: a connection that is gone is an error, not a SIGPIPE.
        let taken = rustix::net::sendmsg(socket, &slices[..count], &mut control, SendFlags::NOSIGNAL)? as u64;
        self.advance(taken);
        Ok(taken)
    }

    fn advance(&mut self, taken: u64) {
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
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    #[test]
    fn pieces_leave_in_order_however_the_kernel_cuts_them() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut queue = SendQueue::default();
        let mut expected = Vec::new();
        for n in 0..2000_u32 {
            let piece: Vec<u8> = (0..n % 700).map(|octet| (octet ^ n) as u8).collect();
            expected.extend_from_slice(&piece);
            queue.push(Bytes::from(piece));
        }
        assert_eq!(queue.octets(), expected.len() as u64);
        let mut got = Vec::new();
        let mut buffer = [0; 4099];
        while !queue.is_empty() {
            match queue.send(&ours) {
                Ok(taken) => assert!(taken > 0),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            let count = theirs.read(&mut buffer).unwrap();
            got.extend_from_slice(&buffer[..count]);
        }
        drop(ours);
        theirs.read_to_end(&mut got).unwrap();
        assert_eq!(got, expected);
        assert_eq!(queue.octets(), 0);
    }
}
