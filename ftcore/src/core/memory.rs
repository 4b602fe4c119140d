//! The memory that the processes share, behind a trait: the log's ring, and words beside it.

/// Words that one side writes and others read. Each is stored with release and loaded with acquire ordering;
/// between the primary's store of [`Word::Applied`] and its load of [`Word::TwinSleeps`] there is a full fence,
/// and another between the twin's store of that and its load of the other, so that nobody sleeps over an entry.
/// All are 0 in a new memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// Primary: the log's end. What lies before it is in the log (I1, I2).
    Published,
    /// Primary: the start of the entry whose step was begun last.
    Begun,
    /// Primary: the end of the entry whose step has returned last. No effect of an entry leaves before.
    Applied,
    /// Primary: counts its turns and its entries: as long as it moves, the primary makes progress.
    Tick,
    /// Primary: what it is about to receive: see `intent`. Odd while it is being written.
    IntentSequence,
    /// Primary: the socket of the outstanding receive; 0 for none.
    IntentSocket,
    /// Primary: the position in that socket's stream.
    IntentOffset,
    /// Primary: where in the ring the octets go.
    IntentPlace,
    /// Primary: at most how many.
    IntentLength,
    /// Primary: the log's oldest octet that is still whole.
    Tail,
    /// Primary: when its loop must run at the latest, by [`Kernel::now`](super::kernel::Kernel);
    /// `u64::MAX` for never.
    Deadline,
    /// Primary: 1 while it is in a turn or knows of work that waits, 0 while it may sleep until its deadline.
    Working,
    /// Primary: the epoch that it writes in.
    Epoch,
    /// Primary: 1 when it hands over on purpose and will write no more.
    Released,
    /// Primary: one more than the number of the entry beyond [`Word::Applied`] that a takeover set about to apply
    /// last. A second process that finds the same entry knows that it has been died in before.
    Attempted,
    /// Primary: the end of the log at which [`Word::Trail`] held, or will hold when [`Word::Applied`] says so.
    TrailEnd,
    /// Primary: [`State::trail`](super::state::State::trail) there: what a standby must have come to as well before it
    /// leads (I6).
    Trail,
    /// Primary: the same once more: the two are written in turn, so that one of them is always that of
    /// [`Word::Applied`].
    OtherTrailEnd,
    /// Primary: see [`Word::OtherTrailEnd`].
    OtherTrail,
    /// Twin: the end of the last entry that it has applied.
    TwinApplied,
    /// Twin: the number of that entry.
    TwinEntry,
    /// Twin: the time of that entry.
    TwinTime,
    /// Twin: counts its turns.
    TwinTick,
    /// Twin: 1 while it sleeps and wants to be woken.
    TwinSleeps,
    /// Twin: how it stands, see `standby`.
    TwinState,
    /// Twin: the last digest it compared: the entry.
    TwinDigestEntry,
    /// Twin: the value that it came to.
    TwinDigest,
    /// Keeper: the end of the log that the newest whole checkpoint holds.
    Checkpoint,
    /// Keeper: counts its turns.
    KeeperTick,
}

impl Word {
    /// How many words there are: each has the place of its number.
    pub const COUNT: usize = Word::KeeperTick as usize + 1;
}

/// Shared memory: a ring of octets addressed by positions that never wrap, and the words.
///
/// A process that is not primary reads only; what it reads may be anything, since a primary that goes wild can
/// write anything before it dies. So it reads by copying, and looks at the copy.
pub trait Memory {
    /// Octets of the ring.
    fn capacity(&self) -> u64;

    /// Copies what lies at `position` to the end of `into`.
    fn read(&self, position: u64, length: usize, into: &mut Vec<u8>);

    /// The octets at `position`, in one piece also where the ring ends; `length` is at most the capacity. Only
    /// for the primary.
    fn octets(&self, position: u64, length: usize) -> &[u8];

    /// The same, to be written.
    fn octets_mut(&mut self, position: u64, length: usize) -> &mut [u8];

    /// Loads a word.
    fn load(&self, word: Word) -> u64;

    /// Stores a word. Only for the side that it belongs to.
    fn store(&mut self, word: Word, value: u64);
}
