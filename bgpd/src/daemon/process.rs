//! This process as others see it: its title, its limit of descriptors, and its readiness as systemd hears it.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process that holds the sockets is called.
pub const PRIMARY: &str = "ftbgpd: primary";

/// Makes `title` the process's argv\[0\] and comm. The first needs the program to be executed again under that
/// name, so this comes before anything is opened; the process stays the same one. Where it is not possible
/// the process keeps its name.
pub fn set_title(title: &str) {
    let mut arguments = std::env::args_os();
    if arguments.next().as_deref() != Some(OsStr::new(title)) {
        // It returns only if it failed; the title is a convenience.
        let _ = Command::new("/proc/self/exe").arg0(title).args(arguments).exec();
    }
    if let Ok(name) = std::ffi::CString::new(title) {
        // The kernel cuts it to 15 octets and refuses nothing.
        let _ = rustix::thread::set_name(&name);
    }
}

/// Raises the limit of open files to what is allowed; the answer is the limit that is then in force.
///
/// # Errors
/// The kernel's.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)?;
    // No limit at all is said as the largest number.
    Ok(limit.maximum.unwrap_or(u64::MAX))
}

/// Tells systemd (sd_notify(3)), if it is there, that the router is ready.
///
/// # Errors
/// Where the socket that it named takes nothing.
pub fn notify_ready() -> io::Result<()> {
    match std::env::var_os("NOTIFY_SOCKET") {
        Some(path) => notify(&path, b"READY=1"),
        None => Ok(()),
    }
}

fn notify(path: &OsStr, state: &[u8]) -> io::Result<()> {
    let address = match path.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(path)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state, &address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_hears_at_a_path_and_at_an_abstract_name() {
        let path = std::env::temp_dir().join(format!("ftbgpd-notify-{}.sock", std::process::id()));
        let at_path = UnixDatagram::bind(&path).unwrap();
        notify(path.as_os_str(), b"READY=1").unwrap();
        let name = format!("@ftbgpd-notify-{}", std::process::id());
        let abstract_address = SocketAddr::from_abstract_name(&name[1..]).unwrap();
        let at_name = UnixDatagram::bind_addr(&abstract_address).unwrap();
        notify(OsStr::new(&name), b"READY=1").unwrap();
        for socket in [at_path, at_name] {
            let mut buffer = [0; 32];
            let count = socket.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..count], b"READY=1");
        }
        std::fs::remove_file(&path).unwrap();
    }
}
