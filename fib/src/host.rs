//! What else on this host writes routes.

use std::fs;
use std::io;

/// The process id of FRR's zebra in this network namespace, if it runs there.
///
/// It matters since zebra takes routes of protocol 186 for those of FRR's own bgpd: it sweeps them when it starts.
///
/// # Errors
/// Where /proc cannot be read.
pub fn zebra() -> io::Result<Option<u32>> {
    named("zebra")
}

/// The first process with this name in the calling thread's network namespace.
fn named(name: &str) -> io::Result<Option<u32>> {
    let home = fs::read_link("/proc/thread-self/ns/net")?;
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|pid| pid.parse().ok()) else { continue };
        // A process that ends meanwhile, or that is somebody else's, has nothing to read.
        let Ok(command) = fs::read_to_string(format!("/proc/{pid}/comm")) else { continue };
        if command.trim_end() != name {
            continue;
        }
        if fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|net| net == home) {
            return Ok(Some(pid));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_here_is_found_by_its_name() {
        let own = fs::read_to_string("/proc/self/comm").unwrap();
        assert!(named(own.trim_end()).unwrap().is_some());
        assert_eq!(named("no-such-name").unwrap(), None);
    }
}
