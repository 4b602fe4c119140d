//! Graceful restart (RFC 4724 §3, RFC 8538 §2).

use alloc::vec::Vec;

use nom::number::complete::{be_u8, be_u16};
use nom::{IResult, Parser};
use serde::{Deserialize, Serialize};

use super::Capability;
use super::family::{afi_safi, all, emit_afi_safi};
use crate::value::AfiSafi;

/// In the first octet: the speaker has restarted.
const RESTARTING: u16 = 0x8000;
/// In the first octet: the speaker keeps routes after a NOTIFICATION too (RFC 8538).
const NOTIFICATION: u16 = 0x4000;
/// The rest of the first two octets.
const TIME: u16 = 0x0fff;
/// In a family's flags.
const FORWARDING: u8 = 0x80;

/// A family that the speaker's restart covers, and whether it has kept forwarding in it.
pub type RestartFamily = (AfiSafi, bool);

/// A speaker's word on its restarts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GracefulRestart {
    /// It has restarted: others need not wait for its End-of-RIB.
    pub restarting: bool,
    /// Routes are kept after a NOTIFICATION too, unless it is a Hard Reset (RFC 8538).
    pub notification: bool,
    /// In this many seconds its session should be up again; at most 4095.
    pub time_s: u16,
    /// The families, each with whether forwarding was kept in it.
    pub families: Vec<RestartFamily>,
}

fn entry(input: &[u8]) -> IResult<&[u8], RestartFamily> {
    (afi_safi, be_u8).map(|(family, flags)| (family, flags & FORWARDING != 0)).parse(input)
}

pub(super) fn parse(value: &[u8]) -> Option<Capability> {
    let (rest, first) = be_u16::<_, nom::error::Error<_>>(value).ok()?;
    Some(Capability::GracefulRestart(GracefulRestart {
        restarting: first & RESTARTING != 0,
        notification: first & NOTIFICATION != 0,
        time_s: first & TIME,
        families: all(rest, entry)?,
    }))
}

impl GracefulRestart {
    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        let restarting = if self.restarting { RESTARTING } else { 0 };
        let notification = if self.notification { NOTIFICATION } else { 0 };
        out.extend_from_slice(&(restarting | notification | self.time_s.min(TIME)).to_be_bytes());
        for (family, forwarding) in &self.families {
            emit_afi_safi(*family, out);
            out.push(if *forwarding { FORWARDING } else { 0 });
        }
    }
}
