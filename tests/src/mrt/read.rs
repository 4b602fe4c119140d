//! MRT files as records: RFC 6396's header and a body, out of gzip or bzip2.
//!
//! A file may end early (two of the test data's do): whole records count, the rest is dropped.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// TABLE_DUMP_V2, RFC 6396 §4.3.
pub const TABLE_DUMP_V2: u16 = 13;
/// BGP4MP, RFC 6396 §4.4.
pub const BGP4MP: u16 = 16;
/// BGP4MP_ET, RFC 6396 §3: four octets of microseconds before the body of BGP4MP.
pub const BGP4MP_ET: u16 = 17;

/// One record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The type.
    pub kind: u16,
    /// The subtype.
    pub subtype: u16,
    /// The body; of BGP4MP_ET without the microseconds.
    pub body: &'a [u8],
}

/// Where the test data lies.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mrt").join(name)
}

/// A file of the test data, unpacked; of one that ends early what can be unpacked.
pub fn unpack(name: &str) -> std::io::Result<Vec<u8>> {
    let packed = fs::read(path(name))?;
    let mut bytes = Vec::new();
    let end = if packed.starts_with(b"BZh") {
        bzip2::read::MultiBzDecoder::new(&packed[..]).read_to_end(&mut bytes)
    } else {
        flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut bytes)
    };
    match end {
        Err(error) if bytes.is_empty() => Err(error),
        _ => Ok(bytes),
    }
}

/// The whole records of an unpacked file.
pub fn records(mut bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    core::iter::from_fn(move || {
        let (header, rest) = bytes.split_first_chunk::<12>()?;
        let kind = u16::from_be_bytes([header[4], header[5]]);
        let subtype = u16::from_be_bytes([header[6], header[7]]);
        let length = u32::from_be_bytes([header[8], header[9], header[10], header[11]]) as usize;
        let (body, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        let body = if kind == BGP4MP_ET { &body[4..] } else { body };
        Some(Record { kind, subtype, body })
    })
}

/// Reads big-endian numbers and slices off the front of a body.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    /// The next octets; a body that is shorter than it says is a broken file and panics.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// One octet.
    pub fn octet(&mut self) -> u8 {
        self.take(1)[0]
    }

    /// Two octets.
    pub fn short(&mut self) -> u16 {
        u16::from_be_bytes(self.take(2).try_into().expect("two octets"))
    }

    /// Four octets.
    pub fn long(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().expect("four octets"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// (type, subtype) → records of a file.
    fn counts(name: &str) -> BTreeMap<(u16, u16), usize> {
        let mut counts = BTreeMap::new();
        for record in records(&unpack(name).unwrap()) {
            *counts.entry((record.kind, record.subtype)).or_default() += 1;
        }
        counts
    }

    #[test]
    fn every_kind_of_file_has_its_known_number_of_records() {
        assert_eq!(counts("updates-2026.mrt.bz2"), BTreeMap::from([((17, 4), 49_220)]));
        assert_eq!(counts("updates-2016.mrt.gz"), BTreeMap::from([((16, 4), 17_384), ((16, 5), 22)]));
        assert_eq!(counts("rib-2015-v6-slice.mrt.bz2"), BTreeMap::from([((13, 1), 1), ((13, 4), 6_870)]));
    }
}
