//! Says, whenever it changes, whether a crash would be survived now: in the log, and to whoever started the router.

use std::time::Duration;

use bgp_engine::value::Instant;
use ftcore::core::role::Mode;
use ftcore::core::status::{Protection, Status};

use super::clock;
use super::router::Serving;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// What was said last.
#[derive(Default)]
pub(super) struct Vigil {
    said: Option<Protection>,
    look_at: Instant,
}

impl Vigil {
    /// Looks, if it is time to.
    pub(super) fn look(&mut self, serving: &mut Serving) {
        let now = clock::now();
        if now < self.look_at {
            return;
        }
        self.look_at = now + LOOK;
        let status = serving.primary.status();
        if self.said.replace(status.protection) == Some(status.protection) {
            return;
        }
        let line = say(&status, serving.links.twin().map(|twin| twin.pid));
        serving.links.say_status(&line);
    }
}

fn say(status: &Status, twin: Option<u32>) -> String {
    let mode = status.mode.name();
    match status.protection {
        Protection::Protected => {
            let line = match twin {
                Some(pid) => format!("protected: standby {mode}, the twin is process {pid}"),
                None => format!("protected: standby {mode}"),
            };
            tracing::info!("{line}");
            line
        }
        Protection::Syncing => {
            let line = format!("not protected yet: standby {mode} is being prepared");
            tracing::info!("{line}");
            line
        }
        Protection::Unprotected => {
            let why = match status.mode {
                Mode::None => "standby none was asked for".to_owned(),
                _ => format!("standby {mode} was asked for, and there is none at the moment"),
            };
            tracing::warn!("not protected: a crash now would end every session; {why}");
            format!("NOT PROTECTED: {why}")
        }
    }
}
