//! `ftsh`: the shell of FTBGP.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use bgpd::shell::protocol::Status;
use bgpd::shell::{Client, Shell, run_commands, run_file, run_input, run_interactive};
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
    match run(&Arguments::parse()) {
        Ok(Status::Obeyed) => ExitCode::SUCCESS,
        Ok(Status::Refused) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Status, Box<dyn std::error::Error>> {
    let client = Client::new(&arguments.run_dir);
    if arguments.file.is_none() && arguments.commands.is_empty() {
        if std::io::stdin().is_terminal() {
            run_interactive(client)?;
            return Ok(Status::Obeyed);
        }
        return Ok(run_input(&mut Shell::new(client))?);
    }
    let mut shell = Shell::new(client);
    let status = match &arguments.file {
        Some(path) => run_file(&mut shell, path)?,
        None => Status::Obeyed,
    };
    match run_commands(&mut shell, &arguments.commands)? {
        Status::Refused => Ok(Status::Refused),
        Status::Obeyed => Ok(status),
    }
}
