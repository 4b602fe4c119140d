//! A TFTP server (RFC 1350 with the options of RFC 2348 and 2349) that outlives its process.

#[expect(dead_code, reason = "this program has no streams")]
#[path = "../parts/mod.rs"]
mod parts;

mod machine;
mod netascii;
mod packet;
#[cfg(test)]
mod tests;
mod transfer;

fn main() {}
