//! A static web server (HTTP/1.1 with keep-alive, pipelining and ranges) that outlives its process.

#[path = "../parts/mod.rs"]
mod parts;

mod machine;
mod request;
mod response;
#[cfg(test)]
mod tests;

fn main() {}
