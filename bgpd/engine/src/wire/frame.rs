//! Framing: where one message ends and the next begins (RFC 4271 §4.1, §6.1; RFC 8654).

use alloc::vec::Vec;

use super::Notification;

/// The header's octets: marker, length, type.
pub const HEADER_LEN: usize = 19;
/// The most octets of a message, header and all (RFC 4271 §4).
pub const MAX_LEN: usize = 4096;
/// The most octets of a message where extended messages are agreed on (RFC 8654 §2).
pub const MAX_EXTENDED_LEN: usize = 65535;

const MARKER: [u8; 16] = [0xff; 16];

/// A message's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// OPEN.
    Open = 1,
    /// UPDATE.
    Update = 2,
    /// NOTIFICATION.
    Notification = 3,
    /// KEEPALIVE.
    Keepalive = 4,
    /// ROUTE-REFRESH (RFC 2918).
    RouteRefresh = 5,
}

impl MessageType {
    const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            1 => Some(MessageType::Open),
            2 => Some(MessageType::Update),
            3 => Some(MessageType::Notification),
            4 => Some(MessageType::Keepalive),
            5 => Some(MessageType::RouteRefresh),
            _ => None,
        }
    }

    /// The least and the most octets of a message of this type, where `max_len` is the session's limit.
    const fn len_range(self, max_len: usize) -> (usize, usize) {
        match self {
            //= rfc8654#section-4
            //# The BGP Extended Message Capability applies to all messages except for OPEN and KEEPALIVE messages.
            MessageType::Open => (29, if max_len < MAX_LEN { max_len } else { MAX_LEN }),
            MessageType::Update => (23, max_len),
            MessageType::Notification => (21, max_len),
            MessageType::Keepalive => (HEADER_LEN, HEADER_LEN),
            MessageType::RouteRefresh => (23, max_len),
        }
    }
}

/// One message in its octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The message's type.
    pub kind: MessageType,
    /// The octets after the header.
    pub body: &'a [u8],
    /// The octets with the header: where the next message begins.
    pub len: usize,
}

/// The first message in `buf`, `None` if it is not all there yet. The error is what to tell the peer.
#[inline]
pub fn next(buf: &[u8], max_len: usize) -> Result<Option<Frame<'_>>, Notification> {
    let Some((header, rest)) = buf.split_first_chunk::<HEADER_LEN>() else { return Ok(None) };
    let [marker @ .., high, low, kind] = header;
    //= rfc4271#section-6.1
    //# If the Marker field of the message header is not as expected, then a synchronization error has occurred
    if marker != &MARKER {
        return Err(Notification::connection_not_synchronized());
    }
    let Some(kind) = MessageType::from_octet(*kind) else {
        return Err(Notification::bad_message_type(*kind));
    };
    let len = u16::from_be_bytes([*high, *low]);
    let (least, most) = kind.len_range(max_len);
    //= rfc4271#section-6.1
    //# then the Error Subcode MUST be set to Bad Message Length.  The Data field MUST contain the erroneous
    //# Length field.
    if usize::from(len) < least || usize::from(len) > most {
        return Err(Notification::bad_message_length(len));
    }
    let len = usize::from(len);
    Ok(rest.get(..len - HEADER_LEN).map(|body| Frame { kind, body, len }))
}

/// Appends a header whose length is not yet known; [`close`] writes it. Gives the message's start.
pub(super) fn open(kind: MessageType, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&[0, 0, kind as u8]);
    start
}

/// Writes the length of the message that began at `start` and ends here.
pub(super) fn close(start: usize, out: &mut [u8]) {
    let len = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
    out[start + MARKER.len()..start + MARKER.len() + 2].copy_from_slice(&len.to_be_bytes());
}

/// Appends a message whose body `body` appends.
pub(super) fn emit(kind: MessageType, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = open(kind, out);
    body(out);
    close(start, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(len: u16, kind: u8) -> Vec<u8> {
        let mut octets = MARKER.to_vec();
        octets.extend(len.to_be_bytes());
        octets.push(kind);
        octets
    }

    #[test]
    fn a_message_is_found_when_its_last_octet_is_there() {
        let mut octets = header(23, 2);
        octets.extend([0, 0, 0, 0, 0xff]);
        for len in 0..23 {
            assert_eq!(next(&octets[..len], MAX_LEN), Ok(None));
        }
        let frame = next(&octets, MAX_LEN).unwrap().unwrap();
        assert_eq!(frame, Frame { kind: MessageType::Update, body: &[0; 4], len: 23 });
    }

    #[test]
    fn each_header_error_has_its_subcode_and_data() {
        let mut bad_marker = header(19, 4);
        bad_marker[3] = 0;
        let cases = [
            (bad_marker, (1, 1, Vec::new())),
            (header(19, 6), (1, 3, [6].to_vec())),
            (header(19, 0), (1, 3, [0].to_vec())),
            (header(18, 4), (1, 2, [0, 18].to_vec())),
            (header(20, 4), (1, 2, [0, 20].to_vec())),
            (header(28, 1), (1, 2, [0, 28].to_vec())),
            (header(22, 2), (1, 2, [0, 22].to_vec())),
            (header(20, 3), (1, 2, [0, 20].to_vec())),
            (header(22, 5), (1, 2, [0, 22].to_vec())),
            (header(4097, 2), (1, 2, [16, 1].to_vec())),
        ];
        for (octets, (code, subcode, data)) in cases {
            assert_eq!(next(&octets, MAX_LEN), Err(Notification { code, subcode, data }), "{octets:?}");
        }
    }

    #[test]
    fn extended_messages_are_long_but_for_open() {
        assert_eq!(next(&header(65535, 2), MAX_EXTENDED_LEN), Ok(None));
        assert!(next(&header(4097, 1), MAX_EXTENDED_LEN).is_err());
        assert_eq!(next(&header(4096, 1), MAX_EXTENDED_LEN), Ok(None));
    }
}
