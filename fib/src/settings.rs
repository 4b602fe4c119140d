//! Where our routes live and how they are marked: by this alone a route is known as ours.

use crate::change::GroupId;

/// Half of our next-hop ids are groups, half are single hops.
const HALF: u32 = 1 << 19;
/// The kernel's own protocols (unspecified, redirect, kernel, boot, static): whoever marks routes with one of these
/// takes other people's routes for its own.
const RESERVED_PROTOCOLS: u8 = 4;

/// The block `fib` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The kernel's routing table, 254 is `main`.
    pub table: u32,
    /// The metric of our routes, at least 1: to the kernel's delete, 0 means any.
    pub metric: u32,
    /// Who installed a route (`RTPROT_*`), at least 5; 186 is `bgp` to iproute2.
    pub protocol: u8,
    /// Our next-hop objects have the 2^20 ids from this one on: groups first, then single hops.
    pub nexthop_id_base: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { table: 254, metric: 20, protocol: 186, nexthop_id_base: 1_180_958_720 }
    }
}

/// Why settings cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No table.
    #[error("table 0 is no routing table of the kernel; 254 is the main one")]
    Table,
    /// No metric.
    #[error(
        "metric 0 cannot be told from any other metric when a route is removed; choose 1 or more, 20 is usual"
    )]
    Metric,
    /// A protocol of the kernel's.
    #[error(
        "protocol {0} marks the kernel's and the administrator's own routes, which must not be touched; \
         choose 5 or more, 186 is bgp"
    )]
    Protocol(u8),
    /// No room for the ids.
    #[error("nexthop-id-base {0} leaves no room for 1048576 ids; choose one from 1 to 4293918719")]
    NexthopIdBase(u32),
}

/// What one of our next-hop objects is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// A group.
    Group(GroupId),
    /// A single hop with this number.
    Hop(u32),
}

/// What the kernel can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// It has next-hop objects (Linux 5.3): a route names a group.
    Objects,
    /// It has none: each route has its own next hops, and a group that changes is nothing that it knows of.
    Multipath,
}

impl Settings {
    /// How many groups there can be, and how many single hops.
    pub const MOST: u32 = HALF;

    /// Whether these settings tell our routes from all others.
    ///
    /// # Errors
    /// Where they do not.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.table == 0 {
            return Err(SettingsError::Table);
        }
        if self.metric == 0 {
            return Err(SettingsError::Metric);
        }
        if self.protocol <= RESERVED_PROTOCOLS {
            return Err(SettingsError::Protocol(self.protocol));
        }
        if self.nexthop_id_base == 0 || self.nexthop_id_base.checked_add(2 * HALF).is_none() {
            return Err(SettingsError::NexthopIdBase(self.nexthop_id_base));
        }
        Ok(())
    }

    /// The kernel's id of a group; `None` where its number is too large.
    #[must_use]
    pub fn group_object(&self, group: GroupId) -> Option<u32> {
        (group.0 < HALF).then(|| self.nexthop_id_base + group.0)
    }

    /// The kernel's id of a single hop with this number, which is below [`Settings::MOST`].
    #[must_use]
    pub fn hop_object(&self, number: u32) -> u32 {
        self.nexthop_id_base + HALF + number % HALF
    }

    /// What the object with this id of the kernel's is, if it is in our range.
    #[must_use]
    pub fn object(&self, id: u32) -> Option<Object> {
        let number = id.checked_sub(self.nexthop_id_base)?;
        if number < HALF {
            return Some(Object::Group(GroupId(number)));
        }
        (number < 2 * HALF).then(|| Object::Hop(number - HALF))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_what_they_stand_for() {
        let settings = Settings::default();
        for group in [0, 1, HALF - 1] {
            let id = settings.group_object(GroupId(group)).unwrap();
            assert_eq!(settings.object(id), Some(Object::Group(GroupId(group))));
        }
        assert_eq!(settings.object(settings.hop_object(7)), Some(Object::Hop(7)));
        assert_eq!(settings.group_object(GroupId(HALF)), None);
        assert_eq!(settings.object(settings.nexthop_id_base - 1), None);
        assert_eq!(settings.object(settings.nexthop_id_base + 2 * HALF), None);
    }

    #[test]
    fn settings_that_would_take_others_routes_are_refused() {
        let good = Settings::default();
        assert_eq!(good.check(), Ok(()));
        let refused = |settings: Settings| settings.check().unwrap_err();
        assert_eq!(refused(Settings { table: 0, ..good }), SettingsError::Table);
        assert_eq!(refused(Settings { metric: 0, ..good }), SettingsError::Metric);
        assert_eq!(refused(Settings { protocol: 4, ..good }), SettingsError::Protocol(4));
        let base = u32::MAX - 5;
        assert_eq!(refused(Settings { nexthop_id_base: base, ..good }), SettingsError::NexthopIdBase(base));
    }
}
