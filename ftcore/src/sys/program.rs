//! What a program is to the processes that keep it alive, and how it is run.

use std::io;
use std::process::ExitCode;
use std::rc::Rc;

use super::child::serve::Turn;
use super::child::takeover::Promoted;
use super::keeper::{Opened, Options};
use super::{child, keeper};
use crate::core::machine::Machine;

/// A program that outlives its process.
///
/// The same binary is keeper, primary and twin; each starts with `main`, which makes the program and calls
/// [`run`] before it opens anything or starts a thread.
pub trait Program: 'static {
    /// What it does.
    type Machine: Machine;

    /// Its version, as operators see it.
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    /// The machine before its first input. Two with the same seed are the same; the seed is random, and in
    /// the log.
    fn genesis(&self, seed: u64) -> Self::Machine;

    /// Opens what is to be open before there is any child; asked in the keeper.
    ///
    /// # Errors
    /// Where that is not possible: the program then ends with a failure.
    fn open(&self) -> io::Result<Opened>;

    /// Carries out effects of the machine's own, in the primary, and gives it its own inputs: called once in
    /// every turn of [`child::serve::serve`].
    fn attend(&self, turn: &mut Turn<'_, Self::Machine>) {
        let _ = turn;
    }

    /// Serves, in the process that has become primary, and answers the status to exit with. The usual loop is
    /// [`child::serve::serve`].
    fn serve(&self, promoted: Promoted<Self::Machine>) -> u8
    where
        Self: Sized,
    {
        child::serve::serve(self, promoted)
    }
}

/// Runs a program as what this process is to it: keeper, or, where a keeper started it, child.
pub fn run<P: Program>(program: P, options: Options) -> ExitCode {
    match child::join::inherited() {
        Ok(Some(channel)) => child::run(&program, &options, channel),
        Ok(None) => {
            let program = Rc::new(program);
            keeper::run(options, Box::new(move || program.open()))
        }
        Err(error) => {
            tracing::error!("the channel to the keeper cannot be used: {error}");
            ExitCode::FAILURE
        }
    }
}
