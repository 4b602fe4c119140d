//! What is around the machine besides connections: interfaces, router advertisements, files, the log.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use bgp_engine::notice::Severity;
use bgp_engine::value::Instant;
use fib::watch::WatchError;
use ftcore::core::entry::EntryNumber;
use ftcore::core::role::{Order, Settings};
use ftcore::sys::sockets::Source as Ready;

use super::advertiser::Advertiser;
use super::files::{Files, Job, Loaded};
use super::interfaces::{self, Interfaces};
use super::kernel::Kernel;
use super::operator::{Asked, OrderOutcome};
use super::quarantine::Kept;
use super::router::{ADVERTISER, Serving};
use super::routes::Routes;
use super::{clock, log, settings};
use crate::config::{Strictness, running_config};
use crate::machine::{Applied, Kind, OwnEffect, OwnInput, Quarantined, Surroundings};

/// The most of a configuration that is put into one entry, in octets.
const CONFIGURATION_PART: usize = 128 << 10;
/// Who asks where nobody waits for the answer.
const NOBODY: u64 = 0;
/// The exit status where the configuration is refused.
const REFUSED: u8 = 2;

/// What the command line says of files.
#[derive(Clone, Debug)]
pub struct Source {
    /// The configuration file.
    pub file: PathBuf,
    /// What is done with lines for FRR's other daemons.
    pub strictness: Strictness,
    /// Where messages that killed a process are kept.
    pub poison: PathBuf,
    /// Where configurations that were in force are kept.
    pub history: PathBuf,
    /// What else there is to know about the configuration.
    pub surroundings: Surroundings,
}

/// All of it.
pub(super) struct Around {
    pub(super) interfaces: Interfaces,
    pub(super) routes: Routes,
    pub(super) kernel: Kernel,
    pub(super) advertiser: Advertiser,
    pub(super) files: Files,
    /// When this process was started.
    pub(super) started: Instant,
    source: Source,
    /// Who waits for the configuration file to be read again.
    reloading: Vec<Rc<OrderOutcome>>,
    /// Who waits for a text.
    composing: BTreeMap<u64, Rc<OrderOutcome>>,
    askers: u64,
}

impl Around {
    /// Begins to look around. Must be called in a runtime with I/O.
    pub(super) fn new(source: Source, files: Files, kernel: Kernel) -> Around {
        let (interfaces, advertiser) = (Interfaces::open(), Advertiser::default());
        let routes = Routes::default();
        files.order(Job::Users);
        Around {
            interfaces,
            routes,
            kernel,
            advertiser,
            files,
            started: clock::began(),
            source,
            reloading: Vec::new(),
            composing: BTreeMap::new(),
            askers: 0,
        }
    }

    /// Takes what is heard of interfaces. When all are known for the first time, the configuration is read: what it
    /// means depends on them.
    pub(super) fn take_interfaces(&mut self, serving: &mut Serving, news: &interfaces::News) {
        let now = clock::now();
        match news {
            interfaces::News::All(links) => {
                for link in links {
                    self.advertiser.link(link, now);
                }
                for input in interfaces::differences(serving.primary.machine().engine(), links) {
                    serving.take(&input);
                }
                if !serving.primary.machine().configured().is_given() {
                    // In this order: the history ends with what the file says.
                    self.files.order(Job::Remember { folder: self.source.history.clone() });
                    self.reload();
                }
            }
            interfaces::News::Change(change) => {
                match change {
                    fib::watch::Change::Link(link) => self.advertiser.link(link, now),
                    fib::watch::Change::Gone(index) => self.advertiser.link_gone(*index),
                }
                serving.take(&interfaces::input(change));
            }
        }
    }

    /// Looks at the kernel's routes once there is a configuration, which says which of them are ours.
    ///
    /// # Errors
    /// Where they cannot be seen.
    pub(super) fn follow_routes(&mut self, serving: &Serving) -> Result<(), WatchError> {
        let machine = serving.primary.machine();
        if !machine.configured().is_given() {
            return Ok(());
        }
        self.routes.follow(&machine.configured().config().fib, machine.engine())
    }

    /// Writes routes to the kernel, hears what becomes of them, and compares.
    pub(super) fn go_on_with_kernel(&mut self, serving: &mut Serving) {
        self.kernel.follow(serving);
        self.kernel.go_on(serving);
    }

    /// Has the configuration file read.
    pub(super) fn reload(&self) {
        let (file, strictness) = (self.source.file.clone(), self.source.strictness);
        self.files.order(Job::Load { file, strictness });
        self.files.order(Job::Users);
    }

    /// Has the configuration file read, and an operator told what came of it.
    pub(super) fn reload_for(&mut self, outcome: Rc<OrderOutcome>) {
        self.reload();
        self.reloading.push(outcome);
    }

    /// Has a text made for an operator.
    pub(super) fn compose(&mut self, asked: Asked) {
        self.askers += 1;
        self.composing.insert(self.askers, asked.outcome);
        self.files.order(Job::Compose { asker: self.askers, text: asked.text });
    }

    /// Takes a text that is made.
    pub(super) fn composed(&mut self, asker: u64, text: String) {
        if let Some(outcome) = self.composing.remove(&asker) {
            outcome.tell(Ok(text));
        }
    }

    /// Takes what was in force before this router began.
    pub(super) fn remember(serving: &mut Serving, remembered: Vec<(Applied, String)>) {
        for (applied, text) in remembered {
            give_parts(serving, &text, |text| OwnInput::Remembered { applied, text });
        }
    }

    /// Tells those who wait for the configuration file to be read what came of it.
    fn reloaded(&mut self, outcome: &Result<String, String>) {
        for waiting in self.reloading.drain(..) {
            waiting.tell(outcome.clone());
        }
    }

    /// Takes what the configuration file says; the answer is the exit status where the router cannot begin.
    pub(super) fn take_loaded(&mut self, serving: &mut Serving, loaded: Loaded) -> Option<u8> {
        let configured = serving.primary.machine().configured();
        let first = !configured.is_given();
        let (config, warnings) = match loaded {
            Ok(loaded) => loaded,
            Err(errors) => {
                let mut said = String::new();
                for error in errors {
                    tracing::error!("{error}");
                    said.push_str(&format!("% {error}\n"));
                }
                if first {
                    return Some(REFUSED);
                }
                let stays = "the configuration stays as it was: correct the file and";
                tracing::error!("{stays} send SIGHUP to the keeper again");
                self.reloaded(&Err(format!("{said}% {stays} try again\n")));
                return None;
            }
        };
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        if !first && config == *configured.filed() {
            let unchanged = "the configuration file was read again: nothing has changed";
            tracing::info!("{unchanged}");
            self.reloaded(&Ok(sentence(unchanged)));
            return None;
        }
        let surroundings =
            if first { self.source.surroundings.clone() } else { configured.surroundings().clone() };
        let surroundings = Surroundings { unix_ms: clock::unix_ms(), ..surroundings };
        give_parts(serving, &running_config(&config).collect::<String>(), |text| OwnInput::Configuration {
            text,
            surroundings,
        });
        if first {
            serving.links.ready();
            tracing::info!("ready");
        } else {
            let changed = "the configuration file was read again";
            tracing::info!("{changed}");
            self.reloaded(&Ok(sentence(changed)));
        }
        None
    }

    /// Takes what routers on unnumbered links say.
    pub(super) fn hear(&mut self, serving: &mut Serving) {
        let mut heard = Vec::new();
        self.advertiser.hear(clock::now(), &mut heard);
        for input in heard {
            serving.take(&input);
        }
    }

    /// Does what is due.
    pub(super) fn keep_house(&mut self) {
        self.advertiser.speak(clock::now());
    }

    /// Carries out what the machine wants besides its connections.
    pub(super) fn carry_out(&mut self, serving: &mut Serving) {
        let wanted: Vec<(EntryNumber, OwnEffect)> = serving.primary.take_others().collect();
        for (entry, effect) in wanted {
            match effect {
                OwnEffect::Notice(notice) => log::notice(&notice),
                OwnEffect::Say(severity, text) => say(severity, &text),
                OwnEffect::RouterAdvertisements(interface, wanted) => {
                    let (poll, token) = (serving.sockets.poll(), Ready::Own(ADVERTISER).token());
                    let now = clock::now();
                    if let Err(error) = self.advertiser.set(poll, token, interface.clone(), wanted, now) {
                        tracing::error!(
                            "interface {interface}: no router advertisements: {error}; \
                             unnumbered neighbors need CAP_NET_RAW"
                        );
                    }
                }
                OwnEffect::Fib(batch) => self.kernel.write(batch),
                OwnEffect::WriteConfig(writing) => {
                    self.files.order(Job::Save { file: self.source.file.clone(), writing });
                }
                OwnEffect::Keep(keeping) => {
                    self.files.order(Job::Apply { folder: self.source.history.clone(), keeping });
                }
                OwnEffect::Quarantine(what) => self.keep(serving, entry, *what),
                OwnEffect::Redundancy(block) => set(serving, &settings::of(&block)),
            }
        }
    }

    /// Keeps a message, or an input of the router's own, that killed a process.
    pub(super) fn keep(&self, serving: &Serving, entry: EntryNumber, what: Quarantined) {
        let treatment = &what.treatment;
        match (what.kind, what.neighbor.as_deref().unwrap_or("unknown")) {
            (Kind::Message, neighbor) => tracing::error!(
                neighbor,
                "neighbor {neighbor}: a message killed the old primary; it was got over: {treatment}"
            ),
            (Kind::Input, _) => {
                tracing::error!("an input of the router's own killed the old primary: {treatment}");
            }
        }
        let (epoch, entry) = (u64::from(serving.primary.state().epoch().0), entry.0);
        let time = i64::try_from(clock::unix_ms()).unwrap_or(i64::MAX);
        let kept = Box::new(Kept { epoch, entry, time, what });
        self.files.order(Job::Keep { folder: self.source.poison.clone(), kept });
    }
}

/// Puts the standby's settings in force. The mode is the keeper's business, which starts and ends twins.
fn set(serving: &mut Serving, wanted: &Settings) {
    let now = *serving.links.settings();
    if wanted.mode != now.mode {
        serving.links.order(NOBODY, Order::Mode(wanted.mode));
    }
    let rest = Settings { mode: now.mode, ..*wanted };
    if rest != now {
        serving.links.set(rest, &mut serving.primary);
    }
}

/// Puts a text into the log, in as many entries as it needs; the last one is `end` of what is left for it.
fn give_parts(serving: &mut Serving, text: &str, end: impl FnOnce(String) -> OwnInput) {
    let mut rest = text;
    loop {
        let most = rest.len().min(CONFIGURATION_PART);
        let cut = (0..=most).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(most);
        let (part, after) = rest.split_at(cut);
        if after.is_empty() {
            return serving.take(&end(part.to_owned()));
        }
        serving.take(&OwnInput::ConfigurationPart(part.to_owned()));
        rest = after;
    }
}

/// What the log says, as an answer.
fn sentence(said: &str) -> String {
    let mut letters = said.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).chain(".\n".chars()).collect()
}

fn say(severity: Severity, text: &str) {
    match severity {
        Severity::Error => tracing::error!("{text}"),
        Severity::Warning => tracing::warn!("{text}"),
        Severity::Notice => tracing::info!("{text}"),
        Severity::Debug => tracing::debug!("{text}"),
    }
}
