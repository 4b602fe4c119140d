//! `neighbor X strict-capability-match`.

use super::flag;

flag!(strict_capability_match, "strict-capability-match", "Strict capability negotiation match");
