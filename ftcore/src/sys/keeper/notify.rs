//! What systemd is told (sd_notify(3)), where it is there.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The way to systemd.
#[derive(Debug)]
pub struct Notify {
    path: Option<OsString>,
    last: String,
}

impl Notify {
    /// The one that the environment names, or none.
    #[must_use]
    pub fn from_environment() -> Notify {
        Notify { path: std::env::var_os("NOTIFY_SOCKET"), last: String::new() }
    }

    /// Says this, unless it is what was said last.
    pub fn say(&mut self, state: &str) {
        let Some(path) = self.path.as_deref().filter(|_| self.last != state) else { return };
        match notify(path, state.as_bytes()) {
            Ok(()) => state.clone_into(&mut self.last),
            Err(error) => tracing::warn!("cannot tell systemd {state:?}: {error}"),
        }
    }
}

fn notify(path: &OsStr, state: &[u8]) -> io::Result<()> {
    let address = match path.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(path)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(state, &address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_hears_a_change_once_at_a_path_and_at_an_abstract_name() {
        let path = std::env::temp_dir().join(format!("ftcore-notify-{}.sock", std::process::id()));
        let at_path = UnixDatagram::bind(&path).unwrap();
        let name = format!("@ftcore-notify-{}", std::process::id());
        let at_name = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name[1..]).unwrap()).unwrap();
        for (place, socket) in [(path.clone().into(), at_path), (name.into(), at_name)] {
            let mut notify = Notify { path: Some(place), last: String::new() };
            notify.say("READY=1");
            notify.say("READY=1");
            notify.say("STATUS=protected");
            for expected in ["READY=1", "STATUS=protected"] {
                let mut buffer = [0; 32];
                let count = socket.recv(&mut buffer).unwrap();
                assert_eq!(&buffer[..count], expected.as_bytes());
            }
        }
        std::fs::remove_file(&path).unwrap();
    }
}
