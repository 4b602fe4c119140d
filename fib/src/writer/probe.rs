//! What the kernel can do, and whether this process may ask for it. Changes nothing.

use std::io;

use crate::dump::DumpError;
use crate::netlink::abi::{self, errno};
use crate::netlink::exchange::{Exchange, ExchangeError};
use crate::netlink::next_hop;
use crate::settings::{Kernel, SettingsError};

/// Why routes cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration.
    #[error("block fib: {0}")]
    Settings(#[from] SettingsError),
    /// No netlink.
    #[error(
        "cannot open a netlink socket: {0}; the router needs NETLINK_ROUTE to write routes \
         (a seccomp filter or RestrictAddressFamilies= without AF_NETLINK forbids it)"
    )]
    Socket(#[source] io::Error),
    /// A capability is missing.
    #[error(
        "this process may not write the kernel's routes: CAP_NET_ADMIN is missing. Run it as root, or give it the \
         capability (systemd: AmbientCapabilities=CAP_NET_ADMIN, containers: --cap-add NET_ADMIN); a route server \
         or reflector that needs no routes in the kernel runs with --no-fib"
    )]
    NotPermitted,
    /// The kernel does not answer.
    #[error("the kernel does not answer: {0}")]
    Exchange(#[from] ExchangeError),
    /// The kernel's objects.
    #[error("cannot read the kernel's next-hop objects: {0}")]
    Objects(#[source] DumpError),
}

/// Sends two messages that can do nothing: a removal of next hop 0, which none can be, and one of a route without
/// its header. The kernel looks first whether the sender may send such a message at all.
pub(super) fn probe(exchange: &mut Exchange) -> Result<Kernel, OpenError> {
    const OBJECT: u32 = 0;
    const ROUTE: u32 = 1;
    next_hop::emit_removal(&mut exchange.out, 0);
    exchange.queued(OBJECT)?;
    exchange.out.message(abi::RTM_DELROUTE, 0, |body| body.fixed([abi::AF_INET, 0, 0, 0]));
    exchange.queued(ROUTE)?;
    let refused = exchange.finish()?;
    if refused.iter().any(|refused| refused.errno == errno::EPERM) {
        return Err(OpenError::NotPermitted);
    }
    let unknown = refused.iter().any(|refused| refused.token == OBJECT && refused.errno == errno::EOPNOTSUPP);
    Ok(if unknown { Kernel::Multipath } else { Kernel::Objects })
}
