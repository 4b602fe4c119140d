//! The router under test in its rig: its processes by name, its word about its redundancy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::bench::daemons::Daemon;
use crate::bench::encode;
use crate::bench::ledger::{PrefixIndex, attribute_digest};
use crate::bench::probe;
use crate::bench::rig::{Failure, Rig, Shape};
use crate::bench::table::{SEED, Table};
use crate::takeover::router::Redundancy;

/// How long the router may take to be protected.
const RECOVERY: Duration = Duration::from_secs(120);
/// The numbers of the rig's sessions.
const SENDER: usize = 0;
/// The last of three.
const PROBER: usize = 2;

/// A router with its table loaded, and the changes that have been sent through it.
pub struct Subject {
    /// The rig.
    pub rig: Rig,
    /// The table as it is sent.
    pub table: Table,
    changes: u32,
}

impl Subject {
    /// Starts the router; a table of this many prefixes is ready to be sent.
    pub fn start(daemon: &Daemon, prefixes: usize) -> Result<Subject, Failure> {
        // An empty table is one of the sizes; the generator's smallest is one prefix.
        let table = Table::generate(SEED, prefixes.max(1));
        let index = Arc::new(PrefixIndex::new(&table.prefixes));
        let rig = Rig::start(daemon, Shape { senders: 1, receivers: 1, probers: 1 }, &index)?;
        let mut subject = Subject { rig, table, changes: 0 };
        subject.pass_change()?;
        Ok(subject)
    }

    /// Starts the router and loads a table of this many prefixes.
    pub fn load(daemon: &Daemon, prefixes: usize) -> Result<Subject, Failure> {
        let mut subject = Self::start(daemon, prefixes)?;
        if prefixes > 0 {
            subject.send_table()?;
            subject.complete(Duration::from_secs(300))?;
        }
        subject.pass_change()?;
        subject.rig.quiet(Duration::from_secs(60))?;
        Ok(subject)
    }

    /// Sends the whole table and expects it; [`Subject::complete`] waits for it.
    pub fn send_table(&mut self) -> Result<(), Failure> {
        let feed = encode::table(&self.rig.identities[SENDER], 0, 1, &self.table);
        self.rig.expect(&Arc::new(expected(&self.rig, &self.table)));
        self.rig.send(SENDER, &Arc::new(feed))
    }

    /// Sends the whole table with other attributes (each time others) and expects it.
    pub fn renew_table(&mut self) -> Result<(), Failure> {
        for run in &mut self.table.runs {
            match run.set.communities.last_mut() {
                Some(last) if *last >= 0xfde8_0000 => *last += 1,
                _ => run.set.communities.push(0xfde8_0000),
            }
        }
        self.send_table()
    }

    /// Runs the sessions until the receiver has the whole table.
    pub fn complete(&mut self, limit: Duration) -> Result<(), Failure> {
        let deadline = Instant::now() + limit;
        while !self.rig.is_complete() {
            self.rig.turn(Duration::from_millis(50))?;
            if Instant::now() > deadline {
                return Err(Failure::Over(limit));
            }
        }
        Ok(())
    }

    /// Sends the next change; its number.
    pub fn send_change(&mut self) -> Result<u32, Failure> {
        self.changes += 1;
        let change = Arc::new(probe::change(&self.rig.identities[PROBER], self.changes));
        self.rig.send(PROBER, &change)?;
        Ok(self.changes)
    }

    /// Runs the sessions until this change has arrived; when that was.
    pub fn arrival(&mut self, number: u32, limit: Duration) -> Result<Instant, Failure> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(at) = self.rig.watcher().arrival(number) {
                return Ok(at);
            }
            if Instant::now() > deadline {
                return Err(Failure::Over(limit));
            }
            self.rig.turn(Duration::from_millis(20))?;
        }
    }

    /// Sends a change and waits for it; how long it took.
    pub fn pass_change(&mut self) -> Result<Duration, Failure> {
        let sent = Instant::now();
        let number = self.send_change()?;
        Ok(self.arrival(number, Duration::from_secs(60))?.saturating_duration_since(sent))
    }

    /// The process called so, as this program sees it.
    pub fn process(&self, name: &str) -> Option<u32> {
        let is_called = |pid: &u32| {
            std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim_end() == name)
        };
        self.rig.sandbox.processes().into_iter().find(is_called)
    }

    /// The primary.
    pub fn primary(&self) -> Result<u32, Failure> {
        let found = self.process("ftbgpd: primary").or_else(|| self.process("ftbgpd"));
        found.ok_or_else(|| Failure::Wrong("there is no primary".into()))
    }

    /// Sends the primary a signal; the moment just before.
    pub fn strike(&self, pid: u32, signal: Signal) -> Result<Instant, Failure> {
        let process = Pid::from_raw(pid as i32).ok_or_else(|| Failure::Wrong("process 0".into()))?;
        let before = Instant::now();
        kill_process(process, signal).map_err(|error| Failure::Wrong(format!("kill: {error}")))?;
        Ok(before)
    }

    /// Runs a command of the router's shell; the shell lies beside the daemon.
    pub fn shell(&self, program: &std::path::Path, command: &str) -> Result<String, Failure> {
        let shell = program.with_file_name("ftsh").display().to_string();
        Ok(self.rig.sandbox.run(&[&shell, "-c", command])?)
    }

    /// What the router says of its redundancy.
    pub fn redundancy(&self, daemon: &Daemon) -> Result<Redundancy, Failure> {
        let answer = self.shell(&daemon.program, "show redundancy json")?;
        serde_json::from_str(&answer).map_err(|error| Failure::Wrong(format!("show redundancy: {error}")))
    }

    /// Runs the sessions, and a change every 5 ms, until the router is protected in an epoch after `epoch`; the
    /// slowest change in ms, and what the router said.
    pub fn protected(&mut self, daemon: &Daemon, epoch: u64) -> Result<(f64, Redundancy), Failure> {
        let deadline = Instant::now() + RECOVERY;
        let mut slowest: f64 = 0.0;
        loop {
            for _ in 0..10 {
                slowest = slowest.max(probe::ms(self.pass_change()?));
                self.rig.turn(Duration::from_millis(5))?;
            }
            match self.redundancy(daemon) {
                Ok(said) if said.epoch > epoch && said.state == "protected" => return Ok((slowest, said)),
                Ok(said) if Instant::now() > deadline => {
                    return Err(Failure::Wrong(format!("not protected: {}, {:?}", said.state, said.twin)));
                }
                Err(error) if Instant::now() > deadline => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
    }
}

/// The digest of each prefix' route at the receiver.
fn expected(rig: &Rig, table: &Table) -> Vec<u32> {
    let mut digests = Vec::with_capacity(table.prefixes.len());
    let first = rig.identities[SENDER].asn;
    for run in &table.runs {
        let path: Vec<u8> =
            core::iter::once(&first).chain(&run.set.tail).flat_map(|asn| asn.to_be_bytes()).collect();
        let communities: Vec<u8> = run.set.communities.iter().flat_map(|value| value.to_be_bytes()).collect();
        let digest = attribute_digest(run.set.origin, &path, &communities);
        digests.extend(run.members.clone().map(|_| digest));
    }
    digests
}
