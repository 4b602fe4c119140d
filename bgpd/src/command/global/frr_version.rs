//! `frr version LINE`: whose configuration it was. Kept, without effect.

use super::accepted;

accepted!(version, "frr version LINE", no "frr version [LINE]", "FRRouting version that wrote the configuration");
