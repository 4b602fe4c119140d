//! The log: lines to standard error, from a thread of their own, so that a reader who does not read stops
//! nobody. Lines beyond what can wait are dropped, and their number is said.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use bgp_engine::notice::{Notice, NoticeEvent, Severity};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;

/// How many lines may wait.
const LINES: usize = 1024;
/// How long and how often the end waits for the thread: half a second in all.
const END_WAIT: Duration = Duration::from_millis(1);
const END_WAITS: u32 = 500;
/// What names the level, for those who look for a fault.
const LEVEL_VARIABLE: &str = "FTBGPD_LOG";

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The running log; [`Log::end`] writes what waits.
pub struct Log {
    sender: SyncSender<Line>,
    thread: JoinHandle<()>,
}

enum Line {
    Text(Vec<u8>),
    End,
}

impl Log {
    /// Starts the log for the whole process.
    ///
    /// # Errors
    /// Where no thread can be started, or a log runs already.
    pub fn start(format: LogFormat) -> io::Result<Log> {
        let (sender, receiver) = sync_channel(LINES);
        let lost = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&lost);
        let thread = std::thread::Builder::new()
            .name("ftbgpd: log".into())
            .stack_size(64 * 1024)
            .spawn(move || write_lines(&receiver, &lost))?;
        let level = std::env::var(LEVEL_VARIABLE).ok().and_then(|level| level.parse().ok());
        let builder = tracing_subscriber::fmt()
            .with_max_level(level.unwrap_or(LevelFilter::INFO))
            .with_target(false)
            .with_ansi(false)
            .with_writer(Lines { sender: sender.clone(), lost: counter });
        let started = match format {
            // The text names the neighbor already; fields are for programs.
            LogFormat::Text => builder
                .fmt_fields(debug_fn(|to, field, value| match field.name() {
                    "message" => write!(to, "{value:?}"),
                    _ => Ok(()),
                }))
                .try_init(),
            LogFormat::Json => builder.json().flatten_event(true).try_init(),
        };
        started.map_err(io::Error::other)?;
        Ok(Log { sender, thread })
    }

    /// Writes what waits and ends the thread; a reader who does not read is not waited for long.
    pub fn end(self) {
        let mut waits = 0..END_WAITS;
        while self.sender.try_send(Line::End).is_err() && waits.next().is_some() {
            std::thread::sleep(END_WAIT);
        }
        while !self.thread.is_finished() && waits.next().is_some() {
            std::thread::sleep(END_WAIT);
        }
    }
}

fn write_lines(lines: &Receiver<Line>, lost: &AtomicU64) {
    let mut to = io::stderr();
    while let Ok(Line::Text(line)) = lines.recv() {
        let count = lost.swap(0, Ordering::Relaxed);
        // Where standard error is closed, nobody is left to be told.
        let _ = to.write_all(&line);
        if count > 0 {
            let _ = writeln!(to, "{count} log lines were lost: standard error is not read fast enough");
        }
    }
}

struct Lines {
    sender: SyncSender<Line>,
    lost: Arc<AtomicU64>,
}

/// One line in the making.
struct LineWriter<'a> {
    lines: &'a Lines,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter { lines: self, text: Vec::new() }
    }
}

impl Write for LineWriter<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LineWriter<'_> {
    fn drop(&mut self) {
        let line = std::mem::take(&mut self.text);
        super::tail::keep(&line);
        if !line.is_empty() && self.lines.sender.try_send(Line::Text(line)).is_err() {
            self.lines.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes a notice of the engine, with its neighbor and its kind as fields for programs.
pub fn notice(notice: &Notice) {
    let peer = notice.peer.as_ref().map(ToString::to_string);
    let kind = kind(&notice.event);
    macro_rules! say {
        ($level:ident) => {
            tracing::$level!(neighbor = peer, event = kind, "{notice}")
        };
    }
    match notice.severity {
        Severity::Error => say!(error),
        Severity::Warning => say!(warn),
        Severity::Notice => say!(info),
        Severity::Debug => say!(debug),
    }
}

fn kind(event: &NoticeEvent) -> &'static str {
    match event {
        NoticeEvent::Established => "established",
        NoticeEvent::Down(_) => "down",
        NoticeEvent::Malformed(_) => "malformed",
        NoticeEvent::Poison(_) => "poison",
        NoticeEvent::Refused(_) => "refused",
        NoticeEvent::PrefixLimit { .. } => "prefix-limit",
        NoticeEvent::TooLarge(_) => "too-large",
        NoticeEvent::Configuration(_) => "configuration",
        NoticeEvent::Session(_) => "session",
        _ => "other",
    }
}
