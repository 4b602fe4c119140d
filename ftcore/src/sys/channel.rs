//! Messages with descriptors between the processes of one program.
//!
//! A channel is a SOCK_SEQPACKET pair: a message arrives whole or not at all, with all its descriptors, in
//! order, and its end is seen when the other side dies. Nothing here blocks. What the messages say is their
//! owners' matter, and so is not trusting them.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType, UCred, sockopt,
};

/// The largest message.
pub const MESSAGE_OCTETS: usize = 64 << 10;
/// The most descriptors that one message brings (the kernel's SCM_MAX_FD is 253).
pub const DESCRIPTORS: usize = 240;
/// What may wait in each direction, where the system's limit allows it.
const BUFFER_OCTETS: usize = 4 << 20;

/// A message that came.
#[derive(Debug, Default)]
pub struct Received {
    /// What it says.
    pub message: Vec<u8>,
    /// What it brings: closed on exec, and not blocking.
    pub descriptors: Vec<OwnedFd>,
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The other side has ended or closed it.
    #[error("the other process has closed the channel")]
    Closed,
    /// The kernel could not give all descriptors: one of them is lost, so nothing that follows can be relied on.
    #[error("a passed descriptor was lost: the limit of open files is reached, raise it (ulimit -n)")]
    DescriptorLost,
    /// It sends what is no message.
    #[error("the other process sends what is no message: {0}")]
    Garbage(&'static str),
    /// The kernel's reason.
    #[error("the channel fails: {0}")]
    Kernel(#[from] io::Error),
}

/// One end of a channel.
#[derive(Debug)]
pub struct Channel(OwnedFd);

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

impl Channel {
    /// Both ends of a new one. They are closed on exec: see [`Channel::inherit`].
    ///
    /// # Errors
    /// The kernel's.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)?;
        Ok((Self::sized(one), Self::sized(other)))
    }

    /// The end that this process got with its descriptors.
    ///
    /// # Errors
    /// Where it is no end of a channel.
    pub fn from_descriptor(descriptor: OwnedFd) -> io::Result<Self> {
        let is_channel = sockopt::socket_type(&descriptor)? == SocketType::SEQPACKET
            && sockopt::socket_domain(&descriptor)? == AddressFamily::UNIX;
        if !is_channel {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        tame(&descriptor)?;
        Ok(Self::sized(descriptor))
    }

    /// Connects to the listener at `path`.
    ///
    /// # Errors
    /// The kernel's: `NotFound` or `ConnectionRefused` where nobody listens, `WouldBlock` where too many wait.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)?;
        rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
        Ok(Self::sized(socket))
    }

    fn sized(socket: OwnedFd) -> Self {
        // Where the limit is lower it is less: then a sender hears earlier that there is no room.
        let _ = sockopt::set_socket_send_buffer_size(&socket, BUFFER_OCTETS);
        Channel(socket)
    }

    /// The descriptor, left open over an exec.
    ///
    /// # Errors
    /// The kernel's.
    pub fn inherit(self) -> io::Result<OwnedFd> {
        rustix::io::fcntl_setfd(&self.0, rustix::io::FdFlags::empty())?;
        Ok(self.0)
    }

    /// Sends a message with descriptors, whole or not at all.
    ///
    /// # Errors
    /// The kernel's: `WouldBlock` where there is no room, `BrokenPipe` or `ConnectionReset` where the other side
    /// is gone; `InvalidInput` for a message that is empty, or too large, or brings too many.
    pub fn send(&self, message: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        // An empty one could not be told from the end.
        if message.is_empty() || message.len() > MESSAGE_OCTETS || descriptors.len() > DESCRIPTORS {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        loop {
            match rustix::net::sendmsg(&self.0, &[IoSlice::new(message)], &mut control, SendFlags::NOSIGNAL) {
                Ok(sent) if sent == message.len() => return Ok(()),
                // A message is taken whole.
                Ok(_) => return Err(io::ErrorKind::WriteZero.into()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The next message; `None` where none waits.
    ///
    /// # Errors
    /// Where none will come any more, or one was not whole. The channel is of no use then.
    pub fn receive(&self) -> Result<Option<Received>, ChannelError> {
        let mut message = vec![0; MESSAGE_OCTETS];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = loop {
            let mut into = [IoSliceMut::new(&mut message)];
            match rustix::net::recvmsg(&self.0, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Ok(received) => break received,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::CONNRESET) => return Err(ChannelError::Closed),
                Err(error) => return Err(ChannelError::Kernel(error.into())),
            }
        };
        let mut descriptors = Vec::new();
        for part in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = part {
                descriptors.extend(rights);
            }
        }
        if received.flags.contains(ReturnFlags::CTRUNC) {
            return Err(ChannelError::DescriptorLost);
        }
        if received.flags.contains(ReturnFlags::TRUNC) {
            return Err(ChannelError::Garbage("it is too large"));
        }
        if received.bytes == 0 {
            return Err(ChannelError::Closed);
        }
        for descriptor in &descriptors {
            tame(descriptor)?;
        }
        message.truncate(received.bytes);
        Ok(Some(Received { message, descriptors }))
    }

    /// Who made the other end, as the kernel noted it then.
    ///
    /// # Errors
    /// The kernel's.
    pub fn peer(&self) -> io::Result<UCred> {
        Ok(sockopt::socket_peercred(&self.0)?)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes a descriptor one that does not block. What has no such mode (a file) never does.
fn tame(descriptor: impl AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&descriptor)?;
    if !flags.contains(OFlags::NONBLOCK) {
        rustix::fs::fcntl_setfl(&descriptor, flags | OFlags::NONBLOCK)?;
    }
    Ok(())
}

/// Where channels are asked for by processes that have none.
#[derive(Debug)]
pub struct ChannelListener(OwnedFd);

impl ChannelListener {
    /// Listens at `path`, which must not exist; only this user can connect.
    ///
    /// # Errors
    /// The kernel's: `AddrInUse` where the path exists.
    pub fn open(path: &Path) -> io::Result<Self> {
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)?;
        rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
        // Nobody can connect before the next call but one.
        rustix::fs::chmod(path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
        rustix::net::listen(&socket, 64)?;
        Ok(ChannelListener(socket))
    }

    /// The next one; `None` where none waits.
    ///
    /// # Errors
    /// The kernel's.
    pub fn accept(&self) -> io::Result<Option<Channel>> {
        match rustix::net::accept_with(&self.0, FLAGS) {
            Ok(socket) => Ok(Some(Channel::sized(socket))),
            Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for ChannelListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn memory(tag: u8) -> OwnedFd {
        let file = rustix::fs::memfd_create("passed", rustix::fs::MemfdFlags::empty()).unwrap();
        rustix::io::pwrite(&file, &[tag], 0).unwrap();
        file
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_messages_arrive_whole_in_order_with_their_descriptors(
            sent in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..5000), 0..5_usize), 1..8),
        ) {
            let (one, other) = Channel::pair().unwrap();
            for (message, count) in &sent {
                let files: Vec<_> = (0..*count).map(|n| memory(n as u8)).collect();
                let borrowed: Vec<_> = files.iter().map(AsFd::as_fd).collect();
                one.send(message, &borrowed).unwrap();
            }
            for (message, count) in &sent {
                let received = other.receive().unwrap().unwrap();
                prop_assert_eq!(&received.message, message);
                prop_assert_eq!(received.descriptors.len(), *count);
                for (descriptor, tag) in received.descriptors.iter().zip(0..) {
                    let mut octet = [0];
                    rustix::io::pread(descriptor, &mut octet, 0).unwrap();
                    prop_assert_eq!(octet, [tag]);
                    let cloexec = rustix::io::fcntl_getfd(descriptor).unwrap();
                    prop_assert!(cloexec.contains(rustix::io::FdFlags::CLOEXEC));
                }
            }
            prop_assert!(other.receive().unwrap().is_none());
        }
    }

    #[test]
    fn passed_sockets_do_not_block() {
        let (one, other) = Channel::pair().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        one.send(b"x", &[listener.as_fd()]).unwrap();
        let passed = other.receive().unwrap().unwrap().descriptors;
        assert!(rustix::fs::fcntl_getfl(&passed[0]).unwrap().contains(OFlags::NONBLOCK));
    }

    #[test]
    fn a_full_channel_says_so_and_loses_nothing() {
        let (one, other) = Channel::pair().unwrap();
        let mut sent = 0_u32;
        let full = loop {
            match one.send(&sent.to_ne_bytes().repeat(1000), &[]) {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
        for n in 0..sent {
            assert_eq!(other.receive().unwrap().unwrap().message[..4], n.to_ne_bytes());
        }
        assert!(other.receive().unwrap().is_none());
    }

    #[test]
    fn the_end_is_seen_after_what_was_sent() {
        let (one, other) = Channel::pair().unwrap();
        one.send(b"last", &[]).unwrap();
        drop(one);
        assert_eq!(other.receive().unwrap().unwrap().message, b"last");
        assert!(matches!(other.receive(), Err(ChannelError::Closed)));
        assert!(other.send(b"x", &[]).is_err());
    }

    #[test]
    fn what_is_too_much_is_refused_and_what_comes_too_large_is_garbage() {
        let (one, other) = Channel::pair().unwrap();
        assert!(one.send(&[], &[]).is_err());
        assert!(one.send(&vec![0; MESSAGE_OCTETS + 1], &[]).is_err());
        rustix::net::send(&one, &vec![0; MESSAGE_OCTETS + 1], SendFlags::empty()).unwrap();
        assert!(matches!(other.receive(), Err(ChannelError::Garbage(_))));
    }

    #[test]
    fn only_channels_are_channels() {
        assert!(Channel::from_descriptor(memory(0)).is_err());
        let (stream, _) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(Channel::from_descriptor(stream.into()).is_err());
        let (one, _other) = Channel::pair().unwrap();
        assert!(Channel::from_descriptor(one.inherit().unwrap()).is_ok());
    }

    #[test]
    fn a_listener_knows_who_comes() {
        let path = std::env::temp_dir().join(format!("ftcore-channel-{}", std::process::id()));
        assert!(Channel::connect(&path).is_err());
        let listener = ChannelListener::open(&path).unwrap();
        assert!(listener.accept().unwrap().is_none());
        let near = Channel::connect(&path).unwrap();
        let far = listener.accept().unwrap().unwrap();
        assert_eq!(far.peer().unwrap().pid.as_raw_nonzero().get().cast_unsigned(), std::process::id());
        near.send(b"hello", &[]).unwrap();
        assert_eq!(far.receive().unwrap().unwrap().message, b"hello");
        assert!(ChannelListener::open(&path).is_err());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_lost_descriptor_is_an_error() {
        use super::super::fork::fork;
        use super::super::process::Exit;
        use rustix::process::{Resource, Rlimit, setrlimit};

        let (one, other) = Channel::pair().unwrap();
        let files: Vec<_> = (0..8).map(memory).collect();
        one.send(b"x", &files.iter().map(AsFd::as_fd).collect::<Vec<_>>()).unwrap();
        let child = fork(&[other.as_fd()], || {
            setrlimit(Resource::Nofile, Rlimit { current: Some(6), maximum: Some(6) }).unwrap();
            i32::from(matches!(other.receive(), Err(ChannelError::DescriptorLost)))
        });
        let end = child.unwrap().wait(std::time::Duration::from_secs(20));
        assert_eq!(end, Some(Exit::Status(1)));
    }
}
