//! Files are read and written by a thread of its own, since a disk may take its time and the primary may not. What
//! came of it is an event of the loop.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::quarantine::{self, Kept};
use crate::config::{Config, ConfigError, Strictness, Warning, load, running_config};
use crate::machine::{Writing, Written};

/// Something to be done with files.
#[derive(Debug)]
pub enum Job {
    /// Read the configuration.
    Load {
        /// From where.
        file: PathBuf,
        /// What is done with lines for FRR's other daemons.
        strictness: Strictness,
    },
    /// Write the configuration.
    Save {
        /// Where to.
        file: PathBuf,
        /// What.
        writing: Writing,
    },
    /// Keep a message that killed a process.
    Keep {
        /// In which folder.
        folder: PathBuf,
        /// What.
        kept: Box<Kept>,
    },
}

/// The configuration with warnings, or all that is wrong with it.
pub type Loaded = Result<(Config, Vec<Warning>), Vec<ConfigError>>;

/// What came of a job.
#[derive(Debug)]
pub enum Done {
    /// The configuration, or all that is wrong with it.
    Loaded(Box<Loaded>),
    /// The configuration was written, or was not.
    Saved(Written),
}

/// The thread. It ends with the process.
pub struct Files {
    jobs: Sender<Job>,
    done: UnboundedReceiver<Done>,
}

impl Files {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where there can be none.
    pub fn start() -> io::Result<Files> {
        let (jobs, to_do) = channel();
        let (report, done) = unbounded_channel();
        std::thread::Builder::new().name("ftbgpd: files".into()).spawn(move || work(&to_do, &report))?;
        Ok(Files { jobs, done })
    }

    /// Has something done.
    pub fn order(&self, job: Job) {
        if self.jobs.send(job).is_err() {
            tracing::error!("files are neither read nor written any more: restart this process");
        }
    }

    /// The next thing that was done. Safe to drop at any time.
    pub async fn done(&mut self) -> Done {
        match self.done.recv().await {
            Some(done) => done,
            // The thread is gone, which was said when it was asked for something.
            None => std::future::pending().await,
        }
    }
}

fn work(jobs: &Receiver<Job>, report: &UnboundedSender<Done>) {
    while let Ok(job) = jobs.recv() {
        let done = match job {
            Job::Load { file, strictness } => Done::Loaded(Box::new(load(&file, strictness))),
            Job::Save { file, writing } => {
                let error = save(&file, &writing.config).err().map(|error| error.to_string());
                Done::Saved(Written { number: writing.number, file: file.display().to_string(), error })
            }
            Job::Keep { folder, kept } => {
                match quarantine::keep(&folder, &kept) {
                    Ok(path) => tracing::warn!(
                        "the message that killed the old primary is in {}; `ftbgpd replay` tries it again",
                        path.display()
                    ),
                    Err(error) => tracing::error!(
                        "the message that killed the old primary cannot be kept in {}: {error}",
                        folder.display()
                    ),
                }
                continue;
            }
        };
        if report.send(done).is_err() {
            return;
        }
    }
}

/// Writes the configuration in the place of the file; a crash leaves the old one or the new one.
fn save(file: &Path, config: &Config) -> io::Result<()> {
    let mut early = file.as_os_str().to_owned();
    early.push(".new");
    let mut to = std::fs::File::create(&early)?;
    for slice in running_config(config) {
        to.write_all(slice.as_bytes())?;
    }
    to.sync_all()?;
    std::fs::rename(&early, file)
}
