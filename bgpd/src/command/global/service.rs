//! `service …`: kept, without effect.

use super::accepted;

accepted!(service, "service LINE", no "service LINE", "Set up miscellaneous service (accepted without effect)");
