//! Fuzzes the reading of a session and an UPDATE's body.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tests::fuzz::update(octets));
