//! A scripted peer in a node's network: it announces what it is told to, through next hops that it is told.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tests::bench::encode::{self, AsWidth, Identity};
use tests::bench::fleet::Fleet;
use tests::bench::speaker::{Session, Sink, SpeakerError};
use tests::bench::table::{AttributeSet, Prefix4};
use tests::lab::Node;

/// Hears and forgets.
struct Deaf;

impl Sink for Deaf {
    fn update(&mut self, _: &[u8], _: Instant) {}
}

/// The peer; its session ends with it.
pub(crate) struct Feeder {
    identity: Identity,
    messages: Option<Sender<Vec<u8>>>,
    thread: Option<JoinHandle<Result<(), SpeakerError>>>,
}

impl Feeder {
    /// Brings a session up from `address` of this node to `router`; returns when it is.
    pub(crate) fn start(node: &Node, asn: u32, address: &str, router: &str) -> Feeder {
        let address: IpAddr = address.parse().expect("an address");
        let router: IpAddr = router.parse().expect("an address");
        let identity = Identity { asn, address, hold_time_s: 60, as_width: AsWidth::Four };
        let network = node.network().expect("the node lives");
        let (messages, inbox) = channel();
        let (up, is_up) = channel();
        let thread = std::thread::spawn(move || {
            use std::os::fd::AsFd;
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("root may enter a network that it has made");
            let deadline = Instant::now() + Duration::from_secs(30);
            let session = Session::dial(identity, router, Deaf, deadline)?;
            let _ = up.send(());
            speak(session, &inbox)
        });
        let feeder = Feeder { identity, messages: Some(messages), thread: Some(thread) };
        is_up.recv().expect("the session comes up");
        feeder
    }

    /// Announces prefixes through a next hop.
    pub(crate) fn announce(&self, next_hop: &str, prefixes: &[Prefix4]) {
        let next_hop: Ipv4Addr = next_hop.parse().expect("an address");
        let from = Identity { address: next_hop.into(), ..self.identity };
        let set = AttributeSet { origin: 0, tail: vec![], communities: vec![] };
        let mut out = Vec::new();
        encode::announce(&mut out, &encode::attributes(&from, &set, 1), prefixes);
        self.say(out);
    }

    /// Withdraws prefixes.
    pub(crate) fn withdraw(&self, prefixes: &[Prefix4]) {
        let mut out = Vec::new();
        encode::withdraw(&mut out, prefixes);
        self.say(out);
    }

    /// Says End-of-RIB of both families.
    pub(crate) fn end_of_rib(&self) {
        self.say(encode::message(encode::kind::UPDATE, &[0; 4]));
        self.say(encode::message(encode::kind::UPDATE, &[0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1]));
    }

    fn say(&self, octets: Vec<u8>) {
        // A session that has ended shows by what the router has.
        let _ = self.messages.as_ref().map(|messages| messages.send(octets));
    }

    /// Ends it; how the session was until then.
    pub(crate) fn end(mut self) -> Result<(), SpeakerError> {
        drop(self.messages.take());
        self.thread.take().map_or(Ok(()), |thread| thread.join().expect("no panic"))
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        drop(self.messages.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn speak(session: Session<Deaf>, inbox: &Receiver<Vec<u8>>) -> Result<(), SpeakerError> {
    let mut fleet = Fleet::new().expect("an epoll descriptor");
    fleet.add(session)?;
    loop {
        match inbox.try_recv() {
            Ok(octets) => fleet.send(0, Arc::new(octets))?,
            Err(TryRecvError::Empty) => fleet.turn(Duration::from_millis(2))?,
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
    }
}

/// So many /24 from `first` on.
pub(crate) fn prefixes(first: &str, count: u32) -> Vec<Prefix4> {
    let first: Ipv4Addr = first.parse().expect("an address");
    (0..count).map(|n| Prefix4 { address: u32::from(first) + (n << 8), length: 24 }).collect()
}
