//! The inputs of this program's own, and their octets in the log.
//!
//! A form is one octet of version and then MessagePack with named fields, read only as what it says it is: any octets
//! can be given, and what is none of these is an error, never a panic. The most frequent one, that a batch of up to 1,024
//! routes is in the kernel, takes some tens of octets.

use std::net::{IpAddr, Ipv6Addr};

use bgp_engine::value::Way;
use bgp_engine::value::{FibReport, IfIndex};
use fib::watch::{OtherRoute, RouteChange, RouteWay};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::editing::{Applied, Author};
use super::outcomes::RequestId;
use crate::config::Standby;

/// The form's version, the first octet.
const VERSION: u8 = 1;

/// What happened outside and is nothing of a connection, or what an operator wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnInput {
    /// The beginning of the configuration file's text, which does not fit one entry; the next comes behind it.
    ConfigurationPart(String),
    /// This is the configuration file's text: at the start, and when it was read again.
    Configuration {
        /// The text, without lines for other daemons' commands, behind the parts that came before.
        text: String,
        /// What else there is to know.
        surroundings: Surroundings,
    },
    /// An operator's line that changes something.
    Line(LineOf),
    /// The configuration file was written, or could not be.
    Written(Written),
    /// This was in force before this router began, behind the parts that came before; the oldest comes first, and
    /// all before the configuration.
    Remembered {
        /// What is known of it.
        applied: Applied,
        /// The end of its text.
        text: String,
    },
    /// This is in the history's folder, or could not be written there.
    Kept(Applied),
    /// This client has left `configure terminal`.
    Left(u64),
    /// The process of this client, which has a candidate, is gone.
    EditorGone(u64),
    /// An interface is there, or has changed.
    Interface(Interface),
    /// The interface with this index is gone.
    InterfaceGone(u32),
    /// Routes that others have in the kernel came, changed or went.
    KernelRoutes(Vec<KernelRoute>),
    /// A router advertisement was heard.
    RouterSeen {
        /// The interface's index.
        interface: u32,
        /// The sender's link-local address.
        address: Ipv6Addr,
    },
    /// The kernel's forwarding table, or who writes it, says something.
    Fib(FibReport),
    /// Nothing of this router's is left in the kernel under these settings of the block `fib`, which were in force before.
    FibCleared {
        /// The kernel's table.
        table: u32,
        /// The routes' metric.
        metric: u32,
        /// Who installed them.
        protocol: u8,
        /// The first id of next-hop objects.
        nexthop_id_base: u32,
    },
    /// Another process is the primary from here on.
    TakenOver,
    /// The router is stopped for good: every session is ended.
    Stop,
}

/// What the command line and the machine say about the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// No routes go into the kernel.
    pub without_fib: bool,
    /// The machine's name, for when none is configured.
    pub hostname: Option<String>,
    /// How the twin stands by, where the command line says it.
    #[serde(default)]
    pub standby: Option<Standby>,
    /// What the wall clock shows, in Unix milliseconds; 0 where that is of no interest.
    #[serde(default)]
    pub unix_ms: u64,
}

/// A line, and who typed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineOf {
    /// The request's name.
    pub request: RequestId,
    /// The lines that the modes were entered by.
    pub mode: Vec<String>,
    /// The line.
    pub line: String,
    /// Who the kernel says it was, and when.
    #[serde(default)]
    pub author: Option<Author>,
}

/// What came of writing the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Which writing it was.
    pub number: u64,
    /// The file.
    pub file: String,
    /// Why it could not be written.
    pub error: Option<String>,
}

/// An interface and its addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// The kernel's index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Whether it is up and has a carrier.
    pub up: bool,
    /// Its addresses with their prefix lengths.
    pub addresses: Vec<(IpAddr, u8)>,
}

/// A route that somebody else has in the kernel. Prefix, protocol and metric name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelRoute {
    /// Where to: address and length.
    pub net: (IpAddr, u8),
    /// Who put it there (`rtm_protocol`).
    pub protocol: u8,
    /// Its metric.
    pub metric: u32,
    /// Where it leads; nowhere any more where empty.
    pub ways: Vec<KernelWay>,
}

/// Where a kernel's route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KernelWay {
    /// Onto the interface with this index.
    Link(u32),
    /// Through this router on the interface with this index.
    Over(IpAddr, u32),
    /// Nowhere.
    Blackhole,
    /// Nowhere: the sender is told that there is no way.
    Unreachable,
    /// Nowhere: the sender is told that this is forbidden.
    Prohibit,
}

/// Octets that are no input.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// The version is another.
    #[error("form {0:?} is not known; this program knows {VERSION}")]
    Version(Option<u8>),
    /// The version is right, and the rest is not.
    #[error("the form is damaged: {0}")]
    Damaged(#[from] rmp_serde::decode::Error),
}

impl OwnInput {
    /// Reads an input's octets.
    ///
    /// # Errors
    /// Where they are none.
    pub fn parse(octets: &[u8]) -> Result<OwnInput, FormError> {
        match octets.split_first() {
            Some((&VERSION, form)) => Ok(rmp_serde::from_slice(form)?),
            other => Err(FormError::Version(other.map(|(version, _)| *version))),
        }
    }

    /// Its octets.
    ///
    /// # Panics
    /// Never: nothing in an input has no form.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let mut octets = vec![VERSION];
        rmp_serde::encode::write_named(&mut octets, self).expect("a vector takes whatever is written");
        octets
    }
}

impl From<Interface> for bgp_engine::input::Interface {
    fn from(interface: Interface) -> Self {
        let Interface { index, name, up, addresses } = interface;
        let net = |(address, length): (IpAddr, u8)| IpNet::new(address, length).ok();
        let addresses = addresses.into_iter().filter_map(net).collect();
        bgp_engine::input::Interface { index: IfIndex(index), name, up, addresses }
    }
}

impl KernelRoute {
    /// The route as the engine takes it; `None` where its prefix is none.
    #[must_use]
    pub fn for_engine(self) -> Option<bgp_engine::input::KernelRoute> {
        let (address, length) = self.net;
        let net = IpNet::new(address, length).ok()?;
        let ways = self.ways.into_iter().map(Way::from).collect();
        Some(bgp_engine::input::KernelRoute { net, protocol: self.protocol, metric: self.metric, ways })
    }
}

impl From<KernelWay> for Way {
    fn from(way: KernelWay) -> Way {
        match way {
            KernelWay::Link(link) => Way::Link(IfIndex(link)),
            KernelWay::Over(router, link) => Way::Over(router, IfIndex(link)),
            KernelWay::Blackhole => Way::Blackhole,
            KernelWay::Unreachable => Way::Unreachable,
            KernelWay::Prohibit => Way::Prohibit,
        }
    }
}

impl From<RouteWay> for KernelWay {
    fn from(way: RouteWay) -> KernelWay {
        match way {
            RouteWay::Link(link) => KernelWay::Link(link),
            RouteWay::Over(router, link) => KernelWay::Over(router, link),
            RouteWay::Blackhole => KernelWay::Blackhole,
            RouteWay::Unreachable => KernelWay::Unreachable,
            RouteWay::Prohibit => KernelWay::Prohibit,
        }
    }
}

impl From<RouteChange> for KernelRoute {
    fn from(change: RouteChange) -> KernelRoute {
        let (net, protocol, metric, ways) = match change {
            RouteChange::Route(OtherRoute { net, protocol, metric, ways }) => (net, protocol, metric, ways),
            RouteChange::Gone { net, protocol, metric } => (net, protocol, metric, Vec::new()),
        };
        let ways = ways.into_iter().map(KernelWay::from).collect();
        KernelRoute { net: (net.addr(), net.prefix_len()), protocol, metric, ways }
    }
}

impl From<fib::watch::Link> for Interface {
    fn from(link: fib::watch::Link) -> Self {
        let addresses = link.addresses.iter().map(|net| (net.addr(), net.prefix_len())).collect();
        Interface { index: link.index, name: link.name, up: link.up, addresses }
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::super::How;
    use super::*;

    fn input() -> impl Strategy<Value = OwnInput> {
        let request = (any::<u64>(), any::<u64>()).prop_map(|(client, number)| RequestId { client, number });
        let author = (any::<Option<u32>>(), ".{0,9}", any::<u32>(), any::<u64>())
            .prop_map(|(uid, name, pid, unix_ms)| Author { uid, name, pid, unix_ms });
        let line =
            (request, proptest::collection::vec(".{0,20}", 0..4), ".{0,80}", option::of(author.clone()))
                .prop_map(|(request, mode, line, author)| {
                    OwnInput::Line(LineOf { request, mode, line, author })
                });
        let applied = (any::<u64>(), author, any::<Option<String>>())
            .prop_map(|(number, author, comment)| Applied { number, how: How::Commit, author, comment });
        let configuration =
            (".{0,200}", any::<bool>(), any::<Option<String>>()).prop_map(|(text, without_fib, hostname)| {
                OwnInput::Configuration {
                    text,
                    surroundings: Surroundings {
                        without_fib,
                        hostname,
                        standby: Some(Standby::Cold),
                        unix_ms: 7,
                    },
                }
            });
        let addresses = proptest::collection::vec((any::<IpAddr>(), any::<u8>()), 0..5);
        let interface =
            (any::<u32>(), ".{0,15}", any::<bool>(), addresses).prop_map(|(index, name, up, addresses)| {
                OwnInput::Interface(Interface { index, name, up, addresses })
            });
        let seen = (any::<u32>(), any::<Ipv6Addr>())
            .prop_map(|(interface, address)| OwnInput::RouterSeen { interface, address });
        let way = prop_oneof![
            any::<u32>().prop_map(KernelWay::Link),
            any::<(IpAddr, u32)>().prop_map(|(router, link)| KernelWay::Over(router, link)),
            Just(KernelWay::Blackhole),
            Just(KernelWay::Unreachable),
            Just(KernelWay::Prohibit),
        ];
        let route = (any::<(IpAddr, u8)>(), any::<u8>(), any::<u32>(), proptest::collection::vec(way, 0..4))
            .prop_map(|(net, protocol, metric, ways)| KernelRoute { net, protocol, metric, ways });
        prop_oneof![
            proptest::collection::vec(route, 0..5).prop_map(OwnInput::KernelRoutes),
            line,
            applied.clone().prop_map(OwnInput::Kept),
            (applied, ".{0,99}").prop_map(|(applied, text)| OwnInput::Remembered { applied, text }),
            any::<u64>().prop_map(OwnInput::Left),
            any::<u64>().prop_map(OwnInput::EditorGone),
            configuration,
            interface,
            seen,
            any::<u32>().prop_map(OwnInput::InterfaceGone),
            ".{0,200}".prop_map(OwnInput::ConfigurationPart),
            any::<(u32, u32, u8, u32)>().prop_map(|(table, metric, protocol, nexthop_id_base)| {
                OwnInput::FibCleared { table, metric, protocol, nexthop_id_base }
            }),
            Just(OwnInput::TakenOver),
            Just(OwnInput::Stop),
        ]
    }

    proptest! {
        #[test]
        fn an_input_is_read_as_it_was_written(input in input()) {
            prop_assert_eq!(OwnInput::parse(&input.emit()).unwrap(), input);
        }

        #[test]
        fn no_octets_make_the_reader_panic(
            octets in proptest::collection::vec(any::<u8>(), 0..200),
            input in input(),
            at in any::<prop::sample::Index>(),
            value in any::<u8>(),
        ) {
            let _ = OwnInput::parse(&octets);
            let mut scribbled = input.emit();
            let at = at.index(scribbled.len());
            scribbled[at] = value;
            let _ = OwnInput::parse(&scribbled);
            let _ = OwnInput::parse(&scribbled[..at]);
        }
    }

    #[test]
    fn another_version_is_said() {
        let error = OwnInput::parse(&[9, 0]).unwrap_err().to_string();
        assert!(error.contains('9'), "{error}");
    }
}
