//! The thread that writes the kernel's routes and reads them back: it may wait for the kernel, the router may not.
//!
//! Orders are carried out one after the other. A dump is read piece by piece, each on an order of its own, so that
//! batches come between them and no more than a piece waits for the router.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use fib::change::{Batch, Change, Done, GroupId};
use fib::dump::{Chunk, DumpError, Objects, RouteDump, Via};
use fib::settings::{Kernel, Settings};
use fib::writer::{OpenError, Refusal, Writer};
use ftcore::sys::process::Pidfd;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Routes of one piece of a dump: what the router compares in one turn.
const PIECE: usize = 1024;
/// How long a former primary may take to be gone before that is said; and said again.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the thread is to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Write a batch.
    Write(Batch),
    /// Note where groups lead, for a kernel that has none.
    Learn(Batch),
    /// Begin to read what the kernel has.
    Dump,
    /// The next piece of it.
    More,
    /// Remove single hops that no group names.
    Sweep,
    /// Remove all that is ours, and end.
    Clear,
}

/// What the thread says.
#[derive(Debug)]
pub(in crate::daemon) enum Answer {
    /// The kernel can be written.
    Opened(Opened),
    /// It cannot.
    Refused(OpenError),
    /// A batch is done.
    Done(Done, Vec<Refusal>),
    /// The kernel's next-hop objects, if it has such: a dump begins with them.
    Objects(Option<Objects>),
    /// Some of its routes.
    Chunk(Chunk),
    /// These were all.
    DumpOver,
    /// The dump came to nothing.
    NoDump(DumpError),
    /// It is not known what became of what was ordered; the thread has ended.
    Astray(String),
    /// All that was ours is removed; the thread has ended.
    Cleared,
}

/// How the kernel was opened.
#[derive(Clone, Copy, Debug)]
pub(in crate::daemon) struct Opened {
    pub kernel: Kernel,
    /// The netlink port that writes.
    pub port: u32,
    /// The highest group that the kernel has of ours.
    pub highest: Option<GroupId>,
}

/// The thread, from the router's side.
#[derive(Debug)]
pub(super) struct Thread {
    orders: Option<Sender<Order>>,
    answers: UnboundedReceiver<Answer>,
    join: Option<JoinHandle<()>>,
}

impl Thread {
    /// Starts it. The kernel is not touched before `predecessor` is gone.
    pub(super) fn start(settings: Settings, predecessor: Option<Arc<Pidfd>>) -> io::Result<Thread> {
        let (orders, to_do) = channel();
        let (say, answers) = unbounded_channel();
        let work = move || {
            if let Some(predecessor) = predecessor {
                outlive(&predecessor);
            }
            match Writer::open(settings) {
                Ok(writer) => Work { writer, dump: None, say }.run(&to_do),
                // Who does not listen any more needs no answer.
                Err(error) => drop(say.send(Answer::Refused(error))),
            }
        };
        let join = std::thread::Builder::new().name("ftbgpd: routes".into()).spawn(work)?;
        Ok(Thread { orders: Some(orders), answers, join: Some(join) })
    }

    /// Gives an order. A thread that has ended has said so, or says so by silence.
    pub(super) fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
        }
    }

    /// What it says next; `None` when it has ended. Safe to drop at any time.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        self.answers.recv().await
    }

    /// Ends it, with the batch that it writes.
    pub(super) fn end(mut self) {
        drop(self.orders.take());
        if self.join.take().is_some_and(|join| join.join().is_err()) {
            tracing::error!("the thread that writes the kernel's routes has died");
        }
    }
}

/// Waits until the former primary is gone: until then it may still write.
fn outlive(predecessor: &Pidfd) {
    while !predecessor.wait(PATIENCE) {
        tracing::error!(
            "the old primary does not end; until it does no routes are written to the kernel, which keeps what it has"
        );
    }
}

/// The thread, from within.
struct Work {
    writer: Writer,
    dump: Option<RouteDump>,
    say: UnboundedSender<Answer>,
}

/// Whether the thread goes on.
enum Course {
    On,
    End,
}

impl Work {
    fn run(mut self, orders: &Receiver<Order>) {
        let Work { writer, say, .. } = &self;
        let opened = Opened { kernel: writer.kernel(), port: writer.port(), highest: writer.highest_group() };
        if say.send(Answer::Opened(opened)).is_err() {
            return;
        }
        while let Ok(order) = orders.recv() {
            match self.carry_out(order) {
                Course::On => {}
                Course::End => return,
            }
        }
    }

    fn carry_out(&mut self, order: Order) -> Course {
        let answer = match order {
            Order::Write(batch) => match self.writer.write(&batch) {
                Ok(done) => {
                    let refusals =
                        if done.failed.is_empty() { Vec::new() } else { self.refusals(&batch, &done) };
                    Answer::Done(done, refusals)
                }
                Err(error) => Answer::Astray(error.to_string()),
            },
            Order::Learn(batch) => match self.writer.write(&batch) {
                Ok(_) => return Course::On,
                Err(error) => Answer::Astray(error.to_string()),
            },
            Order::Dump => match self.begin_dump() {
                Ok(objects) => Answer::Objects(objects),
                Err(error) => Answer::NoDump(error),
            },
            Order::More => self.piece(),
            Order::Sweep => match self.writer.sweep() {
                Ok(()) => return Course::On,
                Err(error) => Answer::Astray(error.to_string()),
            },
            Order::Clear => match self.clear() {
                Ok(()) => Answer::Cleared,
                Err(error) => Answer::Astray(error),
            },
        };
        let ends = matches!(answer, Answer::Astray(_) | Answer::Cleared);
        if self.say.send(answer).is_err() || ends { Course::End } else { Course::On }
    }

    /// The refusals of a batch, with what the kernel says of them.
    fn refusals(&self, batch: &Batch, done: &Done) -> Vec<Refusal> {
        let refused = |(place, _): &(u32, i32)| batch.changes.get(*place as usize);
        let changes: Vec<&Change> = done.failed.iter().filter_map(refused).collect();
        self.writer.refusals().filter(|refusal| changes.contains(&&refusal.change)).cloned().collect()
    }

    fn begin_dump(&mut self) -> Result<Option<Objects>, DumpError> {
        let (settings, kernel) = (*self.writer.settings(), self.writer.kernel());
        let objects = match kernel {
            Kernel::Objects => Some(Objects::read(&settings)?),
            Kernel::Multipath => None,
        };
        self.dump = Some(RouteDump::begin(settings, kernel)?);
        Ok(objects)
    }

    fn piece(&mut self) -> Answer {
        let Some(dump) = &mut self.dump else { return Answer::DumpOver };
        match dump.chunk(PIECE) {
            Ok(Some(chunk)) => Answer::Chunk(chunk),
            Ok(None) => {
                self.dump = None;
                Answer::DumpOver
            }
            Err(error) => {
                self.dump = None;
                Answer::NoDump(error)
            }
        }
    }

    /// Removes all that is ours.
    fn clear(&mut self) -> Result<(), String> {
        let failed = |error: &dyn std::error::Error| error.to_string();
        let objects = self.begin_dump().map_err(|error| failed(&error))?;
        loop {
            let chunk = match self.piece() {
                Answer::Chunk(chunk) => chunk,
                Answer::NoDump(error) => return Err(error.to_string()),
                _ => break,
            };
            let gone = chunk.routes.iter().map(|route| match route.via {
                Via::Group(group) => Change::RouteGone(route.net, group),
                Via::Hops(..) | Via::Blackhole => Change::RouteGone(route.net, GroupId(0)),
            });
            let batch = Batch { number: 0, changes: gone.collect() };
            self.writer.write(&batch).map_err(|error| failed(&error))?;
        }
        let changes = objects.iter().flat_map(Objects::groups).map(Change::GroupGone).collect();
        self.writer.write(&Batch { number: 0, changes }).map_err(|error| failed(&error))?;
        self.writer.sweep().map_err(|error| failed(&error))
    }
}
