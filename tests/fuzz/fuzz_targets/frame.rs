//! Fuzzes the reading of a stream of messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tests::fuzz::frame(octets));
