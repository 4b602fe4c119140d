//! BGP roles (RFC 9234 §4.1).

use serde::{Deserialize, Serialize};

use super::Capability;

/// What a speaker is to its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// It sells transit to the peer.
    Provider,
    /// It is a route server.
    RouteServer,
    /// It is a route server's client.
    RouteServerClient,
    /// It buys transit from the peer.
    Customer,
    /// They exchange their own and their customers' routes.
    Peer,
    /// Not defined.
    Unknown(u8),
}

impl Role {
    pub(super) const fn to_octet(self) -> u8 {
        match self {
            Role::Provider => 0,
            Role::RouteServer => 1,
            Role::RouteServerClient => 2,
            Role::Customer => 3,
            Role::Peer => 4,
            Role::Unknown(octet) => octet,
        }
    }

    const fn from_octet(octet: u8) -> Self {
        match octet {
            0 => Role::Provider,
            1 => Role::RouteServer,
            2 => Role::RouteServerClient,
            3 => Role::Customer,
            4 => Role::Peer,
            other => Role::Unknown(other),
        }
    }

    //= rfc9234#section-4.2
    //# If the Roles do not correspond, the BGP speaker MUST reject the connection using the Role Mismatch
    //# Notification
    /// Whether the two ends of a session may have these roles.
    #[must_use]
    pub const fn goes_with(self, other: Role) -> bool {
        matches!(
            (self, other),
            (Role::Provider, Role::Customer)
                | (Role::Customer, Role::Provider)
                | (Role::RouteServer, Role::RouteServerClient)
                | (Role::RouteServerClient, Role::RouteServer)
                | (Role::Peer, Role::Peer)
        )
    }
}

pub(super) fn parse(value: &[u8]) -> Option<Capability> {
    match *value {
        [octet] => Some(Capability::Role(Role::from_octet(octet))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_three_pairs_go_together() {
        let roles = (0..6).map(Role::from_octet);
        let pairs = roles.clone().flat_map(|a| roles.clone().map(move |b| (a, b)));
        assert_eq!(pairs.filter(|(a, b)| a.goes_with(*b)).count(), 5);
        assert!(Role::Peer.goes_with(Role::Peer));
        assert!(!Role::Provider.goes_with(Role::Provider));
    }
}
