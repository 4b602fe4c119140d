//! `frr version LINE`: whose configuration it was. Kept, without effect.

use super::{CONFIG, accepted};

accepted!(
    replace version,
    CONFIG,
    "frr version LINE",
    no "frr version [LINE]",
    "FRRouting version that wrote the configuration"
);
