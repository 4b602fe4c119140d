//! The routers that the benchmark can start, and each one's configuration.
//!
//! All are configured alike: every peer named, passive, import all, export all, timers and everything else as the
//! router has it by default. Only where the kernel's routes are what is measured are they written to the kernel.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::encode::{Identity, router_id};

/// The AS of every router under test.
pub const ROUTER_AS: u32 = 65_000;

/// Which implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Kind {
    /// This project's.
    Ftbgpd,
    /// BIRD 2 or 3.
    Bird,
    /// FRRouting's bgpd, without zebra.
    Frr,
    /// OpenBGPD portable.
    Openbgpd,
    /// GoBGP.
    Gobgp,
}

/// How this project's router stands by; the others have no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Standby {
    /// A twin in step.
    Hot,
    /// A twin that replays.
    Warm,
    /// Files that a new process reads.
    Cold,
    /// Nobody.
    None,
}

impl Standby {
    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Warm => "warm",
            Self::Cold => "cold",
            Self::None => "none",
        }
    }
}

/// What becomes of the best routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routes {
    /// The router keeps them to itself.
    Kept,
    /// They go into the kernel of the router's network.
    Installed,
}

/// An implementation and where its program is.
#[derive(Debug, Clone)]
pub struct Daemon {
    /// Which.
    pub kind: Kind,
    /// The program.
    pub program: PathBuf,
    /// How it stands by.
    pub standby: Standby,
    /// Whether its routes go into the kernel.
    pub routes: Routes,
}

/// What a router has to be told. IPv4 sessions carry IPv4 unicast, IPv6 sessions IPv6 unicast.
#[derive(Debug)]
pub struct Setup<'a> {
    /// Its addresses; the first gives the router id.
    pub addresses: &'a [IpAddr],
    /// The harness' speakers.
    pub peers: &'a [Identity],
}

impl Setup<'_> {
    /// The router's BGP identifier.
    fn router_id(&self) -> Ipv4Addr {
        router_id(self.addresses[0])
    }

    /// The peers with an IPv6 session.
    fn on_ipv6(&self) -> impl Iterator<Item = &Identity> {
        self.peers.iter().filter(|peer| peer.address.is_ipv6())
    }
}

impl Kind {
    /// All of them, this project's first.
    pub const ALL: [Self; 5] = [Self::Ftbgpd, Self::Bird, Self::Frr, Self::Openbgpd, Self::Gobgp];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ftbgpd => "ftbgpd",
            Self::Bird => "bird",
            Self::Frr => "frr",
            Self::Openbgpd => "openbgpd",
            Self::Gobgp => "gobgp",
        }
    }

    /// Whether it can write its routes into Linux' kernel, alone or with a program that it brings along.
    pub fn installs(self) -> bool {
        matches!(self, Self::Ftbgpd | Self::Bird | Self::Frr)
    }

    /// Where Debian installs it; this project's lies beside the benchmark.
    pub fn default_program(self) -> PathBuf {
        match self {
            Self::Ftbgpd => beside_us("ftbgpd"),
            Self::Bird => "/usr/sbin/bird".into(),
            Self::Frr => "/usr/lib/frr/bgpd".into(),
            Self::Openbgpd => "/usr/sbin/bgpd".into(),
            Self::Gobgp => "/usr/bin/gobgpd".into(),
        }
    }
}

/// A program of the workspace: in the directory of the running one, or, for a test, in the one above.
fn beside_us(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap_or_default();
    let found =
        here.ancestors().skip(1).take(2).map(|directory| directory.join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| here.with_file_name(name))
}

impl Daemon {
    /// A router alone, as all are that are compared.
    pub fn alone(kind: Kind, program: PathBuf) -> Self {
        Self { kind, program, standby: Standby::None, routes: Routes::Kept }
    }

    /// Its version as it says it itself, or why it does not.
    pub fn version(&self) -> Result<String, String> {
        let option = if self.kind == Kind::Openbgpd { "-V" } else { "--version" };
        let output = Command::new(&self.program)
            .arg(option)
            .output()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        said.lines().next().map(str::to_owned).ok_or_else(|| "says no version".to_owned())
    }

    /// Writes the configuration into `directory` and gives the shell command that starts the router there.
    pub fn prepare(&self, setup: &Setup<'_>, directory: &Path) -> std::io::Result<String> {
        let program = self.program.canonicalize()?;
        let program = program.display();
        let installed = self.routes == Routes::Installed;
        let (name, text, command) = match self.kind {
            Kind::Ftbgpd => {
                std::fs::create_dir_all(directory.join("state"))?;
                let standby = self.standby.name();
                let fib = if installed { "" } else { " --no-fib" };
                let command =
                    format!("{program} --config ftbgpd.conf --state-dir state --standby {standby}{fib}");
                ("ftbgpd.conf", frr_style(setup), command)
            }
            Kind::Bird => {
                let kernel = "protocol kernel { ipv4 { export all; }; }\n";
                let text = bird(setup) + if installed { kernel } else { "" };
                ("bird.conf", text, format!("{program} -f -c bird.conf -s /run/bird.ctl -P /run/bird.pid"))
            }
            Kind::Frr => {
                let options = "-f frr.conf -S -P 0 -i /run/bgpd.pid --vty_socket /run/frr --log stdout";
                let command = if installed {
                    let zebra = self.program.with_file_name("zebra");
                    let zebra = zebra.display();
                    let shared = "-z /run/frr/zserv.api";
                    format!(
                        "sh -c '{zebra} -d -u root -g root -i /run/zebra.pid --vty_socket /run/frr {shared} && \
                         exec {program} {options} {shared}'"
                    )
                } else {
                    format!("{program} {options} -Z -n")
                };
                ("frr.conf", frr_style(setup), command)
            }
            Kind::Openbgpd => ("bgpd.conf", openbgpd(setup), format!("{program} -d -f bgpd.conf")),
            Kind::Gobgp => {
                let options = "-f gobgp.conf -t toml -l error --pprof-disable --api-hosts 127.0.0.1:50051";
                ("gobgp.conf", gobgp(setup), format!("{program} {options}"))
            }
        };
        let path = directory.join(name);
        std::fs::write(&path, text)?;
        if self.kind == Kind::Openbgpd {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(command)
    }
}

/// FRR's syntax, which ftbgpd reads too.
fn frr_style(setup: &Setup<'_>) -> String {
    let mut text = format!("router bgp {ROUTER_AS}\n bgp router-id {}\n", setup.router_id());
    text += " no bgp ebgp-requires-policy\n";
    for Identity { address, asn, .. } in setup.peers {
        let _ = writeln!(text, " neighbor {address} remote-as {asn}\n neighbor {address} passive");
    }
    if setup.on_ipv6().next().is_some() {
        text += " address-family ipv6 unicast\n";
        for Identity { address, .. } in setup.on_ipv6() {
            let _ = writeln!(text, "  neighbor {address} activate");
        }
        text += " exit-address-family\n";
    }
    text + "!\n"
}

/// BIRD 2 and 3.
fn bird(setup: &Setup<'_>) -> String {
    let mut text = format!("router id {};\nprotocol device {{}}\n", setup.router_id());
    for (number, Identity { address, asn, .. }) in setup.peers.iter().enumerate() {
        let family = if address.is_ipv6() { "ipv6" } else { "ipv4" };
        let _ = writeln!(
            text,
            "protocol bgp p{number} {{ local as {ROUTER_AS}; neighbor {address} as {asn}; passive on; \
             {family} {{ import all; export all; }}; }}"
        );
    }
    text
}

/// OpenBGPD.
fn openbgpd(setup: &Setup<'_>) -> String {
    let mut text = format!("AS {ROUTER_AS}\nrouter-id {}\nfib-update no\n", setup.router_id());
    for address in setup.addresses {
        let _ = writeln!(text, "listen on {address}");
    }
    for Identity { address, asn, .. } in setup.peers {
        let family = if address.is_ipv6() { "IPv6" } else { "IPv4" };
        let _ = writeln!(
            text,
            "neighbor {address} {{\n remote-as {asn}\n passive\n announce {family} unicast\n}}"
        );
    }
    text + "allow from any\nallow to any\n"
}

/// GoBGP.
fn gobgp(setup: &Setup<'_>) -> String {
    let mut text = format!("[global.config]\n as = {ROUTER_AS}\n router-id = \"{}\"\n", setup.router_id());
    for Identity { address, asn, .. } in setup.peers {
        let family = if address.is_ipv6() { "ipv6" } else { "ipv4" };
        let _ = write!(
            text,
            "[[neighbors]]\n [neighbors.config]\n  neighbor-address = \"{address}\"\n  peer-as = {asn}\n \
             [neighbors.transport.config]\n  passive-mode = true\n [[neighbors.afi-safis]]\n  \
             [neighbors.afi-safis.config]\n   afi-safi-name = \"{family}-unicast\"\n"
        );
    }
    text
}
