//! A network with two links, and what `ip` says of it.

use std::process::Command;

use fib::change::{Batch, Change, Done, GroupId, Hop, Ways};
use fib::settings::Settings;
use fib::writer::Writer;
use ipnet::IpNet;
use serde_json::Value;
use tests::bench::netns::enter_private_network;

/// Two links, `east` with 10.0.1.1/24 and 2001:db8:1::1/64, `west` with 10.0.2.1/24 and 2001:db8:2::1/64. The calling
/// thread is in its network; so is what it starts.
pub struct World {
    pub east: u32,
    pub west: u32,
}

impl World {
    pub fn new() -> World {
        enter_private_network().unwrap();
        for (number, name) in [(1, "east"), (2, "west")] {
            ip(&format!("link add name {name} type veth peer name {name}-far"));
            ip(&format!("link set {name} up"));
            ip(&format!("link set {name}-far up"));
            address(number, name);
        }
        World { east: index("east"), west: index("west") }
    }

    /// A way through a router on one of the links.
    pub fn hop(&self, gateway: &str, interface: u32, weight: u8) -> Hop {
        Hop { gateway: Some(gateway.parse().unwrap()), interface, weight }
    }

    /// A group through another IPv6 router on `west`.
    pub fn simple_six(&self) -> Ways {
        Ways::Hops(vec![self.hop("fe80::9", self.west, 1)])
    }

    /// The group through one router on `east`.
    pub fn simple(&self) -> Ways {
        Ways::Hops(vec![self.hop("10.0.1.2", self.east, 1)])
    }
}

fn address(number: u8, name: &str) {
    ip(&format!("addr add 10.0.{number}.1/24 dev {name}"));
    ip(&format!("addr add 2001:db8:{number}::1/64 dev {name} nodad"));
}

/// Runs `ip`, which must succeed; gives what it printed.
pub fn ip(words: &str) -> String {
    let output = Command::new("ip").args(words.split_whitespace()).output().expect("iproute2 is installed");
    assert!(output.status.success(), "ip {words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs `ip` and gives its answer as JSON: a list.
pub fn list(words: &str) -> Vec<Value> {
    let text = ip(&format!("-j -d {words}"));
    // A list of nothing is nothing at all to some versions.
    let value: Value = serde_json::from_str(text.trim()).unwrap_or_else(|_| Value::Array(vec![]));
    value.as_array().expect("ip answers with a list").clone()
}

/// The routes to one prefix, of all metrics and protocols.
pub fn routes_to(net: &str) -> Vec<Value> {
    let family = if net.contains(':') { "-6" } else { "-4" };
    list(&format!("{family} route show exact {net}"))
}

/// The route to one prefix; there is one.
pub fn route_to(net: &str) -> Value {
    let found = routes_to(net);
    assert_eq!(found.len(), 1, "{net}: {found:?}");
    found[0].clone()
}

fn index(name: &str) -> u32 {
    let index = list(&format!("link show dev {name}"))[0]["ifindex"].as_u64().unwrap();
    u32::try_from(index).unwrap()
}

pub fn open() -> Writer {
    Writer::open(Settings::default()).unwrap()
}

pub fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

pub fn group(number: u32, ways: Ways) -> Change {
    Change::Group(GroupId(number), ways)
}

pub fn route(text: &str, number: u32) -> Change {
    Change::Route(net(text), GroupId(number))
}

pub fn moved(text: &str, number: u32) -> Change {
    Change::Moved(net(text), GroupId(number))
}

pub fn route_gone(text: &str, number: u32) -> Change {
    Change::RouteGone(net(text), GroupId(number))
}

/// Writes a batch; the answer is what was refused.
pub fn write(writer: &mut Writer, changes: Vec<Change>) -> Vec<(u32, i32)> {
    let batch = Batch { number: 7, changes };
    let Done { number, failed } = writer.write(&batch).unwrap();
    assert_eq!(number, 7);
    failed
}

/// Writes a batch of which nothing is refused.
pub fn write_all(writer: &mut Writer, changes: Vec<Change>) {
    let failed = write(writer, changes);
    assert!(failed.is_empty(), "{failed:?}: {:?}", writer.refusals().collect::<Vec<_>>());
}

/// The kernel's id of a group, with the settings as they are by default.
pub fn object(number: u32) -> u32 {
    Settings::default().group_object(GroupId(number)).unwrap()
}
