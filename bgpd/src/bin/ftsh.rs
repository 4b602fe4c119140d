//! `ftsh`: the shell of FTBGP.

use std::path::PathBuf;
use std::process::ExitCode;

use bgpd::shell::protocol::Status;
use bgpd::shell::{Client, run_commands, run_file, run_interactive};
use clap::Parser;

/// The shell of FTBGP; interactive without -c and -f.
#[derive(Debug, Parser)]
#[command(name = "ftsh", version)]
struct Arguments {
    /// The run directory of the daemon.
    #[arg(long, value_name = "DIR", default_value = "/run/ftbgp")]
    run_dir: PathBuf,
    /// Runs this command; may be given more than once, all in one session.
    #[arg(short, value_name = "CMD")]
    commands: Vec<String>,
    /// Runs the lines of this file.
    #[arg(short, value_name = "FILE")]
    file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut client = Client::new(&arguments.run_dir);
    match run(&arguments, &mut client) {
        Ok(Status::Obeyed) => ExitCode::SUCCESS,
        Ok(Status::Refused) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, client: &mut Client) -> Result<Status, Box<dyn std::error::Error>> {
    if arguments.file.is_none() && arguments.commands.is_empty() {
        run_interactive(client)?;
        return Ok(Status::Obeyed);
    }
    let mut status = Status::Obeyed;
    if let Some(path) = &arguments.file {
        status = run_file(client, path)?;
        client.set_mode(Vec::new());
    }
    match run_commands(client, &arguments.commands)? {
        Status::Refused => Ok(Status::Refused),
        Status::Obeyed => Ok(status),
    }
}
