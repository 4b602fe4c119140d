//! `neighbor X dont-capability-negotiate`.

use super::flag;

flag!(no_capabilities, "dont-capability-negotiate", "Do not perform capability negotiation");
