//! What a peer is to this router.

use serde::{Deserialize, Serialize};

/// On which side of which border a peer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PeerKind {
    /// In another AS: eBGP.
    #[default]
    External,
    /// In this router's own AS: iBGP. In a confederation: in its own member AS.
    Internal,
    /// In another member AS of this router's confederation (RFC 5065).
    Confederation,
}
