//! The measurements: what is sent, what must arrive, what is written down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::daemons::{Daemon, Routes};
use super::encode;
use super::ledger::{PrefixIndex, attribute_digest};
use super::meter;
use super::netns::enter_private_network;
use super::probe::{self, percentile};
use super::rig::{Failure, Rig, SHORT_HOLD_S, Shape};
use super::table::{SEED, Table};

/// One line of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Case {
    /// 1 sender × 1,000,000 → 1 receiver.
    Load1,
    /// After that, new attributes for 10 % of it.
    Attributes,
    /// After that, the sender withdraws all.
    Withdraw,
    /// 2 senders × the same 1,000,000 → 1 receiver.
    Load2,
    /// 10 senders × the same 100,000 → 10 receivers.
    Load10,
    /// 100 senders × the same 5,000 → 100 receivers.
    Load100,
    /// One route's change while another peer's million loads.
    ChangeLoading,
    /// One route's change with the million loaded and nothing else going on.
    ChangeIdle,
    /// 1 sender × 1,000,000 over 10 next hops → the kernel and 1 receiver; meanwhile one route's change.
    Kernel,
}

/// Next hops of [`Case::Kernel`].
const HOPS: u8 = 10;
/// How often the kernel is asked how many routes it has: it walks all of them to tell.
const COUNTED_EVERY: Duration = Duration::from_millis(200);

/// What one case gave, by name: `wall_s`, `cpu_s`, `rss_mb`, `p50_ms`, `p99_ms`, `max_ms`, `silence_s`, `harness_cpu_s`.
pub type Figures = BTreeMap<&'static str, f64>;

/// A case's result: figures, or why there are none.
pub type Outcome = Result<Figures, String>;

/// How much of everything, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// 1.0 is what the cases' names say.
    pub scale: f64,
    /// A case that takes longer is given up.
    pub limit: Duration,
}

/// Cases that one start of a router serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// [`Case::Load1`], [`Case::Attributes`], [`Case::Withdraw`].
    One,
    /// [`Case::Load2`].
    Two,
    /// [`Case::Load10`].
    Ten,
    /// [`Case::Load100`].
    Hundred,
    /// [`Case::ChangeLoading`], [`Case::ChangeIdle`].
    Change,
    /// [`Case::Kernel`].
    Kernel,
}

impl Case {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::Load1,
        Self::Load2,
        Self::Load10,
        Self::Load100,
        Self::Withdraw,
        Self::Attributes,
        Self::ChangeIdle,
        Self::ChangeLoading,
        Self::Kernel,
    ];

    /// The start of a router that it is part of.
    pub fn scenario(self) -> Scenario {
        match self {
            Self::Load1 | Self::Attributes | Self::Withdraw => Scenario::One,
            Self::Load2 => Scenario::Two,
            Self::Load10 => Scenario::Ten,
            Self::Load100 => Scenario::Hundred,
            Self::ChangeLoading | Self::ChangeIdle => Scenario::Change,
            Self::Kernel => Scenario::Kernel,
        }
    }
}

impl Scenario {
    /// Who takes part.
    fn shape(self) -> Shape {
        match self {
            Self::One => Shape { senders: 1, receivers: 1, probers: 0 },
            Self::Two => Shape { senders: 2, receivers: 1, probers: 0 },
            Self::Ten => Shape { senders: 10, receivers: 10, probers: 0 },
            Self::Hundred => Shape { senders: 100, receivers: 100, probers: 0 },
            Self::Change | Self::Kernel => Shape { senders: 1, receivers: 1, probers: 1 },
        }
    }

    /// The size of the table at full scale.
    fn prefixes(self) -> usize {
        match self {
            Self::One | Self::Two | Self::Change | Self::Kernel => 1_000_000,
            Self::Ten => 100_000,
            Self::Hundred => 5_000,
        }
    }

    /// Whether it asks of a router what that one can do.
    pub fn suits(self, daemon: &Daemon) -> bool {
        self != Self::Kernel || daemon.kind.installs()
    }

    /// Generates this scenario's table.
    pub fn table(self, scale: f64) -> Table {
        let size = (self.prefixes() as f64 * scale).round() as usize;
        Table::generate(SEED, size.max(10))
    }

    /// Starts the router and runs those of the scenario's cases that are wanted, and the first, on which the others
    /// build, in a thread and network of its own.
    pub fn run(self, daemon: &Daemon, effort: Effort, wanted: &[Case]) -> Vec<(Case, Outcome)> {
        let first = self.cases()[0];
        let others = self.cases()[1..].iter().filter(|case| wanted.contains(case));
        let cases: Vec<Case> = core::iter::once(&first).chain(others).copied().collect();
        std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                let mut results = Vec::new();
                let failed = enter_private_network()
                    .map_err(Failure::from)
                    .and_then(|()| self.measure(daemon, effort, &cases, &mut results))
                    .err();
                if let Some(failure) = failed {
                    let done = results.len();
                    results
                        .extend(self.cases().iter().skip(done).map(|&case| (case, Err(failure.to_string()))));
                }
                results
            });
            work.join().unwrap_or_else(|_| {
                cases.iter().map(|&case| (case, Err("the harness panicked".into()))).collect()
            })
        })
    }

    /// Its cases in the order in which they run.
    fn cases(self) -> &'static [Case] {
        match self {
            Self::One => &[Case::Load1, Case::Attributes, Case::Withdraw],
            Self::Two => &[Case::Load2],
            Self::Ten => &[Case::Load10],
            Self::Hundred => &[Case::Load100],
            Self::Change => &[Case::ChangeLoading, Case::ChangeIdle],
            Self::Kernel => &[Case::Kernel],
        }
    }

    /// Runs the cases one after the other; the first that fails ends the scenario.
    fn measure(
        self,
        daemon: &Daemon,
        effort: Effort,
        cases: &[Case],
        results: &mut Vec<(Case, Outcome)>,
    ) -> Result<(), Failure> {
        let shape = self.shape();
        let table = self.table(effort.scale);
        let index = Arc::new(PrefixIndex::new(&table.prefixes));
        let routes = if self == Self::Kernel { Routes::Installed } else { Routes::Kept };
        let mut rig = Rig::start(&Daemon { routes, ..daemon.clone() }, shape, &index)?;
        let feeds: Vec<(usize, Arc<Vec<u8>>)> = (0..shape.senders)
            .map(|sender| {
                let identity = &rig.identities[sender];
                (sender, Arc::new(encode::table(identity, sender, shape.senders, &table)))
            })
            .collect();
        let expected = expected(&rig, shape.senders, &table);
        for &case in cases {
            let figures = match case {
                Case::Load1 | Case::Load2 | Case::Load10 | Case::Load100 => {
                    change_all(&mut rig, &feeds, &expected, effort.limit)?
                }
                Case::Attributes => {
                    let renewed = table.renewed(0.1);
                    let feed = Arc::new(encode::table(&rig.identities[0], 0, 1, &renewed));
                    let mut after = expected.to_vec();
                    after[..renewed.prefixes.len()].copy_from_slice(&self::expected(&rig, 1, &renewed));
                    change_all(&mut rig, &[(0, feed)], &Arc::new(after), effort.limit)?
                }
                Case::Withdraw => {
                    let mut feed = Vec::new();
                    encode::withdraw(&mut feed, &table.prefixes);
                    let none = Arc::new(vec![0; table.prefixes.len()]);
                    change_all(&mut rig, &[(0, Arc::new(feed))], &none, effort.limit)?
                }
                Case::ChangeLoading => {
                    probe_while(&mut rig, &feeds, &expected, effort.limit, Rig::is_complete)?
                }
                Case::Kernel => {
                    let feed = Arc::new(encode::table_over(&rig.identities[0], HOPS, &table));
                    let mut kernel = InKernel::new(&rig, table.prefixes.len())?;
                    let done = |rig: &mut Rig| rig.is_complete() && kernel.is_complete(rig);
                    probe_while(&mut rig, &[(0, feed)], &expected, effort.limit, done)?
                }
                Case::ChangeIdle => probe_idle(&mut rig, effort.limit)?,
            };
            results.push((case, Ok(figures)));
        }
        Ok(())
    }
}

/// The digest of each prefix' final route at a receiver: behind the router's AS the best sender's, then the tail.
fn expected(rig: &Rig, senders: usize, table: &Table) -> Arc<Vec<u32>> {
    let mut digests = Vec::with_capacity(table.prefixes.len());
    for (number, run) in table.runs.iter().enumerate() {
        let first = rig.identities[encode::best_sender(number, senders)].asn;
        let path: Vec<u8> =
            core::iter::once(&first).chain(&run.set.tail).flat_map(|asn| asn.to_be_bytes()).collect();
        let communities: Vec<u8> = run.set.communities.iter().flat_map(|value| value.to_be_bytes()).collect();
        let digest = attribute_digest(run.set.origin, &path, &communities);
        digests.extend(run.members.clone().map(|_| digest));
    }
    Arc::new(digests)
}

/// Sends all feeds at once; measures from the first octet until every receiver is as expected.
fn change_all(
    rig: &mut Rig,
    feeds: &[(usize, Arc<Vec<u8>>)],
    expected: &Arc<Vec<u32>>,
    limit: Duration,
) -> Result<Figures, Failure> {
    let span = Span::begin(rig, expected);
    for (sender, feed) in feeds {
        rig.send(*sender, feed)?;
    }
    while !rig.is_complete() {
        rig.turn(Duration::from_millis(100))?;
        span.check(limit)?;
    }
    span.end(rig)
}

/// Sees when the kernel of the router's network has all routes.
struct InKernel {
    /// So many routes it has then at least.
    wanted: usize,
    /// When it is asked next.
    asked: Instant,
}

impl InKernel {
    /// From now on `routes` are to come.
    fn new(rig: &Rig, routes: usize) -> Result<Self, Failure> {
        let now = rig.sandbox.kernel_routes();
        let now =
            now.ok_or_else(|| Failure::Wrong("the kernel does not say how many routes it has".into()))?;
        Ok(Self { wanted: now + routes, asked: Instant::now() })
    }

    fn is_complete(&mut self, rig: &Rig) -> bool {
        if Instant::now() < self.asked {
            return false;
        }
        let complete = rig.sandbox.kernel_routes().is_some_and(|count| count >= self.wanted);
        self.asked = Instant::now() + COUNTED_EVERY;
        complete
    }
}

/// Loads the table while the probe changes every 2 ms, until `done`.
fn probe_while(
    rig: &mut Rig,
    feeds: &[(usize, Arc<Vec<u8>>)],
    expected: &Arc<Vec<u32>>,
    limit: Duration,
    mut done: impl FnMut(&mut Rig) -> bool,
) -> Result<Figures, Failure> {
    let prober = rig.identities.len() - 1;
    // The first change sets the probe's route up; it is not measured.
    let first = Arc::new(probe::change(&rig.identities[prober], 0));
    rig.send(prober, &first)?;
    wait_for_change(rig, 0, Duration::from_secs(30))?;
    let span = Span::begin(rig, expected);
    for (sender, feed) in feeds {
        rig.send(*sender, feed)?;
    }
    let mut sent = Vec::new();
    let period = Duration::from_millis(2);
    while !done(rig) {
        let due = span.start + period * sent.len() as u32;
        if Instant::now() >= due {
            let number = sent.len() as u32 + 1;
            let change = Arc::new(probe::change(&rig.identities[prober], number));
            sent.push(Instant::now());
            rig.send(prober, &change)?;
        }
        let next = span.start + period * sent.len() as u32;
        rig.turn(next.saturating_duration_since(Instant::now()))?;
        span.check(limit)?;
    }
    wait_for_change(rig, sent.len() as u32, limit)?;
    let until = Instant::now();
    let mut figures = span.end(rig)?;
    write_delays(&mut figures, &rig.watcher().delays_ms(&sent, 1, until));
    Ok(figures)
}

/// 500 changes, each sent 2 ms after the one before has arrived; 30 s of them at most.
fn probe_idle(rig: &mut Rig, limit: Duration) -> Result<Figures, Failure> {
    rig.quiet(limit)?;
    let prober = rig.identities.len() - 1;
    let first = rig.watcher().latest().unwrap_or(0) + 1;
    let start = Instant::now();
    let mut sent = Vec::new();
    while sent.len() < 500 && start.elapsed() < Duration::from_secs(30) {
        let number = first + sent.len() as u32;
        let change = Arc::new(probe::change(&rig.identities[prober], number));
        sent.push(Instant::now());
        rig.send(prober, &change)?;
        wait_for_change(rig, number, limit)?;
        let next = Instant::now() + Duration::from_millis(2);
        while Instant::now() < next {
            rig.turn(next.saturating_duration_since(Instant::now()))?;
        }
    }
    let mut figures = Figures::new();
    write_delays(&mut figures, &rig.watcher().delays_ms(&sent, first, Instant::now()));
    Ok(figures)
}

/// Runs the sessions until this change, or a later one, has arrived.
fn wait_for_change(rig: &mut Rig, number: u32, limit: Duration) -> Result<(), Failure> {
    let deadline = Instant::now() + limit;
    while rig.watcher().latest().is_none_or(|latest| latest < number) {
        rig.turn(Duration::from_millis(100))?;
        if Instant::now() > deadline {
            return Err(Failure::Over(limit));
        }
    }
    Ok(())
}

/// Adds what matters of sorted delays.
fn write_delays(figures: &mut Figures, sorted: &[f64]) {
    figures.insert("p50_ms", percentile(sorted, 0.5));
    figures.insert("p99_ms", percentile(sorted, 0.99));
    figures.insert("max_ms", percentile(sorted, 1.0));
    figures.insert("samples", sorted.len() as f64);
}

/// A measured piece of time.
struct Span {
    start: Instant,
    router_cpu_s: f64,
    harness_cpu_s: f64,
}

impl Span {
    /// Reads the meters and starts the clock; what is expected is set before.
    fn begin(rig: &mut Rig, expected: &Arc<Vec<u32>>) -> Self {
        rig.expect(expected);
        let router_cpu_s = rig.cost().cpu_s;
        let start = Instant::now();
        for number in 0..rig.identities.len() {
            rig.fleet.session(number).forget_silence(start);
        }
        Self { start, router_cpu_s, harness_cpu_s: meter::own_cpu_s() }
    }

    /// Gives up after `limit`.
    fn check(&self, limit: Duration) -> Result<(), Failure> {
        if self.start.elapsed() > limit { Err(Failure::Over(limit)) } else { Ok(()) }
    }

    /// Stops the clock; then waits until the router is quiet, and reads the meters. So the CPU time is that of the
    /// whole work, also of what is done after the last receiver is complete.
    fn end(self, rig: &mut Rig) -> Result<Figures, Failure> {
        let wall_s = self.start.elapsed().as_secs_f64();
        let harness_cpu_s = meter::own_cpu_s() - self.harness_cpu_s;
        rig.quiet(Duration::from_secs(60))?;
        let cost = rig.cost();
        let now = Instant::now();
        let silences = rig.identities.iter().zip(rig.fleet.sessions());
        let silence_s = silences
            .filter(|(identity, _)| identity.hold_time_s == SHORT_HOLD_S)
            .map(|(_, session)| session.longest_silence(now).as_secs_f64())
            .fold(0.0, f64::max);
        let mut digests: Vec<u64> = Vec::new();
        for number in rig.receivers() {
            let ledger = rig.ledger(number);
            if ledger.foreign() > 0 {
                let count = ledger.foreign();
                return Err(Failure::Wrong(format!("{count} UPDATEs with another first AS or next hop")));
            }
            if !ledger.is_complete() {
                let (right, all) = ledger.progress();
                return Err(Failure::Wrong(format!("complete, and later only {right} of {all} right")));
            }
            digests.push(ledger.digest());
        }
        let agree = digests.windows(2).all(|pair| pair[0] == pair[1]);
        assert!(agree, "complete ledgers have one digest");
        Ok(Figures::from([
            ("wall_s", wall_s),
            ("cpu_s", cost.cpu_s - self.router_cpu_s),
            ("rss_mb", cost.peak_rss_mb),
            ("silence_s", silence_s),
            ("harness_cpu_s", harness_cpu_s),
        ]))
    }
}
