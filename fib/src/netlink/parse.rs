//! What the kernel says, taken apart. Every length is checked; what does not fit ends the reading.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::abi;

/// The header of a message, in octets.
const HEADER: usize = 16;

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) sequence: u32,
    pub(crate) body: &'a [u8],
}

/// The messages of a datagram.
pub(crate) fn messages(octets: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(rest, 0)?).ok()?;
        let body = rest.get(HEADER..length)?;
        let message =
            Message { kind: u16_at(rest, 4)?, flags: u16_at(rest, 6)?, sequence: u32_at(rest, 8)?, body };
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    pub(crate) kind: u16,
    pub(crate) value: &'a [u8],
}

/// The attributes in `octets`.
pub(crate) fn attributes(octets: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let value = rest.get(4..length)?;
        let attribute = Attribute { kind: u16_at(rest, 2)? & abi::NLA_TYPE_MASK, value };
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(attribute)
    })
}

impl Attribute<'_> {
    pub(crate) fn u32(&self) -> Option<u32> {
        u32_at(self.value, 0)
    }

    /// An address of the family that its length says.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        address(self.value)
    }

    /// What is in an RTA_VIA.
    pub(crate) fn via(&self) -> Option<IpAddr> {
        address(self.value.get(2..)?)
    }
}

pub(crate) fn address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(Ipv4Addr::from(octets).into());
    }
    <[u8; 16]>::try_from(octets).ok().map(|octets| Ipv6Addr::from(octets).into())
}

pub(crate) fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    let octets = octets.get(at..at.checked_add(2)?)?;
    octets.try_into().ok().map(u16::from_ne_bytes)
}

pub(crate) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    let octets = octets.get(at..at.checked_add(4)?)?;
    octets.try_into().ok().map(u32::from_ne_bytes)
}

/// An answer to a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    /// The errno; 0 where all is well.
    pub(crate) errno: i32,
    /// What the kernel says of it, where it says something.
    pub(crate) words: Option<&'a str>,
}

/// What an NLMSG_ERROR says. The sockets of this crate ask for answers without the message that they answer
/// (NETLINK_CAP_ACK), of which only the header comes back.
pub(crate) fn answer<'a>(message: &Message<'a>) -> Option<Answer<'a>> {
    let errno = i32::from_ne_bytes(message.body.get(..4)?.try_into().ok()?).saturating_neg();
    let attributed = message.flags & abi::NLM_F_ACK_TLVS != 0;
    let behind = message.body.get(4 + HEADER..).filter(|_| attributed).unwrap_or_default();
    let words = attributes(behind).find(|attribute| attribute.kind == abi::NLMSGERR_ATTR_MSG);
    let words = words.and_then(|words| std::str::from_utf8(words.value).ok());
    Some(Answer { errno, words: words.map(|words| words.trim_end_matches('\0')) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::outgoing::Outgoing;
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut outgoing = Outgoing::default();
        let gateway = "2001:db8::1".parse().unwrap();
        outgoing.message(abi::RTM_NEWROUTE, abi::NLM_F_CREATE, |body| {
            body.fixed([7; 12]);
            body.attribute_u32(abi::RTA_OIF, 3);
            body.attribute_via(abi::RTA_VIA, gateway);
            body.attribute_address(abi::RTA_GATEWAY, gateway);
        });
        outgoing.message(abi::RTM_DELROUTE, 0, |body| body.fixed([8; 4]));
        outgoing.want_acknowledgement();
        let read: Vec<_> = messages(outgoing.octets()).collect();
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].kind, read[0].sequence), (abi::RTM_NEWROUTE, 0));
        assert_eq!(read[1].flags, abi::NLM_F_REQUEST | abi::NLM_F_ACK);
        assert_eq!((read[1].sequence, read[1].body), (1, &[8; 4][..]));
        let found: Vec<_> = attributes(&read[0].body[12..]).collect();
        assert_eq!(found[0].u32(), Some(3));
        assert_eq!(found[1].via(), Some(gateway));
        assert_eq!(found[2].address(), Some(gateway));
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_length_beyond_the_end_ends_the_reading() {
        let mut outgoing = Outgoing::default();
        outgoing.message(abi::RTM_NEWROUTE, 0, |body| body.fixed([1; 12]));
        let whole = outgoing.octets().to_vec();
        assert_eq!(messages(&whole).count(), 1);
        assert_eq!(messages(&whole[..whole.len() - 1]).count(), 0);
        let mut short = whole;
        short[0] = 15;
        assert_eq!(messages(&short).count(), 0, "a length within the header would never end");
    }

    #[test]
    fn an_answer_has_the_kernels_words() {
        let mut body = vec![];
        body.extend_from_slice(&(-22_i32).to_ne_bytes());
        body.extend_from_slice(&[0; 16]);
        body.extend_from_slice(&[7, 0, 1, 0, b'n', b'o', 0, 0]);
        let message =
            Message { kind: abi::NLMSG_ERROR, flags: abi::NLM_F_ACK_TLVS, sequence: 1, body: &body };
        assert_eq!(answer(&message), Some(Answer { errno: 22, words: Some("no") }));
        let silent = Message { flags: 0, ..message };
        assert_eq!(answer(&silent), Some(Answer { errno: 22, words: None }));
    }

    proptest! {
        /// Nothing panics, nothing is longer than what was there, and the reading ends.
        #[test]
        fn any_octets_can_be_read(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut read = 0;
            for message in messages(&octets) {
                read += 16 + message.body.len();
                for attribute in attributes(message.body) {
                    let _ = (attribute.u32(), attribute.address(), attribute.via());
                }
                let _ = answer(&message);
            }
            prop_assert!(read <= octets.len());
        }
    }
}
