//! A capture file as TCP segments: pcap of Ethernet frames with IPv4 or IPv6 in them, as tcpdump writes it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// One TCP segment as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// When, in µs of Unix time.
    pub at_us: u64,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The sequence number of its first octet.
    pub sequence: u32,
    /// FIN 0x01, SYN 0x02, RST 0x04, ACK 0x10.
    pub flags: u8,
    /// The octets.
    pub payload: Vec<u8>,
}

/// The flag that ends a direction.
pub const FIN: u8 = 0x01;
/// The flag that begins a connection.
pub const SYN: u8 = 0x02;
/// The flag that breaks a connection.
pub const RST: u8 = 0x04;
/// The flag that says that the acknowledgment counts.
pub const ACK: u8 = 0x10;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PcapError {
    /// It could not be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Another format, or another kind of link.
    #[error("not a pcap file of Ethernet frames: {0}")]
    Format(&'static str),
}

/// The TCP segments of the file at `path`, in its order. A record cut short at the end (the capture was still
/// running) is left out.
pub fn read(path: &std::path::Path) -> Result<Vec<Segment>, PcapError> {
    parse(&std::fs::read(path)?)
}

/// The TCP segments of a file's octets.
pub fn parse(bytes: &[u8]) -> Result<Vec<Segment>, PcapError> {
    let (header, mut rest) = bytes.split_at_checked(24).ok_or(PcapError::Format("too short"))?;
    let nanoseconds = match header[..4] {
        [0xd4, 0xc3, 0xb2, 0xa1] => false,
        [0x4d, 0x3c, 0xb2, 0xa1] => true,
        _ => return Err(PcapError::Format("unknown magic number")),
    };
    if header[20] != 1 {
        return Err(PcapError::Format("another kind of link"));
    }
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| bytes[at + i]));
    let mut segments = Vec::new();
    while let Some((record, after)) = rest.split_at_checked(16) {
        let length = word(record, 8) as usize;
        let Some((frame, after)) = after.split_at_checked(length) else { break };
        let fraction = u64::from(word(record, 4)) / if nanoseconds { 1_000 } else { 1 };
        let at_us = u64::from(word(record, 0)) * 1_000_000 + fraction;
        segments.extend(ethernet(frame, at_us));
        rest = after;
    }
    Ok(segments)
}

fn ethernet(frame: &[u8], at_us: u64) -> Option<Segment> {
    let (header, packet) = frame.split_at_checked(14)?;
    match header[12..] {
        [0x08, 0x00] => ipv4(packet, at_us),
        [0x86, 0xdd] => ipv6(packet, at_us),
        _ => None,
    }
}

/// The segment in an IPv4 packet, RFC 791; its length is the header's, since short frames are padded.
fn ipv4(packet: &[u8], at_us: u64) -> Option<Segment> {
    let start = usize::from(packet.first()? & 0x0f) * 4;
    let total = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
    let address = |at: usize| -> Option<IpAddr> {
        let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(Ipv4Addr::from(octets).into())
    };
    let is_tcp = packet.get(9) == Some(&6);
    let segment = packet.get(start..total).filter(|_| is_tcp)?;
    tcp(segment, (address(12)?, address(16)?), at_us)
}

/// The segment in an IPv6 packet without extension headers, RFC 8200.
fn ipv6(packet: &[u8], at_us: u64) -> Option<Segment> {
    let length = usize::from(u16::from_be_bytes([*packet.get(4)?, *packet.get(5)?]));
    let address = |at: usize| -> Option<IpAddr> {
        let octets: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
        Some(Ipv6Addr::from(octets).into())
    };
    let is_tcp = packet.get(6) == Some(&6);
    let segment = packet.get(40..40 + length).filter(|_| is_tcp)?;
    tcp(segment, (address(8)?, address(24)?), at_us)
}

fn tcp(segment: &[u8], (from, to): (IpAddr, IpAddr), at_us: u64) -> Option<Segment> {
    let header: &[u8; 20] = segment.first_chunk()?;
    let port = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let start = usize::from(header[12] >> 4) * 4;
    Some(Segment {
        at_us,
        from: SocketAddr::new(from, port(0)),
        to: SocketAddr::new(to, port(2)),
        sequence: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        flags: header[13],
        payload: segment.get(start..)?.to_vec(),
    })
}

/// A file with these segments, for tests of what reads it.
#[cfg(test)]
pub(super) fn file_of(segments: &[Segment]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
    for segment in segments {
        let (IpAddr::V4(from), IpAddr::V4(to)) = (segment.from.ip(), segment.to.ip()) else {
            panic!("the tests use IPv4")
        };
        let mut packet = vec![0; 12];
        packet.extend_from_slice(&[0x08, 0x00, 0x45, 0]);
        packet.extend_from_slice(&((40 + segment.payload.len()) as u16).to_be_bytes());
        packet.extend_from_slice(&[0, 0, 0, 0, 64, 6, 0, 0]);
        packet.extend_from_slice(&from.octets());
        packet.extend_from_slice(&to.octets());
        packet.extend_from_slice(&segment.from.port().to_be_bytes());
        packet.extend_from_slice(&segment.to.port().to_be_bytes());
        packet.extend_from_slice(&segment.sequence.to_be_bytes());
        packet.extend_from_slice(&[0, 0, 0, 0, 0x50, segment.flags, 0, 0, 0, 0, 0, 0]);
        packet.extend_from_slice(&segment.payload);
        // An Ethernet frame has at least 60 octets.
        packet.resize(packet.len().max(60), 0);
        file.extend_from_slice(&((segment.at_us / 1_000_000) as u32).to_le_bytes());
        file.extend_from_slice(&((segment.at_us % 1_000_000) as u32).to_le_bytes());
        file.extend_from_slice(&(packet.len() as u32).to_le_bytes());
        file.extend_from_slice(&(packet.len() as u32).to_le_bytes());
        file.extend_from_slice(&packet);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_read_without_the_padding_of_short_frames() {
        let segment = Segment {
            at_us: 1_700_000_000_000_123,
            from: "10.0.0.1:179".parse().unwrap(),
            to: "10.0.0.2:40000".parse().unwrap(),
            sequence: 7,
            flags: ACK,
            payload: vec![1, 2, 3],
        };
        let mut file =
            file_of(&[segment.clone(), Segment { flags: SYN, payload: vec![], ..segment.clone() }]);
        file.extend_from_slice(&[0; 20]);
        file.truncate(file.len() - 10);
        let read = parse(&file).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0], segment);
        assert_eq!((read[1].flags, read[1].payload.len()), (SYN, 0));
        assert!(parse(&[0; 30]).is_err());
    }
}
