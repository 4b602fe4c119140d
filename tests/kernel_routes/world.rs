//! The lab of these tests, and what the kernel and the router say of the same routes.
//!
//! ```text
//!   h ──10.0.9.0/24── r ──eth2 10.0.1.0/24, fd00:1::/64── a (FRR, AS 65002) ──10.0.8.0/24── d
//!                     │ ──eth3 10.0.2.0/24, fd00:2::/64── b (BIRD, AS 65003) ─────────────── d
//!                     └ ──eth4 without addresses───────── c (FRR, AS 65004)
//! ```
//!
//! The small lab has a host `f` in place of all neighbors, on two links, with scripted peers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::lab::{Lab, Node, Spawned, Topology};
use tests::takeover::router::Router;

use crate::feeder::Feeder;

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A lab of one test, and its files.
pub(crate) struct World {
    pub(crate) lab: Lab,
    directory: PathBuf,
}

/// A way of a route: gateway, interface, weight.
pub(crate) type Hop = (String, String, u64);
/// Routes with their ways; a blackhole has none.
pub(crate) type Table = BTreeMap<String, BTreeSet<Hop>>;

const SMALL: &str = "name: NAME
topology:
  defaults: {kind: linux}
  nodes:
    r:
      image: 'ftbgp:latest'
      cmd: 'ARGUMENTS'
      entrypoint: 'PROGRAM'
      binds: ['r.conf:/etc/ftbgp/ftbgpd.conf', 'DIRECTORY:/shared']
      sysctls: {net.ipv4.nexthop_compat_mode: 0, net.ipv4.ip_forward: 1, net.ipv6.conf.all.forwarding: 1}
      exec:
        - ip addr add 10.0.1.1/24 dev eth1
        - ip addr add 10.0.2.1/24 dev eth2
    f:
      image: 'debian:latest'
      exec:
        - ip addr add 10.0.1.2/24 dev eth1
        - ip addr add 10.0.1.3/24 dev eth1
        - ip addr add 10.0.2.2/24 dev eth2
  links:
    - endpoints: ['r:eth1', 'f:eth1']
    - endpoints: ['r:eth2', 'f:eth2']
";

/// The router of the small lab; the neighbor is at 10.0.1.2.
pub(crate) const SMALL_ROUTER: &str = "hostname r
router bgp 65001
 bgp router-id 10.0.0.1
 no bgp ebgp-requires-policy
 bgp bestpath as-path multipath-relax
 neighbor 10.0.1.2 remote-as 65002
 neighbor 10.0.1.2 disable-connected-check
 neighbor 10.0.1.2 timers 20 60
 address-family ipv4 unicast
  maximum-paths 4
 exit-address-family
";

/// How the router of the small lab is started.
pub(crate) struct Small<'a> {
    pub(crate) config: &'a str,
    pub(crate) arguments: &'a str,
    pub(crate) program: &'a str,
}

impl Default for Small<'_> {
    fn default() -> Self {
        Small { config: SMALL_ROUTER, arguments: "", program: "ftbgpd" }
    }
}

impl World {
    /// Starts a lab from a topology and its files; NAME and DIRECTORY are replaced in the topology.
    pub(crate) fn start(topology: &str, files: &[(&str, &str)]) -> World {
        let world = World::prepare(topology, files);
        world.lab.start_daemons();
        world
    }

    /// The same, with no daemon running.
    pub(crate) fn prepare(topology: &str, files: &[(&str, &str)]) -> World {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("kernel-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(format!("ftbgp-{name}"));
        fs::create_dir_all(&directory).expect("a directory");
        let text = topology.replace("NAME", &name).replace("DIRECTORY", &directory.display().to_string());
        let file = directory.join(format!("{name}.clab.yml"));
        fs::write(&file, text).expect("a file");
        for (name, text) in files {
            fs::write(directory.join(name), text).expect("a file");
        }
        let lab = Topology::read(&file).and_then(|topology| Lab::prepare(&topology));
        World { lab: lab.unwrap_or_else(|error| panic!("{error}")), directory }
    }

    /// Starts the small lab.
    pub(crate) fn small(small: &Small<'_>) -> World {
        let topology = SMALL.replace("ARGUMENTS", small.arguments).replace("PROGRAM", small.program);
        World::start(&topology, &[("r.conf", small.config)])
    }

    /// The small lab without its daemon.
    pub(crate) fn small_unstarted(small: &Small<'_>) -> World {
        let topology = SMALL.replace("ARGUMENTS", small.arguments).replace("PROGRAM", small.program);
        World::prepare(&topology, &[("r.conf", small.config)])
    }

    /// The scripted peer of the small lab.
    pub(crate) fn feeder(&self) -> Feeder {
        Feeder::start(self.lab.node("f"), 65002, "10.0.1.2", "10.0.1.1")
    }

    /// The router's node.
    pub(crate) fn r(&self) -> &Node {
        self.lab.node("r")
    }

    /// The daemon on it.
    pub(crate) fn router(&self) -> Router<'_> {
        Router::on(self.r())
    }

    /// A file that the router's node of the small lab sees as `/shared/NAME`.
    pub(crate) fn shared(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Waits until `probe` succeeds.
    pub(crate) fn wait(&self, what: &str, probe: impl FnMut() -> Result<(), String>) {
        let done = self.lab.wait_until(what, DEADLINE, probe);
        done.unwrap_or_else(|error| panic!("{error}\n{}", self.lab.logs()));
    }

    /// Runs a command in the router's node.
    pub(crate) fn run(&self, command: &str) -> String {
        let words: Vec<&str> = command.split(' ').collect();
        self.r().run(&words).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What the router says to a show, as JSON.
    pub(crate) fn show(&self, line: &str) -> Result<Value, String> {
        let answer = self.router().shell(&[&format!("{line} json")])?;
        serde_json::from_str(&answer).map_err(|error| format!("{line}: {error}: {answer}"))
    }

    /// The routes of protocol bgp that the kernel has, both families.
    pub(crate) fn kernel(&self) -> Table {
        let mut table = Table::new();
        let objects = self.objects();
        for family in ["-4", "-6"] {
            let answer = self.run(&format!("ip -j {family} route show proto bgp"));
            let routes: Vec<Value> = serde_json::from_str(&answer).unwrap_or_default();
            table.extend(routes.iter().map(|route| (prefix(route), hops(route, &objects))));
        }
        table
    }

    /// The kernel's next-hop objects by id.
    fn objects(&self) -> BTreeMap<u64, Value> {
        let objects: Vec<Value> = serde_json::from_str(&self.run("ip -j nexthop show")).unwrap_or_default();
        objects.into_iter().filter_map(|object| Some((object["id"].as_u64()?, object))).collect()
    }

    /// The number of routes of protocol bgp that the kernel has, IPv4.
    pub(crate) fn kernel_count(&self) -> usize {
        self.run("ip -4 route show proto bgp").lines().count()
    }

    /// The routes that BGP wants in the kernel, by the router's own show, and that it says to be there.
    pub(crate) fn wanted(&self) -> Result<Table, String> {
        let mut table = Table::new();
        for family in ["ip", "ipv6"] {
            let answer = self.show(&format!("show {family} route bgp"))?;
            for (net, routes) in answer.as_object().into_iter().flatten() {
                for route in routes.as_array().into_iter().flatten().filter(|one| one["selected"] == true) {
                    if route["installed"] != true {
                        return Err(format!("{net} is not installed: {route}"));
                    }
                    let hops = route["nexthops"].as_array().into_iter().flatten();
                    let hops = hops.filter(|hop| hop["fib"] == true && hop["unreachable"] != true);
                    let hops = hops.map(|hop| {
                        (text(&hop["ip"]), text(&hop["interfaceName"]), hop["weight"].as_u64().unwrap_or(1))
                    });
                    table.insert(net.clone(), hops.collect());
                }
            }
        }
        Ok(table)
    }

    /// Waits until the kernel has exactly what the router wants, and that is `count` routes.
    pub(crate) fn settled(&self, count: usize) -> Table {
        self.wait("the kernel to have what BGP wants", || {
            let (kernel, wanted) = (self.kernel(), self.wanted()?);
            if kernel == wanted && kernel.len() == count {
                return Ok(());
            }
            let differ: Vec<_> =
                kernel.iter().filter(|(net, hops)| wanted.get(*net) != Some(hops)).take(3).collect();
            Err(format!("{} of {count} in the kernel, {} wanted; {differ:?}", kernel.len(), wanted.len()))
        });
        self.kernel()
    }

    /// Listens to what the kernel tells of routes and next-hop objects; returns when it does.
    pub(crate) fn monitor(&self) -> Monitor<'_> {
        let running =
            self.r().spawn(&["ip", "monitor", "route", "nexthop"]).unwrap_or_else(|error| panic!("{error}"));
        let monitor = Monitor { world: self, running };
        monitor.sound();
        monitor
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn prefix(route: &Value) -> String {
    let net = text(&route["dst"]);
    // `ip` leaves the length of a host's out.
    match net.as_str() {
        "default" => "0.0.0.0/0".into(),
        _ if net.contains('/') => net,
        _ if net.contains(':') => format!("{net}/128"),
        _ => format!("{net}/32"),
    }
}

/// The ways of a route as `ip -j route` has them, or the object that it names.
fn hops(route: &Value, objects: &BTreeMap<u64, Value>) -> BTreeSet<Hop> {
    // With `nexthop_compat_mode` 0 a route names its object and no more.
    if let Some(object) = route["nhid"].as_u64().and_then(|id| objects.get(&id)) {
        // A group, or one next hop, as zebra writes it of a route with one way.
        let alone = || vec![json!({"id": object["id"]})];
        let members = object["group"].as_array().cloned().unwrap_or_else(alone);
        let hops = members.iter().filter_map(|member| {
            let hop = objects.get(&member["id"].as_u64()?)?;
            let weight = member["weight"].as_u64().unwrap_or(1);
            // `ip` says `"blackhole":null` of one.
            hop.get("blackhole").is_none().then(|| (text(&hop["gateway"]), text(&hop["dev"]), weight))
        });
        return hops.collect();
    }
    if route["type"] == "blackhole" || route["dev"] == "lo" || route["flags"].to_string().contains("dead") {
        return BTreeSet::new();
    }
    let several = route["nexthops"].as_array().cloned().unwrap_or_else(|| vec![route.clone()]);
    let hop = |hop: &Value| {
        let gateway = if hop["via"].is_null() { text(&hop["gateway"]) } else { text(&hop["via"]["host"]) };
        (gateway, text(&hop["dev"]), hop["weight"].as_u64().unwrap_or(1))
    };
    several.iter().map(hop).filter(|(gateway, _, _)| !gateway.is_empty()).collect()
}

/// `ip monitor` in the router's node.
pub(crate) struct Monitor<'a> {
    world: &'a World,
    running: Spawned,
}

/// A route that only proves that the monitor hears.
const SOUND: &str = "192.0.2.255";

impl Monitor<'_> {
    /// Makes a change that it must hear, and waits until it has.
    fn sound(&self) {
        let before = self.running.output().matches(SOUND).count();
        self.world.wait("the monitor to hear", || {
            self.world.run(&format!("ip route replace blackhole {SOUND}"));
            self.world.run(&format!("ip route del blackhole {SOUND}"));
            let heard = self.running.output().matches(SOUND).count();
            if heard >= before + 2 { Ok(()) } else { Err("nothing heard".into()) }
        });
    }

    /// What it has heard of routes of protocol bgp and of next-hop objects, after it has proved that it still hears.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.sound();
        let output = self.running.output();
        let of_bgp =
            |line: &&str| !line.contains(SOUND) && (line.contains("proto bgp") || line.contains("nhid"));
        output.lines().filter(of_bgp).map(str::to_owned).collect()
    }
}
