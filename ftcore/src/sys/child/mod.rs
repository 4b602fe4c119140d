//! A child: what it receives, how it stands by, and how it serves.
pub mod forked;
mod handing;
pub mod join;
pub mod links;
mod moving;
mod pulse;
pub mod serve;
mod standby;
pub mod takeover;
mod watch;
pub mod wires;

use std::process::ExitCode;
use std::time::Duration;

use crate::core::log::Cursor;
use crate::core::primary;
use crate::core::role::Settings;
use crate::sys::channel::Channel;
use crate::sys::checkpoint::Place;
use crate::sys::keeper::Options;
use crate::sys::own;
use crate::sys::program::Program;
use crate::sys::signals::Signals;
use crate::sys::title::{self, Part};

use self::standby::{Ending, Follower};

/// Runs a child: stands by, and serves when it has become primary.
pub(super) fn run<P: Program>(program: &P, options: &Options, channel: Channel) -> ExitCode {
    title::become_part(&options.program, Part::Twin);
    let served = begin(program, options, channel);
    match served {
        Ok(status) => ExitCode::from(status),
        Err(Ending::Asked) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("this standby ends: {error}");
            ExitCode::FAILURE
        }
    }
}

fn begin<P: Program>(program: &P, options: &Options, channel: Channel) -> Result<u8, Ending> {
    let signals = Signals::block(&[libc::SIGTERM, libc::SIGINT, libc::SIGHUP])?;
    own::leave_no_core()?;
    let mut follower = Follower::new(program, options, join::join(channel)?, signals)?;
    follower.stand_by()?;
    let mut promoted = follower.take_over()?;
    // What waits at the peers is answered before anybody is told.
    serve::first_turn(&mut promoted)?;
    usual_pace();
    takeover::proclaim(&options.program, &mut promoted);
    Ok(program.serve(promoted))
}

/// This thread was let run first when the primary's life had ended; what takes longer does not do so at the others' cost.
fn usual_pace() {
    if let Err(error) = own::run_as_usual() {
        tracing::error!("this process still runs before all others: {error}");
    }
}

/// How often the state's digest is logged while the log moves.
const DIGESTS_APART: Duration = Duration::from_millis(100);

/// What bounds a primary that is configured like this.
#[must_use]
fn bounds(settings: &Settings) -> primary::Settings {
    primary::Settings {
        mode: settings.mode,
        twin_lag: Duration::from_micros(settings.twin_lag_us),
        checkpoint_interval: Duration::from_micros(settings.checkpoint_interval_us),
        digest_interval: DIGESTS_APART,
    }
}

/// Where in the log a state is, for its checkpoint.
fn place_of(cursor: Cursor) -> Place {
    Place { position: cursor.position, number: cursor.number.0, epoch: u64::from(cursor.epoch.0) }
}
