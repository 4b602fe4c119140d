//! `ftbgpd`: the daemon. All it does is in the library; here are the order of its start and its exit status.
//!
//! The same program is keeper, primary and twin; which one this process is `ftcore` knows.

use std::process::ExitCode;

use bgpd::config::{Config, Strictness, load};
use bgpd::daemon::log::Log;
use bgpd::daemon::options::{Errand, Options};
use bgpd::daemon::program::{Bgp, poison_folder};
use bgpd::daemon::{Source, check_kernel, clock, process, replay, settings_of};
use bgpd::machine::Surroundings;
use clap::Parser;
use ftcore::sys::note::NotingAllocator;
use ftcore::sys::program::run;
use ftcore::sys::signals::Signals;
use ftcore::sys::{heap, keeper};

/// Configuration or command line refused.
const REFUSED: u8 = 2;
/// What the processes are called before the colon of their titles.
const PROGRAM: &str = "ftbgpd";
/// The signals that mean something.
const HEARD: &[i32] = &[libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

/// A process that is refused memory leaves word of it before it dies.
#[global_allocator]
static ALLOCATOR: NotingAllocator = NotingAllocator;

fn main() -> ExitCode {
    // Without huge pages a fork takes longer, and nothing else is wrong.
    let _ = heap::prefer_huge_pages();
    let _ = clock::began();
    let options = Options::parse();
    if let Some(Errand::Replay { here, file }) = &options.errand {
        let replayed = if *here { replay::replay_here(file) } else { replay::replay(file) };
        return replayed.unwrap_or_else(|error| {
            eprintln!("ftbgpd: {error}");
            ExitCode::FAILURE
        });
    }
    let strictness = if options.lenient { Strictness::Lenient } else { Strictness::Strict };
    let config = match load(&options.config, strictness) {
        Ok((config, warnings)) => {
            for warning in warnings.iter().filter(|_| !is_child()) {
                eprintln!("{warning}");
            }
            config
        }
        // The children are given what is configured, and so is a keeper by children that live.
        Err(_) if is_child() => Config::default(),
        Err(errors) => {
            for error in errors {
                eprintln!("{error}");
            }
            if options.check_config || !is_running(&options) {
                return ExitCode::from(REFUSED);
            }
            eprintln!(
                "ftbgpd: {} is broken and is not used: the router that runs goes on with the configuration that it \
                 has; correct the file before it is started anew",
                options.config.display()
            );
            Config::default()
        }
    };
    if options.check_config {
        return ExitCode::SUCCESS;
    }
    // Before there is any thread: these are heard by whoever serves, and no thread may die of them.
    if let Err(error) = Signals::block(HEARD) {
        eprintln!("ftbgpd: cannot listen for signals: {error}");
        return ExitCode::FAILURE;
    }
    let log = match Log::start(options.log_format) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("ftbgpd: cannot start the log: {error}");
            return ExitCode::FAILURE;
        }
    };
    let status = begin(&options, strictness, config);
    log.end();
    status
}

/// Whether a router lives in the run directory, whose keeper this process is to become.
fn is_running(options: &Options) -> bool {
    keeper::run_dir::RunDir::new(&options.run_dir).living(PROGRAM).is_some()
}

/// Whether a keeper started this process.
fn is_child() -> bool {
    std::env::var_os(keeper::child::CHILD).is_some()
}

/// Whether what the command line and the configuration want of the kernel's routes is possible.
fn check_routes(options: &Options, config: &Config) -> Result<(), fib::writer::OpenError> {
    if options.no_fib || is_child() { Ok(()) } else { check_kernel(&config.fib) }
}

fn begin(options: &Options, strictness: Strictness, config: Config) -> ExitCode {
    // The program says at its start what came of it; a later keeper's children have it from here.
    let _ = process::raise_descriptor_limit();
    let mut redundancy = config.redundancy;
    redundancy.mode = options.standby.or(redundancy.mode);
    if let Err(error) = check_routes(options, &config) {
        eprintln!("ftbgpd: {error}");
        return ExitCode::from(REFUSED);
    }
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let surroundings = Surroundings {
        without_fib: options.no_fib,
        hostname: hostname.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
        standby: options.standby,
        unix_ms: clock::unix_ms(),
    };
    let program = Bgp {
        listen: options.listen.clone(),
        run_dir: options.run_dir.clone(),
        metrics: options.metrics,
        source: Source {
            file: options.config.clone(),
            strictness,
            poison: poison_folder(&options.run_dir),
            history: options.state_dir.join("configurations"),
            surroundings,
        },
    };
    #[cfg(feature = "fault")]
    if let Err(error) = bgpd::daemon::sys::take_faults() {
        tracing::warn!("no faults can be sent to this process: {error}");
    }
    let kept = keeper::Options {
        program: PROGRAM.to_owned(),
        run_dir: options.run_dir.clone(),
        state_dir: options.state_dir.clone(),
        settings: settings_of(&redundancy),
    };
    run(program, kept)
}
