//! What the daemon needs of an engine, and nothing more: so that tests can put a scripted one in its place.

use bgp_engine::effect::Effects;
use bgp_engine::engine::Engine;
use bgp_engine::input::Input;
use bgp_engine::value::Instant;

/// A deterministic machine: inputs in, effects out.
pub trait Machine {
    /// Takes one input. `effects` is empty before the call; after it, it holds what is to be done, when the
    /// machine wants to be stepped again, and whether it has work left.
    fn step(&mut self, now: Instant, input: Input<'_>, effects: &mut Effects);
}

impl Machine for Engine {
    fn step(&mut self, now: Instant, input: Input<'_>, effects: &mut Effects) {
        Engine::step(self, now, input, effects);
    }
}
