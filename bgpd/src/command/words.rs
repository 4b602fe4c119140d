//! Help for the words that many commands share.

use super::Command;
use super::pattern::{Atom, Kind};
use super::run::Negation;

/// Keywords and the help that stands beside them in every command that has none of its own.
const WORDS: &[(&str, &str)] = &[
    ("address", "Match address of route"),
    ("address-family", "Enter Address Family command mode"),
    ("bestpath", "Change the default bestpath selection"),
    ("as-path", "AS-path attribute"),
    ("med", "MED attribute"),
    ("bgp", "BGP specific commands"),
    ("checkpoint", "Checkpoints of the log"),
    ("clear", "Reset functions"),
    ("client-to-client", "Configure client to client route reflection"),
    ("confederation", "AS confederation parameters"),
    ("default", "Configure BGP defaults"),
    ("detect", "Detection of a failed primary"),
    ("enable", "Modify enable password parameters"),
    ("frr", "FRRouting global parameters"),
    ("graceful-restart", "Graceful restart capability parameters"),
    ("ip", "Internet Protocol (IPv4)"),
    ("ipv4", "Address Family IPv4"),
    ("ipv6", "Internet Protocol version 6"),
    ("json", "JavaScript Object Notation"),
    ("line", "Configure a terminal line"),
    ("listen", "BGP Dynamic Neighbors listen commands"),
    ("log", "The log of the entries"),
    ("message", "Add a shutdown message (RFC 8203)"),
    ("name", "Name"),
    ("neighbor", "Specify neighbor router"),
    ("network", "BGP network command"),
    ("prefix-list", "Build a prefix list"),
    ("route-map", "Route map"),
    ("show", "Show running system information"),
    ("soft-reconfiguration", "Per neighbor soft reconfiguration"),
    ("timers", "BGP per neighbor timers"),
    ("ttl-security", "BGP ttl-security parameters"),
    ("unicast", "Address Family modifier"),
];

/// The line of help beside a word of a command.
pub(super) fn help(command: &'static Command, negation: Negation, atom: &Atom) -> &'static str {
    if negation == Negation::No && atom.shown == "no" {
        return "Negate a command or set its defaults";
    }
    let find = |words: &'static [(&'static str, &'static str)]| {
        words.iter().find(|(word, _)| *word == atom.shown).map(|(_, help)| *help)
    };
    let peer = (atom.name == "peer").then_some(match atom.kind {
        Kind::Ipv4 => "Neighbor address",
        Kind::Ipv6 => "Neighbor IPv6 address",
        _ => "Interface name or neighbor tag",
    });
    let value = match atom.kind {
        Kind::Keyword => None,
        Kind::Asn => Some("AS number, plain <1-4294967295> or dotted <0.0-65535.65535>"),
        Kind::Ipv4 => Some("IPv4 address"),
        Kind::Ipv6 => Some("IPv6 address"),
        Kind::Ipv4Net => Some("IPv4 prefix"),
        Kind::Ipv6Net => Some("IPv6 prefix"),
        Kind::Number(..) | Kind::Word | Kind::Line => None,
    };
    find(command.words).or(peer).or(value).or_else(|| find(WORDS)).unwrap_or(command.help)
}
