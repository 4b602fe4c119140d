//! `neighbor X override-capability`.

use super::flag;

flag!(override_capability, "override-capability", "Override capability negotiation result");
