//! How long packets go on to a next hop that was lost.
//!
//! Where a packet would go is asked of the kernel's forwarding path itself, as fast as one thread can: a datagram socket
//! that is connected gets the address of the link over which it would send.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fib::change::{Batch, Change, GroupId, Ways};
use fib::settings::Settings;
use fib::writer::Writer;
use ipnet::IpNet;

use super::{BATCH, FibError, Network, write};

/// Longer than any of it takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// The group of all the routes.
const GROUP: GroupId = GroupId(0);

/// What it took, from the writer's call on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    /// Until packets went elsewhere.
    pub(super) rerouted: Duration,
    /// Until the kernel had done all that follows.
    pub(super) done: Duration,
}

/// Loses one of two next hops, then the other one.
pub(super) fn measure(network: &Network, nets: &[IpNet]) -> Result<[Loss; 2], FibError> {
    let mut writer = Writer::open(Settings::default())?;
    let both = Ways::Hops(vec![network.hop(0, 2), network.hop(1, 2)]);
    write(&mut writer, vec![Change::Group(GROUP, both)])?;
    for nets in nets.chunks(BATCH) {
        write(&mut writer, nets.iter().map(|net| Change::Route(*net, GROUP)).collect())?;
    }
    // Of two equal ways each destination has one; a destination is needed whose way is about to be lost.
    let lost = IpAddr::from([10, 0, 0, 1]);
    let target = nets.iter().rev().map(|net| net.addr()).find(|address| way(*address) == Some(lost));
    let target = target.ok_or_else(|| FibError::Wrong("no packet goes over the first link".into()))?;
    let one = Ways::Hops(vec![network.hop(1, 2)]);
    let losses = [lose(&mut writer, target, one)?, lose(&mut writer, target, Ways::Blackhole)?];
    write(&mut writer, vec![Change::GroupGone(GROUP)])?;
    Ok(losses)
}

fn lose(writer: &mut Writer, target: IpAddr, ways: Ways) -> Result<Loss, FibError> {
    let before = way(target);
    let ready = AtomicBool::new(false);
    let batch = Batch { number: 1, changes: vec![Change::Group(GROUP, ways)] };
    std::thread::scope(|scope| {
        let seen = scope.spawn(|| {
            let started = Instant::now();
            while started.elapsed() < PATIENCE {
                if way(target) != before {
                    return Some(Instant::now());
                }
                ready.store(true, Ordering::Release);
            }
            None
        });
        while !ready.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        let started = Instant::now();
        let done = writer.write(&batch)?;
        let took = started.elapsed();
        let seen = seen.join().ok().flatten();
        match seen {
            Some(at) if done.failed.is_empty() => {
                Ok(Loss { rerouted: at.saturating_duration_since(started), done: took })
            }
            _ => Err(FibError::Wrong(format!(
                "packets still go to the lost next hop; refused: {:?}",
                done.failed
            ))),
        }
    })
}

/// The address with which a packet to `target` would go out now; `None` if it would not.
fn way(target: IpAddr) -> Option<IpAddr> {
    let IpAddr::V4(target) = target else { return None };
    let socket = UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(SocketAddrV4::new(target, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}
