//! The primary's loop: waits until something is there, gives everything that is ready its turn, and again.
//!
//! A turn is short whatever comes: of each connection at most a slice is read, each answer to an operator grows
//! by a slice, and the machine's own work is one step. So a table that loads delays another peer's octets, a
//! timer or an operator by a few milliseconds.
//!
//! Peers come first, also at the start: a process that has taken over serves them in its first turn, and looks
//! for interfaces and operators while it does.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use ftcore::core::input::{Cookie, Time};
use ftcore::core::kernel::Readiness;
use ftcore::core::primary::{Outcome, Primary, Work};
use ftcore::core::takeover::Suspect;
use ftcore::sys::child::links::{Course, Links, News};
use ftcore::sys::memory::SharedLog;
use ftcore::sys::poll::Token;
use ftcore::sys::sockets::{Sockets, Source};
use tokio::io::unix::AsyncFd;

use super::around::Around;
use super::control::{Control, Steps};
use super::editors::Editors;
use super::files::Done;
use super::interfaces;
use super::kernel;
use super::operator::Operator;
use super::orders::Orders;
use super::routes;
use super::standing::standing;
use super::stopping::Stopping;
use super::{clock, sys};
use crate::command::Act;
use crate::machine::{OwnInput, Quarantined, Speaker};

/// What a single connection may bring in a turn: some 1,500 prefixes, so that another peer's change waits a
/// millisecond or two for them. More octets a call save nothing.
const SLICE: usize = 16 * 1024;
/// What all connections together may bring in a turn; beyond it each one's slice becomes smaller.
const TURN: usize = 128 * 1024;
/// The smallest slice: a message of the usual size.
const LEAST_SLICE: usize = 4096;
/// How many turns with work in them may follow each other before the runtime looks for interfaces and files.
const TURNS_AT_ONCE: u32 = 8;
/// How long there is no turn while the log has no room.
const HELD: Duration = Duration::from_millis(1);

/// The tokens of this program's own descriptors.
pub(super) const ADVERTISER: u64 = 0;
const CONTROL: u64 = 1;

/// Why the router runs no more.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The kernel's interfaces or routes.
    #[error(transparent)]
    Watch(#[from] fib::watch::WatchError),
    /// What the loop itself stands on.
    #[error("cannot wait for events: {0}")]
    Poll(#[from] io::Error),
}

/// How the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every session is ended, and the router with them: this is the exit status.
    Stopped(u8),
    /// The twin is primary.
    Released,
}

/// The router in the process that serves.
pub struct Router {
    serving: Serving,
    control: Control<Speaker>,
    operator: Operator,
    orders: Orders,
    editors: Editors,
    around: Around,
    /// The sockets' poll, as one descriptor of the runtime.
    ready: AsyncFd<std::os::fd::OwnedFd>,
    stopping: Stopping,
    /// The exit status, once it is certain.
    status: Option<u8>,
    /// How many sockets were ready in the last turn.
    were_ready: usize,
}

/// What `ftcore` needs for a turn.
pub(super) struct Serving {
    pub(super) primary: Primary<Speaker, SharedLog>,
    pub(super) sockets: Sockets,
    pub(super) links: Links,
}

impl Steps<Speaker> for Serving {
    fn machine(&self) -> &Speaker {
        self.primary.machine()
    }

    fn take_own(&mut self, octets: &[u8]) {
        self.primary.other(&mut self.sockets, octets);
    }
}

impl Serving {
    pub(super) fn take(&mut self, input: &OwnInput) {
        self.take_own(&input.emit());
    }
}

/// What woke the loop.
enum Woken {
    Events,
    Interfaces(interfaces::News),
    Routes(Vec<fib::watch::RouteChange>),
    Kernel(kernel::Heard),
    Files(Done),
}

impl Router {
    /// Serves with what the process was given. Must be called in a runtime of one thread.
    ///
    /// # Errors
    /// Where the loop has nothing to stand on.
    pub(super) fn new(serving: Serving, around: Around, control: Control<Speaker>) -> io::Result<Router> {
        let ready = sys::readable(serving.sockets.poll().as_fd().try_clone_to_owned()?)?;
        let (operator, orders) = (Operator::default(), Orders::default());
        Ok(Router {
            serving,
            control,
            operator,
            orders,
            editors: Editors::default(),
            around,
            ready,
            stopping: Stopping::default(),
            status: None,
            were_ready: 0,
        })
    }

    /// Runs until every session is ended as it was told to, or another process is primary.
    ///
    /// # Errors
    /// Where it cannot go on.
    pub async fn run(&mut self) -> Result<Ending, RouterError> {
        let mut turns = 0;
        loop {
            if self.turn()? == Course::Released {
                return Ok(Ending::Released);
            }
            if let Some(status) = self.is_over() {
                return Ok(Ending::Stopped(status));
            }
            turns += 1;
            if turns < TURNS_AT_ONCE && self.work() == Work::Left {
                continue;
            }
            turns = 0;
            match self.rest().await? {
                Woken::Events => {}
                Woken::Interfaces(news) => self.around.take_interfaces(&mut self.serving, &news),
                Woken::Routes(changes) => {
                    for input in routes::inputs(changes) {
                        self.serving.take(&input);
                    }
                }
                Woken::Kernel(heard) => self.around.kernel.note(heard),
                Woken::Files(done) => self.take_files(done),
            }
        }
    }

    /// Waits until there is something to do.
    async fn rest(&mut self) -> Result<Woken, RouterError> {
        let sleep = self.sleep();
        let work = self.work() == Work::Left || sleep.is_zero();
        let Router { around, ready, .. } = self;
        // In this order, and with the runtime's own turn where there is work: interfaces and files are rare and
        // must not wait behind octets.
        tokio::select! {
            biased;
            news = around.interfaces.next() => Ok(Woken::Interfaces(news?)),
            changes = around.routes.next() => Ok(Woken::Routes(changes?)),
            heard = around.kernel.next() => Ok(Woken::Kernel(heard)),
            done = around.files.done() => Ok(Woken::Files(done)),
            guard = ready.readable() => {
                // The runtime hears edges, and the poll stays ready until it is empty: the turn asks it.
                guard?.clear_ready();
                Ok(Woken::Events)
            }
            () = tokio::task::yield_now(), if work => Ok(Woken::Events),
            () = tokio::time::sleep(sleep), if !work => Ok(Woken::Events),
        }
    }

    /// How long there may be no turn.
    fn sleep(&self) -> Duration {
        let wanted =
            self.serving.primary.wants().deadline.map(|at| bgp_engine::value::Instant::from_micros(at.0));
        let due = [
            wanted,
            self.around.advertiser.deadline(),
            self.stopping.deadline(),
            self.orders.deadline(),
            self.editors.deadline(&self.serving),
            self.around.kernel.deadline(),
        ];
        let due = due.into_iter().flatten().min().map(clock::until);
        let links = self.serving.links.deadline().saturating_duration_since(std::time::Instant::now());
        due.map_or(links, |due| due.min(links))
    }

    /// Whether there is something to do that no event will announce.
    fn work(&self) -> Work {
        // What was ready and is not read to its end makes no new edge: only an empty answer of the poll ends turns.
        match self.serving.primary.wants().work {
            Work::Done if self.were_ready == 0 && !self.around.kernel.has_work() => self.control.work(),
            Work::Left | Work::Done => Work::Left,
        }
    }

    /// Gives everything that is ready its turn.
    fn turn(&mut self) -> Result<Course, RouterError> {
        let Serving { primary, sockets, links } = &mut self.serving;
        primary.begin_turn(sockets);
        let news = links.turn(primary, sockets);
        for news in news {
            self.take_news(news);
        }
        self.take_ready()?;
        let Serving { primary, sockets, .. } = &mut self.serving;
        primary.clock(sockets);
        primary.flush(sockets);
        self.around.keep_house();
        self.go_on_with_operators();
        self.around.carry_out(&mut self.serving);
        self.around.go_on_with_kernel(&mut self.serving);
        self.around.follow_routes(&self.serving)?;
        let Serving { primary, sockets, .. } = &mut self.serving;
        let wake = primary.end_turn(sockets);
        let by = clock::now() + self.sleep();
        let Serving { primary, sockets, links } = &mut self.serving;
        primary.runs_by(Time(by.as_micros()));
        Ok(links.end_turn(wake, primary, sockets))
    }

    /// Takes what descriptors are ready for.
    fn take_ready(&mut self) -> io::Result<()> {
        let count = self.serving.sockets.collect(Some(Duration::ZERO))?;
        self.were_ready = count;
        let slice = (TURN / count.max(1)).clamp(LEAST_SLICE, SLICE);
        let mut held = false;
        for n in 0..count {
            let Some((source, readiness)) = self.serving.sockets.ready(n) else { continue };
            match source {
                Source::Socket(cookie) => held |= self.serve(cookie, readiness, slice) == Outcome::Held,
                Source::Listener(listener) => {
                    let Serving { primary, sockets, links } = &mut self.serving;
                    links.accept(listener, primary, sockets);
                }
                Source::Own(ADVERTISER) => self.around.hear(&mut self.serving),
                // The rest is the links', which look by themselves.
                Source::Own(_) if self.control.owns(source.token()) => {
                    self.control.ready(source.token(), readiness);
                }
                Source::Own(_) => {}
            }
        }
        if held {
            // What is ready stays ready: without a pause the loop would run in a circle.
            std::thread::sleep(HELD);
        }
        Ok(())
    }

    fn serve(&mut self, socket: Cookie, readiness: Readiness, slice: usize) -> Outcome {
        let Serving { primary, sockets, .. } = &mut self.serving;
        primary.ready(sockets, socket, readiness, slice)
    }

    fn go_on_with_operators(&mut self) {
        if self.control.has_clients() {
            let writing = self.around.kernel.writing();
            self.operator.note(standing(&self.serving, self.around.started), writing);
        }
        // Whoever is gone is in nobody's way.
        self.editors.look(&mut self.serving);
        self.control.go_on(&mut self.serving, &mut self.operator);
        for ordered in self.operator.ordered() {
            match ordered.act {
                Act::Reload => self.around.reload_for(ordered.outcome),
                Act::CompareKernel => self.around.kernel.compare_for(ordered.outcome),
                _ => self.orders.take(ordered, &mut self.serving),
            }
        }
        for asked in self.operator.asked() {
            self.around.compose(asked);
        }
        self.orders.expire(clock::now(), &mut self.serving);
    }

    fn take_news(&mut self, news: News) {
        match news {
            News::Stop => self.stop(),
            News::Reload => self.around.reload(),
            News::Answer(asker, answer) => self.orders.answered(asker, answer),
            News::Mode(mode) => tracing::info!("standby mode is {} now", mode.name()),
        }
    }

    fn take_files(&mut self, done: Done) {
        match done {
            Done::Loaded(loaded) => {
                if let Some(status) = self.around.take_loaded(&mut self.serving, *loaded) {
                    self.status = Some(status);
                }
            }
            Done::Remembered(remembered) => Around::remember(&mut self.serving, remembered),
            Done::Applied(applied) => self.serving.take(&OwnInput::Kept(applied)),
            Done::Users(users) => self.operator.note_users(users),
            Done::Composed(asker, text) => self.around.composed(asker, text),
            Done::Saved(written) => self.serving.take(&OwnInput::Written(written)),
        }
    }

    /// Keeps an entry that was skipped without a word to the machine.
    pub(super) fn keep_skipped(&self, skipped: &Suspect) {
        if skipped.octets.is_empty() {
            return;
        }
        let config = self.serving.primary.machine().configured().config();
        let what = Quarantined::undescribed(config, skipped.ends, &skipped.octets);
        self.around.keep(&self.serving, skipped.number, what);
    }

    fn stop(&mut self) {
        if self.stopping.begin(clock::now()) {
            tracing::info!("stopping");
            self.around.advertiser.stop();
            self.serving.take(&OwnInput::Stop);
        }
    }

    /// The exit status, when all is ended.
    fn is_over(&mut self) -> Option<u8> {
        self.status.or(self.stopping.is_over(&self.serving, clock::now()).then_some(0))
    }

    /// Ends: the last word to the keeper.
    pub(super) fn finish(mut self, status: u8) {
        self.around.kernel.end();
        self.serving.links.finish(status);
    }

    /// Drops out: another process is primary.
    pub(super) fn release(mut self) {
        self.around.kernel.end();
        self.serving.links.release();
    }

    /// The control socket's token.
    #[must_use]
    pub(super) fn control_token() -> Token {
        Source::Own(CONTROL).token()
    }
}
