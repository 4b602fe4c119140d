//! The world of one cell of the matrix: us, one foreign daemon, and a feeder that can say anything.
//!
//! ```text
//!            10.0.1.0/24, fd00:1::/64
//!   ┌────┐ .1                     .2 ┌──────┐
//!   │ us ├──eth1────────────────eth1─┤ them │  us originates 10.1.0.0/16 and 2001:db8:1::/48,
//!   └──┬─┘                           └───┬──┘  them 10.2.0.0/16 and 2001:db8:2::/48
//!     .1│eth2                        eth2│.2
//!       │ 10.0.2.0/24      10.0.3.0/24   │
//!       └──eth1───┬───────┬───eth2───────┘     feed has .10 and .11 on both links
//!              .10│ feed  │.10
//!                 └───────┘
//! ```

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tests::lab::speaker::{Family, Route, Session, Speaker};
use tests::lab::{Lab, Node, Topology};

use crate::peers;

/// Our AS number.
pub(crate) const US_AS: u32 = 65001;
/// How long anything may take. Long, since the machine may be busy; nothing measures with it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// What the session between us and them is to have, and what the feeder says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// iBGP: them and feed are in our AS, and we reflect.
    pub(crate) internal: bool,
    /// TCP MD5 on both sides.
    pub(crate) password: Option<&'static str>,
    /// GTSM on both sides.
    pub(crate) ttl_security: bool,
    /// ADD-PATH for IPv4, both ways; the feeder then says IPv4 routes twice, from two ASes.
    pub(crate) add_path: bool,
    /// IPv4 routes over the IPv6 session, and no IPv4 session.
    pub(crate) extended_next_hop: bool,
    /// RFC 8654, also towards the feeder.
    pub(crate) extended_message: bool,
    /// RFC 4724, as the one that restarts, on both sides.
    pub(crate) graceful_restart: bool,
    /// The attributes (ExaBGP's syntax) of the feeder's routes; no feeder without.
    pub(crate) feed: Option<String>,
}

/// One BGP session of a foreign daemon, as its configuration needs it.
#[derive(Debug, Clone)]
pub(crate) struct Peering {
    pub(crate) name: &'static str,
    pub(crate) local: &'static str,
    pub(crate) remote: &'static str,
    pub(crate) remote_as: u32,
    pub(crate) ipv4: bool,
    pub(crate) ipv6: bool,
    pub(crate) with_us: bool,
}

impl Plan {
    /// Their AS number.
    pub(crate) fn them_as(&self) -> u32 {
        if self.internal { US_AS } else { 65002 }
    }

    /// The feeder's AS number.
    pub(crate) fn feed_as(&self) -> u32 {
        if self.internal { US_AS } else { 65010 }
    }

    /// The address of them that carries IPv4 routes.
    pub(crate) fn them_ipv4(&self) -> &'static str {
        if self.extended_next_hop { "fd00:1::2" } else { "10.0.1.2" }
    }

    /// The address of us that carries IPv4 routes.
    pub(crate) fn us_ipv4(&self) -> &'static str {
        if self.extended_next_hop { "fd00:1::1" } else { "10.0.1.1" }
    }

    /// Their sessions.
    pub(crate) fn peerings(&self) -> Vec<Peering> {
        let peering = |name, local, remote, remote_as, (ipv4, ipv6), with_us| Peering {
            name,
            local,
            remote,
            remote_as,
            ipv4,
            ipv6,
            with_us,
        };
        let mut all = Vec::new();
        if !self.extended_next_hop {
            all.push(peering("us4", "10.0.1.2", "10.0.1.1", US_AS, (true, false), true));
        }
        let families = (self.extended_next_hop, true);
        all.push(peering("us6", "fd00:1::2", "fd00:1::1", US_AS, families, true));
        // A reflector's client has no session with the other client.
        if self.feed.is_some() && !self.internal {
            all.push(peering("feed4", "10.0.3.2", "10.0.3.10", 65010, (true, false), false));
            all.push(peering("feed6", "fd00:3::2", "fd00:3::10", 65010, (false, true), false));
            if self.add_path {
                all.push(peering("again4", "10.0.3.2", "10.0.3.11", 65011, (true, false), false));
            }
        }
        all
    }
}

/// A running cell.
pub(crate) struct World {
    pub(crate) lab: Lab,
    pub(crate) plan: Plan,
    pub(crate) speaker: Speaker,
    directory: PathBuf,
}

impl World {
    /// Starts us, `speaker` and the feeder; returns when the sessions between us and them are up.
    pub(crate) fn start(speaker: Speaker, plan: Plan) -> Result<World, String> {
        let world = World::prepare(speaker, plan)?;
        world.run()?;
        Ok(world)
    }

    /// Makes the nodes and links of [`World::start`], but starts no daemon before [`World::run`].
    pub(crate) fn prepare(speaker: Speaker, plan: Plan) -> Result<World, String> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("interop-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(format!("ftbgp-{name}"));
        let write = |file: &str, text: &str| fs::write(directory.join(file), text).map_err(|e| e.to_string());
        fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
        write("us.conf", &peers::us::config(&plan))?;
        write("feed.conf", &peers::exabgp::feeder(&plan))?;
        let (image, target) = peers::image(speaker);
        write("them.conf", &peers::config(speaker, &plan))?;
        let file = directory.join(format!("{name}.clab.yml"));
        write(&format!("{name}.clab.yml"), &topology(&name, image, target, &plan))?;
        let lab =
            Topology::read(&file).and_then(|topology| Lab::prepare(&topology)).map_err(|e| e.to_string())?;
        Ok(World { lab, plan, speaker, directory })
    }

    /// Starts the daemons and waits for the sessions between us and them.
    pub(crate) fn run(&self) -> Result<(), String> {
        self.lab.start_daemons();
        peers::after_start(self.speaker, self.them()).map_err(|error| error.to_string())?;
        self.established()
    }

    /// Our node.
    pub(crate) fn us(&self) -> &Node {
        self.lab.node("us")
    }

    /// Their node.
    pub(crate) fn them(&self) -> &Node {
        self.lab.node("them")
    }

    /// Who answers for us: ours, or FRR in our place.
    pub(crate) fn our_speaker(&self) -> Speaker {
        self.us().speaker().unwrap_or(Speaker::Ftbgp)
    }

    /// The name of the shell that speaks vtysh's language in our node.
    pub(crate) fn our_shell(&self) -> &'static str {
        if self.our_speaker() == Speaker::Frr { "vtysh" } else { "ftsh" }
    }

    /// Waits until every session between us and them is Established on both sides.
    pub(crate) fn established(&self) -> Result<(), String> {
        self.wait("the sessions to be Established", || {
            for peering in self.plan.peerings().iter().filter(|peering| peering.with_us) {
                let ours = self.our_session(peering.local)?;
                let theirs = self.their_session(peering.remote)?;
                if !ours.established || !theirs.established {
                    let (ours, theirs) = (ours.state, theirs.state);
                    return Err(format!("{}: we say {ours}, they say {theirs}", peering.name));
                }
            }
            Ok(())
        })
    }

    /// Waits until each side has the other's own IPv4 route.
    pub(crate) fn routes_exchanged(&self) -> Result<(), String> {
        self.wait("the first routes", || {
            let ours = self.our_paths("10.2.0.0/16", self.plan.them_ipv4())?;
            let theirs = self.their_paths("10.1.0.0/16", self.plan.us_ipv4())?;
            let seen = format!("we have {ours:?}, they have {theirs:?}");
            if ours.len() == 1 && theirs.len() == 1 { Ok(()) } else { Err(seen) }
        })
    }

    /// What we say of the session with `address`.
    pub(crate) fn our_session(&self, address: &str) -> Result<Session, String> {
        let address = address.parse().map_err(|_| format!("{address} is no address"))?;
        self.our_speaker().session(self.us(), address).map_err(|error| error.to_string())
    }

    /// What they say of the session with `address`.
    pub(crate) fn their_session(&self, address: &str) -> Result<Session, String> {
        let address = address.parse().map_err(|_| format!("{address} is no address"))?;
        self.speaker.session(self.them(), address).map_err(|error| error.to_string())
    }

    /// Our paths for `prefix` from the neighbor `from`.
    pub(crate) fn our_paths(&self, prefix: &str, from: &str) -> Result<Vec<Route>, String> {
        let routes =
            self.our_speaker().routes(self.us(), family(prefix)).map_err(|error| error.to_string())?;
        Ok(of(routes, prefix, from))
    }

    /// Their paths for `prefix` from the neighbor `from`.
    pub(crate) fn their_paths(&self, prefix: &str, from: &str) -> Result<Vec<Route>, String> {
        let routes = self.speaker.routes(self.them(), family(prefix)).map_err(|error| error.to_string())?;
        Ok(of(routes, prefix, from))
    }

    /// Asks until `probe` answers; its last error and the logs are the error.
    pub(crate) fn wait<T>(&self, what: &str, probe: impl FnMut() -> Result<T, String>) -> Result<T, String> {
        self.lab.wait_until(what, DEADLINE, probe).map_err(|error| error.to_string())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn of(mut routes: Vec<Route>, prefix: &str, from: &str) -> Vec<Route> {
    routes.retain(|route| route.prefix == prefix && route.neighbor.as_deref() == Some(from));
    routes
}

fn family(prefix: &str) -> Family {
    if prefix.contains(':') { Family::Ipv6 } else { Family::Ipv4 }
}

fn topology(name: &str, image: &str, target: &str, plan: &Plan) -> String {
    let mut text = format!(
        "name: {name}\ntopology:\n  defaults:\n    kind: linux\n    sysctls:\n      \
         net.ipv4.ip_forward: 1\n      net.ipv6.conf.all.forwarding: 1\n  nodes:\n"
    );
    let mut node = |name: &str, image: &str, target: &str, addresses: &[(&str, &str)], more: &[&str]| {
        text.push_str(&format!(
            "    {name}:\n      image: '{image}'\n      binds: ['{name}.conf:{target}']\n"
        ));
        text.push_str("      exec:\n");
        for (address, interface) in addresses {
            text.push_str(&format!("        - ip addr add {address} dev {interface}\n"));
        }
        more.iter().for_each(|command| text.push_str(&format!("        - {command}\n")));
    };
    let feeds = plan.feed.is_some();
    let ends = |first: &'static [(&str, &str)], second: &'static [(&str, &str)]| {
        let second = if feeds { second } else { &[] };
        [first, second].concat()
    };
    let us = ends(
        &[("10.0.1.1/24", "eth1"), ("fd00:1::1/64", "eth1")],
        &[("10.0.2.1/24", "eth2"), ("fd00:2::1/64", "eth2")],
    );
    node("us", "ftbgp:latest", "/etc/ftbgp/ftbgpd.conf", &us, &[]);
    let them = ends(
        &[("10.0.1.2/24", "eth1"), ("fd00:1::2/64", "eth1")],
        &[("10.0.3.2/24", "eth2"), ("fd00:3::2/64", "eth2")],
    );
    // Reflected routes keep the feeder's next hop.
    let via_us = ["ip route add 10.0.2.0/24 via 10.0.1.1", "ip route add fd00:2::/64 via fd00:1::1"];
    node("them", image, target, &them, if plan.internal { &via_us } else { &[] });
    if feeds {
        let feed = [
            ("10.0.2.10/24", "eth1"),
            ("10.0.2.11/24", "eth1"),
            ("fd00:2::10/64", "eth1"),
            ("10.0.3.10/24", "eth2"),
            ("10.0.3.11/24", "eth2"),
            ("fd00:3::10/64", "eth2"),
        ];
        node("feed", "ftbgp/exabgp:4.2.21", "/etc/exabgp/exabgp.conf", &feed, &[]);
    }
    text.push_str("  links:\n    - endpoints: ['us:eth1', 'them:eth1']\n");
    if feeds {
        text.push_str(
            "    - endpoints: ['us:eth2', 'feed:eth1']\n    - endpoints: ['them:eth2', 'feed:eth2']\n",
        );
    }
    text
}
