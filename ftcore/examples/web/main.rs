//! A static web server (HTTP/1.1 with keep-alive, pipelining and ranges) that outlives its process.

#[path = "../parts/mod.rs"]
mod parts;

mod machine;
mod request;
mod response;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;

use crate::machine::Web;
use crate::parts::server::Keeping;

/// Serves the files of a folder by HTTP.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    keeping: Keeping,
    /// The address and port of this server.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    let Arguments { keeping, listen } = Arguments::parse();
    keeping.run("web", Some(listen), |_| Web::default())
}
