//! `ftbgpd`: the daemon. All it does is in the library; here are the order of its start and its exit status.

use std::process::ExitCode;

use bgp_engine::engine::Engine;
use bgpd::config::{Standby, Strictness};
use bgpd::daemon::log::Log;
use bgpd::daemon::operator::{Operator, Source};
use bgpd::daemon::options::Options;
use bgpd::daemon::router::{Places, Router, RouterError};
use bgpd::daemon::run_dir::{RunDir, RunDirError};
use bgpd::daemon::{clock, process};
use clap::Parser;

/// Configuration or command line refused.
const REFUSED: u8 = 2;

/// Why the daemon ends other than orderly.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    #[error(transparent)]
    Router(#[from] RouterError),
    #[error("cannot start the runtime: {0}")]
    Runtime(#[from] std::io::Error),
}

fn main() -> ExitCode {
    let options = Options::parse();
    let operator = match load(&options) {
        Ok(operator) => operator,
        Err(status) => return status,
    };
    if options.check_config {
        return ExitCode::SUCCESS;
    }
    process::set_title(process::PRIMARY);
    let log = match Log::start(options.log_format) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("ftbgpd: cannot start the log: {error}");
            return ExitCode::FAILURE;
        }
    };
    let status = match run(&options, operator) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tracing::error!("{failure}");
            ExitCode::FAILURE
        }
    };
    log.end();
    status
}

/// Reads the configuration file; says on standard error what is wrong with it.
fn load(options: &Options) -> Result<Operator, ExitCode> {
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let source = Source {
        file: options.config.clone(),
        strictness: if options.lenient { Strictness::Lenient } else { Strictness::Strict },
        without_fib: options.no_fib,
        hostname: hostname.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
    };
    match Operator::load(source) {
        Ok((operator, warnings)) => {
            for warning in warnings {
                eprintln!("{warning}");
            }
            Ok(operator)
        }
        Err(errors) => {
            for error in errors {
                eprintln!("{error}");
            }
            Err(ExitCode::from(REFUSED))
        }
    }
}

fn run(options: &Options, operator: Operator) -> Result<(), Failure> {
    let mut run_dir = RunDir::take(&options.run_dir)?;
    run_dir.write_pid("keeper")?;
    run_dir.write_pid("primary")?;
    tracing::info!("ftbgpd {} starts, process {}", env!("CARGO_PKG_VERSION"), std::process::id());
    match process::raise_descriptor_limit() {
        Ok(limit) => tracing::info!("up to {limit} open files"),
        Err(error) => tracing::warn!("the limit of open files stays as it is: {error}"),
    }
    say_what_is_missing(options, &operator);
    let places = Places { listen: options.listen.clone(), control: run_dir.control() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let configuration = operator.configure();
        let engine = Engine::new(clock::seed());
        let mut router = Router::open(engine, operator, configuration, &places).await?;
        for address in router.listening() {
            tracing::info!("listening on {address}");
        }
        if let Err(error) = process::notify_ready() {
            tracing::warn!("systemd was not told that the router is ready: {error}");
        }
        tracing::info!("ready");
        router.run().await?;
        Ok::<(), RouterError>(())
    })?;
    tracing::info!("stopped");
    Ok(())
}

/// What was asked for and is not in this build.
fn say_what_is_missing(options: &Options, operator: &Operator) {
    let mode = options.standby.or(operator.config().redundancy.mode).unwrap_or_default();
    if mode != Standby::None {
        tracing::warn!(
            "not protected: this build has no twin yet, the router runs as one process \
             (standby {} was asked for; --standby none says that this is meant)",
            mode.name()
        );
    }
    if options.metrics.is_some() {
        tracing::warn!("--metrics: this build serves no metrics yet");
    }
    if !options.no_fib {
        tracing::warn!("this build puts no routes into the kernel yet (--no-fib says that this is meant)");
    }
}
