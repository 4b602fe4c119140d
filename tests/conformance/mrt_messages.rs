//! The raw BGP messages of an update stream (RFC 6396 §4.4): only what the comparison needs.

use std::io::Read;

use crate::fields::file;

/// A BGP message as a collector received it.
pub(crate) struct Received {
    /// Whether its session had four-octet AS numbers.
    pub(crate) four_octet_as: bool,
    /// The message, header and all.
    pub(crate) octets: Vec<u8>,
}

const BGP4MP: u16 = 16;
const BGP4MP_ET: u16 = 17;
const MESSAGE: u16 = 1;
const MESSAGE_AS4: u16 = 4;
const MESSAGE_LOCAL: u16 = 6;
const MESSAGE_AS4_LOCAL: u16 = 7;

/// The whole of a file below `tests/data/mrt`, unpacked.
fn unpacked(name: &str) -> Vec<u8> {
    let path = file("mrt").join(name);
    let packed = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut octets = Vec::new();
    if name.ends_with(".bz2") {
        bzip2::read::MultiBzDecoder::new(packed).read_to_end(&mut octets).unwrap();
    } else {
        flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut octets).unwrap();
    }
    octets
}

fn u16_at(octets: &[u8], place: usize) -> u16 {
    u16::from_be_bytes([octets[place], octets[place + 1]])
}

/// Each BGP message in an update stream.
pub(crate) fn messages(name: &str) -> Vec<Received> {
    let octets = unpacked(name);
    let mut rest = octets.as_slice();
    let mut messages = Vec::new();
    while rest.len() >= 12 {
        let (kind, subtype) = (u16_at(rest, 4), u16_at(rest, 6));
        let len = u32::from_be_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize;
        let Some(record) = rest.get(12..12 + len) else { break };
        rest = &rest[12 + len..];
        let record = match kind {
            BGP4MP => record,
            BGP4MP_ET => &record[4..],
            _ => continue,
        };
        let four_octet_as = match subtype {
            MESSAGE | MESSAGE_LOCAL => false,
            MESSAGE_AS4 | MESSAGE_AS4_LOCAL => true,
            _ => continue,
        };
        // Two ASes, the interface, the AFI, two addresses.
        let after_asns = if four_octet_as { 8 } else { 4 };
        let address_len = if u16_at(record, after_asns + 2) == 1 { 4 } else { 16 };
        messages
            .push(Received { four_octet_as, octets: record[after_asns + 4 + 2 * address_len..].to_vec() });
    }
    messages
}
