//! Settings under which the kernel may still have routes of this router, since the block `fib` has changed.
//!
//! Both processes know them, so whoever is primary removes what is left: the change itself is over in a moment, the
//! routes that it moves are not.

use bgp_engine::value::Digest;
use fib::settings::Settings;
use serde::{Deserialize, Serialize};

/// The settings, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former(Vec<(u32, u32, u8, u32)>);

impl Former {
    /// Those to be removed next.
    #[must_use]
    pub fn next(&self) -> Option<Settings> {
        let &(table, metric, protocol, nexthop_id_base) = self.0.first()?;
        Some(Settings { table, metric, protocol, nexthop_id_base })
    }

    /// Routes were written under `before`, and are from now on under `after`.
    pub(super) fn changed(&mut self, before: Settings, after: Settings) {
        self.cleared(before);
        self.0.push(words(before));
        self.cleared(after);
    }

    pub(super) fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        for &(table, metric, protocol, base) in &self.0 {
            digest.add(u64::from(table) << 32 | u64::from(metric));
            digest.add(u64::from(protocol) << 32 | u64::from(base));
        }
        digest.value()
    }

    /// Nothing is left of these.
    pub(super) fn cleared(&mut self, settings: Settings) {
        self.0.retain(|other| *other != words(settings));
    }
}

const fn words(settings: Settings) -> (u32, u32, u8, u32) {
    (settings.table, settings.metric, settings.protocol, settings.nexthop_id_base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_force_again_is_not_removed() {
        let usual = Settings::default();
        let (second, third) = (Settings { metric: 30, ..usual }, Settings { table: 100, ..usual });
        let mut former = Former::default();
        former.changed(usual, second);
        former.changed(second, third);
        assert_eq!(former.next(), Some(usual));
        former.changed(third, usual);
        assert_eq!(former.next(), Some(second));
        former.cleared(second);
        former.cleared(third);
        assert_eq!(former.next(), None);
    }
}
