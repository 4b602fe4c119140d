//! A TFTP server (RFC 1350 with the options of RFC 2348 and 2349) that outlives its process.

#[expect(dead_code, reason = "this program has no streams and no calendar")]
#[path = "../parts/mod.rs"]
mod parts;

mod machine;
mod netascii;
mod packet;
#[cfg(test)]
mod tests;
mod transfer;

use std::fs;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;

use crate::machine::{Settings, Tftp};
use crate::parts::server::Keeping;

/// Sends and takes the files of a folder by TFTP. What is there is never overwritten.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    keeping: Keeping,
    /// The address and port of this server.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:6969")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    let Arguments { keeping, listen } = Arguments::parse();
    let uploads = keeping.folder.join(".uploads");
    if let Err(error) = fs::create_dir_all(&uploads) {
        eprintln!("{}: {error}", uploads.display());
        return ExitCode::FAILURE;
    }
    keeping.run("tftp", None, move |start| Tftp::new(Settings { listen, start }))
}
