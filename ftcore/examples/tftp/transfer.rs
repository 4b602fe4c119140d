//! One file on its way: blocks, one after the other, each sent again until it is answered.

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::netascii::{self, Place};
use crate::packet::{self, Direction, Mode, Packet, Refusal, Request};
use crate::parts::disk::{Answer, Work};

/// A block where no option says otherwise.
const BLOCK_SIZE: u16 = 512;
/// A packet is sent again after so many seconds where no option says otherwise, and so often.
const TIMEOUT_S: u8 = 1;
const TRIES: u32 = 8;
/// A client that sends a file is given up after so long without a block.
const SILENCE_S: u64 = 30;
/// So long a client may ask again whether its last block has come.
const LINGER_S: u64 = 15;
/// A file is read in slices of so many octets, or of a block.
const SLICE: usize = 8 * 1024;

/// What a transfer wants next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// This packet sent, and an answer.
    Send(Bytes),
    /// This done on the disk, and an answer.
    Work(Work),
    /// Nothing: what came was no answer.
    Wait,
    /// To be over.
    End,
    /// To be over, and the client told why.
    Fail(Refusal),
}

/// A transfer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Transfer {
    request: Request,
    phase: Phase,
    /// The last block sent or taken.
    block: u64,
    /// What was sent last, to be sent again.
    last: Bytes,
    tries: u32,
    /// To the client: the file's version, and octets that are read and not sent.
    version: u64,
    buffer: BytesMut,
    /// From the client: where the file lies before it is whole; the last octet's place in a text.
    unfinished: String,
    place: Place,
    /// Octets of the file that are read or written.
    done: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// What is of that name?
    Looking,
    /// The options are granted; their acknowledgement is awaited.
    Offered,
    /// More of the file.
    Reading,
    /// A block's acknowledgement is awaited; after the last one it is over.
    Sent { last: bool },
    /// A block is awaited.
    Awaiting,
    /// A block is being written.
    Writing { last: bool },
    /// The file is whole and gets its name.
    Finishing,
    /// All is done, but the client may not know it.
    Finished,
}

impl Transfer {
    /// A transfer that was asked for, and the first work for it. `unfinished` is a name that no other has.
    pub fn new(request: Request, unfinished: String) -> (Transfer, Work) {
        let work = Work::Look { path: request.path.clone() };
        let transfer = Transfer {
            request,
            phase: Phase::Looking,
            block: 0,
            last: Bytes::new(),
            tries: 0,
            version: 0,
            buffer: BytesMut::new(),
            unfinished,
            place: Place::default(),
            done: 0,
        };
        (transfer, work)
    }

    /// Whether this request is the one that this transfer has just begun to answer: the client is impatient.
    pub fn began_with(&self, request: &Request) -> bool {
        // The answer to the question for the length stands in place of the question.
        let same = Request { length: self.request.length, ..request.clone() };
        self.block == 0 && self.request == same
    }

    /// Microseconds until what was sent is sent again, or until the transfer is forgotten.
    pub fn timeout_us(&self) -> u64 {
        let timeout_s = u64::from(self.request.timeout_s.unwrap_or(TIMEOUT_S));
        1_000_000
            * match self.phase {
                Phase::Finished => timeout_s.max(LINGER_S),
                Phase::Awaiting if self.block > 0 => timeout_s.max(SILENCE_S),
                _ => timeout_s,
            }
    }

    /// What to remove when the transfer is over before its end.
    pub fn remains(&self) -> Option<Work> {
        let unfinished = matches!(self.phase, Phase::Awaiting | Phase::Writing { .. });
        unfinished.then(|| Work::Discard { path: self.unfinished.clone() })
    }

    /// No answer has come in time.
    pub fn run_out(&mut self) -> Next {
        self.tries += 1;
        match self.phase {
            Phase::Looking | Phase::Reading | Phase::Writing { .. } | Phase::Finishing => Next::Wait,
            Phase::Finished => Next::End,
            // A lost block is its sender's to send again. Some clients begin their wait anew with whatever comes,
            // and would wait for ever if they were reminded more often than they wait.
            Phase::Awaiting if self.block > 0 => Next::End,
            _ if self.tries >= TRIES => Next::End,
            Phase::Offered | Phase::Sent { .. } | Phase::Awaiting => Next::Send(self.last.clone()),
        }
    }

    /// The client has sent this.
    pub fn received(&mut self, packet: &Packet<'_>) -> Next {
        match (self.phase, packet) {
            (_, Packet::Error) => Next::End,
            (Phase::Offered, Packet::Acknowledgement { block: 0 }) => self.next_block(),
            // An acknowledgement that comes twice is not answered twice, or each block would be sent twice from
            // then on (RFC 1123 §4.2.3.1).
            (Phase::Sent { last }, Packet::Acknowledgement { block })
                if *block == packet::wrapped(self.block) =>
            {
                if last {
                    Next::End
                } else {
                    self.next_block()
                }
            }
            (Phase::Awaiting, Packet::Data { block, octets })
                if *block == packet::wrapped(self.block + 1) && octets.len() <= self.block_size() =>
            {
                self.write_block(octets)
            }
            (Phase::Awaiting | Phase::Finished, Packet::Data { block, .. })
                if *block == packet::wrapped(self.block) && self.block > 0 =>
            {
                Next::Send(packet::acknowledgement(self.block))
            }
            _ => Next::Wait,
        }
    }

    /// The disk has answered.
    pub fn answered(&mut self, answer: Answer<'_>) -> Next {
        match (self.phase, self.request.direction, answer) {
            (Phase::Looking, Direction::ToClient, Answer::File { length, version, .. }) => {
                self.version = version;
                // How long a text becomes is known when it is read: the option is passed over then.
                let known = self.request.length.filter(|_| self.request.mode == Mode::Octet);
                self.request.length = known.map(|_| length);
                match packet::options(&self.request) {
                    Some(options) => self.send(Phase::Offered, options),
                    None => self.next_block(),
                }
            }
            (Phase::Looking, Direction::ToClient, _) => Next::Fail((1, "there is no such file")),
            (Phase::Looking, Direction::FromClient, Answer::Missing) => {
                let granted = packet::options(&self.request);
                self.send(Phase::Awaiting, granted.unwrap_or_else(|| packet::acknowledgement(0)))
            }
            (Phase::Looking, Direction::FromClient, _) => Next::Fail((6, "there is a file of this name")),
            (Phase::Reading, _, Answer::Octets(octets)) => {
                self.done += octets.len() as u64;
                match self.request.mode {
                    Mode::Octet => self.buffer.extend_from_slice(octets),
                    Mode::Netascii => {
                        let mut text = Vec::new();
                        netascii::encode(octets, &mut text);
                        self.buffer.extend_from_slice(&text);
                    }
                }
                if octets.len() < self.slice() && self.buffer.len() < self.block_size() {
                    return self.send_block();
                }
                self.next_block()
            }
            (Phase::Reading, ..) => Next::Fail((0, "the file is not what it was")),
            (Phase::Writing { last: false }, _, Answer::Done) => {
                self.send(Phase::Awaiting, packet::acknowledgement(self.block))
            }
            (Phase::Writing { last: true }, _, Answer::Done) => {
                self.phase = Phase::Finishing;
                let (from, to) = (self.unfinished.clone(), self.request.path.clone());
                Next::Work(Work::Finish { from, to, length: self.done })
            }
            (Phase::Finishing, _, Answer::Done) => {
                self.send(Phase::Finished, packet::acknowledgement(self.block))
            }
            (Phase::Finishing, _, answer) => {
                self.phase = Phase::Awaiting;
                Next::Fail(match answer {
                    Answer::Taken => (6, "there is a file of this name"),
                    Answer::Missing => (2, "there is no such folder"),
                    _ => (3, "the disk has refused the file"),
                })
            }
            (Phase::Writing { .. }, ..) => Next::Fail((3, "the disk has refused the file")),
            (Phase::Offered | Phase::Sent { .. } | Phase::Awaiting | Phase::Finished, ..) => Next::Wait,
        }
    }

    fn block_size(&self) -> usize {
        usize::from(self.request.block_size.unwrap_or(BLOCK_SIZE))
    }

    fn slice(&self) -> usize {
        self.block_size().max(SLICE)
    }

    fn send(&mut self, phase: Phase, packet: Bytes) -> Next {
        self.phase = phase;
        self.tries = 0;
        self.last = packet.clone();
        Next::Send(packet)
    }

    /// Sends a block when there is a whole one, and reads on first when there is not.
    fn next_block(&mut self) -> Next {
        if self.buffer.len() >= self.block_size() {
            return self.send_block();
        }
        self.phase = Phase::Reading;
        let (path, version, offset) = (self.request.path.clone(), self.version, self.done);
        let length = u32::try_from(self.slice()).unwrap_or(u32::MAX);
        Next::Work(Work::Read { path, version, offset, length })
    }

    fn send_block(&mut self) -> Next {
        let octets = self.buffer.split_to(self.buffer.len().min(self.block_size()));
        self.block += 1;
        let last = octets.len() < self.block_size();
        self.send(Phase::Sent { last }, packet::data(self.block, &octets))
    }

    fn write_block(&mut self, octets: &[u8]) -> Next {
        let last = octets.len() < self.block_size();
        let mut file = Vec::with_capacity(octets.len());
        match self.request.mode {
            Mode::Octet => file.extend_from_slice(octets),
            Mode::Netascii => self.place.decode(octets, &mut file),
        }
        self.block += 1;
        let offset = self.done;
        self.done += file.len() as u64;
        self.phase = Phase::Writing { last };
        Next::Work(Work::Write { path: self.unfinished.clone(), offset, octets: Bytes::from(file) })
    }
}
