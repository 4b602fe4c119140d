//! The log: entries one after another in a ring, written by one process and read by others.
//!
//! The writer first makes sure that it overwrites nothing that is still needed, writes, and then stores
//! [`Word::Published`]; from that moment the entry is in the log (I1). The reader believes nothing: it copies an
//! entry out, checks it, checks that it was not overwritten meanwhile, and only then looks at it.

use serde::{Deserialize, Serialize};

use super::entry::{self, Content, Entry, EntryError, EntryNumber, Epoch, HEADER};
use super::input::{ConnId, Time};
use super::memory::{Memory, Word};

#[cfg(test)]
mod tests;

/// Where somebody is in the log: behind which entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The end of that entry, where the next one begins.
    pub position: u64,
    /// Its number; 0 before the first.
    pub number: EntryNumber,
    /// Its epoch.
    pub epoch: Epoch,
    /// Its time.
    pub time: Time,
}

impl Cursor {
    /// The cursor behind `entry`, which ends at `end`.
    #[must_use]
    pub fn behind(entry: &Entry<'_>, end: u64) -> Self {
        Cursor { position: end, number: entry.number, epoch: entry.epoch, time: entry.time }
    }
}

/// Why the log cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// What was to be read is overwritten.
    #[error("the log begins at {tail}, what is needed is at {position}")]
    Overrun {
        /// What was to be read.
        position: u64,
        /// Where the log begins.
        tail: u64,
    },
    /// The log's end is where it cannot be.
    #[error("the log cannot end at {limit}: it was read up to {position}")]
    Limit {
        /// What was to be read.
        position: u64,
        /// The end that was told.
        limit: u64,
    },
    /// What lies there is no entry.
    #[error("entry {} at {position} is damaged: {source}", .number.0)]
    Damaged {
        /// Where.
        position: u64,
        /// Which it should be.
        number: EntryNumber,
        /// How.
        source: EntryError,
    },
    /// What lies there is another entry than the next one.
    #[error("entry {} at {position} is not the next one after entry {} (epoch {}): it says number {} (epoch {})",
        .after.number.0 + 1, .after.number.0, .after.epoch.0, .found.number.0, .found.epoch.0)]
    Sequence {
        /// Where.
        position: u64,
        /// Behind which entry.
        after: Cursor,
        /// What it says of itself.
        found: Cursor,
    },
}

/// Reads the entry behind `cursor` from a log that ends at `limit`; `None` where that is the end. The answer is
/// a copy in `buffer`, checked, and the position of its end.
///
/// # Errors
/// Where the log cannot be read there.
pub fn read<'a>(
    memory: &impl Memory,
    cursor: &Cursor,
    limit: u64,
    buffer: &'a mut Vec<u8>,
) -> Result<Option<(Entry<'a>, u64)>, LogError> {
    let position = cursor.position;
    if position == limit {
        return Ok(None);
    }
    let left = limit.wrapping_sub(position);
    if limit < position || left > memory.capacity() {
        not_overrun(memory, position)?;
        return Err(LogError::Limit { position, limit });
    }
    let number = EntryNumber(cursor.number.0.wrapping_add(1));
    let damaged = |source| LogError::Damaged { position, number, source };
    not_overrun(memory, position)?;
    if left < HEADER as u64 {
        return Err(damaged(EntryError::Short(left as usize)));
    }
    buffer.clear();
    memory.read(position, HEADER, buffer);
    let payload = entry::payload_length(buffer);
    let whole = entry::length(payload);
    if whole > left {
        not_overrun(memory, position)?;
        return Err(damaged(EntryError::Length(payload as u64)));
    }
    buffer.clear();
    memory.read(position, HEADER + payload, buffer);
    not_overrun(memory, position)?;
    let entry = entry::parse(buffer).map_err(damaged)?;
    let end = position + whole;
    let found = Cursor::behind(&entry, end);
    if found.number != number || found.epoch < cursor.epoch || found.time < cursor.time {
        return Err(LogError::Sequence { position, after: *cursor, found });
    }
    Ok(Some((entry, end)))
}

/// Whether an entry that begins at `position` is said, by its header alone, to be a verdict.
pub(super) fn looks_like_verdict(memory: &impl Memory, position: u64, limit: u64) -> bool {
    if limit < position || limit - position < HEADER as u64 || limit - position > memory.capacity() {
        return false;
    }
    let mut header = Vec::with_capacity(HEADER);
    memory.read(position, HEADER, &mut header);
    entry::is_verdict(&header)
}

fn not_overrun(memory: &impl Memory, position: u64) -> Result<(), LogError> {
    let tail = memory.load(Word::Tail);
    if tail > position { Err(LogError::Overrun { position, tail }) } else { Ok(()) }
}

/// The ring has no room for an entry without overwriting what is still needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log is full: {missing} octets are missing")]
pub struct Full {
    /// How many octets are missing.
    pub missing: u64,
}

/// Writes the log. There is one, in the primary.
#[derive(Debug)]
pub struct Writer {
    /// Behind the last entry written.
    cursor: Cursor,
    tail: u64,
    scratch: Vec<u8>,
}

impl Writer {
    /// A writer that goes on behind `cursor` in the epoch `epoch`.
    pub fn new(memory: &impl Memory, cursor: Cursor, epoch: Epoch) -> Self {
        let cursor = Cursor { epoch, ..cursor };
        Writer { cursor, tail: memory.load(Word::Tail), scratch: Vec::new() }
    }

    /// Behind the last entry written.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The log's oldest octet.
    #[must_use]
    pub fn tail(&self) -> u64 {
        self.tail
    }

    /// Where the payload of the next entry will lie.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.cursor.position + HEADER as u64
    }

    /// How many octets are missing, if an entry with so many octets of payload is to be written and what lies
    /// from `floor` on is to be kept.
    #[must_use]
    pub fn missing(&self, memory: &impl Memory, payload: usize, floor: u64) -> u64 {
        let end = self.cursor.position + entry::length(payload);
        end.saturating_sub(memory.capacity()).saturating_sub(floor.min(self.cursor.position))
    }

    /// Makes room for an entry with so many octets of payload. What lies from `floor` on is kept.
    ///
    /// # Errors
    /// Where that cannot be; then nothing was changed.
    pub fn make_room(&mut self, memory: &mut impl Memory, payload: usize, floor: u64) -> Result<(), Full> {
        let missing = self.missing(memory, payload, floor);
        if missing > 0 {
            return Err(Full { missing });
        }
        let end = self.cursor.position + entry::length(payload);
        let tail = end.saturating_sub(memory.capacity());
        if tail > self.tail {
            self.tail = tail;
            memory.store(Word::Tail, tail);
        }
        Ok(())
    }

    /// Writes an entry and publishes it. What lies from `floor` on is kept.
    ///
    /// # Errors
    /// Where there is no room for it; then nothing was changed.
    pub fn append<'a>(
        &mut self,
        memory: &mut impl Memory,
        (time, content): (Time, Content<'a>),
        floor: u64,
    ) -> Result<(Entry<'a>, u64), Full> {
        let mut payload = std::mem::take(&mut self.scratch);
        payload.clear();
        content.emit(&mut payload);
        let room = self.make_room(memory, payload.len(), floor);
        if room.is_ok() {
            memory.octets_mut(self.place(), payload.len()).copy_from_slice(&payload);
        }
        let length = payload.len();
        self.scratch = payload;
        room.map(|()| self.finish(memory, time, content, length))
    }

    /// Makes an entry of octets that were received at [`Writer::place`], where room was made for them, and
    /// publishes it. The answer is the cursor behind it.
    pub fn received(&mut self, memory: &mut impl Memory, time: Time, conn: ConnId, count: usize) -> Cursor {
        self.finish(memory, time, Content::Received { conn, octets: &[] }, count);
        self.cursor
    }

    fn finish<'a>(
        &mut self,
        memory: &mut impl Memory,
        time: Time,
        content: Content<'a>,
        payload: usize,
    ) -> (Entry<'a>, u64) {
        let start = self.cursor.position;
        let length = entry::length(payload);
        let entry = Entry {
            number: EntryNumber(self.cursor.number.0 + 1),
            epoch: self.cursor.epoch,
            time: time.max(self.cursor.time),
            content,
        };
        let whole = memory.octets_mut(start, length as usize);
        whole[HEADER + payload..].fill(0);
        entry.seal(&mut whole[..HEADER + payload]);
        self.cursor = Cursor::behind(&entry, start + length);
        memory.store(Word::Published, self.cursor.position);
        (entry, self.cursor.position)
    }
}
