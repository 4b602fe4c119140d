//! The router as a program that `ftcore` keeps alive: what is open before any process serves, how a router begins,
//! and what a process does that has become primary.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftcore::core::record::Fate;
use ftcore::core::takeover::Suspect;
use ftcore::sys::child::takeover::Promoted;
use ftcore::sys::keeper::{Opened, holdings::Listener};
use ftcore::sys::process::Pidfd;
use ftcore::sys::program::Program;
use ftcore::sys::socket;

use super::around::{Around, Source};
use super::control::{self, Control};
use super::files::Files;
use super::kernel::Kernel;
use super::listen::{BGP_PORT, ListenError};
use super::process;
use super::router::{Ending, Router, RouterError, Serving};
use crate::machine::{OwnInput, Speaker};

/// What the control socket's listener is called among what every process holds.
const CONTROL: &str = "control";
/// The exit status of a failure.
const FAILURE: u8 = 1;

/// The router.
#[derive(Clone, Debug)]
pub struct Bgp {
    /// Where peers can connect to; port 179 of every address where empty.
    pub listen: Vec<SocketAddr>,
    /// Where processes say who they are, and where the control socket is.
    pub run_dir: PathBuf,
    /// Where metrics were asked for.
    pub metrics: Option<SocketAddr>,
    /// What the command line says of files.
    pub source: Source,
}

impl Bgp {
    fn control_path(&self) -> PathBuf {
        self.run_dir.join("ftbgpd.sock")
    }

    /// What was asked for and is not in this build.
    fn say_what_is_missing(&self) {
        if self.metrics.is_some() {
            tracing::warn!("--metrics: this build serves no metrics yet");
        }
    }

    /// What else on this host writes routes.
    fn say_who_else_writes(&self) {
        if self.source.surroundings.without_fib {
            return;
        }
        if let Ok(Some(pid)) = fib::host::zebra() {
            tracing::warn!(
                "FRR's zebra runs here (process {pid}): when it starts it removes routes of protocol 186 as its own \
                 bgpd's; give ours another one (block fib, protocol) or run this router with --no-fib"
            );
        }
    }

    fn begin(&self, serving: Serving, predecessor: Option<Arc<Pidfd>>) -> Result<Router, RouterError> {
        let held = serving.links.offered().find(|(name, _)| *name == CONTROL);
        let listener = match held {
            Some((_, listener)) => listener.try_clone_to_owned()?,
            None => control::listen(&self.control_path())?,
        };
        let epoll = serving.sockets.poll().as_fd().try_clone_to_owned()?;
        let control = Control::new(epoll, listener, Router::control_token())?;
        let kernel = Kernel::new(predecessor);
        Ok(Router::new(serving, Around::new(self.source.clone(), Files::start()?, kernel), control)?)
    }

    /// Serves until the router is stopped or another process is primary.
    fn run(
        &self,
        mut serving: Serving,
        predecessor: Option<Arc<Pidfd>>,
        skipped: Option<&Suspect>,
    ) -> Result<(Router, Ending), RouterError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        if serving.primary.machine().configured().is_given() {
            serving.take(&OwnInput::TakenOver);
            serving.links.ready();
        }
        runtime.block_on(async {
            let mut router = self.begin(serving, predecessor)?;
            if let Some(skipped) = skipped {
                router.keep_skipped(skipped);
            }
            let ending = router.run().await?;
            Ok((router, ending))
        })
    }
}

impl Program for Bgp {
    type Machine = Speaker;

    fn version(&self) -> &str {
        crate::show::VERSION
    }

    fn genesis(&self, seed: u64) -> Speaker {
        Speaker::new(seed)
    }

    fn open(&self) -> io::Result<Opened> {
        tracing::info!("ftbgpd {} starts, process {}", crate::show::VERSION, std::process::id());
        match process::raise_descriptor_limit() {
            Ok(limit) => tracing::info!("up to {limit} open files"),
            Err(error) => tracing::warn!("the limit of open files stays as it is: {error}"),
        }
        self.say_what_is_missing();
        self.say_who_else_writes();
        let listeners = open_listeners(&self.listen).map_err(io::Error::other)?;
        for listener in &listeners {
            tracing::info!("listening on {}", listener.address);
        }
        let path = self.control_path();
        let refused =
            |error| io::Error::other(format!("cannot make the control socket {}: {error}", path.display()));
        let control = control::listen(&path).map_err(refused)?;
        Ok(Opened { listeners, offered: vec![(CONTROL.to_owned(), control)] })
    }

    fn serve(&self, promoted: Promoted<Speaker>) -> u8 {
        let Promoted { primary, sockets, links, predecessor, report, .. } = promoted;
        let skipped = report
            .suspect
            .filter(|suspect| matches!(&suspect.verdict, Some(verdict) if verdict.fate == Fate::Skip));
        match self.run(Serving { primary, sockets, links }, predecessor, skipped.as_ref()) {
            Ok((router, Ending::Stopped(status))) => {
                // Where it is gone already, somebody else took it away.
                let _ = std::fs::remove_file(self.control_path());
                tracing::info!("stopped");
                router.finish(status);
                status
            }
            Ok((router, Ending::Released)) => {
                router.release();
                0
            }
            Err(error) => {
                tracing::error!("{error}");
                FAILURE
            }
        }
    }
}

/// Listens on each of `addresses`, or where there are none on port 179 of all addresses; then a family that the
/// system does not have is left out.
fn open_listeners(addresses: &[SocketAddr]) -> Result<Vec<Listener>, ListenError> {
    let everywhere = [
        SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), BGP_PORT),
        SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), BGP_PORT),
    ];
    let wanted = if addresses.is_empty() { &everywhere } else { addresses };
    let mut listeners = Vec::new();
    for address in wanted.iter().copied() {
        let opened = socket::listen(address).and_then(|socket| Ok((socket::local(&socket)?, socket)));
        match opened {
            Ok((address, socket)) => listeners.push(Listener { address, socket }),
            Err(error) if addresses.is_empty() && error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
                tracing::warn!("not listening on {address}: {error}");
            }
            Err(source) => return Err(ListenError { address, source }),
        }
    }
    Ok(listeners)
}

/// The folder where messages that killed a process are kept.
#[must_use]
pub fn poison_folder(run_dir: &Path) -> PathBuf {
    run_dir.join("poison")
}
