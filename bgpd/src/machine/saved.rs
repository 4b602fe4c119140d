//! A speaker as octets: this program's own part, then the engine's.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::configured::{Configured, Saved};
use super::{Due, Former, Outcomes, Speaker, Survivals};

/// What stands first, with the version.
const MAGIC: &[u8; 8] = b"FTBGP\0\0\x01";

/// Everything but the engine.
#[derive(Serialize, Deserialize)]
struct Own {
    configured: Saved,
    outcomes: Outcomes,
    survivals: Survivals,
    due: Due,
    #[serde(default)]
    former: Former,
}

pub(super) fn save(speaker: &Speaker, to: &mut dyn Write) -> io::Result<()> {
    let own = Own {
        configured: speaker.configured.save(),
        outcomes: speaker.outcomes.clone(),
        survivals: speaker.survivals.clone(),
        due: speaker.due,
        former: speaker.former.clone(),
    };
    let own = rmp_serde::to_vec_named(&own).map_err(io::Error::other)?;
    to.write_all(MAGIC)?;
    to.write_all(&(own.len() as u64).to_le_bytes())?;
    to.write_all(&own)?;
    rmp_serde::encode::write_named(to, &speaker.engine).map_err(io::Error::other)
}

pub(super) fn restore(from: &[u8]) -> io::Result<Speaker> {
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
    let rest = from
        .strip_prefix(MAGIC)
        .ok_or_else(|| invalid("not a saved router, or one of another version".to_owned()))?;
    let (length, rest) = rest.split_first_chunk().ok_or_else(|| invalid("cut short".to_owned()))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (own, engine) = rest.split_at_checked(length).ok_or_else(|| invalid("cut short".to_owned()))?;
    let own: Own = rmp_serde::from_slice(own).map_err(|error| invalid(error.to_string()))?;
    let configured = Configured::restore(own.configured).map_err(|errors| {
        invalid(errors.first().map_or_else(|| "the configuration".to_owned(), ToString::to_string))
    })?;
    Ok(Speaker {
        engine: rmp_serde::from_slice(engine).map_err(|error| invalid(error.to_string()))?,
        configured,
        outcomes: own.outcomes,
        survivals: own.survivals,
        due: own.due,
        former: own.former,
        wanted: bgp_engine::effect::Effects::default(),
    })
}
