//! `terminal monitor`: a thread with a connection of its own, by which the daemon says every line of its log. Where the
//! daemon is lost, the next one is asked, also for what it has said meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::answer::Hearer;
use super::client::Client;
use super::output::harmless;

/// The line that the daemon answers with its log.
pub(super) const LINE: &str = "terminal monitor";
/// How long the thread waits for a daemon before it looks whether it is still wanted.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows a text beside what is being typed; whether that can still be done.
pub(super) type Printer = Box<dyn FnMut(String) -> bool + Send>;

/// The thread, as long as this lives.
#[derive(Debug)]
pub(super) struct Monitor {
    over: Arc<AtomicBool>,
}

impl Monitor {
    pub(super) fn start(client: &Client, printer: Printer) -> Monitor {
        let over = Arc::new(AtomicBool::new(false));
        let mut ear = Ear { over: Arc::clone(&over), printer };
        let mut client = client.beside(PATIENCE);
        // It ends with the shell, or within a moment of being dropped.
        std::thread::spawn(move || {
            if let Err(error) = client.follow(LINE, &mut ear) {
                ear.hear(&format!("{error}\n"));
            }
        });
        Monitor { over }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

struct Ear {
    over: Arc<AtomicBool>,
    printer: Printer,
}

impl Hearer for Ear {
    fn hear(&mut self, text: &str) {
        if !self.is_over() && !(self.printer)(harmless(text)) {
            self.over.store(true, Ordering::Relaxed);
        }
    }

    fn begin_anew(&mut self) {}

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}
