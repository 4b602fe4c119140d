//! What a set of processes has cost: CPU time and peak memory, from `/proc`.

use std::fs;

/// Costs of processes, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// User and system time of the processes and of their children that have ended.
    pub cpu_s: f64,
    /// The sum of each process' own peak of resident memory (VmHWM).
    pub peak_rss_mb: f64,
}

/// Adds up what these processes have used; one that has ended counts as nothing.
pub fn cost(processes: &[u32]) -> Cost {
    processes.iter().fold(Cost::default(), |sum, &pid| Cost {
        cpu_s: sum.cpu_s + cpu_s(&pid.to_string()).unwrap_or(0.0),
        peak_rss_mb: sum.peak_rss_mb + peak_rss_mb(pid).unwrap_or(0.0),
    })
}

/// The CPU time of the harness itself.
pub fn own_cpu_s() -> f64 {
    cpu_s("self").unwrap_or(0.0)
}

/// utime, stime, cutime, cstime of `/proc/PID/stat`, proc(5).
fn cpu_s(pid: &str) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks: u64 = ticks(&stat)?;
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Fields 14 to 17; the second field, the name in brackets, may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().skip(11).take(4).map(|field| field.parse::<u64>().ok()).sum()
}

/// VmHWM of `/proc/PID/status`.
fn peak_rss_mb(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_behind_a_name_with_brackets() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 100 20 3 0 20 0 1 0 5";
        assert_eq!(ticks(stat), Some(123));
    }

    #[test]
    fn this_process_has_used_something() {
        let cost = cost(&[std::process::id()]);
        assert!(cost.peak_rss_mb > 0.5, "{cost:?}");
    }
}
