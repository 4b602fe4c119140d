//! A mail server (SMTP, receiving into a Maildir) that outlives its process.

#[path = "../parts/mod.rs"]
mod parts;

mod body;
mod command;
mod machine;
#[cfg(test)]
mod tests;

use std::fs;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;

use crate::machine::{Mail, Settings};
use crate::parts::server::Keeping;

/// Takes mail for everybody by SMTP and puts it into a Maildir.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    keeping: Keeping,
    /// The address and port of this server.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2525")]
    listen: SocketAddr,
    /// The name that it goes by.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    host: String,
    /// Octets of the largest message that it takes.
    #[arg(long, value_name = "OCTETS", default_value_t = 25 << 20)]
    size_limit: u64,
}

fn main() -> ExitCode {
    let Arguments { keeping, listen, host, size_limit } = Arguments::parse();
    if host.contains(|c: char| c.is_whitespace() || c.is_control() || "/:".contains(c)) {
        eprintln!("{host:?} cannot be a part of a file's name");
        return ExitCode::from(2);
    }
    for folder in ["tmp", "new", "cur"].map(|name| keeping.folder.join(name)) {
        if let Err(error) = fs::create_dir_all(&folder) {
            eprintln!("{}: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    }
    keeping
        .run("mail", Some(listen), move |start| Mail::new(Settings { host: host.clone(), size_limit, start }))
}
