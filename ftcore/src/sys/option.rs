//! Socket options that no library names.
//!
//! Every function is safe to call with any arguments. An option is one call of setsockopt with plain octets
//! that the caller owns for the time of the call; what the kernel makes of them is its answer.

use std::ffi::c_int;
use std::io;
use std::mem::size_of;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use ipnet::IpNet;

/// The longest key that the kernel takes (TCP_MD5SIG_MAXKEYLEN).
pub const MD5_KEY_OCTETS: usize = 80;
const TCP_MD5SIG_FLAG_PREFIX: u8 = 0x1;

/// `struct tcp_md5sig` of linux/tcp.h; the address is a `sockaddr_storage`.
#[repr(C, align(8))]
struct TcpMd5Sig {
    address: [u8; 128],
    flags: u8,
    prefix_length: u8,
    key_length: u16,
    interface: c_int,
    key: [u8; MD5_KEY_OCTETS],
}

/// Sets the TCP MD5 key (RFC 2385) for segments to and from the addresses of `from`, or removes it.
///
/// The interface has no part in it: the kernel takes only a VRF there, so two neighbors that have one
/// link-local address on two links must have one key.
///
/// # Errors
/// The kernel's: `ENOENT` where a key that is not there is removed, `EINVAL` for a key that is too long.
pub fn set_md5_key(socket: BorrowedFd<'_>, from: IpNet, key: Option<&[u8]>) -> io::Result<()> {
    let key = key.unwrap_or_default();
    let mut option = TcpMd5Sig {
        address: socket_address(from.network()),
        flags: TCP_MD5SIG_FLAG_PREFIX,
        prefix_length: from.prefix_len(),
        key_length: u16::try_from(key.len()).map_err(|_| io::ErrorKind::InvalidInput)?,
        interface: 0,
        key: [0; MD5_KEY_OCTETS],
    };
    option.key.get_mut(..key.len()).ok_or(io::ErrorKind::InvalidInput)?.copy_from_slice(key);
    set(socket, libc::IPPROTO_TCP, libc::TCP_MD5SIG_EXT, &option)
}

/// Sets the least TTL or hop limit of segments that are taken (RFC 5082).
///
/// # Errors
/// The kernel's.
pub fn set_min_ttl(socket: BorrowedFd<'_>, peer: IpAddr, least: u8) -> io::Result<()> {
    /// linux/in6.h; the library has it for other systems only.
    const IPV6_MINHOPCOUNT: c_int = 73;
    match peer {
        IpAddr::V4(_) => set(socket, libc::IPPROTO_IP, libc::IP_MINTTL, &c_int::from(least)),
        IpAddr::V6(_) => set(socket, libc::IPPROTO_IPV6, IPV6_MINHOPCOUNT, &c_int::from(least)),
    }
}

/// Sets the TTL or hop limit to send with; `None` is the system's.
///
/// # Errors
/// The kernel's.
pub fn set_ttl(socket: BorrowedFd<'_>, peer: IpAddr, ttl: Option<u8>) -> io::Result<()> {
    let value = ttl.map_or(-1, c_int::from);
    match peer {
        IpAddr::V4(_) => set(socket, libc::IPPROTO_IP, libc::IP_TTL, &value),
        IpAddr::V6(_) => set(socket, libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, &value),
    }
}

/// Marks what is sent as network control (class selector 6, RFC 4594 §3.1).
///
/// # Errors
/// The kernel's.
pub fn set_network_control(socket: BorrowedFd<'_>, address: IpAddr) -> io::Result<()> {
    const CS6: c_int = 0xc0;
    match address {
        IpAddr::V4(_) => set(socket, libc::IPPROTO_IP, libc::IP_TOS, &CS6),
        IpAddr::V6(_) => set(socket, libc::IPPROTO_IPV6, libc::IPV6_TCLASS, &CS6),
    }
}

/// Lets `connect` choose the port late, so that many connections from one address are no shortage.
///
/// # Errors
/// The kernel's.
pub fn set_bind_address_no_port(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, &c_int::from(1_u8))
}

/// A `sockaddr_in` or `sockaddr_in6` without port in the octets of a `sockaddr_storage`.
fn socket_address(address: IpAddr) -> [u8; 128] {
    let mut octets = [0; 128];
    match address {
        IpAddr::V4(v4) => {
            octets[..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
            octets[4..8].copy_from_slice(&v4.octets());
        }
        IpAddr::V6(v6) => {
            octets[..2].copy_from_slice(&(libc::AF_INET6 as u16).to_ne_bytes());
            octets[8..24].copy_from_slice(&v6.octets());
        }
    }
    octets
}

fn set<T>(socket: BorrowedFd<'_>, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: `value` is a live reference to `length` octets, which the kernel reads during the call and does
    // not keep; `T` is one of the two types above, neither with padding nor with pointers.
    let answer = unsafe {
        libc::setsockopt(socket.as_fd().as_raw_fd(), level, name, std::ptr::from_ref(value).cast(), length)
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_md5_option_has_the_kernels_size() {
        assert_eq!(size_of::<TcpMd5Sig>(), 216);
    }

    #[test]
    fn a_key_that_is_too_long_is_refused_here() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let from = "192.0.2.1/32".parse().unwrap();
        assert!(set_md5_key(socket.as_fd(), from, Some(&[b'x'; 81])).is_err());
        assert!(set_md5_key(socket.as_fd(), from, Some(&[b'x'; 80])).is_ok());
    }
}
