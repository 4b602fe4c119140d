//! The router as a machine of `ftcore`: the engine and the operator's configuration, one value, whose every output
//! follows from the log.
//!
//! What an operator changes is an input like any other ([`OwnInput::Line`]): the line itself is in the log, and both
//! processes read it with the same grammar. So both have the same configuration without one telling the other,
//! and what came of a line is known to whoever is primary afterwards ([`Speaker::outcome`]). What only reads is
//! no input; it looks at [`Speaker::engine`] between two steps.

mod acting;
mod configured;
mod convert;
mod editing;
mod effect;
#[cfg(feature = "fault")]
pub mod fault;
mod former;
mod input;
mod outcomes;
mod quarantined;
mod saved;
mod survivals;

use std::io;
use std::sync::Arc;

use bgp_engine::engine::Engine;
use bgp_engine::input::{Command, Input as EngineInput};
use bgp_engine::notice::Severity;
use bgp_engine::rib::fib::Writer;
use fib::settings::Settings;
use ftcore::core::effect::{Effect, Effects};
use ftcore::core::input::{ConnId, Input, Time, Treatment};
use ftcore::core::machine::Machine;
use serde::{Deserialize, Serialize};

pub use configured::{Configured, nobody};
pub use convert::ways;
pub use editing::{Applied, Author, Candidate, Editing, History, How, Keeping, REMEMBERED, Told};
pub use effect::{OwnEffect, Writing};
pub use former::Former;
pub use input::{FormError, Interface, KernelRoute, KernelWay, LineOf, OwnInput, Surroundings, Written};
pub use outcomes::{Outcome, Outcomes, RequestId};
pub use quarantined::{Kind, Quarantined, hex, unhex};
pub use survivals::Survivals;

/// A BGP speaker with the configuration that its operator gave it.
#[derive(Debug)]
pub struct Speaker {
    engine: Engine,
    configured: Configured,
    outcomes: Outcomes,
    survivals: Survivals,
    former: Former,
    /// When the engine wants to be stepped, and whether it has work left: from its last step.
    due: Due,
    /// Scratch: what the engine wants, before it is handed on. Empty between two steps.
    wanted: bgp_engine::effect::Effects,
}

/// What a step says about the next one.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Due {
    deadline: Option<Time>,
    more: bool,
}

impl Speaker {
    /// A speaker without a configuration. Everything that looks like chance follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Speaker {
        Speaker {
            engine: Engine::new(seed),
            configured: Configured::default(),
            outcomes: Outcomes::default(),
            survivals: Survivals::default(),
            former: Former::default(),
            due: Due::default(),
            wanted: bgp_engine::effect::Effects::default(),
        }
    }

    /// The engine, to read from.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The configuration in force and what is known of its file.
    #[must_use]
    pub fn configured(&self) -> &Configured {
        &self.configured
    }

    /// What neighbors have been through.
    #[must_use]
    pub fn survivals(&self) -> &Survivals {
        &self.survivals
    }

    /// Settings under which the kernel may still have routes of this router.
    #[must_use]
    pub fn former_fib(&self) -> &Former {
        &self.former
    }

    /// What came of a request that changes something; `None` where it is not in the log, not finished, or long ago.
    #[must_use]
    pub fn outcome(&self, request: RequestId) -> Option<&Outcome> {
        self.outcomes.of(request)
    }

    /// Gives the engine an input and hands on what it wants.
    fn engine_step(&mut self, now: Time, input: EngineInput<'_>, effects: &mut Effects<OwnEffect>) {
        self.wanted.list.clear();
        self.wanted.deadline = None;
        self.wanted.more = false;
        self.engine.step(convert::instant(now), input, &mut self.wanted);
        self.due = Due { deadline: self.wanted.deadline.map(convert::time), more: self.wanted.more };
        convert::hand_on(&mut self.wanted.list, &mut effects.list);
    }

    fn own(&mut self, now: Time, octets: &[u8], effects: &mut Effects<OwnEffect>) {
        let before = self.configured.redundancy();
        let fib_before = self.configured.config().fib.settings();
        self.take_own(now, octets, effects);
        self.ask_to_keep(effects);
        let fib_after = self.configured.config().fib.settings();
        if fib_before != fib_after && self.engine.rib().fib.writer() != Writer::None {
            self.former.changed(fib_before, fib_after);
        }
        let after = self.configured.redundancy();
        if after != before {
            effects.list.push(Effect::Other(OwnEffect::Redundancy(after)));
        }
    }

    fn take_own(&mut self, now: Time, octets: &[u8], effects: &mut Effects<OwnEffect>) {
        match OwnInput::parse(octets) {
            Ok(OwnInput::ConfigurationPart(text)) => self.configured.begin(&text),
            Ok(OwnInput::Configuration { text, surroundings }) => {
                let read = self.configured.replace(&text, surroundings, now);
                for error in read.err().unwrap_or_default() {
                    effects.list.push(say(Severity::Error, &error.to_string()));
                }
                self.configure(now, effects);
            }
            Ok(OwnInput::Line(line)) => self.line(now, line, effects),
            Ok(OwnInput::Remembered { applied, text }) => self.configured.remember(applied, &text),
            Ok(OwnInput::Kept(applied)) => self.configured.editing.kept(&applied),
            Ok(OwnInput::Left(client)) => {
                let config = Arc::clone(self.configured.config());
                self.configured.editing.leave(client, &config);
            }
            Ok(OwnInput::EditorGone(client)) => {
                self.configured.editing.drop_of(client);
            }
            Ok(OwnInput::Written(written)) => {
                if let Some((request, outcome)) = self.configured.written(written) {
                    self.outcomes.record(request, outcome);
                }
            }
            Ok(OwnInput::Interface(interface)) => {
                self.engine_step(now, EngineInput::Interface(interface.into()), effects);
            }
            Ok(OwnInput::InterfaceGone(index)) => {
                self.engine_step(now, EngineInput::InterfaceGone(bgp_engine::value::IfIndex(index)), effects);
            }
            Ok(OwnInput::KernelRoutes(routes)) => {
                let routes = routes.into_iter().filter_map(KernelRoute::for_engine).collect();
                self.engine_step(now, EngineInput::KernelRoutes(routes), effects);
            }
            Ok(OwnInput::RouterSeen { interface, address }) => {
                let interface = bgp_engine::value::IfIndex(interface);
                self.engine_step(now, EngineInput::RouterSeen { interface, address }, effects);
            }
            Ok(OwnInput::Fib(report)) => self.engine_step(now, EngineInput::Fib(report), effects),
            Ok(OwnInput::FibCleared { table, metric, protocol, nexthop_id_base }) => {
                self.former.cleared(Settings { table, metric, protocol, nexthop_id_base });
            }
            Ok(OwnInput::TakenOver) => {
                self.survivals.taken_over(&self.engine);
            }
            Ok(OwnInput::Stop) => self.engine_step(now, EngineInput::Command(Command::Stop), effects),
            Err(error) => {
                effects.list.push(say(Severity::Error, &format!("an input was passed over: {error}")));
            }
        }
    }

    /// Has written into the history what came into it.
    fn ask_to_keep(&mut self, effects: &mut Effects<OwnEffect>) {
        let keeping = self.configured.editing.ask_to_keep().into_iter();
        effects.list.extend(keeping.map(|keeping| Effect::Other(OwnEffect::Keep(Box::new(keeping)))));
    }

    /// Does what is due of this program's own.
    fn expire(&mut self, now: Time, effects: &mut Effects<OwnEffect>) {
        let before = self.configured.redundancy();
        if let Some(why) = self.configured.expire(now) {
            effects.list.push(say(Severity::Warning, &format!("{why}: the one before it is in force again")));
            self.configure(now, effects);
        }
        self.ask_to_keep(effects);
        let after = self.configured.redundancy();
        if after != before {
            effects.list.push(Effect::Other(OwnEffect::Redundancy(after)));
        }
    }

    fn line(&mut self, now: Time, line: LineOf, effects: &mut Effects<OwnEffect>) {
        let request = line.request;
        if self.outcomes.of(request).is_some() || self.configured.is_writing_for(request) {
            return;
        }
        let done = self.configured.execute(&self.engine, line, now);
        let changed = done.changed;
        if let Some(outcome) = done.outcome {
            self.outcomes.record(request, outcome);
        }
        if let Some(writing) = done.writing {
            effects.list.push(Effect::Other(OwnEffect::WriteConfig(writing)));
        }
        if let Some(command) = done.command {
            self.engine_step(now, EngineInput::Command(command), effects);
        }
        if changed {
            self.configure(now, effects);
        }
    }

    /// Takes note of a message before the engine gets over it.
    fn quarantine(
        &mut self,
        conn: bgp_engine::value::ConnId,
        octets: &[u8],
        treatment: Treatment,
        effects: &mut Effects<OwnEffect>,
    ) {
        let config = self.configured.config();
        let described = Quarantined::describe(&self.engine, config, conn, octets, treatment);
        effects.list.push(Effect::Other(OwnEffect::Quarantine(Box::new(described))));
    }

    fn configure(&mut self, now: Time, effects: &mut Effects<OwnEffect>) {
        let configuration = EngineInput::Configure(Box::new(self.configured.for_engine()));
        self.engine_step(now, configuration, effects);
        self.survivals.keep_known(&self.engine);
    }
}

fn say(severity: Severity, text: &str) -> Effect<OwnEffect> {
    Effect::Other(OwnEffect::Say(severity, text.to_owned()))
}

impl Machine for Speaker {
    type Effect = OwnEffect;

    fn step(&mut self, now: Time, input: Input<'_>, effects: &mut Effects<OwnEffect>) {
        #[cfg(feature = "fault")]
        if fault::strike_if_due(&input) == fault::Course::PassOver {
            effects.deadline = self.due.deadline;
            effects.more = self.due.more;
            return;
        }
        match input {
            Input::Other(octets) => self.own(now, octets, effects),
            Input::Poison { conn, octets, treatment: Treatment::Drop } => {
                unreachable!("{} octets of {conn:?}: a unit that is dropped is no input", octets.len())
            }
            other => {
                if let Input::Poison { conn, octets, treatment } = other {
                    self.quarantine(convert::conn(conn), octets, treatment, effects);
                }
                let clock = matches!(other, Input::Clock);
                if clock && self.configured.editing().deadline().is_some_and(|deadline| deadline <= now) {
                    self.expire(now, effects);
                }
                if let Some(input) = convert::input(other) {
                    self.engine_step(now, input, effects);
                }
            }
        }
        let own = self.configured.editing().deadline();
        effects.deadline = self.due.deadline.into_iter().chain(own).min();
        effects.more = self.due.more;
    }

    fn save(&self, to: &mut dyn io::Write) -> io::Result<()> {
        saved::save(self, to)
    }

    fn restore(from: &[u8]) -> io::Result<Self> {
        saved::restore(from)
    }

    fn digest(&self) -> u64 {
        let mut digest = self.engine.digest();
        digest.add(self.outcomes.digest());
        digest.add(self.survivals.digest());
        digest.add(self.configured.editing().digest());
        digest.add(self.former.digest());
        digest.value()
    }

    fn passed_over(&self, input: Input<'_>) -> Option<OwnEffect> {
        let config = self.configured.config();
        let described = Quarantined::passed_over(&self.engine, config, &input)?;
        Some(OwnEffect::Quarantine(Box::new(described)))
    }

    fn glance(&self) -> u64 {
        self.engine.glance().value()
    }

    fn unfinished(&self) -> Vec<OwnEffect> {
        let links = self
            .engine
            .advertised_links()
            .map(|link| OwnEffect::RouterAdvertisements(link.to_owned(), bgp_engine::effect::Wanted::Yes));
        let writing = self.configured.writing().cloned().map(OwnEffect::WriteConfig);
        // Before there is a configuration the command line's settings are in force, and not these.
        let given = self.configured.is_given();
        let redundancy = given.then(|| OwnEffect::Redundancy(self.configured.redundancy()));
        let keeping = self.configured.editing().keeping().iter().cloned();
        let keeping = keeping.map(|keeping| OwnEffect::Keep(Box::new(keeping)));
        links.chain(writing).chain(redundancy).chain(keeping).collect()
    }

    fn units(&self, conn: ConnId, octets: &[u8]) -> Vec<usize> {
        self.engine.units(convert::conn(conn), octets)
    }
}

#[cfg(test)]
mod tests;
