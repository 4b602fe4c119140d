//! How long a takeover takes, and what standing by costs: the figures of `bench takeover`.
//!
//! # Method
//! - The rig is the benchmark's: one sender with the table, one receiver, one prober, all scripted, in one thread.
//! - *From kill(2) to the first new octet*: the signal is sent from the harness' thread; as soon as kill(2) has
//!   returned, the prober sends a change of its route. No octet of that change can be the old primary's, since it was
//!   sent when that one was dead. The time from just before kill(2) to the change's arrival at the receiver is the
//!   figure ([`hits`]). It holds detection, takeover, reading, deciding and sending; it is never less than the truth.
//! - *During a load* the same change waits behind the load's slices like any other; beside it stands the end of the
//!   receiver's longest silence since kill(2), which is when the stream went on.
//! - *A crash inside an entry* is the fault build's: the next entry panics in the middle of its step, and the change is
//!   that entry. So the figure holds the trial in a forked child, too.
//! - *A hang* is SIGSTOP; the configured 500 ms are part of the figure.
//! - Between two hits the router is protected again; how long that took is measured from kill(2). While the new
//!   twin synchronises a change goes out every 5 ms; the slowest of them is the primary's longest pause.
//! - *Costs* ([`costs`]): processor time of the primary alone over a load of the table, hot against `--standby none`,
//!   alternated; proportional memory (PSS) of primary and twin without the shared ring against one process.

pub mod costs;
pub mod hits;
pub mod report;
pub mod subject;
