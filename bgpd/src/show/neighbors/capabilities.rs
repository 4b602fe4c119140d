//! What both sides' OPENs say, compared.

use bgp_engine::engine::Peer;
use bgp_engine::value::Family;
use bgp_engine::wire::{Capability, OpenMessage};
use serde_json::{Map, Value, json};

use crate::show::Router;
use crate::show::peers::family_key;
use crate::show::text::put;

/// Who has said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    advertised: bool,
    received: bool,
}

impl Said {
    fn text(self) -> Option<&'static str> {
        match (self.advertised, self.received) {
            (true, true) => Some("advertised and received"),
            (true, false) => Some("advertised"),
            (false, true) => Some("received"),
            (false, false) => None,
        }
    }

    fn key(self, prefix: &str) -> Option<String> {
        let key = match (self.advertised, self.received) {
            (true, true) => "AdvertisedAndReceived",
            (true, false) => "Advertised",
            (false, true) => "Received",
            (false, false) => return None,
        };
        if prefix.is_empty() {
            return Some(format!("{}{}", key[..1].to_ascii_lowercase(), &key[1..]));
        }
        Some(format!("{prefix}{key}"))
    }
}

/// This router's OPEN and the peer's.
pub(super) struct Opens<'a> {
    own: OpenMessage,
    theirs: &'a OpenMessage,
}

impl<'a> Opens<'a> {
    /// The OPENs of a session that is up.
    pub(super) fn of(router: &Router<'_>, peer: &'a Peer) -> Option<Self> {
        let negotiated = peer.session.negotiated()?;
        Some(Opens { own: peer.session.own_open(router.clock.now), theirs: &negotiated.open })
    }

    fn said(&self, is_it: impl Fn(&Capability) -> bool) -> Said {
        let in_open = |open: &OpenMessage| open.capabilities.iter().any(&is_it);
        Said { advertised: in_open(&self.own), received: in_open(self.theirs) }
    }

    fn add_path(&self, family: Family) -> [(&'static str, Said); 2] {
        let mode = |capability: &Capability, sends: bool| match capability {
            Capability::AddPath(list) => list.iter().any(|(named, mode)| {
                *named == family.afi_safi() && if sends { mode.sends() } else { mode.receives() }
            }),
            _ => false,
        };
        [("TX", self.said(|c| mode(c, true))), ("RX", self.said(|c| mode(c, false)))]
    }

    /// Capabilities that are there or not: the text, the key, who said it.
    fn before_families(&self) -> [(&'static str, &'static str, Said); 2] {
        [
            ("4 Byte AS", "4byteAs", self.said(|c| matches!(c, Capability::FourOctetAs(_)))),
            ("Extended Message", "extendedMessage", self.said(|c| *c == Capability::ExtendedMessage)),
        ]
    }

    fn after_add_path(&self) -> [(&'static str, &'static str, Said); 4] {
        [
            ("Role", "role", self.said(|c| matches!(c, Capability::Role(_)))),
            (
                "Extended nexthop",
                "extendedNexthop",
                self.said(|c| matches!(c, Capability::ExtendedNextHop(_))),
            ),
            ("Route refresh", "routeRefresh", self.said(|c| *c == Capability::RouteRefresh)),
            (
                "Enhanced Route Refresh",
                "enhancedRouteRefresh",
                self.said(|c| *c == Capability::EnhancedRouteRefresh),
            ),
        ]
    }

    fn family(&self, family: Family) -> Said {
        self.said(|c| *c == Capability::MultiProtocol(family.afi_safi()))
    }

    fn restart(&self) -> Said {
        self.said(|c| matches!(c, Capability::GracefulRestart(_)))
    }

    /// The block of the text.
    pub(super) fn push(&self, out: &mut String) {
        let line = |name: &str, said: Said, out: &mut String| {
            if let Some(text) = said.text() {
                put!(out, "    {name}: {text}\n");
            }
        };
        out.push_str("  Neighbor capabilities:\n");
        for (name, _, said) in self.before_families() {
            line(name, said, out);
        }
        if self.said(|c| matches!(c, Capability::AddPath(_))).text().is_some() {
            out.push_str("    AddPath:\n");
            for family in Family::ALL {
                for (way, said) in self.add_path(family) {
                    if let Some(text) = said.text() {
                        put!(out, "      {family}: {way} {text}\n");
                    }
                }
            }
        }
        for (name, _, said) in self.after_add_path() {
            line(name, said, out);
        }
        for family in Family::ALL {
            line(&format!("Address Family {family}"), self.family(family), out);
        }
        self.push_names(out);
        line("Graceful Restart Capability", self.restart(), out);
        self.push_restart(out);
    }

    fn push_names(&self, out: &mut String) {
        let named = |word: &str, names: Option<(String, String)>| match names {
            Some((host, domain)) => format!("{word} (name: {host},domain name: {domain})"),
            None => format!("not {word}"),
        };
        let own = named("advertised", fqdn(&self.own));
        put!(out, "    Hostname Capability: {own} {}\n", named("received", fqdn(self.theirs)));
        let version = |word: &str, version: Option<String>| match version {
            Some(version) => format!("{word} software version ({version})"),
            None => format!("not {word}"),
        };
        let (own, theirs) = (software_version(&self.own), software_version(self.theirs));
        if own.is_some() || theirs.is_some() {
            let (own, theirs) = (version("advertised", own), version("received", theirs));
            put!(out, "    Version Capability: {own} {theirs}\n");
        }
    }

    fn push_restart(&self, out: &mut String) {
        let Some(restart) = restart_of(self.theirs) else { return };
        put!(out, "      Remote Restart timer is {} seconds\n", restart.time_s);
        out.push_str("      Address families by peer:\n");
        let known = restart.families.iter().filter_map(|&(named, kept)| {
            Family::from_afi_safi(named)
                .map(|family| (family, if kept { "preserved" } else { "not preserved" }))
        });
        let families: Vec<String> =
            known.map(|(family, kept)| format!("        {family}({kept})\n")).collect();
        out.push_str(if families.is_empty() { "        none\n" } else { "" });
        out.push_str(&families.concat());
    }

    /// The member of JSON.
    pub(super) fn json(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, said: Said| {
            if let Some(value) = said.key("") {
                map.insert(key.to_owned(), value.into());
            }
        };
        for (_, key, said) in self.before_families() {
            put(key, said);
        }
        let add_path = self.add_path_json();
        if !add_path.is_empty() {
            map.insert("addPath".to_owned(), Value::Object(add_path));
        }
        for (_, key, said) in self.after_add_path() {
            if let Some(value) = said.key("") {
                map.insert(key.to_owned(), value.into());
            }
        }
        let families = Family::ALL.into_iter().filter_map(|family| {
            let key = self.family(family).key("")?;
            Some((family_key(family).to_owned(), json!({ key: true })))
        });
        map.insert("multiprotocolExtensions".to_owned(), Value::Object(families.collect()));
        map.insert("hostName".to_owned(), self.names_json());
        let (own, theirs) = (software_version(&self.own), software_version(self.theirs));
        if own.is_some() || theirs.is_some() {
            let value = json!({ "advertisedSoftwareVersion": own, "receivedSoftwareVersion": theirs });
            map.insert("softwareVersion".to_owned(), value);
        }
        if let Some(value) = self.restart().key("") {
            map.insert("gracefulRestart".to_owned(), value.into());
        }
        if let Some(restart) = restart_of(self.theirs) {
            let timer = u32::from(restart.time_s) * 1000;
            map.insert("gracefulRestartRemoteTimerMsecs".to_owned(), timer.into());
            let families = restart.families.iter().filter_map(|&(named, kept)| {
                let value = if kept { json!({ "preserved": true }) } else { json!({}) };
                Some((family_key(Family::from_afi_safi(named)?).to_owned(), value))
            });
            map.insert("addressFamiliesByPeer".to_owned(), Value::Object(families.collect()));
        }
        Value::Object(map)
    }

    fn add_path_json(&self) -> Map<String, Value> {
        let mut map = Map::new();
        for family in Family::ALL {
            let ways = self.add_path(family).into_iter();
            let said = ways.filter_map(|(way, said)| said.key(&way.to_ascii_lowercase()));
            let said: Map<String, Value> = said.map(|key| (key, Value::from(true))).collect();
            if !said.is_empty() {
                map.insert(family_key(family).to_owned(), Value::Object(said));
            }
        }
        map
    }

    fn names_json(&self) -> Value {
        let mut map = Map::new();
        for (names, host_key, domain_key) in [
            (fqdn(&self.own), "advHostName", "advDomainName"),
            (fqdn(self.theirs), "rcvHostName", "rcvDomainName"),
        ] {
            if let Some((host, domain)) = names {
                map.insert(host_key.to_owned(), host.into());
                map.insert(domain_key.to_owned(), domain.into());
            }
        }
        Value::Object(map)
    }
}

fn fqdn(open: &OpenMessage) -> Option<(String, String)> {
    open.capabilities.iter().find_map(|capability| match capability {
        Capability::Fqdn(fqdn) => {
            let or_none = |text: String| if text.is_empty() { "n/a".to_owned() } else { text };
            Some((or_none(fqdn.host_text()), or_none(fqdn.domain_text())))
        }
        _ => None,
    })
}

fn software_version(open: &OpenMessage) -> Option<String> {
    open.capabilities.iter().find_map(|capability| match capability {
        Capability::SoftwareVersion(version) => Some(version.text()),
        _ => None,
    })
}

fn restart_of(open: &OpenMessage) -> Option<&bgp_engine::wire::capability::GracefulRestart> {
    open.capabilities.iter().find_map(|capability| match capability {
        Capability::GracefulRestart(restart) => Some(restart),
        _ => None,
    })
}
