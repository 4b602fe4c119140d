//! A router and an FRR in its AS on two links. The router is ours, or another FRR with the same configuration.
//!
//! ```text
//!   ┌────┐ .1   10.0.1.0/24, fd00:1::/64   .2 ┌──────┐
//!   │ us ├─eth1────────────────────────────eth1 them │  has 198.51.100.0/24, with the next hop 203.0.113.7
//!   │    ├─eth2────────────────────────────eth2      │
//!   └────┘ .1          10.0.2.0/24         .2 └──────┘
//! ```

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tests::lab::speaker::{Family, Route, Speaker};
use tests::lab::{Lab, Node, Topology};

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);

const US: &str = "hostname us
ip route 192.0.2.0/24 10.0.2.2
ip route 172.18.0.0/16 Null0
ip prefix-list SOME seq 5 permit 192.0.2.0/24
route-map SOME permit 10
 match ip address prefix-list SOME
exit
router bgp 65001
 bgp router-id 10.0.0.1
 neighbor 10.0.1.2 remote-as 65001
 neighbor 10.0.1.2 timers connect 2
 neighbor fd00:1::2 remote-as 65001
 neighbor fd00:1::2 timers connect 2
 address-family ipv4 unicast
  redistribute connected
  redistribute kernel
  redistribute static route-map SOME
  no neighbor fd00:1::2 activate
 exit-address-family
 address-family ipv6 unicast
  redistribute kernel metric 77
  neighbor fd00:1::2 activate
 exit-address-family
";

const THEM: &str = "hostname them
ip prefix-list FAR seq 5 permit 198.51.100.0/24
route-map AWAY permit 10
 match ip address prefix-list FAR
 set ip next-hop 203.0.113.7
exit
route-map AWAY permit 20
exit
router bgp 65001
 bgp router-id 10.0.0.2
 no bgp network import-check
 neighbor 10.0.1.1 remote-as 65001
 neighbor 10.0.1.1 timers connect 2
 neighbor fd00:1::1 remote-as 65001
 neighbor fd00:1::1 timers connect 2
 address-family ipv4 unicast
  network 198.51.100.0/24
  neighbor 10.0.1.1 route-map AWAY out
  no neighbor fd00:1::1 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor fd00:1::1 activate
 exit-address-family
";

const TOPOLOGY: &str = "name: NAME
topology:
  defaults:
    kind: linux
    sysctls: {net.ipv4.ip_forward: 1, net.ipv6.conf.all.forwarding: 1}
  nodes:
    us:
      image: 'IMAGE'
      binds: ['us.conf:TARGET']
      exec:
        - ip addr add 10.0.1.1/24 dev eth1
        - ip addr add fd00:1::1/64 dev eth1
        - ip addr add 10.0.2.1/24 dev eth2
        - ip route add 10.64.0.0/16 via 10.0.2.2 metric 20
        - ip route add blackhole 10.66.0.0/16
        - ip route add unreachable 10.67.0.0/16
        - ip route add 10.68.0.0/16 dev eth2
        - ip -6 route add 2001:db8:64::/48 via fd00:1::9
    them:
      image: 'quay.io/frrouting/frr:8.4.2'
      binds: ['them.conf:/etc/frr/frr.conf']
      exec:
        - ip addr add 10.0.1.2/24 dev eth1
        - ip addr add fd00:1::2/64 dev eth1
        - ip addr add 10.0.2.2/24 dev eth2
  links:
    - endpoints: ['us:eth1', 'them:eth1']
    - endpoints: ['us:eth2', 'them:eth2']
";

/// The two routers.
pub(crate) struct World {
    pub(crate) lab: Lab,
    us: Speaker,
    directory: PathBuf,
}

impl World {
    /// Starts both; returns when the route of them is known to us, and something of us to them.
    pub(crate) fn start(us: Speaker) -> World {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("outside-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(format!("ftbgp-{name}"));
        fs::create_dir_all(&directory).expect("a directory");
        let (image, target) = match us {
            Speaker::Frr => ("quay.io/frrouting/frr:8.4.2", "/etc/frr/frr.conf"),
            _ => ("ftbgp:latest", "/etc/ftbgp/ftbgpd.conf"),
        };
        let topology = TOPOLOGY.replace("NAME", &name).replace("IMAGE", image).replace("TARGET", target);
        let file = directory.join(format!("{name}.clab.yml"));
        for (path, text) in
            [(directory.join("us.conf"), US), (directory.join("them.conf"), THEM), (file.clone(), &topology)]
        {
            fs::write(path, text).expect("a file");
        }
        let lab = Topology::read(&file).and_then(|topology| Lab::start_topology(&topology));
        let lab = lab.unwrap_or_else(|error| panic!("{error}"));
        let world = World { lab, us, directory };
        world.wait("the first routes", || {
            world.path("198.51.100.0/24")?;
            let heard = world.heard(Family::Ipv4)?.len().min(world.heard(Family::Ipv6)?.len());
            if heard > 0 { Ok(()) } else { Err("they have heard nothing of us".to_owned()) }
        });
        world
    }

    /// Our node.
    pub(crate) fn us(&self) -> &Node {
        self.lab.node("us")
    }

    /// Waits until `probe` succeeds.
    pub(crate) fn wait(&self, what: &str, probe: impl FnMut() -> Result<(), String>) {
        let done = self.lab.wait_until(what, DEADLINE, probe);
        done.unwrap_or_else(|error| panic!("{:?}: {error}\n{}", self.us, self.lab.logs()));
    }

    /// Runs a command in our node.
    pub(crate) fn run(&self, command: &str) -> String {
        let words: Vec<&str> = command.split(' ').collect();
        self.us().run(&words).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Gives our shell these lines.
    pub(crate) fn shell(&self, lines: &[&str]) -> Result<String, String> {
        let mut words = vec![if self.us == Speaker::Frr { "vtysh" } else { "ftsh" }];
        words.extend(lines.iter().flat_map(|line| ["-c", line]));
        self.us().run(&words).map_err(|error| error.to_string())
    }

    /// Configures us.
    pub(crate) fn configure(&self, line: &str) {
        self.shell(&["configure terminal", line, "end"]).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Our path to a prefix of theirs, as JSON.
    pub(crate) fn path(&self, prefix: &str) -> Result<Value, String> {
        let answer = self.shell(&[&format!("show bgp ipv4 unicast {prefix} json")])?;
        let route: Value = serde_json::from_str(&answer).map_err(|error| format!("{error}: {answer}"))?;
        route["paths"].get(0).cloned().ok_or_else(|| format!("no path: {answer}"))
    }

    /// What they have heard of us, in order.
    pub(crate) fn heard(&self, family: Family) -> Result<Vec<Route>, String> {
        let routes = Speaker::Frr.routes(self.lab.node("them"), family).map_err(|error| error.to_string())?;
        let mut of_us: Vec<Route> = routes.into_iter().filter(|route| route.neighbor.is_some()).collect();
        of_us.sort();
        Ok(of_us)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
