//! Ctrl-C while a command runs: the shell lives on, the answer is broken off.
//!
//! While a line is typed the terminal sends no signal; that key is the editor's then.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

static CAME: AtomicBool = AtomicBool::new(false);

/// From here on the signal does not end this process.
///
/// # Errors
/// Where no thread can be started to wait for it.
pub(super) fn listen() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut interrupts = {
        let _inside = runtime.enter();
        signal(SignalKind::interrupt())?
    };
    let wait = move || {
        runtime.block_on(async {
            while interrupts.recv().await.is_some() {
                CAME.store(true, Ordering::Relaxed);
            }
        });
    };
    std::thread::Builder::new().name("ftsh: interrupt".into()).spawn(wait)?;
    Ok(())
}

/// Whether it came.
pub(super) fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}

/// Another command begins.
pub(super) fn forget() {
    CAME.store(false, Ordering::Relaxed);
}
