//! The raw BGP messages of an update stream (RFC 6396 §4.4).

use tests::mrt::read::{BGP4MP, BGP4MP_ET, Cursor, records, unpack};

/// A BGP message as a collector received it.
pub(crate) struct Received {
    /// Whether its session had four-octet AS numbers.
    pub(crate) four_octet_as: bool,
    /// The message, header and all.
    pub(crate) octets: Vec<u8>,
}

const MESSAGE: u16 = 1;
const MESSAGE_AS4: u16 = 4;
const MESSAGE_LOCAL: u16 = 6;
const MESSAGE_AS4_LOCAL: u16 = 7;

/// Each BGP message in an update stream, a file below `tests/data/mrt`.
pub(crate) fn messages(name: &str) -> Vec<Received> {
    let octets = unpack(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut messages = Vec::new();
    for record in records(&octets) {
        let four_octet_as = match (record.kind, record.subtype) {
            (BGP4MP | BGP4MP_ET, MESSAGE | MESSAGE_LOCAL) => false,
            (BGP4MP | BGP4MP_ET, MESSAGE_AS4 | MESSAGE_AS4_LOCAL) => true,
            _ => continue,
        };
        let mut body = Cursor(record.body);
        // Two ASes, the interface, the AFI, two addresses.
        body.take(if four_octet_as { 10 } else { 6 });
        let address_len = if body.short() == 1 { 4 } else { 16 };
        body.take(2 * address_len);
        messages.push(Received { four_octet_as, octets: body.0.to_vec() });
    }
    messages
}
