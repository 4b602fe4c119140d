//! What is the same thing for `ftcore` and for the engine, from one's type to the other's. Octets are moved or
//! borrowed, never copied.

use std::net::SocketAddr;

use bgp_engine::effect::{Effect as EngineEffect, SocketOptions as EngineOptions};
use bgp_engine::input::{Connection, Input as EngineInput, Treatment as EngineTreatment};
use bgp_engine::value::{ConnId as EngineConn, FibBatch, FibChange, IfIndex, Instant, Ways as EngineWays};
use fib::change::{Batch, Change, GroupId, Hop, Ways};
use ftcore::core::effect::{Close, Connect, Effect, SocketOptions};
use ftcore::core::input::{ConnId, Ends, Input, Time, Treatment};

use super::effect::OwnEffect;

pub(super) fn instant(time: Time) -> Instant {
    Instant::from_micros(time.0)
}

pub(super) fn time(instant: Instant) -> Time {
    Time(instant.as_micros())
}

pub(super) fn conn(conn: ConnId) -> EngineConn {
    EngineConn(conn.0)
}

/// An input as the engine takes it; `None` for what is none of the engine's.
pub(super) fn input(input: Input<'_>) -> Option<EngineInput<'_>> {
    Some(match input {
        Input::Accepted { ends, listener: _ } => EngineInput::Accepted(connection(ends)),
        Input::Connected(ends) => EngineInput::Connected(connection(ends)),
        Input::ConnectFailed { conn: id, errno } => EngineInput::ConnectFailed { conn: conn(id), errno },
        Input::Closed { conn: id, errno } => EngineInput::Closed { conn: conn(id), errno },
        Input::Received { conn: id, octets } => EngineInput::Received { conn: conn(id), octets },
        Input::Drained { conn: id, octets } => EngineInput::Drained { conn: conn(id), octets },
        Input::Poison { conn: id, octets, treatment } => {
            let treatment = match treatment {
                Treatment::Withdraw => EngineTreatment::Withdraw,
                Treatment::EndSession | Treatment::Drop => EngineTreatment::EndSession,
            };
            EngineInput::Poison { conn: conn(id), octets, treatment }
        }
        Input::Clock => EngineInput::Clock,
        Input::Datagram { .. } | Input::Other(_) => return None,
    })
}

fn connection(ends: Ends) -> Connection {
    let interface = match ends.remote {
        SocketAddr::V6(v6) => IfIndex(v6.scope_id()),
        SocketAddr::V4(_) => IfIndex(0),
    };
    Connection { conn: conn(ends.conn), local: ends.local, remote: ends.remote, interface }
}

/// Moves what the engine wants to where `ftcore` looks for it.
pub(super) fn hand_on(from: &mut Vec<EngineEffect>, to: &mut Vec<Effect<OwnEffect>>) {
    to.extend(from.drain(..).map(effect));
}

fn effect(effect: EngineEffect) -> Effect<OwnEffect> {
    match effect {
        EngineEffect::Send { conn: EngineConn(id), octets } => Effect::Send { conn: ConnId(id), octets },
        EngineEffect::Connect { conn: EngineConn(id), remote, interface, local, options } => {
            let (conn, remote, options) = (ConnId(id), with_scope(remote, interface), self::options(options));
            Effect::Connect(Connect { conn, remote, local, options })
        }
        EngineEffect::Options { conn: EngineConn(id), options } => {
            Effect::Options { conn: ConnId(id), options: self::options(options) }
        }
        EngineEffect::Close { conn: EngineConn(id), how } => {
            let how = match how {
                bgp_engine::effect::Close::Orderly => Close::Orderly,
                bgp_engine::effect::Close::Abort => Close::Abort,
            };
            Effect::Close { conn: ConnId(id), how }
        }
        // The kernel knows a key's addresses but not their link.
        EngineEffect::ListenKey { from, interface: _, key } => Effect::ListenKey { from, key },
        EngineEffect::RouterAdvertisements { interface, wanted } => {
            Effect::Other(OwnEffect::RouterAdvertisements(interface, wanted))
        }
        EngineEffect::Fib(batch) => Effect::Other(OwnEffect::Fib(self::batch(batch))),
        EngineEffect::Notice(notice) => Effect::Other(OwnEffect::Notice(notice)),
    }
}

fn batch(batch: FibBatch) -> Batch {
    let FibBatch { number, changes } = batch;
    let change = |change| match change {
        FibChange::Group(group, ways) => Change::Group(GroupId(group.0), self::ways(ways)),
        FibChange::GroupGone(group) => Change::GroupGone(GroupId(group.0)),
        FibChange::Route(net, group) => Change::Route(net, GroupId(group.0)),
        FibChange::RouteGone(net) => Change::RouteGone(net),
    };
    Batch { number, changes: changes.into_iter().map(change).collect() }
}

/// The ways of a group as the kernel's side has them.
pub fn ways(ways: EngineWays) -> Ways {
    match ways {
        EngineWays::Blackhole => Ways::Blackhole,
        EngineWays::Hops(hops) => {
            let hop = |hop: bgp_engine::value::Hop| Hop {
                gateway: hop.gateway,
                interface: hop.interface.0,
                weight: hop.weight,
            };
            Ways::Hops(hops.into_iter().map(hop).collect())
        }
    }
}

fn options(options: EngineOptions) -> SocketOptions {
    let EngineOptions { ttl, min_ttl, key, interface } = options;
    SocketOptions { ttl, min_ttl, key, interface }
}

/// A link-local address says on which link it is.
fn with_scope(address: SocketAddr, interface: IfIndex) -> SocketAddr {
    match address {
        SocketAddr::V6(mut v6) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
            v6.set_scope_id(interface.0);
            v6.into()
        }
        other => other,
    }
}
