//! `lab TOPOLOGY [--keep]`: runs a topology of this tree by hand.
//!
//! It starts the nodes, waits until every node's own show command prints what `expected.json` says, prints the tables,
//! and stops; with `--keep` it stays until Ctrl-C, so that one can go in and look.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use tests::lab::expected::{Expected, FILE, routes};
use tests::lab::speaker::Route;
use tests::lab::{Lab, LabError, Topology, topology_directory, topology_file};

/// Runs a containerlab topology with the BGP daemons of this machine, in private namespaces. Needs root.
#[derive(Debug, Parser)]
#[command(name = "lab")]
struct Arguments {
    /// A directory of topologies/, its name, or a topology file.
    topology: PathBuf,
    /// Stay until Ctrl-C, also when the routes are as expected.
    #[arg(long)]
    keep: bool,
    /// Seconds until the routes must be as expected.
    #[arg(long, default_value_t = 60)]
    deadline: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match &runtime {
        Ok(runtime) => runtime.block_on(run_until_interrupted(&arguments)),
        Err(error) => Err(error.to_string()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run_until_interrupted(arguments: &Arguments) -> Result<(), String> {
    let path = match &arguments.topology {
        path if path.exists() => path.clone(),
        name => topology_directory(&name.to_string_lossy()),
    };
    let file = topology_file(&path);
    let lab = start(&file).map_err(|error| error.to_string())?;
    let deadline = Duration::from_secs(arguments.deadline);
    let directory = file.parent().unwrap_or(&file).to_path_buf();
    let is_checked = directory.join(FILE).exists();
    let outcome = tokio::select! {
        outcome = converge(&lab, &directory, deadline) => outcome,
        _ = tokio::signal::ctrl_c() => return Ok(()),
    };
    print_tables(&lab);
    match &outcome {
        Ok(()) if is_checked => println!("\nthe routes are as {FILE} says"),
        Ok(()) => println!("\nthere is no {FILE} to compare with"),
        Err(error) => eprintln!("lab: {error}"),
    }
    if arguments.keep {
        println!("\nenter a node with:");
        for node in lab.nodes() {
            println!("  {}: {}", node.name(), node.entrance());
        }
        println!("\nCtrl-C stops the lab");
        let _ = tokio::signal::ctrl_c().await;
    }
    println!("stopping {}", lab.name());
    outcome.map_err(|_| "the routes did not become as expected".into())
}

fn start(file: &std::path::Path) -> Result<Lab, LabError> {
    let topology = Topology::read(file)?;
    println!("{}: {} nodes, {} links", topology.name, topology.nodes.len(), topology.links.len());
    let started = Instant::now();
    let lab = Lab::start_topology(&topology)?;
    println!("links are up, all daemons started ({:.1} s)", started.elapsed().as_secs_f32());
    Ok(lab)
}

/// Waits until the tables are as `expected.json` says; a topology without the file is not waited for.
async fn converge(lab: &Lab, directory: &std::path::Path, deadline: Duration) -> Result<(), String> {
    if !directory.join(FILE).exists() {
        return Ok(());
    }
    let expected = Expected::read(directory).map_err(|error| error.to_string())?;
    let started = Instant::now();
    loop {
        match expected.check(lab) {
            Ok(()) => return Ok(()),
            Err(last) if started.elapsed() > deadline => {
                return Err(format!("after {} s:{last}\n{}", deadline.as_secs(), lab.logs()));
            }
            Err(last) => println!("waiting: {} differences", last.lines().count() - 1),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn print_tables(lab: &Lab) {
    for node in lab.nodes() {
        let Some(speaker) = node.speaker() else { continue };
        let version = speaker.version(node).unwrap_or_default();
        println!("\n{} ({version})", node.name());
        match routes(node) {
            Ok(routes) => routes.iter().for_each(print_route),
            Err(error) => println!("  {error}"),
        }
    }
}

fn print_route(route: &Route) {
    let next_hop = route.next_hop.as_deref().unwrap_or("-");
    let mark = if route.best { '>' } else { ' ' };
    println!(" {mark} {:<22} {:<26} {} {}", route.prefix, next_hop, route.as_path, route.origin);
}
