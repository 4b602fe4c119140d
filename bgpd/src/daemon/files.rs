//! Files are read and written by a thread of its own, since a disk may take its time and the primary may not. What
//! came of it is an event of the loop.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::applied;
use super::quarantine::{self, Kept};
use crate::config::{Config, ConfigError, Strictness, Warning, compare, load, running_config};
use crate::machine::{Applied, Keeping, Told, Writing, Written};

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
    /// Read the history's folder.
    Remember {
        /// Where it is.
        folder: PathBuf,
    },
    /// Write a configuration that is in force into the history's folder.
    Apply {
        /// Where it is.
        folder: PathBuf,
        /// What.
        keeping: Box<Keeping>,
    },
    /// Read what users are called.
    Users,
    /// Make a text.
    Compose {
        /// Who asks.
        asker: u64,
        /// Which.
        text: Composing,
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

/// A text that takes its time to be made.
#[derive(Debug)]
pub enum Composing {
    /// A configuration.
    Text(Told),
    /// In what two differ.
    Comparison {
        /// The earlier one.
        old: Told,
        /// The later one.
        new: Told,
    },
}

impl Composing {
    fn text(&self) -> String {
        match self {
            Composing::Text(told) => told.text(),
            Composing::Comparison { old, new } => compare(&old.text(), &new.text()),
        }
    }
}

/// What came of a job.
#[derive(Debug)]
pub enum Done {
    /// What was in force before this router began, the oldest first.
    Remembered(Vec<(Applied, String)>),
    /// This is in the history's folder, or could not be written there.
    Applied(Applied),
    /// What users are called, by their numbers.
    Users(BTreeMap<u32, String>),
    /// A text is made.
    Composed(u64, String),
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
            Job::Remember { folder } => {
                Done::Remembered(applied::read_all(&folder).unwrap_or_else(|error| {
                    tracing::warn!(
                        "what was in force before cannot be read in {}: {error}",
                        folder.display()
                    );
                    Vec::new()
                }))
            }
            Job::Apply { folder, keeping } => {
                if let Err(error) = applied::keep(&folder, &keeping) {
                    tracing::warn!(
                        "configuration {} is not kept in {}: {error}; it is known until the router is stopped",
                        keeping.applied.number,
                        folder.display()
                    );
                }
                Done::Applied(keeping.applied)
            }
            Job::Users => Done::Users(users(&std::fs::read_to_string("/etc/passwd").unwrap_or_default())),
            Job::Compose { asker, text } => Done::Composed(asker, text.text()),
            Job::Keep { folder, kept } => {
                let what = kept.what.kind.text();
                match quarantine::keep(&folder, &kept) {
                    Ok(path) => tracing::warn!(
                        "the {what} that killed the old primary is in {}; `ftbgpd replay` tries it again",
                        path.display()
                    ),
                    Err(error) => tracing::error!(
                        "the {what} that killed the old primary cannot be kept in {}: {error}",
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

/// Users by their numbers, of the text of `/etc/passwd`.
fn users(passwd: &str) -> BTreeMap<u32, String> {
    let user = |line: &str| {
        let mut fields = line.split(':');
        let (name, uid) = (fields.next()?, fields.nth(1)?);
        Some((uid.parse().ok()?, name.to_owned()))
    };
    // The first one of a number is the one that it is shown by.
    passwd.lines().rev().filter_map(user).collect()
}

/// Writes the configuration in the place of the file; a crash leaves the old one or the new one. What was there is
/// kept beside it, as vtysh does, with `.sav` behind its name; who may read the file stays as it was.
fn save(file: &Path, config: &Config) -> io::Result<()> {
    let beside = |ending: &str| {
        let mut path = file.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    };
    let (early, early_backup) = (beside(".new"), beside(".sav.new"));
    let mut to = std::fs::File::create(&early)?;
    if let Ok(old) = std::fs::metadata(file) {
        to.set_permissions(old.permissions())?;
        // Whoever owns it goes on to; where that is not allowed, the writer does.
        let _ = std::os::unix::fs::fchown(&to, Some(old.uid()), Some(old.gid()));
    }
    for slice in running_config(config) {
        to.write_all(slice.as_bytes())?;
    }
    to.sync_all()?;
    match std::fs::remove_file(&early_backup) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match std::fs::hard_link(file, &early_backup) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        linked => {
            linked?;
            std::fs::rename(&early_backup, beside(".sav"))?;
        }
    }
    std::fs::rename(&early, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::parse_str;

    #[test]
    fn a_file_is_written_as_a_whole_and_what_was_there_is_kept_beside_it() {
        let folder = std::env::temp_dir().join(format!("ftbgpd-save-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.conf");
        let config = |text: &str| parse_str("test", text, Strictness::Strict).unwrap().0;
        save(&file, &config("hostname a\n")).unwrap();
        assert!(!folder.join("a.conf.sav").exists());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        for (name, before) in [("b", "hostname a\n"), ("c", "hostname b\n")] {
            save(&file, &config(&format!("hostname {name}\n"))).unwrap();
            let kept = std::fs::read_to_string(folder.join("a.conf.sav")).unwrap();
            assert!(kept.contains(before), "{kept}");
            assert!(std::fs::read_to_string(&file).unwrap().contains(&format!("hostname {name}\n")));
        }
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn users_are_known_by_their_numbers() {
        let found =
            users("root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/x\nbroken\nada:x:1000:1000::/:/bin/sh\n");
        assert_eq!(found, BTreeMap::from([(0, "root".to_owned()), (1000, "ada".to_owned())]));
    }
}
