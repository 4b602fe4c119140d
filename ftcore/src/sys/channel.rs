//! A channel between two processes: packets in order, each with descriptors, over a `SOCK_SEQPACKET` socket.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType,
};

/// The longest packet.
const LONGEST: usize = 1 << 16;
/// The most descriptors in a packet.
const DESCRIPTORS: usize = 4;

/// One end.
#[derive(Debug)]
pub struct Channel(OwnedFd);

/// Octets and the descriptors that came with them.
pub type Packet = (Vec<u8>, Vec<OwnedFd>);

impl Channel {
    /// Both ends of a new channel.
    ///
    /// # Errors
    /// The kernel's.
    pub fn pair() -> io::Result<(Channel, Channel)> {
        let (one, other) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags(), None)?;
        Ok((Channel(one), Channel(other)))
    }

    /// The end behind a descriptor that was inherited or passed.
    #[must_use]
    pub fn from_descriptor(descriptor: OwnedFd) -> Channel {
        Channel(descriptor)
    }

    /// Its descriptor.
    #[must_use]
    pub fn into_descriptor(self) -> OwnedFd {
        self.0
    }

    /// An end of a channel to who listens at `path`.
    ///
    /// # Errors
    /// The kernel's; nobody may be there.
    pub fn connect(path: &Path) -> io::Result<Channel> {
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags(), None)?;
        rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
        Ok(Channel(socket))
    }

    /// Sends a packet, which is not empty.
    ///
    /// # Errors
    /// `WouldBlock` where there is no room; else the kernel's.
    pub fn send(&self, octets: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let send_flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        let sent = rustix::net::sendmsg(&self.0, &[IoSlice::new(octets)], &mut ancillary, send_flags)?;
        if sent == octets.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }

    /// The next packet.
    ///
    /// # Errors
    /// `WouldBlock` where there is none; `UnexpectedEof` where the other end is closed. `InvalidData` where the
    /// packet, or its descriptors, could not be taken whole: what was meant to be held is not, so this is never
    /// to be passed over (a limit of descriptors does it). Else the kernel's.
    pub fn receive(&self) -> io::Result<Packet> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut octets = vec![0; LONGEST];
        let receive_flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
        let mut parts = [IoSliceMut::new(&mut octets)];
        let received = rustix::net::recvmsg(&self.0, &mut parts, &mut ancillary, receive_flags)?;
        let mut descriptors = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        if received.flags.intersects(ReturnFlags::CTRUNC | ReturnFlags::TRUNC) {
            let why = "a packet or its descriptors were cut; is the limit of open files reached?";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        if received.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        octets.truncate(received.bytes);
        Ok((octets, descriptors))
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn flags() -> SocketFlags {
    SocketFlags::CLOEXEC | SocketFlags::NONBLOCK
}

/// Where channels are asked for.
#[derive(Debug)]
pub struct Door(OwnedFd);

impl Door {
    /// A new one at `path`, in the place of what is there, for processes of the same user alone.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open(path: &Path) -> io::Result<Door> {
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags(), None)?;
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
        rustix::fs::chmod(path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
        rustix::net::listen(&socket, 16)?;
        Ok(Door(socket))
    }

    /// The next one who asks, and its process; only of the own user or of root.
    ///
    /// # Errors
    /// `WouldBlock` where nobody asks; `PermissionDenied` for somebody else's process; else the kernel's.
    pub fn accept(&self) -> io::Result<(Channel, u32)> {
        let socket = rustix::net::accept_with(&self.0, flags())?;
        let peer = rustix::net::sockopt::socket_peercred(&socket)?;
        if !peer.uid.is_root() && peer.uid != rustix::process::geteuid() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let pid = u32::try_from(peer.pid.as_raw_nonzero().get()).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok((Channel(socket), pid))
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_and_descriptors_come_in_order_also_after_the_sender_is_gone() {
        let (one, other) = Channel::pair().unwrap();
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        one.send(b"first", &[]).unwrap();
        one.send(b"second", &[reader.as_fd()]).unwrap();
        drop((one, reader));
        assert_eq!(other.receive().unwrap().0, b"first");
        let (octets, descriptors) = other.receive().unwrap();
        assert_eq!((octets.as_slice(), descriptors.len()), (&b"second"[..], 1));
        rustix::io::write(&writer, b"x").unwrap();
        assert_eq!(rustix::io::read(&descriptors[0], &mut [0_u8; 8]).unwrap(), 1);
        assert_eq!(other.receive().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(other.send(b"x", &[]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn who_comes_through_the_door_is_known() {
        let path = std::env::temp_dir().join(format!("ftcore-door-{}.sock", std::process::id()));
        let door = Door::open(&path).unwrap();
        assert_eq!(door.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let channel = Channel::connect(&path).unwrap();
        let (here, pid) = door.accept().unwrap();
        assert_eq!(pid, std::process::id());
        assert_eq!(channel.receive().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        here.send(b"hello", &[]).unwrap();
        assert_eq!(channel.receive().unwrap().0, b"hello");
        std::fs::remove_file(&path).unwrap();
    }
}
