//! What a program must be, to be kept alive.

use std::io;

use super::effect::Effects;
use super::input::{ConnId, Input, Time};

/// A deterministic machine: all that it does follows from the inputs that it was given, with their times.
///
/// How it is used: one is made by the program (or restored from a snapshot), then stepped with every input in
/// the order of the log. Two machines that were given the same want the same effects, octet for octet, and have
/// the same digest; so has a machine that was restored from what another one saved, from then on.
pub trait Machine: Sized {
    /// What it wants done that is not of a connection.
    type Effect;

    /// Takes one input. `effects` is empty before the call. A step is short: work for longer is cut in slices,
    /// and `effects.more` says that some is left.
    fn step(&mut self, now: Time, input: Input<'_>, effects: &mut Effects<Self::Effect>);

    /// Writes the whole state. Called in a forked child or in a process that is not primary, so it may take a
    /// while; it must not log, lock or do anything else but write.
    ///
    /// # Errors
    /// Those of `to`.
    fn save(&self, to: &mut dyn io::Write) -> io::Result<()>;

    /// The machine that was saved.
    ///
    /// # Errors
    /// `InvalidData` for octets that are not a saved state of a version that this program knows; the message
    /// says why.
    fn restore(from: &[u8]) -> io::Result<Self>;

    /// A digest of the whole state and of all output so far. Taken some ten times a second: cheap.
    fn digest(&self) -> u64;

    /// What can be had of the digest in no time, whatever the size of the state: taken after every entry, so that a
    /// standby which went astray since the last digest is found out before it leads.
    fn glance(&self) -> u64 {
        0
    }

    /// What it has wanted done by [`Effect::Other`](super::effect::Effect::Other) and was not told, by an input, that
    /// it was. Asked after a takeover, since the dead process may not have come to it; carried out as if it had
    /// been wanted now. Nothing, where nothing is to be done twice or all of it is found out in another way.
    fn unfinished(&self) -> Vec<Self::Effect> {
        Vec::new()
    }

    /// What the program is to do about an input that kills however it is given, and so is not given: keep it for a
    /// report, say. Called before anything else is done in its place; where this kills too, it is left out.
    fn passed_over(&self, input: Input<'_>) -> Option<Self::Effect> {
        let _ = input;
        None
    }

    /// Where the units (messages) that [`Input::Received`] with these octets would complete on this connection
    /// end, as offsets into `octets`, rising. What comes after the last one belongs to a unit that is not
    /// complete. It only frames: it must bear any octets.
    fn units(&self, conn: ConnId, octets: &[u8]) -> Vec<usize>;
}
