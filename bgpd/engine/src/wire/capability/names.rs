//! How a speaker calls itself: host name, domain, software version.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use nom::multi::length_data;
use nom::number::complete::be_u8;
use nom::{IResult, Parser};
use serde::{Deserialize, Serialize};

use super::Capability;

/// The most octets of a name that is emitted: FRR's bound.
const NAME_MAX: usize = 64;

/// A speaker's host name and domain (draft-walton-bgp-hostname-capability), the octets as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fqdn {
    /// The host name's octets.
    pub host: Vec<u8>,
    /// The domain's octets, perhaps none.
    pub domain: Vec<u8>,
}

/// A speaker's software and version (draft-abraitis-bgp-version-capability), the octets as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SoftwareVersion(pub Vec<u8>);

/// The octets as a text that fits on a line: what is no UTF-8 and what controls a terminal is replaced.
fn line(octets: &[u8]) -> String {
    let text: Cow<'_, str> = String::from_utf8_lossy(octets);
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn name(input: &[u8]) -> IResult<&[u8], &[u8]> {
    length_data(be_u8).parse(input)
}

pub(super) fn parse_fqdn(value: &[u8]) -> Option<Capability> {
    let (_, (host, domain)) = (name, name).parse(value).ok()?;
    Some(Capability::Fqdn(Fqdn { host: host.to_vec(), domain: domain.to_vec() }))
}

pub(super) fn parse_software_version(value: &[u8]) -> Option<Capability> {
    let (_, version) = name(value).ok()?;
    Some(Capability::SoftwareVersion(SoftwareVersion(version.to_vec())))
}

fn emit_name(octets: &[u8], out: &mut Vec<u8>) {
    let octets = &octets[..octets.len().min(NAME_MAX)];
    out.push(u8::try_from(octets.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(octets);
}

impl Fqdn {
    /// The host name as a text that fits on a line.
    #[must_use]
    pub fn host_text(&self) -> String {
        line(&self.host)
    }

    /// The domain as a text that fits on a line.
    #[must_use]
    pub fn domain_text(&self) -> String {
        line(&self.domain)
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        emit_name(&self.host, out);
        emit_name(&self.domain, out);
    }
}

impl SoftwareVersion {
    /// The version as a text that fits on a line.
    #[must_use]
    pub fn text(&self) -> String {
        line(&self.0)
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        emit_name(&self.0, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_text_that_fits_on_a_line() {
        let fqdn = Fqdn { host: b"pe1\x1b[2J".to_vec(), domain: [0xff].to_vec() };
        assert_eq!(fqdn.host_text(), "pe1\u{fffd}[2J");
        assert_eq!(fqdn.domain_text(), "\u{fffd}");
    }

    #[test]
    fn a_long_name_is_cut() {
        let mut out = Vec::new();
        SoftwareVersion([b'x'; 300].to_vec()).emit(&mut out);
        assert_eq!((out.len(), out[0]), (65, 64));
    }
}
