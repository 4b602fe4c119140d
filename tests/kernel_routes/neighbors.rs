//! The lab with neighbors that others wrote; in the router's place may be FRR or BIRD.

use crate::world::World;

const TOPOLOGY: &str = "name: NAME
topology:
  defaults:
    kind: linux
    sysctls: {net.ipv4.ip_forward: 1, net.ipv6.conf.all.forwarding: 1}
  nodes:
    h:
      image: 'debian:latest'
      exec:
        - ip addr add 10.0.9.2/24 dev eth1
        - ip route add default via 10.0.9.1
    r:
      image: 'IMAGE'
      ENTRY
      binds: ['r.conf:TARGET']
      exec:
        - ip addr add 10.0.9.1/24 dev eth1
        - ip addr add 10.0.1.1/24 dev eth2
        - ip addr add fd00:1::1/64 dev eth2
        - ip addr add 10.0.2.1/24 dev eth3
        - ip addr add fd00:2::1/64 dev eth3
    a:
      image: 'quay.io/frrouting/frr:8.4.2'
      binds: ['a.conf:/etc/frr/frr.conf']
      exec:
        - ip addr add 10.0.1.2/24 dev eth1
        - ip addr add fd00:1::2/64 dev eth1
        - ip addr add 10.0.8.2/24 dev eth2
    b:
      image: 'ftbgp/bird:latest'
      binds: ['b.conf:/etc/bird/bird.conf']
      exec:
        - ip addr add 10.0.2.2/24 dev eth1
        - ip addr add fd00:2::2/64 dev eth1
        - ip addr add 10.0.8.3/24 dev eth2
    c:
      image: 'quay.io/frrouting/frr:8.4.2'
      binds: ['c.conf:/etc/frr/frr.conf']
    d:
      image: 'debian:latest'
      exec:
        - ip link add name br type bridge
        - ip link set eth1 master br
        - ip link set eth2 master br
        - ip link set dev br up
        - ip addr add 10.0.8.10/24 dev br
        - ip route add default via 10.0.8.2
  links:
    - endpoints: ['h:eth1', 'r:eth1']
    - endpoints: ['r:eth2', 'a:eth1']
    - endpoints: ['r:eth3', 'b:eth1']
    - endpoints: ['r:eth4', 'c:eth1']
    - endpoints: ['a:eth2', 'd:eth1']
    - endpoints: ['b:eth2', 'd:eth2']
";

const ROUTER: &str = "hostname r
router bgp 65001
 bgp router-id 10.0.0.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 bgp bestpath as-path multipath-relax
 neighbor 10.0.1.2 remote-as 65002
 neighbor 10.0.1.2 timers connect 1
 neighbor fd00:1::2 remote-as 65002
 neighbor fd00:1::2 timers connect 1
 neighbor 10.0.2.2 remote-as 65003
 neighbor 10.0.2.2 timers connect 1
 neighbor fd00:2::2 remote-as 65003
 neighbor fd00:2::2 timers connect 1
 neighbor fd00:2::2 capability extended-nexthop
 neighbor eth4 interface remote-as 65004
 neighbor eth4 timers connect 1
 address-family ipv4 unicast
  network 10.0.9.0/24
  aggregate-address 198.51.0.0/16
  maximum-paths 4
  no neighbor fd00:1::2 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor fd00:1::2 activate
  neighbor fd00:2::2 activate
  neighbor eth4 activate
  maximum-paths 4
 exit-address-family
";

const A: &str = "hostname a
route-map WIDE permit 10
 set extcommunity bandwidth 300
exit
router bgp 65002
 bgp router-id 10.0.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.0.1.1 remote-as 65001
 neighbor 10.0.1.1 timers connect 1
 neighbor fd00:1::1 remote-as 65001
 neighbor fd00:1::1 timers connect 1
 address-family ipv4 unicast
  network 10.0.8.0/24
  network 198.51.100.0/24
  network 203.0.113.0/24
  no neighbor fd00:1::1 activate
  neighbor 10.0.1.1 route-map WIDE out
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:100::/48
  network 2001:db8:a::/48
  neighbor fd00:1::1 activate
 exit-address-family
";

const B: &str = "router id 10.0.0.3;
protocol device {}
protocol kernel { ipv4 { import none; export all; }; }
protocol static wide { ipv4; route 10.0.8.0/24 unreachable; route 198.51.100.0/24 unreachable; }
protocol static far { ipv4; route 100.64.4.0/24 unreachable; }
protocol static six { ipv6; route 2001:db8:100::/48 unreachable; route 2001:db8:b::/48 unreachable; }
filter narrow {
  if proto != \"wide\" then reject;
  bgp_ext_community.add((generic, 0x0004fdeb, 0x4b3ebc20));
  accept;
}
protocol bgp four {
  local 10.0.2.2 as 65003; neighbor 10.0.2.1 as 65001; connect retry time 1; connect delay time 1;
  ipv4 { import all; export filter narrow; };
}
protocol bgp six_session {
  local fd00:2::2 as 65003; neighbor fd00:2::1 as 65001; connect retry time 1; connect delay time 1;
  ipv4 { import none; export where proto = \"far\"; extended next hop on; };
  ipv6 { import all; export where proto = \"six\"; };
}
";

const C: &str = "hostname c
router bgp 65004
 bgp router-id 10.0.0.4
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor eth1 interface remote-as 65001
 neighbor eth1 timers connect 1
 address-family ipv4 unicast
  network 192.0.2.0/24
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:c::/48
  neighbor eth1 activate
 exit-address-family
";

/// Starts the lab with this image in the router's place.
pub(crate) fn start(image: &str, target: &str, config: &str, entry: &str) -> World {
    let topology = TOPOLOGY.replace("IMAGE", image).replace("TARGET", target).replace("ENTRY", entry);
    World::start(&topology, &[("r.conf", config), ("a.conf", A), ("b.conf", B), ("c.conf", C)])
}

/// Our router among them; `program` is what is run.
pub(crate) fn ours(program: &str) -> World {
    let entry = format!("entrypoint: '{program}'");
    start("ftbgp:latest", "/etc/ftbgp/ftbgpd.conf", ROUTER, &entry)
}

/// FRR in our place.
pub(crate) fn frr() -> World {
    start("quay.io/frrouting/frr:8.4.2", "/etc/frr/frr.conf", ROUTER, "startup-delay: 0")
}
