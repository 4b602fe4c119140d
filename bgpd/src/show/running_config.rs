//! `show running-config`.

use std::sync::Arc;

use super::{Layout, Progress, Router, Show};
use crate::config::{Config, Running};

/// The running configuration, as it was when the first slice was written.
#[derive(Debug)]
pub struct RunningConfig {
    layout: Layout,
    running: Option<Running>,
    /// Neither heading nor end.
    bare: bool,
}

impl RunningConfig {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        RunningConfig { layout, running: None, bare: false }
    }

    /// The text of `config`, and nothing around it.
    #[must_use]
    pub fn of(config: Arc<Config>) -> Self {
        RunningConfig { layout: Layout::Text, running: Some(Running::new(config)), bare: true }
    }

    fn start(&mut self, config: &Arc<Config>, out: &mut String) -> &mut Running {
        let layout = self.layout;
        self.running.get_or_insert_with(|| {
            out.push_str(match layout {
                Layout::Text => "Building configuration...\n\nCurrent configuration:\n!\n",
                Layout::Json => "{\"runningConfig\":[",
            });
            Running::new(Arc::clone(config))
        })
    }
}

impl Show for RunningConfig {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        let (layout, bare) = (self.layout, self.bare);
        let running = self.start(router.config, out);
        let first = running.at_start();
        let Some(slice) = running.next() else {
            out.push_str(match layout {
                Layout::Text if bare => "",
                Layout::Text => "end\n",
                Layout::Json => "]}\n",
            });
            return Progress::Done;
        };
        match layout {
            Layout::Text => out.push_str(&slice),
            Layout::Json => {
                for (at, line) in slice.lines().enumerate() {
                    if at > 0 || !first {
                        out.push(',');
                    }
                    out.push_str(&serde_json::Value::from(line).to_string());
                }
            }
        }
        Progress::More
    }
}
