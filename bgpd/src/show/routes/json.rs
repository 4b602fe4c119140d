//! Routes with FRR's keys.

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use super::entry::{Entry, Hop, InKernel, Part, To};
use crate::show::Router;
use crate::show::time::uptime;

/// FRR's bits of a hop.
const ACTIVE: u8 = 1;
const FIB: u8 = 2;
const RECURSIVE: u8 = 4;

/// The main table.
const MAIN_TABLE: u32 = 254;

/// A prefix's routes.
#[must_use]
pub fn entries_json(router: &Router<'_>, net: IpNet, entries: &[Entry]) -> Value {
    Value::Array(entries.iter().map(|entry| entry_json(router, net, entry)).collect())
}

fn entry_json(router: &Router<'_>, net: IpNet, entry: &Entry) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("prefix", net.to_string().into());
    put("prefixLen", net.prefix_len().into());
    put("protocol", entry.teller.name().into());
    put("vrfId", 0.into());
    put("vrfName", "default".into());
    if entry.selected {
        put("selected", true.into());
        put("destSelected", true.into());
    }
    put("distance", entry.distance.into());
    put("metric", entry.metric.into());
    match entry.kernel {
        InKernel::No => {}
        InKernel::Installed => drop(put("installed", true.into())),
        InKernel::Queued => drop(put("queued", true.into())),
        InKernel::Rejected => drop(put("failed", true.into())),
    }
    let fib = router.config.fib.settings();
    put("table", if entry.teller.is_bgp() { fib.table } else { MAIN_TABLE }.into());
    let usable = entry.hops.iter().filter(|hop| hop.part != Part::Inactive).count();
    put("internalNextHopNum", entry.hops.len().into());
    put("internalNextHopActiveNum", usable.into());
    if let Some(group) = entry.group {
        let id = fib.nexthop_id_base.saturating_add(group.0);
        put("nexthopGroupId", id.into());
        if entry.kernel == InKernel::Installed {
            put("installedNexthopGroupId", id.into());
        }
    }
    let moment = bgp_engine::value::Instant::from_micros(u64::from(entry.since_s) * 1_000_000);
    put("uptime", uptime(router.clock.since(moment)).into());
    let hops = entry.hops.iter().map(|hop| hop_json(router, entry.kernel, hop));
    put("nexthops", Value::Array(hops.collect()));
    Value::Object(map)
}

/// A hop of a route of which the kernel has that.
#[must_use]
pub fn hop_json(router: &Router<'_>, kernel: InKernel, hop: &Hop) -> Value {
    let in_fib = kernel == InKernel::Installed && matches!(hop.part, Part::Direct | Part::Resolver);
    let active = hop.part != Part::Inactive;
    let bit = |set: bool, bit: u8| if set { bit } else { 0 };
    let recursive = hop.part == Part::Recursive;
    let flags = bit(active, ACTIVE) | bit(in_fib, FIB) | bit(recursive, RECURSIVE);
    let mut map = Map::new();
    map.insert("flags".to_owned(), flags.into());
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    if in_fib {
        put("fib", json!(true));
    }
    let link = match hop.to {
        To::Router(address, link) => {
            put("ip", address.to_string().into());
            put("afi", if address.is_ipv4() { "ipv4" } else { "ipv6" }.into());
            link
        }
        To::Link(link) => {
            put("directlyConnected", json!(true));
            Some(link)
        }
        To::Blackhole | To::Unreachable | To::Prohibit => {
            put("unreachable", json!(true));
            let word = match hop.to {
                To::Unreachable => "reject",
                To::Prohibit => "adminProhibited",
                To::Blackhole | To::Router(..) | To::Link(_) => "blackhole",
            };
            put(word, json!(true));
            None
        }
    };
    if let Some(link) = link {
        put("interfaceIndex", link.0.into());
        put("interfaceName", router.link_name(link).into());
    }
    if hop.part == Part::Resolver {
        put("resolver", json!(true));
    }
    if active {
        put("active", json!(true));
    }
    if recursive {
        put("recursive", json!(true));
    }
    if let Some(weight) = hop.weight {
        put("weight", weight.into());
    }
    Value::Object(map)
}
