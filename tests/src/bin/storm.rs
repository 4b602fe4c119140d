//! `storm --hits 300`: hits the router of topologies/takeover at random moments and proves that nobody noticed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use tests::takeover::proof::{Excuses, Oracle, oracle};
use tests::takeover::storm::{Counts, Manner, Storm};
use tests::takeover::world::{Start, World};

/// Kills, stops and faults the primary among FRR, BIRD, GoBGP and OpenBGPD, and proves on their side that no session
/// was reset and no message lost. Needs root and the four daemons.
#[derive(Debug, Parser)]
#[command(name = "storm")]
struct Options {
    /// How many hits
    #[arg(long, default_value_t = 100)]
    hits: u32,
    /// Of the random moments; by default another one each time, printed
    #[arg(long)]
    seed: Option<u64>,
    /// Do not wait until the router is protected again between two hits
    #[arg(long)]
    rude: bool,
    /// How the router stands by
    #[arg(long, value_enum, default_value = "hot")]
    standby: Standby,
    /// The directory of ftbgpd and ftsh, if not the one of this program
    #[arg(long)]
    programs: Option<PathBuf>,
}

/// The modes of `--standby` that a storm makes sense with.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Standby {
    /// A twin in step.
    Hot,
    /// A twin that replays.
    Warm,
    /// A process that starts when it is needed.
    Cold,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("storm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let standby = match options.standby {
        Standby::Hot => "hot",
        Standby::Warm => "warm",
        Standby::Cold => "cold",
    };
    let start = Start { standby, programs: options.programs.clone() };
    let seed = options.seed.unwrap_or_else(|| {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        now.as_micros() as u64 & 0xffff_ffff
    });
    let manner = if options.rude { Manner::Rude } else { Manner::Polite };
    println!("the same router without a fault first: what every neighbor must come to");
    let oracle = oracle(&start)?;
    println!("a storm of {} hits, {standby}, {manner:?}, --seed {seed}", options.hits);
    rage(&Storm { hits: options.hits, seed, manner }, &start, &oracle)
}

fn rage(storm: &Storm, start: &Start, oracle: &Oracle) -> Result<(), String> {
    let mut world = World::start(start)?;
    let started = Instant::now();
    let excuses = Excuses::default();
    let mut counts = Counts::default();
    let ended = storm.rage(&world, &excuses, &mut counts, |number, line| {
        println!("{:7.1} s  {number:4}/{}  {line}", started.elapsed().as_secs_f64(), storm.hits);
    });
    println!("{counts}");
    ended.map_err(|error| format!("{error}\n{}", world.lab.logs()))?;
    let (verdict, _) = world.judge(Some(oracle), &excuses);
    println!(
        "{} UPDATEs of {} octets on the neighbors' wires, {} entries of the ledger, longest uptime {:.0} s",
        verdict.updates, verdict.octets, verdict.ledger, verdict.uptime_s
    );
    if verdict.complaints.is_empty() {
        println!("proven: {} hits, 0 resets, nothing lost, nothing doubled", counts.all());
        return Ok(());
    }
    Err(format!("{} complaints:\n{}", verdict.complaints.len(), verdict.complaints.join("\n")))
}
