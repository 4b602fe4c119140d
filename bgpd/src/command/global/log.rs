//! `log …`: kept, without effect; logging is set on the command line.

use super::accepted;

accepted!(log, "log LINE", no "log LINE", "Logging control (accepted without effect)");
