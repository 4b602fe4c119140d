//! The names of error codes and subcodes, as FRR prints them.

/// A code's name and its subcodes' names, from 0.
type Names = (&'static str, &'static [&'static str]);

/// By code, from 0.
pub(super) const NAMES: [Names; 9] = [
    ("Unspecified Error", &[]),
    (
        "Message Header Error",
        &["Unspecific", "Connection Not Synchronized", "Bad Message Length", "Bad Message Type"],
    ),
    (
        "OPEN Message Error",
        &[
            "Unspecific",
            "Unsupported Version Number",
            "Bad Peer AS",
            "Bad BGP Identifier",
            "Unsupported Optional Parameter",
            "Authentication Failure",
            "Unacceptable Hold Time",
            "Unsupported Capability",
            "",
            "",
            "",
            "Role Mismatch",
        ],
    ),
    (
        "UPDATE Message Error",
        &[
            "Unspecific",
            "Malformed Attribute List",
            "Unrecognized Well-known Attribute",
            "Missing Well-known Attribute",
            "Attribute Flags Error",
            "Attribute Length Error",
            "Invalid ORIGIN Attribute",
            "AS Routing Loop",
            "Invalid NEXT_HOP Attribute",
            "Optional Attribute Error",
            "Invalid Network Field",
            "Malformed AS_PATH",
        ],
    ),
    ("Hold Timer Expired", &[]),
    (
        "Neighbor Events Error",
        &[
            "Unspecific",
            "Receive Unexpected Message in OpenSent State",
            "Receive Unexpected Message in OpenConfirm State",
            "Receive Unexpected Message in Established State",
        ],
    ),
    (
        "Cease",
        &[
            "Unspecific",
            "Maximum Number of Prefixes Reached",
            "Administrative Shutdown",
            "Peer De-configured",
            "Administrative Reset",
            "Connection Rejected",
            "Other Configuration Change",
            "Connection Collision Resolution",
            "Out of Resources",
            "Hard Reset",
            "BFD Down",
        ],
    ),
    ("ROUTE-REFRESH Message Error", &["Unspecific", "Invalid Message Length"]),
    ("Send Hold Timer Expired", &[]),
];
