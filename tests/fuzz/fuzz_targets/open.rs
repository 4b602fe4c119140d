//! Fuzzes the reading of an OPEN's body.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tests::fuzz::open(octets));
