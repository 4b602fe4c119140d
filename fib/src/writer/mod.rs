//! Writes the router's changes into the kernel, in batches, and says what became of them.
//!
//! [`Writer::open`] looks what the kernel can do and what it has; [`Writer::write`] makes messages of a batch, sends
//! them, waits for the kernel and tells of each change whether it was refused. The calling thread waits: it should
//! have nothing else to do. Nothing is repeated here and nothing is kept but what belongs to next-hop objects; what
//! the kernel should have is known by who calls.
//!
//! Nobody else's route is ever touched: a removal names our protocol, metric and group; a new route is put only where
//! there is none with its prefix and metric; `contest` says what is done where there is one. Only a route that should
//! move replaces whatever is in its place, since it was ours a moment ago; who watches for others' replacements
//! (`watch::own`) hears of them within that moment.

mod contest;
mod groups;
mod hops;
mod loss;
mod probe;

use std::collections::{BTreeSet, VecDeque};
use std::io;

use ipnet::IpNet;

pub use probe::OpenError;

use crate::change::{Batch, Change, Done, GroupId, Ways};
use crate::dump::{DumpError, Objects};
use crate::netlink::abi::{self, errno};
use crate::netlink::exchange::{Exchange, ExchangeError, NOBODY, Refused};
use crate::netlink::next_hop::{self, Form};
use crate::netlink::route::{self, Target};
use crate::settings::{Kernel, Settings};
use hops::Hops;

/// How many of the last refusals are kept for who asks.
const REFUSALS: usize = 16;

/// Why it is not known what became of a batch. What the kernel has must be read again; the writer itself has done so
/// when the next batch is written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Answers were lost or the socket failed.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A socket was lost before, and the kernel's objects cannot be read again.
    #[error("cannot read the kernel's next-hop objects again: {0}")]
    Objects(#[from] DumpError),
    /// No new socket.
    #[error("cannot open a netlink socket: {0}")]
    Open(#[source] io::Error),
}

/// A change that the kernel refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What.
    pub change: Change,
    /// Its errno.
    pub errno: i32,
    /// What the kernel says of it; often nothing.
    pub words: String,
}

/// The kernel's routes, for writing.
#[derive(Debug)]
pub struct Writer {
    settings: Settings,
    kernel: Kernel,
    exchange: Exchange,
    hops: Hops,
    /// Without next-hop objects: where the groups lead, and in which form the kernel took that.
    ways: Vec<Option<(Ways, Form)>>,
    refusals: VecDeque<Refusal>,
    /// What the kernel has is not known, since answers were lost.
    astray: bool,
}

impl Writer {
    /// Opens a socket, looks whether the kernel has next-hop objects and which of ours it has. Writes nothing.
    ///
    /// # Errors
    /// Where the process may not write routes, the settings cannot be used, or netlink does not work.
    pub fn open(settings: Settings) -> Result<Writer, OpenError> {
        settings.check()?;
        let mut exchange = Exchange::open().map_err(OpenError::Socket)?;
        let kernel = probe::probe(&mut exchange)?;
        Writer::with(settings, kernel, exchange)
    }

    /// Like [`Writer::open`], but does without next-hop objects, as if the kernel had none.
    ///
    /// # Errors
    /// As for [`Writer::open`].
    pub fn open_without_objects(settings: Settings) -> Result<Writer, OpenError> {
        settings.check()?;
        let mut exchange = Exchange::open().map_err(OpenError::Socket)?;
        probe::probe(&mut exchange)?;
        Writer::with(settings, Kernel::Multipath, exchange)
    }

    fn with(settings: Settings, kernel: Kernel, exchange: Exchange) -> Result<Writer, OpenError> {
        let hops = adopted(&settings, kernel).map_err(OpenError::Objects)?;
        let (ways, refusals) = (Vec::new(), VecDeque::new());
        Ok(Writer { settings, kernel, exchange, hops, ways, refusals, astray: false })
    }

    /// What the kernel can do.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// What was given to [`Writer::open`].
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Who writes, for a monitor that is not to see it: the netlink port.
    #[must_use]
    pub fn port(&self) -> u32 {
        self.exchange.port()
    }

    /// The highest group that the kernel has of ours. A router that begins anew numbers its groups from the next one
    /// on: routes of its predecessor's may still name the lower ones.
    #[must_use]
    pub fn highest_group(&self) -> Option<GroupId> {
        self.hops.groups().next_back()
    }

    /// The last refusals, the newest last.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.iter()
    }

    /// Writes a batch and waits until the kernel has done it.
    ///
    /// # Errors
    /// Where it is not known what the kernel has done.
    pub fn write(&mut self, batch: &Batch) -> Result<Done, WriteError> {
        self.find_the_way_back()?;
        let mut done = Done { number: batch.number, failed: Vec::new() };
        let written = self.write_all(batch, &mut done);
        self.astray = written.is_err();
        written?;
        // In the order of the batch, each once: who is refused twice has both answers from the same cause.
        done.failed.sort_unstable();
        done.failed.dedup_by_key(|(place, _)| *place);
        Ok(done)
    }

    /// Removes the single hops that no group names: leftovers of a process that died between two messages. To be
    /// called once it is known that nobody else writes.
    ///
    /// # Errors
    /// Where it is not known what the kernel has done.
    pub fn sweep(&mut self) -> Result<(), WriteError> {
        self.find_the_way_back()?;
        let unnamed = self.hops.sweep();
        self.remove_hops(&unnamed)?;
        self.exchange.finish()?;
        Ok(())
    }

    /// After lost answers: a new socket, and what the kernel has.
    fn find_the_way_back(&mut self) -> Result<(), WriteError> {
        if self.astray {
            self.exchange = Exchange::open().map_err(WriteError::Open)?;
            self.hops = adopted(&self.settings, self.kernel)?;
            self.astray = false;
        }
        Ok(())
    }

    fn write_all(&mut self, batch: &Batch, done: &mut Done) -> Result<(), ExchangeError> {
        // Groups that were told already by a hop that is gone.
        let mut smaller = BTreeSet::new();
        let mut after_group = false;
        for (place, change) in (0..).zip(&batch.changes) {
            let is_group = matches!(change, Change::Group(..));
            if is_group && !after_group {
                self.settle(batch, done, place)?;
                smaller = self.lose_hops(batch.changes.get(place as usize..).unwrap_or_default())?;
            }
            after_group = is_group;
            match change {
                Change::Group(group, _) if smaller.contains(group) => {}
                Change::Group(group, ways) => {
                    if let Err(refused) = self.set_group(*group, ways)? {
                        self.refuse(done, change, &Refused { token: place, ..refused });
                    }
                }
                Change::GroupGone(group) => self.remove_group(*group, place)?,
                Change::Route(net, group) | Change::Moved(net, group) => {
                    let flags = match change {
                        Change::Moved(..) => abi::NLM_F_CREATE | abi::NLM_F_REPLACE,
                        _ => abi::NLM_F_CREATE | abi::NLM_F_EXCL,
                    };
                    let Writer { settings, kernel, exchange, hops, ways, .. } = self;
                    let Some(target) = target(settings, *kernel, hops, ways, *group) else {
                        let words = "the group is not in the kernel".to_owned();
                        self.refuse(done, change, &Refused { token: place, errno: errno::EINVAL, words });
                        continue;
                    };
                    route::emit(&mut exchange.out, flags, settings, *net, target);
                    exchange.queued(place)?;
                }
                Change::RouteGone(net, group) => {
                    self.remove_route(*net, *group);
                    self.exchange.queued(place)?;
                }
            }
        }
        self.settle(batch, done, u32::MAX)
    }

    /// Sends what is left and sorts the refusals; `next` is the first place whose messages are not written yet.
    fn settle(&mut self, batch: &Batch, done: &mut Done, next: u32) -> Result<(), ExchangeError> {
        let refused = self.exchange.finish()?;
        if refused.is_empty() {
            return Ok(());
        }
        let mut contested = Vec::new();
        for refused in refused {
            let Some(change) = batch.changes.get(refused.token as usize) else { continue };
            match (change, refused.errno) {
                // What is gone already is gone; so is a route whose group is (EINVAL: there is no such object).
                (Change::RouteGone(..), errno::ESRCH | errno::EINVAL)
                | (Change::GroupGone(_), errno::ENOENT) => {}
                (Change::Route(..), errno::EEXIST) => {
                    if !superseded(batch, refused.token, next) {
                        contested.push(refused.token);
                    }
                }
                (Change::Route(_, group) | Change::Moved(_, group), _)
                    if self.may_insist(*group, &refused) =>
                {
                    self.insist(change, *group, refused, done)?;
                }
                _ => self.refuse(done, change, &refused),
            }
        }
        self.contest(batch, done, contested)
    }

    fn remove_route(&mut self, net: IpNet, group: GroupId) {
        let object = match self.kernel {
            Kernel::Objects => self.settings.group_object(group),
            Kernel::Multipath => None,
        };
        route::emit_removal(&mut self.exchange.out, &self.settings, net, object);
    }

    fn refuse(&mut self, done: &mut Done, change: &Change, refused: &Refused) {
        done.failed.push((refused.token, refused.errno));
        if self.refusals.len() == REFUSALS {
            self.refusals.pop_front();
        }
        let (errno, words) = (refused.errno, refused.words.clone());
        self.refusals.push_back(Refusal { change: change.clone(), errno, words });
    }

    fn remove_hops(&mut self, numbers: &[u32]) -> Result<(), ExchangeError> {
        for number in numbers {
            next_hop::emit_removal(&mut self.exchange.out, self.settings.hop_object(*number));
            self.exchange.queued(NOBODY)?;
        }
        Ok(())
    }
}

/// What the kernel has of our objects.
fn adopted(settings: &Settings, kernel: Kernel) -> Result<Hops, DumpError> {
    Ok(match kernel {
        Kernel::Objects => Hops::adopt(settings, &Objects::read(settings)?),
        Kernel::Multipath => Hops::default(),
    })
}

/// Where a route of this group leads; `None` where the kernel does not have the group.
fn target<'a>(
    settings: &Settings,
    kernel: Kernel,
    hops: &Hops,
    ways: &'a [Option<(Ways, Form)>],
    group: GroupId,
) -> Option<Target<'a>> {
    match kernel {
        Kernel::Objects if hops.has(group) => settings.group_object(group).map(Target::Object),
        Kernel::Objects => None,
        Kernel::Multipath => match ways.get(group.0 as usize)?.as_ref()? {
            (Ways::Hops(hops), form) => Some(Target::Hops(hops, *form)),
            (Ways::Blackhole, _) => Some(Target::Blackhole),
        },
    }
}

/// Whether a later change that has been written says what is to become of the same route.
fn superseded(batch: &Batch, place: u32, next: u32) -> bool {
    let net = batch.changes.get(place as usize).and_then(Change::net);
    let written = batch.changes.len().min(next as usize);
    let later = batch.changes.get(place as usize + 1..written).unwrap_or_default();
    later.iter().any(|change| change.net() == net)
}
