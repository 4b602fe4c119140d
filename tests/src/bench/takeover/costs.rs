//! What standing by costs: processor time over a load, and memory.

use std::time::{Duration, Instant};

use super::subject::Subject;
use crate::bench::daemons::{Daemon, Standby};
use crate::bench::meter;
use crate::bench::netns::enter_private_network;
use crate::bench::rig::Failure;

/// The processes' names and the columns that they have.
const TWIN: &str = "ftbgpd: twin";

/// More than two processes take for the table.
const BACKED_OCTETS: usize = 1 << 30;

/// What one load cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Costs {
    /// From the first octet sent to the last prefix received, s.
    pub wall_s: f64,
    /// Of the primary, from then on until it is quiet, s.
    pub primary_cpu_s: f64,
    /// Of the twin, s; 0 without one.
    pub twin_cpu_s: f64,
    /// PSS of the primary without memory files, MB.
    pub primary_mb: f64,
    /// PSS of the twin without memory files, MB; 0 without one.
    pub twin_mb: f64,
}

/// Loads the table once into a fresh router that stands by like this.
pub fn run(daemon: &Daemon, standby: Standby, prefixes: usize) -> Result<Costs, String> {
    std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            enter_private_network().map_err(Failure::from)?;
            measure(&Daemon { standby, ..daemon.clone() }, prefixes)
        });
        let outcome: Result<Costs, Failure> =
            work.join().unwrap_or_else(|_| Err(Failure::Wrong("the harness panicked".into())));
        outcome.map_err(|failure| failure.to_string())
    })
}

fn measure(daemon: &Daemon, prefixes: usize) -> Result<Costs, Failure> {
    // A virtual machine's host backs the guest's pages at their first use, which costs the guest's process tens of times
    // what clearing a page does, and the more the more memory is used: what the load will use has just been used.
    let backed = vec![1_u8; BACKED_OCTETS];
    let mut subject = Subject::start(daemon, prefixes)?;
    if daemon.standby == Standby::Hot {
        subject.protected(daemon, 0)?;
    }
    let (primary, twin) = (subject.primary()?, subject.process(TWIN));
    let cpu = |pid: u32| meter::cost(&[pid]).cpu_s;
    let before = (cpu(primary), twin.map_or(0.0, cpu));
    drop(std::hint::black_box(backed));
    let started = Instant::now();
    subject.send_table()?;
    subject.complete(Duration::from_secs(300))?;
    let wall_s = started.elapsed().as_secs_f64();
    subject.rig.quiet(Duration::from_secs(120))?;
    let twin_memory = twin.map_or(0.0, private_mb);
    Ok(Costs {
        wall_s,
        primary_cpu_s: cpu(primary) - before.0,
        twin_cpu_s: twin.map_or(0.0, cpu) - before.1,
        primary_mb: private_mb(primary),
        twin_mb: twin_memory,
    })
}

/// The process' proportional share of memory (PSS of `/proc/PID/smaps`) but that of memory files, which the ring and
/// the checkpoint are, in MB.
pub fn private_mb(pid: u32) -> f64 {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap_or_default();
    pss_kib(&maps) / 1024.0
}

/// Sums `Pss:` over the mappings whose first line names no memory file.
fn pss_kib(maps: &str) -> f64 {
    let (mut sum, mut counts) = (0.0, true);
    for line in maps.lines() {
        let first = line.split_whitespace().next().unwrap_or_default();
        if first.contains('-') && !first.ends_with(':') {
            counts = !line.contains("memfd:");
        } else if first == "Pss:" && counts {
            let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok());
            sum += kib.unwrap_or_default();
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_files_are_left_out() {
        let maps = "55d0-55d1 r-xp 00000000 fe:00 1 /usr/sbin/ftbgpd\nRss: 9 kB\nPss: 4 kB\n\
            7f00-7f01 rw-s 00000000 00:01 5 /memfd:ring (deleted)\nPss: 1000 kB\n7f02-7f03 rw-p 0 0 0\nPss: 3 kB\n";
        assert_eq!(pss_kib(maps), 7.0);
    }
}
