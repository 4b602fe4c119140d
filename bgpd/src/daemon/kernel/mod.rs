//! The kernel's routes, joined to the router: batches go to the thread that writes them, answers become inputs, and what
//! the kernel has is compared with what it should have.
//!
//! ```text
//!   engine ── batches ──▶ Kernel ── orders ──▶ thread ──▶ kernel
//!     ▲                    │  ▲                  │           │
//!     └──── reports ───────┘  └──── answers ─────┘           │
//!                             ▲                              │
//!                             └──── disturbances (watch) ────┘
//! ```
//!
//! A writer is there once there is a configuration, which says which routes are ours; after a takeover once the former
//! primary is gone. Each writer begins with a comparison. What becomes an input is decided here and now, what follows
//! from it in the engine. A comparison reads the engine only in moments when all that it has told is with the thread:
//! answers wait for the turn's end.

mod comparing;
mod desired;
mod operator;
mod thread;

use std::collections::VecDeque;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bgp_engine::engine::Engine;
use bgp_engine::value::{FibReport, GroupId, Instant};
use fib::change::Batch;
use fib::settings::{Kernel as Forms, Settings};
use fib::watch::own::{Disturbance, OwnRouteWatch};
use fib::writer::{OpenError, Refusal, Writer};
use ftcore::sys::process::Pidfd;

use super::clock;
use super::operator::OrderOutcome;
use super::router::Serving;
use crate::config::Fib as Block;
use crate::machine::OwnInput;
use crate::show::fib::Compared as Shown;
use comparing::{Compared, Comparing, Differences};
use desired::groups;
use operator::{leaves_open, what};
use thread::{Answer, Opened, Order, Thread};

/// How often the kernel's routes are compared when nothing calls for it.
const EVERY: Duration = Duration::from_secs(300);
/// The first time that is waited with a comparison that something calls for; it doubles while things go on so.
const SOON: Duration = Duration::from_secs(2);
/// How long nothing is opened after it failed.
const LATER: Duration = Duration::from_secs(5);
/// How many differences one turn gives to the engine, in inputs.
const REPORTS: usize = 2;
/// The most disturbances of one input.
const DISTURBANCES: usize = 1024;
/// Refusals that are kept for who asks.
const REFUSALS: usize = 32;

/// The kernel's routes.
pub(super) struct Kernel {
    state: State,
    /// Until it is gone nothing is written.
    predecessor: Option<Arc<Pidfd>>,
    /// What was heard and is not taken yet.
    heard: VecDeque<Heard>,
    /// What the kernel refused last, the newest last.
    refusals: VecDeque<Refusal>,
    /// What the last comparison came to.
    compared: Option<Shown>,
    /// Who waits for what the comparison under way comes to.
    asked: Vec<Rc<OrderOutcome>>,
    /// Who asked after it had begun, and waits for the next one.
    asked_again: Vec<Rc<OrderOutcome>>,
}

enum State {
    /// There is no writer, and before this moment there will be none.
    Off { until: Instant },
    /// The thread was started.
    Opening { thread: Thread, settings: Settings },
    /// The thread removes all that is ours under these settings: they have changed.
    Clearing { thread: Thread, settings: Settings },
    /// Routes are written.
    Open(Box<Open>),
}

/// What there is while routes are written.
struct Open {
    thread: Thread,
    settings: Settings,
    watch: OwnRouteWatch,
    /// The last batch that was given to the thread, or to a former one.
    given: u64,
    comparing: Option<Box<Comparing>>,
    reports: VecDeque<FibReport>,
    /// Whether all is in step since this writer began.
    reconciled: bool,
    next: Instant,
    /// How long the next comparison waits that something calls for.
    patience: Duration,
}

/// What is heard of the kernel.
#[derive(Debug)]
pub(in crate::daemon) enum Heard {
    Answer(Answer),
    /// The thread has ended without a word.
    Silence,
    Disturbed(Vec<Disturbance>),
    WatchLost(String),
}

/// Whether routes can be written to the kernel, as far as can be seen without writing one.
///
/// # Errors
/// Why not, with what to do about it.
pub fn check(block: &Block) -> Result<(), OpenError> {
    Writer::open(block.settings()).map(|_| ())
}

impl Kernel {
    /// Nothing is written before `predecessor` is gone.
    pub(super) fn new(predecessor: Option<Arc<Pidfd>>) -> Kernel {
        Kernel {
            state: State::Off { until: Instant::from_micros(0) },
            predecessor,
            heard: VecDeque::new(),
            refusals: VecDeque::new(),
            compared: None,
            asked: Vec::new(),
            asked_again: Vec::new(),
        }
    }

    /// Opens the kernel's routes once there is a configuration, and anew when its block `fib` has changed.
    pub(super) fn follow(&mut self, serving: &Serving) {
        let configured = serving.primary.machine().configured();
        if !configured.is_given() || configured.surroundings().without_fib {
            return;
        }
        let wanted = configured.config().fib.settings();
        let off = State::Off { until: Instant::from_micros(0) };
        self.state = match std::mem::replace(&mut self.state, off) {
            State::Off { until } if until <= clock::now() => {
                // What is left of former settings goes first.
                let settings = serving.primary.machine().former_fib().next().unwrap_or(wanted);
                match Thread::start(settings, self.predecessor.clone()) {
                    Ok(thread) => State::Opening { thread, settings },
                    Err(error) => {
                        tracing::error!("no routes are written to the kernel: {error}");
                        State::Off { until: clock::now() + LATER }
                    }
                }
            }
            State::Open(open) if open.settings != wanted => {
                tracing::info!("the block fib has changed: the routes move");
                open.thread.order(Order::Clear);
                self.heard.clear();
                State::Clearing { thread: open.thread, settings: open.settings }
            }
            same => same,
        };
    }

    /// What is heard next. Safe to drop at any time.
    pub(super) async fn next(&mut self) -> Heard {
        match &mut self.state {
            State::Off { .. } => pending().await,
            State::Opening { thread, .. } | State::Clearing { thread, .. } => said(thread.answer().await),
            State::Open(open) => {
                let Open { thread, watch, .. } = &mut **open;
                tokio::select! {
                    answer = thread.answer() => said(answer),
                    disturbed = watch.next() => match disturbed {
                        Ok(first) => Heard::Disturbed(with_more(first, watch).await),
                        Err(error) => Heard::WatchLost(error.to_string()),
                    },
                }
            }
        }
    }

    /// Notes what was heard; it is taken at the turn's end.
    pub(super) fn note(&mut self, heard: Heard) {
        self.heard.push_back(heard);
    }

    /// Gives a batch to the thread.
    pub(super) fn write(&mut self, batch: Batch) {
        // A batch that comes without a writer, or was for a former one: its fate shows when one is there.
        if let State::Open(open) = &mut self.state
            && batch.number > open.given
        {
            open.given = batch.number;
            if let Some(comparing) = &mut open.comparing {
                comparing.touch(&batch);
            }
            open.thread.order(Order::Write(batch));
        }
    }

    /// Takes what was heard and compares, for a turn, once all that the engine has told is with the thread.
    pub(super) fn go_on(&mut self, serving: &mut Serving) {
        let engine = serving.primary.machine().engine();
        if let State::Open(open) = &self.state
            && open.given < engine.rib().fib.last_batch()
        {
            // The log holds some of it back for a moment.
            return;
        }
        self.compare(engine);
        while let Some(heard) = self.heard.pop_front() {
            let changes = !matches!(heard, Heard::Answer(Answer::Objects(_) | Answer::Chunk(_)));
            self.take(heard, serving);
            // What this made the engine tell is with the thread in the next turn.
            if changes {
                return;
            }
        }
        self.report(serving);
    }

    /// Whether there is something to do that no event will announce.
    pub(super) fn has_work(&self) -> bool {
        !self.heard.is_empty()
            || match &self.state {
                State::Open(open) => {
                    !open.reports.is_empty()
                        || open.comparing.as_ref().is_some_and(|comparing| comparing.has_work())
                }
                State::Off { .. } | State::Opening { .. } | State::Clearing { .. } => false,
            }
    }

    /// When there is something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Off { until } => Some(*until).filter(|until| *until > Instant::from_micros(0)),
            State::Opening { .. } | State::Clearing { .. } => None,
            State::Open(open) => Some(open.next).filter(|_| open.comparing.is_none()),
        }
    }

    /// Ends the writing, with the batch that is under way.
    pub(super) fn end(self) {
        match self.state {
            // One that is not open yet writes nothing when nobody listens any more.
            State::Off { .. } | State::Opening { .. } => {}
            State::Clearing { thread, .. } => thread.end(),
            State::Open(open) => open.thread.end(),
        }
    }

    fn compare(&mut self, engine: &Engine) {
        let State::Open(open) = &mut self.state else { return };
        if let Some(comparing) = open.comparing.take() {
            match comparing.go_on(engine) {
                Err(more) => open.comparing = Some(more),
                Ok(Ok(compared)) => self.compared(compared),
                Ok(Err(busy)) => {
                    tracing::info!("the kernel's routes: {busy}");
                    open.later();
                    self.tell_asked(&Err(format!("% Not compared: {busy}\n")));
                }
            }
        } else if open.reports.is_empty() && open.next <= clock::now() {
            open.begin_comparison();
            self.asked.append(&mut self.asked_again);
        }
    }

    fn compared(&mut self, Compared { reports, differences }: Compared) {
        let State::Open(open) = &mut self.state else { return };
        let Differences { compared, missing, different, stray, groups } = differences;
        open.reports = reports;
        open.next = clock::now() + EVERY;
        let shown = Shown { unix_ms: clock::unix_ms(), compared, missing, different, stray, groups };
        if open.reports.is_empty() {
            open.patience = SOON;
            tracing::debug!("the kernel's routes are as they should be: {compared}");
        } else {
            tracing::info!(
                "the kernel's routes were compared: of {compared} {different} lead elsewhere and {stray} are \
                 nobody's, {missing} are missing; {groups} next-hop groups differ"
            );
            // What comes of it is looked at once more: groups that only stray routes named are seen then.
            open.soon();
        }
        if !open.reconciled {
            open.reconciled = true;
            open.reports.push_back(FibReport::Reconciled);
            open.thread.order(Order::Sweep);
        }
        if !self.asked_again.is_empty() {
            open.next = clock::now();
        }
        self.compared = Some(shown);
        self.tell_asked(&Ok(format!("{}\n", shown.words())));
    }

    fn report(&mut self, serving: &mut Serving) {
        let State::Open(open) = &mut self.state else { return };
        for report in open.reports.drain(..REPORTS.min(open.reports.len())) {
            serving.take(&OwnInput::Fib(report));
        }
    }

    fn take(&mut self, heard: Heard, serving: &mut Serving) {
        match heard {
            Heard::Answer(answer) => self.take_answer(answer, serving),
            Heard::Disturbed(disturbances) => self.disturbed(&disturbances, serving),
            Heard::Silence => self.fail("the thread that writes them has died"),
            Heard::WatchLost(error) => self.fail(&error),
        }
    }

    fn take_answer(&mut self, answer: Answer, serving: &mut Serving) {
        let engine = serving.primary.machine().engine();
        match (answer, &mut self.state) {
            (Answer::Opened(opened), State::Opening { .. }) => self.opened(opened, serving),
            (Answer::Refused(error), _) => {
                tracing::error!("no routes are written to the kernel: {error}");
                self.state = State::Off { until: clock::now() + LATER };
            }
            (Answer::Done(done, refusals), State::Open(open)) => {
                if refusals.iter().any(leaves_open) {
                    open.soon();
                }
                for refusal in refusals {
                    self.note_refusal(refusal);
                }
                serving.take(&OwnInput::Fib(FibReport::Done { number: done.number, failed: done.failed }));
            }
            (Answer::Objects(objects), State::Open(open)) => {
                if let (Some(comparing), Some(objects)) = (&mut open.comparing, objects) {
                    comparing.objects(&objects, engine);
                }
                open.thread.order(Order::More);
            }
            (Answer::Chunk(chunk), State::Open(open)) => {
                if let Some(comparing) = &mut open.comparing {
                    comparing.chunk(&chunk, engine);
                }
                open.thread.order(Order::More);
            }
            (Answer::DumpOver, State::Open(open)) => {
                if let Some(comparing) = &mut open.comparing {
                    comparing.all_seen();
                }
            }
            (Answer::NoDump(error), State::Open(open)) => {
                tracing::warn!("the kernel's routes cannot be compared now: {error}");
                open.comparing = None;
                open.later();
                self.tell_asked(&Err(format!("% Not compared: {error}\n")));
            }
            (Answer::Astray(error), _) => self.fail(&error),
            (Answer::Cleared, State::Clearing { settings, .. }) => {
                let Settings { table, metric, protocol, nexthop_id_base } = *settings;
                self.state = State::Off { until: Instant::from_micros(0) };
                serving.take(&OwnInput::FibCleared { table, metric, protocol, nexthop_id_base });
            }
            // Of a thread that is on its way out.
            _ => {}
        }
    }

    fn opened(&mut self, opened: Opened, serving: &mut Serving) {
        let now = State::Off { until: clock::now() + LATER };
        let State::Opening { thread, settings } = std::mem::replace(&mut self.state, now) else { return };
        self.predecessor = None;
        if settings != serving.primary.machine().configured().config().fib.settings() {
            thread.order(Order::Clear);
            self.state = State::Clearing { thread, settings };
            return;
        }
        let Opened { kernel, port, highest } = opened;
        let watch = match OwnRouteWatch::open(settings, kernel, port) {
            Ok(watch) => watch,
            Err(error) => {
                tracing::error!("no routes are written to the kernel, since they cannot be watched: {error}");
                return thread.end();
            }
        };
        let engine = serving.primary.machine().engine();
        if kernel == Forms::Multipath {
            tracing::info!("this kernel has no next-hop objects: each route has its own next hops");
            thread.order(Order::Learn(groups(engine)));
        }
        let mut open = Open {
            thread,
            settings,
            watch,
            given: engine.rib().fib.last_batch(),
            comparing: None,
            reports: VecDeque::new(),
            reconciled: false,
            next: clock::now(),
            patience: SOON,
        };
        let highest = highest.map(|group| GroupId(group.0));
        let objects = kernel == Forms::Objects;
        serving.take(&OwnInput::Fib(FibReport::Attached { objects, highest }));
        open.begin_comparison();
        self.asked.append(&mut self.asked_again);
        self.state = State::Open(Box::new(open));
    }

    fn disturbed(&mut self, disturbances: &[Disturbance], serving: &mut Serving) {
        use fib::reconcile::Desired;
        let State::Open(open) = &mut self.state else { return };
        let mut lost = Vec::new();
        let desired = desired::Wanted(serving.primary.machine().engine());
        for disturbance in disturbances {
            match disturbance {
                Disturbance::Deleted(net) | Disturbance::Replaced(net) => {
                    lost.extend(desired.wanted(net).map(|_| *net));
                }
                Disturbance::Objects => open.soon(),
                Disturbance::Overrun => open.next = clock::now(),
            }
        }
        if !lost.is_empty() {
            tracing::warn!("{} routes were removed or replaced by somebody else", lost.len());
            serving.take(&OwnInput::Fib(FibReport::Lost(lost)));
        }
    }

    fn note_refusal(&mut self, refusal: Refusal) {
        // Once: it is tried again and again.
        if !self.refusals.iter().any(|other| (&other.change, other.errno) == (&refusal.change, refusal.errno))
        {
            let why = std::io::Error::from_raw_os_error(refusal.errno);
            tracing::warn!("the kernel refused {}: {why} {}", what(&refusal.change), refusal.words);
        }
        self.refusals.retain(|other| other.change != refusal.change);
        if self.refusals.len() == REFUSALS {
            self.refusals.pop_front();
        }
        self.refusals.push_back(refusal);
    }

    /// It is not known what the kernel has: begins anew a little later.
    fn fail(&mut self, why: &str) {
        tracing::error!("the kernel's routes: {why}; they are compared and written anew");
        self.asked.append(&mut self.asked_again);
        self.tell_asked(&Err(format!("% Not compared: {why}\n")));
        let off = State::Off { until: clock::now() + SOON };
        match std::mem::replace(&mut self.state, off) {
            State::Off { .. } | State::Opening { .. } => {}
            State::Clearing { thread, .. } => thread.end(),
            State::Open(open) => open.thread.end(),
        }
    }
}

impl Open {
    /// Compares; from now on every batch is touched.
    fn begin_comparison(&mut self) {
        self.comparing = Some(Box::new(Comparing::begin()));
        self.thread.order(Order::Dump);
    }

    /// Something calls for a comparison.
    fn soon(&mut self) {
        self.next = self.next.min(clock::now() + self.patience);
        self.patience = (self.patience * 2).min(EVERY);
    }

    fn later(&mut self) {
        self.next = clock::now() + LATER;
    }
}

fn said(answer: Option<Answer>) -> Heard {
    answer.map_or(Heard::Silence, Heard::Answer)
}

/// What is heard at once.
async fn with_more(first: Disturbance, watch: &mut OwnRouteWatch) -> Vec<Disturbance> {
    let mut all = vec![first];
    while all.len() < DISTURBANCES {
        let mut next = pin!(watch.next());
        let now = poll_fn(|cx| match next.as_mut().poll(cx) {
            Poll::Ready(next) => Poll::Ready(Some(next)),
            Poll::Pending => Poll::Ready(None),
        });
        // A failure comes again.
        let Some(Ok(next)) = now.await else { break };
        all.push(next);
    }
    all
}
