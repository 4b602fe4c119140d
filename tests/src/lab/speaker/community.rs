//! Communities of every kind in one spelling, whatever a daemon calls them.

/// Well-known communities: the daemons' names in lower case without `-` and `_`, and the number.
const WELL_KNOWN: &[(&str, &str)] = &[
    ("gracefulshutdown", "65535:0"),
    ("acceptown", "65535:1"),
    ("llgrstale", "65535:6"),
    ("nollgr", "65535:7"),
    ("blackhole", "65535:666"),
    ("noexport", "65535:65281"),
    ("noadvertise", "65535:65282"),
    ("localas", "65535:65283"),
    ("noexportsubconfed", "65535:65283"),
    ("nopeer", "65535:65284"),
];

/// A community that a daemon shows as a number pair or as a well-known name.
pub(super) fn standard(shown: &str) -> String {
    let name = shown.to_lowercase().replace(['-', '_'], "");
    let known = WELL_KNOWN.iter().find(|(known, _)| *known == name);
    known.map_or_else(|| shown.to_string(), |(_, number)| (*number).to_string())
}

/// A community as the 32 bits on the wire.
pub(super) fn standard_from_bits(bits: u32) -> String {
    format!("{}:{}", bits >> 16, bits & 0xffff)
}

/// An extended community of the kind `kind` (a daemon's word) and the value `A:B`.
pub(super) fn extended(kind: &str, value: &str) -> String {
    match kind.to_lowercase().as_str() {
        "rt" | "target" => format!("rt:{value}"),
        "ro" | "soo" | "origin" => format!("ro:{value}"),
        other => format!("{other}:{value}"),
    }
}

/// An extended community (RFC 4360, 5668) as the 64 bits on the wire.
pub(super) fn extended_from_bits(bits: u64) -> String {
    let octets = bits.to_be_bytes();
    let kind = match octets[1] {
        2 => "rt",
        3 => "ro",
        _ => return format!("0x{bits:016x}"),
    };
    match octets[0] {
        0 => format!("{kind}:{}:{}", (bits >> 32) & 0xffff, bits & 0xffff_ffff),
        1 => {
            let address = std::net::Ipv4Addr::from((bits >> 16) as u32);
            format!("{kind}:{address}:{}", bits & 0xffff)
        }
        2 => format!("{kind}:{}:{}", (bits >> 16) & 0xffff_ffff, bits & 0xffff),
        _ => format!("0x{bits:016x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_community_has_one_spelling() {
        for shown in ["no-peer", "NO_PEER", "noPeer", "65535:65284"] {
            assert_eq!(standard(shown), "65535:65284");
        }
        assert_eq!(standard_from_bits(4_260_495_460), "65010:100");
        assert_eq!(extended("RT", "65010:1"), extended_from_bits(842_165_777_334_273));
        assert_eq!(extended("soo", "65010:2"), extended_from_bits(1_123_640_754_044_930));
        assert_eq!(extended_from_bits(0x4300_0000_0000_0001), "0x4300000000000001");
    }
}
