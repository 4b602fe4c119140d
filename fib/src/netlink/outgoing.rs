//! Messages to the kernel, one behind the other in one buffer that is used again.

use std::net::IpAddr;

use super::abi;

/// The header of a message, in octets.
const HEADER: usize = 16;
/// Where in the header the flags stand.
const FLAGS: usize = 6;

/// Messages that go out together.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    octets: Vec<u8>,
    /// Where the last message begins.
    last: usize,
    /// The sequence number of the next message.
    sequence: u32,
}

impl Outgoing {
    /// The sequence number that the next message has.
    pub(crate) fn next_sequence(&self) -> u32 {
        self.sequence
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(crate) fn clear(&mut self) {
        self.octets.clear();
        self.last = 0;
    }

    /// Appends a message; `body` writes what stands behind its header.
    pub(crate) fn message(&mut self, kind: u16, flags: u16, body: impl FnOnce(&mut Body<'_>)) {
        self.last = self.octets.len();
        let mut header = [0; HEADER];
        header[4..6].copy_from_slice(&kind.to_ne_bytes());
        header[FLAGS..8].copy_from_slice(&(flags | abi::NLM_F_REQUEST).to_ne_bytes());
        header[8..12].copy_from_slice(&self.sequence.to_ne_bytes());
        self.octets.extend_from_slice(&header);
        self.sequence = self.sequence.wrapping_add(1);
        let start = self.octets.len();
        body(&mut Body { octets: &mut self.octets, start });
        let length = u32::try_from(self.octets.len() - self.last).unwrap_or(u32::MAX);
        self.octets[self.last..self.last + 4].copy_from_slice(&length.to_ne_bytes());
    }

    /// Has the kernel answer the last message even if nothing is wrong with it.
    pub(crate) fn want_acknowledgement(&mut self) {
        let at = self.last + FLAGS;
        if let Some([low, high]) = self.octets.get_mut(at..at + 2) {
            let flags = u16::from_ne_bytes([*low, *high]) | abi::NLM_F_ACK;
            [*low, *high] = flags.to_ne_bytes();
        }
    }
}

/// A message behind its header. What is appended stays aligned to four octets.
pub(crate) struct Body<'a> {
    octets: &'a mut Vec<u8>,
    start: usize,
}

impl Body<'_> {
    /// Appends a fixed part; its length is a multiple of four.
    pub(crate) fn fixed<const N: usize>(&mut self, octets: [u8; N]) {
        const { assert!(N.is_multiple_of(4), "fixed parts are aligned") }
        self.octets.extend_from_slice(&octets);
    }

    /// Writes over four octets of what this body begins with.
    pub(crate) fn amend(&mut self, at: usize, octets: [u8; 4]) {
        if let Some(place) = self.octets.get_mut(self.start + at..self.start + at + 4) {
            place.copy_from_slice(&octets);
        }
    }

    pub(crate) fn attribute_u32(&mut self, kind: u16, value: u32) {
        let mut octets = [0; 8];
        octets[..2].copy_from_slice(&8_u16.to_ne_bytes());
        octets[2..4].copy_from_slice(&kind.to_ne_bytes());
        octets[4..].copy_from_slice(&value.to_ne_bytes());
        self.octets.extend_from_slice(&octets);
    }

    pub(crate) fn attribute_address(&mut self, kind: u16, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.attribute_u32(kind, u32::from_ne_bytes(address.octets())),
            IpAddr::V6(address) => {
                let mut octets = [0; 20];
                octets[..2].copy_from_slice(&20_u16.to_ne_bytes());
                octets[2..4].copy_from_slice(&kind.to_ne_bytes());
                octets[4..].copy_from_slice(&address.octets());
                self.octets.extend_from_slice(&octets);
            }
        }
    }

    /// A gateway of another family than the route: RTA_VIA, the family and the address.
    pub(crate) fn attribute_via(&mut self, kind: u16, address: IpAddr) {
        self.nested(kind, |body| {
            let family = u16::from(family(address)).to_ne_bytes();
            body.octets.extend_from_slice(&family);
            match address {
                IpAddr::V4(address) => body.octets.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => body.octets.extend_from_slice(&address.octets()),
            }
        });
    }

    /// An attribute whose value `value` writes.
    pub(crate) fn nested(&mut self, kind: u16, value: impl FnOnce(&mut Body<'_>)) {
        let start = self.octets.len();
        self.octets.extend_from_slice(&[0; 4]);
        value(&mut Body { octets: self.octets, start: start + 4 });
        let length = u16::try_from(self.octets.len() - start).unwrap_or(u16::MAX);
        self.octets[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.octets[start + 2..start + 4].copy_from_slice(&kind.to_ne_bytes());
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
    }

    /// A next hop of RTA_MULTIPATH: two octets of length in front, which `value` leaves empty.
    pub(crate) fn counted(&mut self, value: impl FnOnce(&mut Body<'_>)) {
        let start = self.octets.len();
        value(&mut Body { octets: self.octets, start });
        let length = u16::try_from(self.octets.len() - start).unwrap_or(u16::MAX);
        self.octets[start..start + 2].copy_from_slice(&length.to_ne_bytes());
    }
}

/// The kernel's number of an address's family.
pub(crate) fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => abi::AF_INET,
        IpAddr::V6(_) => abi::AF_INET6,
    }
}
