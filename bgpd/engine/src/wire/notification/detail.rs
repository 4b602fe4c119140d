//! What a NOTIFICATION's data say, in words: for the log, whichever side sent it.

use alloc::string::{String, ToString};
use alloc::{format, vec::Vec};

use super::super::capability;
use super::{Notification, cease, code};
use crate::attr::table;
use crate::value::{AfiSafi, Family};

/// The subcodes of an UPDATE Message Error whose data is one attribute.
const ATTRIBUTE_SUBCODES: [u8; 7] = [2, 4, 5, 6, 8, 9, 11];
/// Missing Well-known Attribute: the data is a type code.
const MISSING_ATTRIBUTE: u8 = 3;

fn attribute_name(code: u8) -> String {
    let name = table::row(code).map_or("unknown", |row| row.name);
    format!("attribute {code} ({name})")
}

fn family_name(numbers: AfiSafi) -> String {
    match Family::from_afi_safi(numbers) {
        Some(family) => family.to_string(),
        None => format!("AFI {} SAFI {}", numbers.afi, numbers.safi),
    }
}

/// The names of capabilities that stand one after the other.
fn capability_names(mut octets: &[u8]) -> String {
    let mut names = Vec::new();
    while let [code, len, rest @ ..] = octets {
        let row = capability::TABLE.iter().find(|row| row.code == *code);
        names.push(row.map_or_else(|| format!("capability {code}"), |row| row.name.to_string()));
        octets = rest.get(usize::from(*len)..).unwrap_or(&[]);
    }
    names.join(", ")
}

impl Notification {
    /// What the data say beyond code and subcode: the length or type that was refused, the attribute, the operator's
    /// text, what a Hard Reset wraps. `None` where they say nothing that is known.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        if let Some(inside) = self.inside_hard_reset() {
            let wrapped = inside.to_string();
            let detail = if inside.is_hard_reset() { None } else { inside.detail() };
            return Some(detail.map_or(wrapped.clone(), |detail| format!("{wrapped}: {detail}")));
        }
        match (self.code, self.subcode, self.data.as_slice()) {
            (code::HEADER, 2, &[high, low]) => Some(format!("length {}", u16::from_be_bytes([high, low]))),
            (code::HEADER, 3, &[kind]) => Some(format!("type {kind}")),
            (code::OPEN, 1, &[high, low]) => Some(format!("version {}", u16::from_be_bytes([high, low]))),
            (code::OPEN, 7, octets) if !octets.is_empty() => Some(capability_names(octets)),
            (code::UPDATE, MISSING_ATTRIBUTE, &[attribute]) => Some(attribute_name(attribute)),
            (code::UPDATE, subcode, &[_, attribute, ref rest @ ..])
                if ATTRIBUTE_SUBCODES.contains(&subcode) =>
            {
                Some(format!("{}, {} octets", attribute_name(attribute), rest.len() + 2))
            }
            (code::CEASE, cease::MAXIMUM_PREFIXES, &[high, low, safi, a, b, c, d]) => {
                let family = family_name(AfiSafi { afi: u16::from_be_bytes([high, low]), safi });
                Some(format!("{} prefixes of {family}", u32::from_be_bytes([a, b, c, d])))
            }
            _ => self.shutdown_text().map(|text| format!("\"{text}\"")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Capability;
    use super::*;

    fn detail(code: u8, subcode: u8, data: &[u8]) -> Option<String> {
        Notification { code, subcode, data: data.to_vec() }.detail()
    }

    #[test]
    fn the_data_are_told_in_words() {
        let some = |text: &str| Some(text.to_string());
        assert_eq!(detail(1, 2, &[0, 18]), some("length 18"));
        assert_eq!(detail(1, 3, &[9]), some("type 9"));
        assert_eq!(detail(3, 3, &[2]), some("attribute 2 (AS_PATH)"));
        assert_eq!(detail(3, 9, &[0x80, 14, 1, 0]), some("attribute 14 (MP_REACH_NLRI), 4 octets"));
        assert_eq!(detail(3, 2, &[0x40, 99, 0]), some("attribute 99 (unknown), 3 octets"));
        assert_eq!(detail(3, 9, &[0x80]), None);
        assert_eq!(detail(3, 1, &[]), None);
        let lacking = [Capability::RouteRefresh, Capability::Unknown { code: 200, value: Vec::new() }];
        let text = "Route Refresh, capability 200";
        assert_eq!(Notification::unsupported_capability(&lacking).detail(), some(text));
        let most = Notification::maximum_prefixes(Family::Ipv4Unicast, 7);
        assert_eq!(most.detail(), some("7 prefixes of IPv4 Unicast"));
        let shutdown = Notification::administrative_shutdown("maintenance");
        assert_eq!(shutdown.detail(), some("\"maintenance\""));
        let text = "Cease/Administrative Shutdown: \"maintenance\"";
        assert_eq!(shutdown.hard_reset().detail(), some(text));
        assert_eq!(shutdown.hard_reset().hard_reset().detail(), some("Cease/Hard Reset"));
    }
}
