//! Fuzzes the reading of a configuration file.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tests::fuzz::config(octets));
