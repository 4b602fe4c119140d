//! What operators give names to: the words that completion can write besides keywords.

use super::pattern::{Atom, Expected, Kind};
use super::{Command, Place, Run};

/// A kind of things that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Names {
    /// Neighbors, configured or dynamic.
    Neighbor,
    /// Peer groups.
    PeerGroup,
    /// IPv4 prefix lists.
    PrefixList,
    /// IPv6 prefix lists.
    Ipv6PrefixList,
    /// Route maps.
    RouteMap,
    /// Interfaces.
    Interface,
}

impl Names {
    /// Every kind.
    pub const ALL: [Names; 6] = [
        Names::Neighbor,
        Names::PeerGroup,
        Names::PrefixList,
        Names::Ipv6PrefixList,
        Names::RouteMap,
        Names::Interface,
    ];

    /// What `show names` calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Names::Neighbor => "neighbor",
            Names::PeerGroup => "peer-group",
            Names::PrefixList => "prefix-list",
            Names::Ipv6PrefixList => "ipv6-prefix-list",
            Names::RouteMap => "route-map",
            Names::Interface => "interface",
        }
    }
}

/// The names that may stand where a command expects a value. The keyword before the value says it, so a command
/// that is new has them by itself.
pub(super) fn names(command: &Command, place: Place, expected: &Expected<'_>) -> &'static [Names] {
    if is_peer(expected.atom) {
        return match command.run {
            Run::Operation(_) => &[Names::Neighbor],
            _ => &[Names::Neighbor, Names::PeerGroup],
        };
    }
    if expected.atom.kind != Kind::Word {
        return &[];
    }
    match expected.after.map(|atom| atom.shown.as_str()) {
        Some("prefix-list") if expected.ipv6 || place == Place::Ipv6 => &[Names::Ipv6PrefixList],
        Some("prefix-list") => &[Names::PrefixList],
        Some(
            "route-map" | "advertise-map" | "exist-map" | "non-exist-map" | "unsuppress-map" | "suppress-map"
            | "call",
        ) => &[Names::RouteMap],
        Some("peer-group") => &[Names::PeerGroup],
        Some("interface" | "update-source") => &[Names::Interface],
        _ => &[],
    }
}

fn is_peer(atom: &Atom) -> bool {
    atom.name == "peer" && atom.kind != Kind::Keyword
}
