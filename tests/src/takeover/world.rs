//! topologies/takeover, running, with a capture on every neighbor's wire from before the first SYN on.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::feed::{Feed, Pace, Peer};
use super::proof::Mark;
use super::router::Router;
use super::standing;
use crate::lab::{Lab, Node, Spawned, Topology, topology_directory, topology_file};
use crate::mrt::feed as encoded;
use crate::mrt::source::Table;

/// The router's BGP identifier.
pub const ROUTER_ID: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The four routers that others wrote.
pub const NEIGHBORS: [&str; 4] = ["frr", "bird", "gobgp", "obgpd"];
/// Peers that stay up whatever happens.
pub const STEADY: [Peer; 6] =
    [Peer::Loader4, Peer::Loader6, Peer::Ledger, Peer::Deaf, Peer::Behind4, Peer::Behind6];
/// How long anything may take that is not measured.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How the router under test is started.
#[derive(Debug, Clone)]
pub struct Start {
    /// `hot`, `warm`, `cold` or `none`.
    pub standby: &'static str,
    /// The directory of the programs `ftbgpd` and `ftsh`; `None` for those that lie beside this program.
    pub programs: Option<PathBuf>,
}

impl Start {
    /// With a hot twin, and the programs of this build.
    pub fn hot() -> Start {
        Start { standby: "hot", programs: None }
    }
}

/// A capture of a node's interface.
#[derive(Debug)]
pub(super) struct Tap {
    running: Spawned,
    pub(super) file: PathBuf,
}

/// The running topology.
#[derive(Debug)]
pub struct World {
    /// The tables' peers.
    pub feed: Feed,
    /// A thread for the peers that come and go, so that their waiting makes no other late.
    pub guests: Feed,
    pub(super) taps: BTreeMap<String, Tap>,
    /// From when on nothing may happen to a session.
    pub mark: Option<Mark>,
    /// The lab itself.
    pub lab: Lab,
}

impl World {
    /// Starts everything and returns when every session is up and the first tables have been sent.
    pub fn start(start: &Start) -> Result<World, String> {
        let mut world = World::prepare(start)?;
        world.lab.start_daemons();
        world.bring_up().map_err(|error| format!("{error}\n{}", world.lab.logs()))?;
        Ok(world)
    }

    /// Waits for every session, those of the scripted peers included, sends the first tables, and sets the mark: from
    /// now on nothing may happen to a session.
    pub fn bring_up(&mut self) -> Result<(), String> {
        for peer in STEADY.iter().filter(|peer| !self.feed.seen(**peer).up) {
            self.feed.dial(*peer)?;
        }
        self.lab.wait_until("every session", PATIENCE, || self.sessions_up()).map_err(|e| e.to_string())?;
        self.load(0);
        self.drain()?;
        self.mark = Some(Mark::set(self)?);
        self.feed.pace(Pace::Steady);
        Ok(())
    }

    /// Makes the nodes, the captures and the threads; no daemon runs yet.
    pub fn prepare(start: &Start) -> Result<World, String> {
        let file = topology_file(&topology_directory("takeover"));
        let mut topology = Topology::read(&file).map_err(|error| error.to_string())?;
        let router = topology.nodes.iter_mut().find(|node| node.name == "r").ok_or("there is no node r")?;
        router.cmd = Some(format!("--no-fib --standby {}", start.standby));
        if let Some(programs) = &start.programs {
            let programs = std::path::absolute(programs).map_err(|error| error.to_string())?;
            let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs.display());
            router.env.insert("PATH".into(), path);
        }
        let lab = Lab::prepare(&topology).map_err(|error| error.to_string())?;
        let mut taps = BTreeMap::new();
        for name in NEIGHBORS.iter().chain(&["feed"]) {
            let tap = Tap::on(&lab, name).map_err(|error| error.to_string())?;
            taps.insert((*name).to_string(), tap);
        }
        let feed = Feed::start(lab.node("feed")).map_err(|error| error.to_string())?;
        let guests = Feed::start(lab.node("feed")).map_err(|error| error.to_string())?;
        Ok(World { feed, guests, taps, mark: None, lab })
    }

    /// The daemon under test.
    pub fn router(&self) -> Router<'_> {
        Router::on(self.node())
    }

    /// Its node.
    pub fn node(&self) -> &Node {
        self.lab.node("r")
    }

    /// Whether every session of every neighbor is Established.
    pub fn sessions_up(&self) -> Result<(), String> {
        for name in NEIGHBORS {
            let standings = standing::standings(self.lab.node(name)).map_err(|error| error.to_string())?;
            let down: Vec<&String> =
                standings.iter().filter(|(_, s)| !s.established).map(|(name, _)| name).collect();
            if standings.is_empty() || !down.is_empty() {
                return Err(format!("{name}: {down:?} of {} not Established", standings.len()));
            }
        }
        Ok(())
    }

    /// Announces all tables with the mark of this generation, so that every route changes.
    pub fn load(&self, generation: u32) {
        for peer in [Peer::Loader4, Peer::Loader6, Peer::Behind4, Peer::Behind6] {
            self.feed.send(peer, table(peer, generation));
        }
    }

    /// Waits until the scripted peers have sent all that they were given.
    pub fn drain(&self) -> Result<(), String> {
        if self.feed.sent(PATIENCE) {
            return Ok(());
        }
        Err(format!("not sent within {PATIENCE:?}: {:?}", self.feed.status().peers))
    }

    /// Waits until a change of the counter that is sent from now on has come through the router; how long it took.
    pub fn echo(&self, limit: Duration) -> Result<Duration, String> {
        let started = Instant::now();
        let wanted = self.feed.status().counter + 1;
        while started.elapsed() < limit {
            if self.feed.seen(Peer::Loader4).counter >= Some(wanted) {
                return Ok(started.elapsed());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let endings = self.feed.status().peers;
        Err(format!("no change came through the router within {limit:?}; peers: {endings:?}"))
    }

    /// A file of this name in the lab's own directory, which goes with it.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.lab.directory().join(name)
    }
}

impl Tap {
    /// Captures BGP on the node's interfaces towards the router.
    fn on(lab: &Lab, name: &str) -> Result<Tap, crate::lab::LabError> {
        let node = lab.node(name);
        let file = lab.directory().join(format!("{name}.tap.pcap"));
        let path = file.display().to_string();
        // Large buffers instead of --immediate-mode: not a packet may be missing under a full load.
        let words = ["tcpdump", "-i", "eth1", "-B", "65536", "-U", "-s", "0", "-Z", "root", "-w", &path];
        let running = node.spawn(&[&words[..], &["tcp", "port", "179"]].concat())?;
        let started = Instant::now();
        while !running.output().contains("listening on") && started.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Tap { running, file })
    }

    /// Ends the capture; an error if the kernel had to drop packets, since then nothing is proven.
    pub(super) fn stop(&mut self) -> Result<(), String> {
        // The kernel hands a block over once a second.
        std::thread::sleep(Duration::from_millis(1_200));
        self.running.stop("INT");
        let said = self.running.output();
        let dropped = said.lines().find(|line| line.contains("dropped by kernel"));
        match dropped {
            Some(line) if line.starts_with("0 packets") => Ok(()),
            _ => Err(format!("the capture is not whole: {said}")),
        }
    }
}

/// The number of routes that each peer announces.
pub fn table_size(peer: Peer) -> usize {
    routes(peer).len()
}

/// A peer's table with the mark of a generation, encoded.
fn table(peer: Peer, generation: u32) -> Arc<Vec<u8>> {
    let marked: Vec<(IpNet, Vec<u8>)> = routes(peer)
        .iter()
        .map(|(prefix, attributes)| {
            let mut attributes = attributes.clone();
            // A large community, RFC 8092; the tables are older than it.
            attributes.extend_from_slice(&[0xc0, 32, 12]);
            for word in [peer.identity().asn, 0, generation] {
                attributes.extend_from_slice(&word.to_be_bytes());
            }
            (*prefix, attributes)
        })
        .collect();
    Arc::new(encoded::table(&marked, &peer.identity()))
}

/// The real routes that a peer announces: parts of two tables, disjoint.
fn routes(peer: Peer) -> &'static [(IpNet, Vec<u8>)] {
    static V4: OnceLock<Vec<(IpNet, Vec<u8>)>> = OnceLock::new();
    static V6: OnceLock<Vec<(IpNet, Vec<u8>)>> = OnceLock::new();
    let read = |table: Table| table.routes().unwrap_or_else(|error| panic!("tests/data/mrt: {error}"));
    let v4 = || &V4.get_or_init(|| read(Table::Rrc06As4777))[..];
    let v6 = || &V6.get_or_init(|| read(Table::Slice2015V6))[..];
    match peer {
        Peer::Loader4 => &v4()[..6_000],
        Peer::Behind4 => &v4()[6_000..9_000],
        Peer::Loader6 => &v6()[..1_500],
        Peer::Behind6 => &v6()[1_500..2_500],
        Peer::Ledger | Peer::Deaf | Peer::Poisoner | Peer::Flapper => &[],
    }
}
