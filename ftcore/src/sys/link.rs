//! A link between two processes of a program: messages with descriptors, each a packet, in order.
//!
//! Sending never blocks: what the other side does not take yet waits here, with duplicates of its descriptors.
//! A message that was sent is the other side's even if this process dies now, and so is a descriptor in it.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::channel::{Channel, ChannelError};
use super::message::Message;

/// One end of a link.
#[derive(Debug)]
pub struct Link {
    channel: Channel,
    waiting: VecDeque<(Vec<u8>, Vec<OwnedFd>)>,
}

/// A message that came.
#[derive(Debug)]
pub struct Parcel<M> {
    /// What it says.
    pub message: M,
    /// What it brought, as many as [`Message::descriptors`] says.
    pub descriptors: Vec<OwnedFd>,
}

impl<M> Parcel<M> {
    /// The message and its one descriptor, if it has one.
    #[must_use]
    pub fn first(&mut self) -> Option<OwnedFd> {
        if self.descriptors.is_empty() { None } else { Some(self.descriptors.remove(0)) }
    }
}

/// Whether something was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Sent {
    /// It is the other side's.
    Yes,
    /// There was no room.
    No,
}

impl Link {
    /// The link over this end of a channel.
    #[must_use]
    pub fn new(channel: Channel) -> Link {
        Link { channel, waiting: VecDeque::new() }
    }

    /// Sends, now or when there is room.
    ///
    /// # Errors
    /// The kernel's: the other side is gone, or there is no room for descriptors. The link is of no use then.
    pub fn send<M: Message>(&mut self, message: &M, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        assert_eq!(message.descriptors(), descriptors.len(), "a message with other descriptors than it has");
        let octets = rmp_serde::to_vec_named(message).map_err(io::Error::other)?;
        if self.waiting.is_empty() {
            match self.channel.send(&octets, descriptors) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
        let kept = descriptors.iter().map(BorrowedFd::try_clone_to_owned).collect::<io::Result<_>>()?;
        self.waiting.push_back((octets, kept));
        Ok(())
    }

    /// Sends now, before anything else is said by anybody here; whether there was room. Where there was not, nothing
    /// has happened.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn send_now<M: Message>(&mut self, message: &M, descriptors: &[BorrowedFd<'_>]) -> io::Result<Sent> {
        assert_eq!(message.descriptors(), descriptors.len(), "a message with other descriptors than it has");
        self.flush()?;
        if !self.waiting.is_empty() {
            return Ok(Sent::No);
        }
        let octets = rmp_serde::to_vec_named(message).map_err(io::Error::other)?;
        match self.channel.send(&octets, descriptors) {
            Ok(()) => Ok(Sent::Yes),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Sent::No),
            Err(error) => Err(error),
        }
    }

    /// Sends what waits, as far as there is room.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn flush(&mut self) -> io::Result<()> {
        while let Some((octets, descriptors)) = self.waiting.front() {
            let borrowed: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
            match self.channel.send(octets, &borrowed) {
                Ok(()) => drop(self.waiting.pop_front()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How many messages wait for room: then [`Link::flush`] is due when the channel is writable.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next message, if one is there.
    ///
    /// # Errors
    /// Where the other side is gone, or what came is no such message. The link is of no use then.
    pub fn receive<M: Message>(&mut self) -> Result<Option<Parcel<M>>, ChannelError> {
        let Some(received) = self.channel.receive()? else { return Ok(None) };
        let descriptors = received.descriptors;
        let garbage = |_| ChannelError::Garbage("it cannot be read");
        let message: M = rmp_serde::from_slice(&received.message).map_err(garbage)?;
        if message.descriptors() != descriptors.len() {
            return Err(ChannelError::Garbage("it brings more or fewer descriptors than it says"));
        }
        Ok(Some(Parcel { message, descriptors }))
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}
