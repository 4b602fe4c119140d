//! Routes on their way into the kernel: how fast the crate `fib` is beside the bare kernel.
//!
//! # Method
//! - 1,000,000 IPv4 routes, the benchmark's table in its order, over 10 next hops, each a next-hop group of one, in a
//!   network namespace of its own with nothing else in it.
//! - 'Bare' is a program that has all messages ready and sends them, 1,024 in a system call, waiting for one
//!   acknowledgement each time: what the kernel takes at most. 'Writer' is the router's own code with the same routes
//!   in the same order, batches of 1,024, messages made on the way. 'Watched' is the writer while somebody, as the
//!   router does, watches the routes.
//! - They take turns in each run; each begins with an empty table, and the time is that of the routes alone.
//! - A lost next hop: half of the routes go through one group of two hops. It loses one of them, then the other. The time
//!   is that of the writer's one message, which ends when the kernel has done all that follows from it, and the one
//!   after which packets take the other way: [`reroute`].

mod bare;
mod reroute;

use std::fmt::Write as _;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use fib::change::{Batch, Change, GroupId, Hop, Ways};
use fib::settings::Settings;
use fib::watch::own::OwnRouteWatch;
use fib::writer::Writer;
use ipnet::IpNet;
use rustix::net::netdevice::name_to_index;

use super::netns::{self, SandboxError};
use super::table::{self, Prefix4, Table};

/// Changes in one of the router's batches.
pub const BATCH: usize = 1024;
/// Next hops of the table.
const HOPS: u32 = 10;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum FibError {
    /// No network.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The writer.
    #[error(transparent)]
    Open(#[from] fib::writer::OpenError),
    /// The kernel's answer.
    #[error(transparent)]
    Write(#[from] fib::writer::WriteError),
    /// The watch.
    #[error(transparent)]
    Watch(#[from] fib::watch::WatchError),
    /// A socket.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It did not do what it was to do.
    #[error("{0}")]
    Wrong(String),
}

/// The network that routes are written into.
pub(super) struct Network {
    /// The kernel's indices of the two links out of it.
    links: [u32; 2],
}

impl Network {
    /// A network of the calling thread's own.
    fn new() -> Result<Network, FibError> {
        netns::enter_private_network()?;
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        let mut links = [0; 2];
        for (number, link) in links.iter_mut().enumerate() {
            netns::ip(&format!(
                "link add name out{number} type veth peer name far{number}\nlink set out{number} up\n\
                 link set far{number} up\naddr add 10.0.{number}.1/24 dev out{number}\n"
            ))?;
            *link = name_to_index(&socket, &format!("out{number}")).map_err(std::io::Error::from)?;
        }
        Ok(Network { links })
    }

    fn hop(&self, link: usize, last: u8) -> Hop {
        let third = u8::try_from(link).unwrap_or_default();
        Hop { gateway: Some([10, 0, third, last].into()), interface: self.links[link], weight: 1 }
    }

    /// The groups of the table.
    fn groups(&self) -> Vec<Change> {
        let group = |n: u32| {
            let last = u8::try_from(n + 2).unwrap_or_default();
            Change::Group(GroupId(n), Ways::Hops(vec![self.hop(0, last)]))
        };
        (0..HOPS).map(group).collect()
    }
}

/// The benchmark's table, in the order in which a peer would send it.
fn destinations(count: u32) -> Vec<IpNet> {
    let table = Table::generate(table::SEED, count as usize);
    let net = |prefix: &Prefix4| IpNet::new(Ipv4Addr::from(prefix.address).into(), prefix.length).ok();
    table.prefixes.iter().filter_map(net).collect()
}

/// Each destination through one of the groups.
fn routes(nets: &[IpNet]) -> Vec<(IpNet, GroupId)> {
    let group = |place: usize| GroupId(u32::try_from(place).unwrap_or_default() % HOPS);
    nets.iter().enumerate().map(|(place, net)| (*net, group(place))).collect()
}

fn write(writer: &mut Writer, changes: Vec<Change>) -> Result<(), FibError> {
    let done = writer.write(&Batch { number: 1, changes })?;
    match done.failed.first() {
        None => Ok(()),
        Some(first) => Err(FibError::Wrong(format!("{} refused, the first: {first:?}", done.failed.len()))),
    }
}

/// Empties the table: with the groups their routes go.
fn clear(writer: &mut Writer) -> Result<(), FibError> {
    write(writer, (0..HOPS).map(|n| Change::GroupGone(GroupId(n))).collect())
}

/// The routes by the router's writer.
fn written(network: &Network, routes: &[(IpNet, GroupId)]) -> Result<Duration, FibError> {
    let mut writer = Writer::open(Settings::default())?;
    write(&mut writer, network.groups())?;
    let batches: Vec<Batch> = routes
        .chunks(BATCH)
        .map(|routes| {
            let changes = routes.iter().map(|(net, group)| Change::Route(*net, *group)).collect();
            Batch { number: 1, changes }
        })
        .collect();
    let started = Instant::now();
    for batch in &batches {
        let done = writer.write(batch)?;
        if let Some(first) = done.failed.first() {
            return Err(FibError::Wrong(format!("refused: {first:?}")));
        }
    }
    let took = started.elapsed();
    clear(&mut writer)?;
    Ok(took)
}

/// The same while the routes are watched.
fn watched(network: &Network, routes: &[(IpNet, GroupId)]) -> Result<Duration, FibError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let settings = Settings::default();
    let probe = Writer::open(settings)?;
    // The filter's port is another writer's, so it works as hard as it can; nothing of ours has its marks.
    let _watch = runtime.block_on(async { OwnRouteWatch::open(settings, probe.kernel(), probe.port()) })?;
    written(network, routes)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Measures, prints each figure, and gives the table.
///
/// # Errors
/// Where a network cannot be made, or the kernel refuses what it must take.
pub fn run(count: u32, runs: usize, sizes: &[usize]) -> Result<String, FibError> {
    let network = Network::new()?;
    let nets = destinations(count);
    let routes = routes(&nets);
    let mut rows: Vec<(String, Vec<Duration>)> =
        sizes.iter().map(|size| (bare_name(*size), vec![])).collect();
    rows.push(("writer".into(), vec![]));
    rows.push(("writer, watched".into(), vec![]));
    let mut losses: [Vec<reroute::Loss>; 2] = Default::default();
    for run in 1..=runs {
        for (row, size) in sizes.iter().enumerate() {
            rows[row].1.push(bare::send(&network, &routes, *size)?);
        }
        rows[sizes.len()].1.push(written(&network, &routes)?);
        rows[sizes.len() + 1].1.push(watched(&network, &routes)?);
        for (row, times) in &rows {
            println!("run {run}: {row}: {:?}", times.last().copied().unwrap_or_default());
        }
        let [first, second] = reroute::measure(&network, &nets[..nets.len() / 2])?;
        println!("run {run}: lost, one of two: {first:?}; lost, the last: {second:?}");
        losses[0].push(first);
        losses[1].push(second);
    }
    let mut table =
        format!("| {} routes into the kernel | s | routes/s | of bare |\n|---|---|---|---|\n", routes.len());
    let reference = median(
        &mut rows
            .iter()
            .find(|(name, _)| *name == bare_name(BATCH))
            .map(|row| row.1.clone())
            .unwrap_or_default(),
    );
    for (row, times) in &mut rows {
        let took = median(times).as_secs_f64();
        let rate = routes.len() as f64 / took;
        let _ = writeln!(table, "| {row} | {took:.3} | {rate:.0} | {:.2} |", reference.as_secs_f64() / took);
    }
    let _ = writeln!(
        table,
        "\n| next hop of {} routes lost | packets elsewhere after ms | kernel at rest after ms |\n|---|---|---|",
        nets.len() / 2
    );
    for (name, losses) in ["one of two, by group", "the last: a blackhole"].iter().zip(&mut losses) {
        let mut rerouted: Vec<Duration> = losses.iter().map(|loss| loss.rerouted).collect();
        let mut done: Vec<Duration> = losses.iter().map(|loss| loss.done).collect();
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let _ =
            writeln!(table, "| {name} | {:.2} | {:.2} |", ms(median(&mut rerouted)), ms(median(&mut done)));
    }
    Ok(table)
}

fn bare_name(size: usize) -> String {
    format!("bare, {size} in a system call")
}
