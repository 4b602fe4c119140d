//! The server as a deterministic machine: datagrams in, datagrams out, files by order.
//!
//! Each transfer has a socket of its own, which the machine asks for. Nothing needs to be exact here: a datagram that
//! a takeover lost is sent again by whoever waits, and one that it sent twice is passed over, as TFTP has it. Exact
//! is what comes into a file.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use ftcore::core::effect::{Close, Effect, Effects};
use ftcore::core::input::{ConnId, FIRST_OWN_CONN, Input, Time};
use ftcore::core::machine::Machine;
use serde::{Deserialize, Serialize};

use crate::packet::{self, Packet, Request};
use crate::parts::deadlines::Deadlines;
use crate::parts::disk::{Order, Orders, Told, Work};
use crate::parts::snapshot::{self, Digest};
use crate::transfer::{Next, Transfer};

const FORM: &str = "tftp 1\n";
/// Requests beyond so many transfers at once are not heard; their clients ask again.
const TRANSFER_LIMIT: usize = 1000;
/// After so long a socket that could not be opened is tried again.
const RETRY: u64 = 1_000_000;

/// What the server was started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The number of its start: no other server on this folder has had it.
    pub start: u64,
}

/// The server.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tftp {
    settings: Settings,
    /// The socket that requests come to.
    listening: Option<ConnId>,
    /// Sockets asked for.
    named: u64,
    orders: Orders,
    transfers: BTreeMap<ConnId, (SocketAddr, Transfer)>,
    by_client: BTreeMap<SocketAddr, ConnId>,
    deadlines: Deadlines,
    output: Digest,
}

impl Machine for Tftp {
    type Effect = Order;

    fn step(&mut self, now: Time, input: Input<'_>, effects: &mut Effects<Order>) {
        if self.listening.is_none() {
            let conn = self.open(self.settings.listen, effects);
            self.listening = Some(conn);
        }
        match input {
            Input::Datagram { conn, from, octets } => self.datagram(now, conn, from, octets, effects),
            Input::ConnectFailed { conn, .. } if self.listening == Some(conn) => {
                self.deadlines.set(conn, Time(now.0 + RETRY));
            }
            Input::ConnectFailed { conn, .. } => self.forget(conn, effects),
            Input::Other(told) => self.told(now, told, effects),
            Input::Clock => self.run_out(now, effects),
            // No connections come here.
            Input::Accepted { .. }
            | Input::Connected(_)
            | Input::Closed { .. }
            | Input::Received { .. }
            | Input::Drained { .. }
            | Input::Poison { .. } => {}
        }
        effects.deadline = self.deadlines.next();
        self.output.add_output(&effects.list);
    }

    fn save(&self, to: &mut dyn io::Write) -> io::Result<()> {
        snapshot::save(FORM, self, to)
    }

    fn restore(from: &[u8]) -> io::Result<Tftp> {
        snapshot::restore(FORM, from)
    }

    fn digest(&self) -> u64 {
        Digest::of(self)
    }

    fn unfinished(&self) -> Vec<Order> {
        self.orders.unfinished()
    }

    fn units(&self, _conn: ConnId, _octets: &[u8]) -> Vec<usize> {
        Vec::new()
    }
}

impl Tftp {
    /// A server that nobody has asked anything.
    pub fn new(settings: Settings) -> Tftp {
        Tftp {
            settings,
            listening: None,
            named: 0,
            orders: Orders::default(),
            transfers: BTreeMap::new(),
            by_client: BTreeMap::new(),
            deadlines: Deadlines::default(),
            output: Digest::default(),
        }
    }

    fn open(&mut self, local: SocketAddr, effects: &mut Effects<Order>) -> ConnId {
        let conn = ConnId(FIRST_OWN_CONN + self.named);
        self.named += 1;
        effects.list.push(Effect::OpenDatagram { conn, local });
        conn
    }

    fn datagram(
        &mut self,
        now: Time,
        conn: ConnId,
        from: SocketAddr,
        octets: &[u8],
        effects: &mut Effects<Order>,
    ) {
        let packet = packet::parse(octets);
        if self.listening == Some(conn) {
            match packet {
                Ok(Some(Packet::Request(request))) => self.begin(from, request, effects),
                Ok(_) => {}
                Err(refusal) => send(conn, from, packet::error(refusal), effects),
            }
            return;
        }
        let Some((client, transfer)) = self.transfers.get_mut(&conn) else { return };
        match packet {
            //= rfc1350#section-4
            //# If a source TID does not match, the packet should be discarded as erroneously sent from somewhere
            //# else.  An error packet should be sent to the source of the incorrect packet, while not disturbing
            //# the transfer.
            Ok(Some(Packet::Error)) if *client != from => {}
            _ if *client != from => {
                send(conn, from, packet::error((5, "this is another's transfer")), effects)
            }
            Ok(Some(packet)) => {
                let next = transfer.received(&packet);
                self.go_on(now, conn, next, effects);
            }
            Ok(None) | Err(_) => {}
        }
    }

    /// A client asks for a transfer.
    fn begin(&mut self, client: SocketAddr, request: Request, effects: &mut Effects<Order>) {
        if let Some(conn) = self.by_client.get(&client).copied() {
            if self.transfers.get(&conn).is_some_and(|(_, transfer)| transfer.began_with(&request)) {
                return;
            }
            self.end(conn, effects);
        }
        if self.transfers.len() == TRANSFER_LIMIT {
            return;
        }
        let conn = self.open(SocketAddr::new(self.settings.listen.ip(), 0), effects);
        let unfinished = format!(".uploads/{:x}-{}", self.settings.start, self.named);
        let (transfer, work) = Transfer::new(request, unfinished);
        self.transfers.insert(conn, (client, transfer));
        self.by_client.insert(client, conn);
        self.orders.place(conn, work, effects);
    }

    fn told(&mut self, now: Time, told: &[u8], effects: &mut Effects<Order>) {
        if let Some(Told::Answered { number, answer }) = Told::parse(told)
            && let Some((conn, work)) = self.orders.answered(number)
            && !matches!(work, Work::Discard { .. })
            && let Some((_, transfer)) = self.transfers.get_mut(&conn)
        {
            let next = transfer.answered(answer);
            self.go_on(now, conn, next, effects);
        }
    }

    fn run_out(&mut self, now: Time, effects: &mut Effects<Order>) {
        while let Some(conn) = self.deadlines.expired(now) {
            if self.listening == Some(conn) {
                self.listening = Some(self.open(self.settings.listen, effects));
            } else if let Some((_, transfer)) = self.transfers.get_mut(&conn) {
                let next = transfer.run_out();
                self.go_on(now, conn, next, effects);
            }
        }
    }

    /// Does what a transfer wants.
    fn go_on(&mut self, now: Time, conn: ConnId, next: Next, effects: &mut Effects<Order>) {
        let Some((client, transfer)) = self.transfers.get(&conn) else { return };
        match next {
            Next::Send(packet) => {
                send(conn, *client, packet, effects);
                self.deadlines.set(conn, Time(now.0 + transfer.timeout_us()));
            }
            Next::Work(work) => {
                self.deadlines.clear(conn);
                self.orders.place(conn, work, effects);
            }
            Next::Wait => {}
            Next::End => self.end(conn, effects),
            Next::Fail(refusal) => {
                send(conn, *client, packet::error(refusal), effects);
                self.end(conn, effects);
            }
        }
    }

    fn end(&mut self, conn: ConnId, effects: &mut Effects<Order>) {
        self.forget(conn, effects);
        effects.list.push(Effect::Close { conn, how: Close::Orderly });
    }

    /// A transfer is over. What there is of a file that is not whole is removed.
    fn forget(&mut self, conn: ConnId, effects: &mut Effects<Order>) {
        self.deadlines.clear(conn);
        if let Some((client, transfer)) = self.transfers.remove(&conn) {
            self.by_client.remove(&client);
            if let Some(work) = transfer.remains() {
                self.orders.place(conn, work, effects);
            }
        }
    }
}

fn send(conn: ConnId, to: SocketAddr, octets: Bytes, effects: &mut Effects<Order>) {
    effects.list.push(Effect::SendDatagram { conn, to, octets });
}
