//! Where a line is typed: the modes, their prompts, and which lies in which.

use bgp_engine::policy::Action;
use bgp_engine::value::Family;

use super::Hold;

/// A mode as the grammar sees it: which commands there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// `host#`.
    Exec,
    /// `host>`, after `disable`: what only shows.
    View,
    /// `host(config)#`.
    Config,
    /// `router bgp`.
    Router,
    /// `address-family ipv4 unicast`.
    Ipv4,
    /// `address-family ipv6 unicast`.
    Ipv6,
    /// `route-map`.
    RouteMap,
    /// `redundancy`.
    Redundancy,
    /// `fib`.
    Fib,
    /// `line vty`.
    Line,
}

impl Place {
    /// Every place.
    pub const ALL: [Place; 10] = [
        Place::Exec,
        Place::View,
        Place::Config,
        Place::Router,
        Place::Ipv4,
        Place::Ipv6,
        Place::RouteMap,
        Place::Redundancy,
        Place::Fib,
        Place::Line,
    ];

    /// Every place where the configuration is changed.
    pub const CONFIGURING: &'static [Place] = Place::ALL.split_at(2).1;

    /// What FRR calls the mode in the answer to `find`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Place::Exec => "enable",
            Place::View => "view",
            Place::Config => "config",
            Place::Router => "bgp",
            Place::Ipv4 => "bgp ipv4 unicast",
            Place::Ipv6 => "bgp ipv6",
            Place::RouteMap => "routemap",
            Place::Redundancy => "redundancy",
            Place::Fib => "fib",
            Place::Line => "vty",
        }
    }

    /// What stands in the prompt behind the host's name.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Place::View => "> ",
            _ => "# ",
        }
    }

    /// What stands in the prompt between the host's name and its sign.
    #[must_use]
    pub const fn prompt(self) -> &'static str {
        match self {
            Place::Exec | Place::View => "",
            Place::Config => "(config)",
            Place::Router => "(config-router)",
            Place::Ipv4 | Place::Ipv6 => "(config-router-af)",
            Place::RouteMap => "(config-route-map)",
            Place::Redundancy => "(config-redundancy)",
            Place::Fib => "(config-fib)",
            Place::Line => "(config-line)",
        }
    }
}

/// A mode with what was said on entering it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The outermost.
    Exec,
    /// After `disable`.
    View,
    /// After `configure terminal`; the outermost of a configuration file.
    Config,
    /// The same after `configure exclusive` or `configure private`.
    Candidate(Hold),
    /// In `router bgp`.
    Router,
    /// In `address-family`.
    Family(Family),
    /// In `route-map NAME permit|deny SEQ`.
    RouteMap {
        /// The map's name.
        name: String,
        /// The entry's action.
        action: Action,
        /// The entry's number.
        sequence: u32,
    },
    /// In `redundancy`.
    Redundancy,
    /// In `fib`.
    Fib,
    /// In `line vty`.
    Line,
}

impl Mode {
    /// Which commands there are.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Mode::Exec => Place::Exec,
            Mode::View => Place::View,
            Mode::Config | Mode::Candidate(_) => Place::Config,
            Mode::Router => Place::Router,
            Mode::Family(Family::Ipv4Unicast) => Place::Ipv4,
            Mode::Family(Family::Ipv6Unicast) => Place::Ipv6,
            Mode::RouteMap { .. } => Place::RouteMap,
            Mode::Redundancy => Place::Redundancy,
            Mode::Fib => Place::Fib,
            Mode::Line => Place::Line,
        }
    }

    /// The family that a family's line typed here is about: in `router bgp` itself IPv4, as in FRR.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Mode::Family(family) => *family,
            _ => Family::Ipv4Unicast,
        }
    }
}
