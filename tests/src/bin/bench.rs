//! The command line of the benchmark (its method stands in `tests::bench`) and of the real tables (`tests::mrt`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tests::bench::cases::{Case, Effort, Scenario};
use tests::bench::daemons::{Daemon, Kind, Standby};
use tests::bench::fib;
use tests::bench::report::{self, Outcomes};
use tests::bench::takeover::report::{self as takeover_report, Row};
use tests::bench::takeover::{costs, hits};
use tests::mrt::replay::{self, Feed};

/// Measures BGP routers: load, memory, withdraw, the delay of a change. Needs root.
#[derive(Debug, Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sends real tables and update streams through a router and compares what comes out, attribute by attribute
    Realtables(RealTables),
    /// Measures takeovers and what standing by costs
    Takeover(Takeover),
    /// Measures routes on their way into the kernel
    Fib(Fib),
}

#[derive(Debug, Args)]
struct Fib {
    /// How many routes
    #[arg(long, default_value_t = 1_000_000)]
    routes: u32,
    /// How often each is measured; the table shows medians
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Also with other numbers of messages in a system call than the router's
    #[arg(long)]
    sizes: bool,
}

#[derive(Debug, Args)]
struct Takeover {
    /// Hits of each kind with a hot twin and the full table; 0 leaves them out
    #[arg(long, default_value_t = 50)]
    hits: usize,
    /// The size of the full table
    #[arg(long, default_value_t = 1_000_000)]
    prefixes: usize,
    /// Ways to stand by
    #[arg(long, value_delimiter = ',', value_enum, default_value = "hot,warm,cold")]
    standby: Vec<Standby>,
    /// Alternated loads for the costs, hot and none; 0 leaves them out
    #[arg(long, default_value_t = 5)]
    loads: usize,
    /// Everything once or twice, with a table of 2,000 prefixes: to see that it works
    #[arg(long)]
    small: bool,
    /// The ftbgpd to measure; by default the one beside this program
    #[arg(long)]
    ftbgpd: Option<PathBuf>,
    /// Its build with faults; by default the one in `fault` beside this program, left out if it is not there
    #[arg(long)]
    fault: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct RealTables {
    /// The router
    #[arg(long, value_enum, default_value = "ftbgpd")]
    daemon: Kind,
    /// Its program, if not where it usually is
    #[arg(long)]
    program: Option<PathBuf>,
    /// All tables and streams, not only one of each kind
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct Benchmark {
    /// Which cases; all by default
    #[arg(long, value_delimiter = ',', value_enum)]
    cases: Vec<Case>,
    /// Which routers; all by default, those that are not installed are left out
    #[arg(long, value_delimiter = ',', value_enum)]
    daemons: Vec<Kind>,
    /// The size of the tables, 1.0 as the cases say
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// How often each case runs; the table shows medians
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// A case that takes longer is given up, in seconds
    #[arg(long, default_value_t = 300)]
    limit: u64,
    /// Writes every figure here too
    #[arg(long)]
    json: Option<PathBuf>,
    /// The ftbgpd to measure; by default the one beside this program
    #[arg(long)]
    ftbgpd: Option<PathBuf>,
    /// The bird to measure
    #[arg(long)]
    bird: Option<PathBuf>,
    /// FRR's bgpd to measure
    #[arg(long)]
    frr: Option<PathBuf>,
    /// OpenBGPD's bgpd to measure
    #[arg(long)]
    openbgpd: Option<PathBuf>,
    /// The gobgpd to measure
    #[arg(long)]
    gobgp: Option<PathBuf>,
}

impl Benchmark {
    /// The routers to measure with their versions; one that was asked for and is not there is an error.
    fn daemons(&self) -> Result<Vec<(Daemon, String)>, String> {
        let mut found = Vec::new();
        for kind in Kind::ALL {
            let given = match kind {
                Kind::Ftbgpd => &self.ftbgpd,
                Kind::Bird => &self.bird,
                Kind::Frr => &self.frr,
                Kind::Openbgpd => &self.openbgpd,
                Kind::Gobgp => &self.gobgp,
            };
            let asked = self.daemons.contains(&kind) || given.is_some();
            if !self.daemons.is_empty() && !asked {
                continue;
            }
            let daemon = Daemon::alone(kind, given.clone().unwrap_or_else(|| kind.default_program()));
            match daemon.version() {
                Ok(version) => found.push((daemon, version)),
                Err(why) if asked => return Err(format!("{}: {why}", kind.name())),
                Err(why) => println!("left out: {} ({why})", kind.name()),
            }
        }
        Ok(found)
    }

    /// The wanted cases, all if none is named.
    fn wanted(&self) -> &[Case] {
        if self.cases.is_empty() { &Case::ALL } else { &self.cases }
    }

    /// The scenarios that the wanted cases need.
    fn scenarios(&self) -> Vec<Scenario> {
        let mut scenarios: Vec<Scenario> = self.wanted().iter().map(|case| case.scenario()).collect();
        scenarios.sort_unstable();
        scenarios.dedup();
        scenarios
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    match options.command {
        Some(Command::Realtables(options)) => real_tables(&options),
        Some(Command::Takeover(options)) if options.small => {
            takeovers(&Takeover { hits: 2, prefixes: 2_000, loads: 1, ..options })
        }
        Some(Command::Takeover(options)) => takeovers(&options),
        Some(Command::Fib(options)) => kernel_routes(&options),
        None => benchmark(&options.benchmark),
    }
}

/// Prints a line a feed; stops at the first that does not come out as it must.
fn real_tables(options: &RealTables) -> ExitCode {
    let kind = options.daemon;
    let program = options.program.clone().unwrap_or_else(|| kind.default_program());
    let daemon = Daemon::alone(kind, program);
    println!("{}: {}", kind.name(), daemon.version().unwrap_or_else(|why| why));
    let starts = if options.all { Feed::everything() } else { Feed::one_of_each_kind() };
    for feeds in starts {
        if let Err(failure) = replay::run(&daemon, &feeds, |report| println!("{report}")) {
            eprintln!("bench: {failure}");
            return ExitCode::from(1);
        }
    }
    ExitCode::SUCCESS
}

/// Prints each figure as it comes, then the table.
fn kernel_routes(options: &Fib) -> ExitCode {
    for (name, value) in report::machine() {
        println!("{name}: {value}");
    }
    let sizes: &[usize] = if options.sizes { &[1, 4, 16, 64, 256, 1024, 1800] } else { &[fib::BATCH] };
    match fib::run(options.routes, options.runs, sizes) {
        Ok(table) => {
            println!("\n{table}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::from(1)
        }
    }
}

/// Hits and loads; prints each result as it comes, then the tables.
fn takeovers(options: &Takeover) -> ExitCode {
    for (name, value) in report::machine() {
        println!("{name}: {value}");
    }
    let program = options.ftbgpd.clone().unwrap_or_else(|| Kind::Ftbgpd.default_program());
    let fault = options.fault.clone().unwrap_or_else(|| program.with_file_name("fault").join("ftbgpd"));
    let alone = Daemon::alone(Kind::Ftbgpd, program);
    let mut rows = Vec::new();
    for (standby, prefixes, kind, hits) in plan(options) {
        if kind == hits::Kind::InsideAnEntry && !fault.exists() {
            println!("left out: {}: there is no {}; tests/fault.sh makes it", kind.title(), fault.display());
            continue;
        }
        let program = if kind == hits::Kind::InsideAnEntry { &fault } else { &alone.program };
        let daemon = Daemon { standby, program: program.clone(), ..alone.clone() };
        let outcome = hits::run(&daemon, prefixes, kind, hits);
        rows.push(Row { standby, prefixes, kind, outcome });
        println!("{}", takeover_report::hits(&rows[rows.len() - 1..]).lines().last().unwrap_or_default());
    }
    let (mut hot, mut none) = (Vec::new(), Vec::new());
    for run in 1..=options.loads {
        for (standby, all) in [(Standby::Hot, &mut hot), (Standby::None, &mut none)] {
            match costs::run(&alone, standby, options.prefixes) {
                Ok(costs) => all.push(costs),
                Err(why) => eprintln!("bench: load {run}, {}: {why}", standby.name()),
            }
            println!("load {run}, {}: {:?}", standby.name(), all.last());
        }
    }
    println!("\n{}", takeover_report::hits(&rows));
    if !hot.is_empty() && !none.is_empty() {
        println!("{}", takeover_report::costs(options.prefixes, &hot, &none));
    }
    println!("{}", takeover_report::figures(options.prefixes, &rows, (&hot, &none)));
    if rows.iter().all(|row| row.outcome.is_ok()) { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// What is hit how often: everything with the full table, and the growth with the table when idle.
fn plan(options: &Takeover) -> Vec<(Standby, usize, hits::Kind, usize)> {
    use hits::Kind::{Hang, Idle, InsideAnEntry, Loading};
    let full = options.prefixes;
    let few = options.hits.div_ceil(5);
    let mut plan = Vec::new();
    if options.hits == 0 {
        return plan;
    }
    for &standby in &options.standby {
        // A standby that replays takes seconds for each hit.
        let hits = if standby == Standby::Hot { options.hits } else { few };
        for prefixes in [0, full / 10] {
            plan.push((standby, prefixes, Idle, hits));
        }
        plan.push((standby, full, Idle, hits));
        plan.push((standby, full, Loading, hits));
        plan.push((standby, full, InsideAnEntry, hits));
        // Without a standby nobody watches for a hang.
        if matches!(standby, Standby::Hot | Standby::Warm) {
            plan.push((standby, full, Hang, few));
        }
    }
    plan
}

/// Runs the cases and prints the table.
fn benchmark(options: &Benchmark) -> ExitCode {
    let daemons = match options.daemons() {
        Ok(daemons) => daemons,
        Err(why) => {
            eprintln!("bench: {why}");
            return ExitCode::from(2);
        }
    };
    for (name, value) in report::machine() {
        println!("{name}: {value}");
    }
    for (daemon, version) in &daemons {
        println!("{}: {version} ({})", daemon.kind.name(), daemon.program.display());
    }
    let scenarios = options.scenarios();
    let mut digests = BTreeMap::new();
    for scenario in &scenarios {
        let table = scenario.table(options.scale);
        let digest = format!("{:016x}", table.digest());
        let (prefixes, sets, path) = (table.prefixes.len(), table.runs.len(), table.mean_path());
        println!(
            "table {scenario:?}: {prefixes} prefixes, {sets} sets, mean path {path:.2}, digest {digest}"
        );
        digests.insert(format!("{scenario:?}"), digest);
    }
    let effort = Effort { scale: options.scale, limit: Duration::from_secs(options.limit) };
    let mut outcomes = Outcomes::new();
    for run in 1..=options.runs {
        for scenario in &scenarios {
            for (daemon, _) in daemons.iter().filter(|(daemon, _)| scenario.suits(daemon)) {
                for (case, outcome) in scenario.run(daemon, effort, options.wanted()) {
                    println!("run {run}: {case:?} with {}: {outcome:?}", daemon.kind.name());
                    if options.wanted().contains(&case) {
                        outcomes.entry((case, daemon.kind)).or_default().push(outcome);
                    }
                }
            }
        }
    }
    let kinds: Vec<Kind> = daemons.iter().map(|(daemon, _)| daemon.kind).collect();
    println!("\n{}", report::table(&kinds, &outcomes));
    if let Some(path) = &options.json {
        let versions = daemons.iter().map(|(daemon, version)| (daemon.kind, version.clone())).collect();
        let text = format!("{:#}\n", report::json(&versions, &digests, options.scale, &outcomes));
        if let Err(error) = std::fs::write(path, text) {
            eprintln!("bench: {}: {error}", path.display());
            return ExitCode::from(1);
        }
    }
    ExitCode::SUCCESS
}
