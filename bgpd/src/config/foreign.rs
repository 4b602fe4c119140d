//! Lines of an frr.conf that are for FRR's other daemons.

/// What such lines begin with.
const BEGINNINGS: &[&str] = &[
    "access-list",
    "affinity-map",
    "agentx",
    "allow-external-route-update",
    "bfd",
    "debug",
    "domainname",
    "fpm",
    "interface",
    "ip forwarding",
    "ip nht",
    "ip protocol",
    "ip multicast",
    "ip pim",
    "ip mroute",
    "ip igmp",
    "ip router-id",
    "ip ssmpingd",
    "ip table",
    "ipv6 access-list",
    "ipv6 forwarding",
    "ipv6 nht",
    "ipv6 protocol",
    "ipv6 pim",
    "ipv6 router-id",
    "key chain",
    "l2vpn",
    "mac access-list",
    "mgmt",
    "mpls",
    "nexthop-group",
    "nhrp",
    "no debug",
    "no ip forwarding",
    "no ipv6 forwarding",
    "no ip nht",
    "no ipv6 nht",
    "no zebra",
    "pbr",
    "pbr-map",
    "pseudowire",
    "router babel",
    "router eigrp",
    "router isis",
    "router openfabric",
    "router ospf",
    "router ospf6",
    "router pim",
    "router pim6",
    "router rip",
    "router ripng",
    "segment-routing",
    "sharp",
    "traffic-eng",
    "vni",
    "vrf",
    "vrrp",
    "zebra",
];

/// Whether the line, which this daemon does not know, is for another one.
pub(super) fn is_foreign(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let line: Vec<&str> = words.by_ref().take(3).collect();
    BEGINNINGS.iter().any(|beginning| {
        let beginning = beginning.split(' ').collect::<Vec<_>>();
        line.starts_with(&beginning)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_decide() {
        assert!(is_foreign("router ospf"));
        assert!(is_foreign("  interface eth0"));
        assert!(is_foreign("no ip forwarding"));
        assert!(!is_foreign("router bgp 65001"));
        assert!(!is_foreign("interfaces"));
        assert!(!is_foreign("ip prefix-list X permit any"));
    }
}
