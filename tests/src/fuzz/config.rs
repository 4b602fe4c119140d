//! The configuration file's reader.

/// Reads octets as a configuration; what is accepted must be written so that it reads back the same.
pub fn config(octets: &[u8]) {
    bgpd::config::fuzz_config(octets);
}
