//! A mail server (SMTP, receiving into a Maildir) that outlives its process.

#[path = "../parts/mod.rs"]
mod parts;

mod body;
mod command;
mod machine;
#[cfg(test)]
mod tests;

fn main() {}
