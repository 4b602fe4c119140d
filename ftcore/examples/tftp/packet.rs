//! Packets of TFTP (RFC 1350 §5) and its options (RFC 2347, 2348, 2349).

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

/// A packet from a client.
#[derive(Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    Request(Request),
    Data { block: u16, octets: &'a [u8] },
    Acknowledgement { block: u16 },
    Error,
}

/// A request to send or to take a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub direction: Direction,
    pub path: String,
    pub mode: Mode,
    /// Octets in a block.
    pub block_size: Option<u16>,
    /// Seconds until something is sent again.
    pub timeout_s: Option<u8>,
    /// The length of a file that is to be taken; 0 asks for that of one that is to be sent.
    pub length: Option<u64>,
}

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    ToClient,
    FromClient,
}

/// How a file's octets become those of the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// As they are.
    Octet,
    /// Lines end with CR LF, and a CR is CR NUL.
    Netascii,
}

/// Why a request or a transfer is refused: the codes of RFC 1350 and RFC 2347, each with a text.
pub type Refusal = (u16, &'static str);

/// Reads a packet; `None` for what is none.
///
/// # Errors
/// How to refuse a request that cannot be understood.
pub fn parse(octets: &[u8]) -> Result<Option<Packet<'_>>, Refusal> {
    let Some((operation, rest)) = number(octets) else { return Ok(None) };
    Ok(match (operation, number(rest)) {
        (1, _) => Some(Packet::Request(request(Direction::ToClient, rest)?)),
        (2, _) => Some(Packet::Request(request(Direction::FromClient, rest)?)),
        (3, Some((block, octets))) => Some(Packet::Data { block, octets }),
        (4, Some((block, _))) => Some(Packet::Acknowledgement { block }),
        (5, _) => Some(Packet::Error),
        _ => None,
    })
}

fn number(octets: &[u8]) -> Option<(u16, &[u8])> {
    let (number, rest) = octets.split_first_chunk()?;
    Some((u16::from_be_bytes(*number), rest))
}

fn request(direction: Direction, octets: &[u8]) -> Result<Request, Refusal> {
    let malformed = (4, "the request is malformed");
    let text = std::str::from_utf8(octets).map_err(|_| malformed)?;
    let mut words = text.strip_suffix('\0').ok_or(malformed)?.split('\0');
    let (name, mode) = words.next().zip(words.next()).ok_or(malformed)?;
    let mode = match mode.to_ascii_lowercase().as_str() {
        "octet" => Mode::Octet,
        "netascii" => Mode::Netascii,
        _ => return Err((4, "the mode is neither octet nor netascii")),
    };
    let path = path(name)?;
    let mut request = Request { direction, path, mode, block_size: None, timeout_s: None, length: None };
    //= rfc2347#section-3
    //# an option not acknowledged by the server must be ignored by the client and server as if it were never
    //# requested.
    while let Some((option, value)) = words.next().zip(words.next()) {
        match option.to_ascii_lowercase().as_str() {
            "blksize" => request.block_size = value.parse().ok().filter(|size| (8..=65464).contains(size)),
            "timeout" => request.timeout_s = value.parse().ok().filter(|timeout_s| *timeout_s > 0),
            "tsize" => request.length = value.parse().ok(),
            _ => {}
        }
    }
    Ok(request)
}

/// A name as a path below the folder. No part of it steps up, and none is hidden.
fn path(name: &str) -> Result<String, Refusal> {
    let parts: Vec<_> = name.split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() || parts.iter().any(|part| part.starts_with('.')) {
        return Err((2, "this name is not for clients"));
    }
    Ok(parts.join("/"))
}

/// A block of a file. Numbers go round: after block 65535 comes 0.
pub fn data(block: u64, octets: &[u8]) -> Bytes {
    let mut packet = BytesMut::with_capacity(4 + octets.len());
    packet.put_u16(3);
    packet.put_u16(wrapped(block));
    packet.put_slice(octets);
    packet.freeze()
}

/// A block is taken.
pub fn acknowledgement(block: u64) -> Bytes {
    Bytes::from([4_u16.to_be_bytes(), wrapped(block).to_be_bytes()].concat())
}

/// A refusal.
pub fn error((code, text): Refusal) -> Bytes {
    Bytes::from([&5_u16.to_be_bytes(), &code.to_be_bytes(), text.as_bytes(), b"\0"].concat())
}

/// The options of a request that are granted; `None` when it has none.
pub fn options(request: &Request) -> Option<Bytes> {
    let options = [
        ("blksize", request.block_size.map(u64::from)),
        ("timeout", request.timeout_s.map(u64::from)),
        ("tsize", request.length),
    ];
    let granted = options.into_iter().filter_map(|(name, value)| Some(format!("{name}\0{}\0", value?)));
    let granted: String = granted.collect();
    (!granted.is_empty()).then(|| Bytes::from([&6_u16.to_be_bytes(), granted.as_bytes()].concat()))
}

/// A block's number as packets bear it.
#[expect(clippy::cast_possible_truncation, reason = "numbers of blocks go round")]
pub fn wrapped(block: u64) -> u16 {
    block as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_understood() {
        let parsed = parse(b"\0\x01/a//b\0OCTET\0BlkSize\x008\0x\0y\0timeout\x00300\0tsize\x000\0");
        let expected = Request {
            direction: Direction::ToClient,
            path: "a/b".to_owned(),
            mode: Mode::Octet,
            block_size: Some(8),
            timeout_s: None,
            length: Some(0),
        };
        assert_eq!(options(&expected).unwrap(), &b"\0\x06blksize\x008\0tsize\x000\0"[..]);
        assert_eq!(parsed, Ok(Some(Packet::Request(expected))));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (octets, code) in [
            (&b"\0\x01a\0octet"[..], 4),
            (b"\0\x01a\0", 4),
            (b"\0\x02a\0mail\0", 4),
            (b"\0\x01\xff\0octet\0", 4),
            (b"\0\x01\0octet\0", 2),
            (b"\0\x01../a\0octet\0", 2),
            (b"\0\x02a/.hidden\0octet\0", 2),
        ] {
            assert_eq!(parse(octets).unwrap_err().0, code, "{:?}", octets.escape_ascii().to_string());
        }
        for octets in
            [&b""[..], b"\0", b"\0\0", b"\0\x03\0", b"\0\x04", b"\0\x06a\0b\0", b"\x01\x01a\0octet\0"]
        {
            assert_eq!(parse(octets), Ok(None));
        }
    }
}
