//! The command line of `ftbgpd`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::listen::parse_listen;
use super::log::LogFormat;
use crate::config::Standby;

/// A BGP router daemon that outlives its own crashes.
#[derive(Clone, Debug, Parser)]
#[command(name = "ftbgpd", version, about)]
pub struct Options {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "/etc/ftbgp/ftbgpd.conf")]
    pub config: PathBuf,
    /// Where the control socket and the files with process numbers are.
    #[arg(long, value_name = "DIR", default_value = "/run/ftbgp")]
    pub run_dir: PathBuf,
    /// How a crash is outlived; hot unless given here or in the file.
    #[arg(long, value_name = "MODE", value_parser = parse_standby)]
    pub standby: Option<Standby>,
    /// Install no routes in the kernel.
    #[arg(long)]
    pub no_fib: bool,
    /// Listen here for peers, and not on port 179 of every address; more than once for more places.
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = parse_listen)]
    pub listen: Vec<SocketAddr>,
    /// Where the files of cold standby are.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/ftbgp")]
    pub state_dir: PathBuf,
    /// Pass over configuration lines that are for other daemons of FRR, with a warning.
    #[arg(long)]
    pub lenient: bool,
    /// Serve metrics here.
    #[arg(long, value_name = "ADDR:PORT")]
    pub metrics: Option<SocketAddr>,
    /// How the lines of the log look.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Say what is wrong with the configuration file, and run nothing.
    #[arg(long)]
    pub check_config: bool,
    /// Do something else than run the router.
    #[command(subcommand)]
    pub errand: Option<Errand>,
}

/// Something else than to run the router.
#[derive(Clone, Debug, Subcommand)]
pub enum Errand {
    /// Give a message that killed a process to a router again: exit status 0 if it survives it, 3 if not.
    Replay {
        /// Try it in this process.
        #[arg(long, hide = true)]
        here: bool,
        /// The message, as it lies in the run directory's poison/.
        file: PathBuf,
    },
}

fn parse_standby(text: &str) -> Result<Standby, String> {
    let found = Standby::ALL.into_iter().find(|mode| mode.name() == text);
    found.ok_or_else(|| "expected hot, warm, cold or none".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_the_documented_one() {
        let line = "ftbgpd --config f --run-dir d --standby none --no-fib --listen 192.0.2.1 --listen [::1]:1179 \
                    --state-dir s --lenient --metrics 127.0.0.1:9000 --log-format json --check-config";
        let options = Options::try_parse_from(line.split_whitespace()).unwrap();
        assert_eq!(options.standby, Some(Standby::None));
        assert_eq!(options.listen.len(), 2);
        assert_eq!(options.log_format, LogFormat::Json);
        assert!(options.no_fib && options.lenient && options.check_config);
    }

    #[test]
    fn what_is_not_given_has_the_documented_default() {
        let options = Options::try_parse_from(["ftbgpd"]).unwrap();
        assert_eq!(options.config.to_str(), Some("/etc/ftbgp/ftbgpd.conf"));
        assert_eq!(options.run_dir.to_str(), Some("/run/ftbgp"));
        assert_eq!(options.state_dir.to_str(), Some("/var/lib/ftbgp"));
        assert_eq!((options.standby, options.listen.len()), (None, 0));
    }

    #[test]
    fn a_command_line_that_is_refused_is_status_2() {
        let refused = Options::try_parse_from(["ftbgpd", "--standby", "lukewarm"]).unwrap_err();
        assert_eq!(refused.exit_code(), 2);
    }
}
