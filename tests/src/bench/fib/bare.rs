//! The bare kernel: messages that were made before, sent as they are.

use std::time::{Duration, Instant};

use fib::change::GroupId;
use fib::settings::Settings;
use fib::writer::Writer;
use ipnet::IpNet;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

use super::{FibError, Network, clear, write};

const RTM_NEWROUTE: u16 = 24;
const REQUEST: u16 = 0x1;
const ACKNOWLEDGED: u16 = 0x4;
const CREATE_ONLY: u16 = 0x600;
const NLMSG_ERROR: [u8; 2] = 2_u16.to_ne_bytes();

/// Messages for one system call.
struct Piece {
    octets: Vec<u8>,
}

/// Sends the routes, `size` in a system call.
pub(super) fn send(
    network: &Network,
    routes: &[(IpNet, GroupId)],
    size: usize,
) -> Result<Duration, FibError> {
    let settings = Settings::default();
    let mut writer = Writer::open(settings)?;
    write(&mut writer, network.groups())?;
    let pieces: Vec<Piece> = routes.chunks(size).map(|routes| piece(&settings, routes)).collect();
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut answer = Vec::with_capacity(1 << 16);
    let started = Instant::now();
    for piece in &pieces {
        socket.send(&piece.octets, 0)?;
        answer.clear();
        socket.recv(&mut answer, 0)?;
        // The header, and behind it the errno: 0 for an acknowledgement.
        if answer.get(4..6) != Some(&NLMSG_ERROR) || answer.get(16..20) != Some(&[0; 4]) {
            return Err(FibError::Wrong(format!("the kernel refused: {:?}", answer.get(..20))));
        }
    }
    let took = started.elapsed();
    clear(&mut writer)?;
    Ok(took)
}

/// The routes' messages; the last wants an answer.
fn piece(settings: &Settings, routes: &[(IpNet, GroupId)]) -> Piece {
    let mut octets = Vec::new();
    for (n, (net, group)) in routes.iter().enumerate() {
        let last = n + 1 == routes.len();
        let flags = REQUEST | CREATE_ONLY | if last { ACKNOWLEDGED } else { 0 };
        octets.extend_from_slice(&52_u32.to_ne_bytes());
        octets.extend_from_slice(&RTM_NEWROUTE.to_ne_bytes());
        octets.extend_from_slice(&flags.to_ne_bytes());
        octets.extend_from_slice(&[0; 8]);
        let table = u8::try_from(settings.table).unwrap_or_default();
        octets.extend_from_slice(&[2, net.prefix_len(), 0, 0, table, settings.protocol, 0, 1, 0, 0, 0, 0]);
        let IpNet::V4(net) = net else { continue };
        let id = settings.group_object(*group).unwrap_or_default();
        for (kind, value) in
            [(1_u16, net.network().octets()), (6, settings.metric.to_ne_bytes()), (30, id.to_ne_bytes())]
        {
            octets.extend_from_slice(&8_u16.to_ne_bytes());
            octets.extend_from_slice(&kind.to_ne_bytes());
            octets.extend_from_slice(&value);
        }
    }
    Piece { octets }
}
