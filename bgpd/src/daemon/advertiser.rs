//! Router advertisements for unnumbered neighbors: on the interfaces that the engine names, this router says
//! that it is there, asks who else is, and hears who says so.
//!
//! The rhythm is FRR's: every 10 s with a lifetime of 30 s; faster at first, and at once when somebody asks.
//! The kernel drops what must not be trusted: a filter on the socket lets pass only advertisements and
//! solicitations whose hop limit is still 255, which no router on the way can have made (RFC 4861 §6.1).

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use bgp_engine::effect::Wanted;
use bgp_engine::value::Instant;
use fib::watch::Link;
use rustix::net::RecvFlags;
use socket2::{Domain, Protocol, SockAddr, SockFilter, Socket, Type};

use super::neighbor_discovery::{Message, ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION, emit, parse};
use ftcore::sys::poll::{Interest, Poll, Token};

use crate::machine::OwnInput;

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const INTERVAL: Duration = Duration::from_secs(10);
const LIFETIME_S: u16 = 30;
/// The first few come faster, so that neighbors which start together meet soon.
const FAST_INTERVAL: Duration = Duration::from_secs(1);
const FAST: u8 = 4;
/// Messages that are taken before connections have their turn.
const MESSAGES_A_TURN: usize = 32;
/// A router advertisement of a link with the usual MTU fits.
const MESSAGE_OCTETS: usize = 1500;

/// One interface that the engine named.
#[derive(Default)]
struct Speaker {
    link: Option<Link>,
    /// How many fast advertisements are still to come.
    fast: u8,
    due: Option<Instant>,
    last: Option<Instant>,
    /// The routers that were heard, so that a new one is answered at once.
    heard: Vec<Ipv6Addr>,
}

impl Speaker {
    /// The link's index if messages can be sent there.
    fn index(&self) -> Option<u32> {
        let link = self.link.as_ref().filter(|link| link.up)?;
        let usable =
            |net: &ipnet::IpNet| matches!(net, ipnet::IpNet::V6(net) if net.addr().is_unicast_link_local());
        link.addresses.iter().any(usable).then_some(link.index)
    }

    /// An advertisement soon, but not more than one in [`FAST_INTERVAL`].
    fn hurry(&mut self, now: Instant) {
        let earliest = self.last.map_or(now, |last| (last + FAST_INTERVAL).max(now));
        self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
    }
}

/// All of them, and their socket.
#[derive(Default)]
pub struct Advertiser {
    /// Opened when the first interface is named: most routers need none.
    socket: Option<Socket>,
    speakers: BTreeMap<String, Speaker>,
    links: BTreeMap<u32, Link>,
}

impl Advertiser {
    /// Carries out `Effect::RouterAdvertisements`.
    ///
    /// # Errors
    /// Where the ICMPv6 socket cannot be opened.
    pub fn set(
        &mut self,
        poll: &Poll,
        token: Token,
        interface: String,
        wanted: Wanted,
        now: Instant,
    ) -> io::Result<()> {
        match wanted {
            Wanted::Yes => {
                if self.socket.is_none() {
                    let socket = open()?;
                    poll.add(&socket, token, Interest::IN)?;
                    self.socket = Some(socket);
                }
                let link = self.links.values().find(|link| link.name == interface).cloned();
                self.speakers.entry(interface.clone()).or_default();
                if let Some(link) = link {
                    self.attach(&link, now);
                }
            }
            Wanted::No => {
                if let Some(speaker) = self.speakers.remove(&interface) {
                    //= rfc4861#section-6.2.5
                    //# the router SHOULD transmit one or more (but not more than
                    //# MAX_FINAL_RTR_ADVERTISEMENTS) final multicast Router Advertisements on
                    //# the interface with a Router Lifetime field of zero.
                    self.send(&speaker, Message::Advertisement { lifetime_s: 0 });
                }
            }
        }
        Ok(())
    }

    /// Takes note of a link.
    pub fn link(&mut self, link: &Link, now: Instant) {
        self.links.insert(link.index, link.clone());
        self.attach(link, now);
    }

    /// Takes note that a link is gone.
    pub fn link_gone(&mut self, index: u32) {
        self.links.remove(&index);
        for speaker in self.speakers.values_mut() {
            if speaker.link.as_ref().is_some_and(|link| link.index == index) {
                *speaker = Speaker::default();
            }
        }
    }

    /// When [`Advertiser::speak`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.speakers.values().filter_map(|speaker| speaker.due).min()
    }

    /// Sends what is due by `now`.
    pub fn speak(&mut self, now: Instant) {
        if self.deadline().is_none_or(|due| due > now) {
            return;
        }
        let mut speakers = std::mem::take(&mut self.speakers);
        for speaker in speakers.values_mut().filter(|speaker| speaker.due.is_some_and(|due| due <= now)) {
            self.send(speaker, Message::Advertisement { lifetime_s: LIFETIME_S });
            if speaker.fast > 0 {
                self.send(speaker, Message::Solicitation);
            }
            speaker.last = Some(now);
            speaker.due = Some(now + if speaker.fast > 0 { FAST_INTERVAL } else { INTERVAL });
            speaker.fast = speaker.fast.saturating_sub(1);
        }
        self.speakers = speakers;
    }

    /// Takes the messages that wait, a bounded number; routers that were heard become inputs.
    pub fn hear(&mut self, now: Instant, inputs: &mut impl Extend<OwnInput>) {
        let Some(socket) = &self.socket else { return };
        let mut buffer = [0_u8; MESSAGE_OCTETS];
        for _ in 0..MESSAGES_A_TURN {
            let answer = rustix::net::recvfrom(socket, &mut buffer, RecvFlags::empty());
            let Ok((count, _, from)) = answer else { return };
            let Some(Ok(from)) = from.map(SocketAddrV6::try_from) else { continue };
            let speaker = self.speakers.values_mut().find(|speaker| speaker.index() == Some(from.scope_id()));
            //= rfc4861#section-6.1.2
            //# - IP Source Address is a link-local address.  Routers must use
            //# their link-local address as the source for Router Advertisement
            //# and Redirect messages so that hosts can uniquely identify
            //# routers.
            match (speaker, parse(&buffer[..count])) {
                (Some(speaker), Some(Message::Solicitation)) => speaker.hurry(now),
                (Some(speaker), Some(Message::Advertisement { .. })) if from.ip().is_unicast_link_local() => {
                    if !speaker.heard.contains(from.ip()) {
                        speaker.heard.push(*from.ip());
                        speaker.hurry(now);
                    }
                    let interface = from.scope_id();
                    inputs.extend([OwnInput::RouterSeen { interface, address: *from.ip() }]);
                }
                _ => {}
            }
        }
    }

    /// Says on every interface that this router goes.
    pub fn stop(&mut self) {
        for speaker in std::mem::take(&mut self.speakers).values() {
            self.send(speaker, Message::Advertisement { lifetime_s: 0 });
        }
    }

    fn attach(&mut self, link: &Link, now: Instant) {
        let Some(speaker) = self.speakers.get_mut(&link.name) else { return };
        let before = speaker.index();
        speaker.link = Some(link.clone());
        let after = speaker.index();
        if before == after {
            return;
        }
        speaker.heard.clear();
        speaker.due = after.map(|_| now);
        speaker.fast = FAST;
        if let (Some(index), Some(socket)) = (after, &self.socket) {
            match socket.join_multicast_v6(&ALL_ROUTERS, index) {
                Err(error) if error.raw_os_error() != Some(libc::EADDRINUSE) => {
                    tracing::warn!("interface {}: router solicitations will not be heard: {error}", link.name)
                }
                // Joined now or before.
                _ => {}
            }
        }
    }

    fn send(&self, speaker: &Speaker, message: Message) {
        let (Some(socket), Some(index), Some(link)) = (&self.socket, speaker.index(), &speaker.link) else {
            return;
        };
        let to = match message {
            Message::Solicitation => ALL_ROUTERS,
            Message::Advertisement { .. } => ALL_NODES,
        };
        let octets = emit(message, &link.hardware);
        let to = SockAddr::from(SocketAddrV6::new(to, 0, 0, index));
        if let Err(error) = socket.send_to(&octets, &to) {
            tracing::warn!("interface {}: cannot send a router advertisement: {error}", link.name);
        }
    }
}

/// The ICMPv6 socket, with its filter.
fn open() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    socket.set_nonblocking(true)?;
    socket.attach_filter(&filter())?;
    socket.set_multicast_hops_v6(255)?;
    socket.set_unicast_hops_v6(255)?;
    socket.set_multicast_loop_v6(false)?;
    Ok(socket)
}

/// Lets pass what has type 133 or 134 and, in the IPv6 header before it, hop limit 255.
fn filter() -> [SockFilter; 7] {
    const LOAD_OCTET: u16 = 0x30; // BPF_LD | BPF_B | BPF_ABS
    const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    const NETWORK_HEADER: u32 = 0xfff0_0000; // SKF_NET_OFF
    const HOP_LIMIT: u32 = 7;
    [
        SockFilter::new(LOAD_OCTET, 0, 0, 0),
        SockFilter::new(JUMP_IF_EQUAL, 1, 0, u32::from(ROUTER_SOLICITATION)),
        SockFilter::new(JUMP_IF_EQUAL, 0, 3, u32::from(ROUTER_ADVERTISEMENT)),
        SockFilter::new(LOAD_OCTET, 0, 0, NETWORK_HEADER + HOP_LIMIT),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, 255),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
        SockFilter::new(RETURN, 0, 0, 0),
    ]
}
