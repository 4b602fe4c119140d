//! A machine's state as octets, and as one number.

use std::io;

use ftcore::core::effect::Effect;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Writes a state behind the name of its form.
pub fn save(form: &str, state: &impl Serialize, to: &mut dyn io::Write) -> io::Result<()> {
    to.write_all(form.as_bytes())?;
    rmp_serde::encode::write_named(&mut io::BufWriter::new(to), state).map_err(io::Error::other)
}

/// Reads a state of this form.
pub fn restore<S: DeserializeOwned>(form: &str, from: &[u8]) -> io::Result<S> {
    let refuse = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let state = from.strip_prefix(form.as_bytes()).ok_or_else(|| refuse(format!("not a {form} state")))?;
    rmp_serde::from_slice(state).map_err(|error| refuse(error.to_string()))
}

/// A digest of octets, written in any pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest(u64);

impl Digest {
    /// Of a whole state. The machines are small, so all of it is looked at each time; what they have sent is in
    /// it as the digest that they keep with [`Digest::add_output`].
    pub fn of(state: &impl Serialize) -> u64 {
        let mut digest = Digest::default();
        rmp_serde::encode::write(&mut digest, state).expect("a state can be written, and a digest takes all");
        digest.0
    }

    /// Adds what a step wants sent.
    pub fn add_output<E>(&mut self, effects: &[Effect<E>]) {
        for effect in effects {
            if let Effect::Send { conn, octets } | Effect::SendDatagram { conn, octets, .. } = effect {
                self.add(&conn.0.to_le_bytes());
                self.add(octets);
            }
        }
    }

    fn add(&mut self, octets: &[u8]) {
        let with_length = u64::from(crc32fast::hash(octets)) | (octets.len() as u64) << 32;
        self.0 = (self.0.rotate_left(23) ^ with_length).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl io::Write for Digest {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.add(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
