//! The configuration: the value, the file, and the text of what is in force.
//!
//! [`Config`] is all that an operator can set. It is read from a file with [`load`] or from text with
//! [`parse_str`], which say everything that is wrong, and written with [`running_config`]; what that writes
//! reads back as the same value. Each line's meaning stands in its command's file, not here.
//!
//! For operators who change much at once there are, over the texts: in what two differ ([`compare`]), two people's
//! changes brought together ([`merge`]), how one becomes another ([`Patch`]), and a look at the whole ([`doubts`]).

mod accepted;
mod check;
mod compare;
mod file;
mod foreign;
mod merge;
mod outline;
mod patch;
mod running;

use bgp_engine::config::{Configuration, Profile};
use fib::settings::Settings;
use serde::{Deserialize, Serialize};

pub use accepted::{Accepted, Kept};
pub use check::{doubts, reads_back};
pub use compare::compare;
pub use file::{ConfigError, Strictness, Warning, fuzz_config, load, parse_str};
pub use merge::{Clash, merge};
pub use patch::Patch;
pub use running::{Running, running_config};

/// All that an operator can set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What the engine takes.
    pub engine: Configuration,
    /// Whose defaults hold (`frr defaults`); those of an instance that is there already are its own.
    pub profile: Profile,
    /// The `redundancy` block.
    pub redundancy: Redundancy,
    /// The `fib` block.
    pub fib: Fib,
    /// Lines that are kept and have no effect.
    pub accepted: Accepted,
}

/// The `redundancy` block; `None` is 'not written'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redundancy {
    /// `mode`, hot unless written.
    pub mode: Option<Standby>,
    /// `detect hang`, 500 ms unless written.
    pub detect_hang_ms: Option<u32>,
    /// `log size`, 256 MiB unless written.
    pub log_size_mib: Option<u32>,
    /// `twin-lag`, 1000 ms unless written.
    pub twin_lag_ms: Option<u32>,
    /// `checkpoint interval`, 60 s unless written.
    pub checkpoint_interval_s: Option<u32>,
}

/// How the twin stands by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standby {
    /// It applies every entry.
    #[default]
    Hot,
    /// It holds checkpoint and log.
    Warm,
    /// There is none; checkpoint and log are in files.
    Cold,
    /// There is none.
    None,
}

impl Standby {
    /// Every mode.
    pub const ALL: [Standby; 4] = [Standby::Hot, Standby::Warm, Standby::Cold, Standby::None];

    /// Its word in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Standby::Hot => "hot",
            Standby::Warm => "warm",
            Standby::Cold => "cold",
            Standby::None => "none",
        }
    }
}

/// The `fib` block; `None` is 'not written'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fib {
    /// `table`, 254 unless written.
    pub table: Option<u32>,
    /// `metric`, 20 unless written.
    pub metric: Option<u32>,
    /// `protocol`, 186 unless written.
    pub protocol: Option<u8>,
    /// `nexthop-id-base`, 1180958720 unless written.
    pub nexthop_id_base: Option<u32>,
}

impl Fib {
    /// How the routes are known in the kernel, with what holds where nothing is written.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let usual = Settings::default();
        Settings {
            table: self.table.unwrap_or(usual.table),
            metric: self.metric.unwrap_or(usual.metric),
            protocol: self.protocol.unwrap_or(usual.protocol),
            nexthop_id_base: self.nexthop_id_base.unwrap_or(usual.nexthop_id_base),
        }
    }
}

#[cfg(test)]
mod tests;
