//! What the conformance tests share: octets from text, files of the project's data, dialects.

use std::path::{Path, PathBuf};

use bgp_engine::value::{PeerKind, PerFamily};
use bgp_engine::wire::Dialect;

/// A file below `tests/data`.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

/// The text of a file below `tests/data`.
pub(crate) fn text(name: &str) -> String {
    let path = file(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The octets that a text of hexadecimal digits stands for.
pub(crate) fn octets(hex: &str) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).unwrap_or_else(|| panic!("{c} is no hexadecimal digit"));
    hex.as_bytes().chunks(2).map(|pair| (digit(pair[0]) << 4 | digit(pair[1])) as u8).collect()
}

/// A session that takes as much as possible, so that the octets alone decide.
pub(crate) fn open_minded() -> Dialect {
    Dialect {
        four_octet_as: true,
        extended_message: true,
        extended_next_hop: true,
        families: PerFamily([true, true]),
        peer: PeerKind::Internal,
        reject_as_sets: false,
        aigp: true,
        ..Dialect::default()
    }
}
