//! The two messages of neighbor discovery that unnumbered neighbors need, as octets (RFC 4861 §4.1, §4.2).
//!
//! Pure. The checksum is not here: the kernel computes and verifies it on every ICMPv6 socket. The hop limit
//! is not here either: it is a property of the packet, and the socket's filter checks it.

/// ICMPv6 type of a router solicitation.
pub const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a router advertisement.
pub const ROUTER_ADVERTISEMENT: u8 = 134;
const SOURCE_LINK_LAYER_ADDRESS: u8 = 1;
const CURRENT_HOP_LIMIT: u8 = 64;

/// What a message is, as far as an unnumbered neighbor is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Somebody asks which routers there are.
    Solicitation,
    /// A router says that it is there for so many seconds; 0 says that it is no default router (any more),
    /// and is still a router.
    Advertisement {
        /// Router lifetime, in seconds.
        lifetime_s: u16,
    },
}

/// Reads a message that has passed the kernel's checksum; `None` for anything that RFC 4861 §6.1 says to
/// discard, and for what is not one of the two.
#[must_use]
pub fn parse(octets: &[u8]) -> Option<Message> {
    let (kind, fixed) = match *octets.first()? {
        ROUTER_SOLICITATION => (ROUTER_SOLICITATION, 8),
        ROUTER_ADVERTISEMENT => (ROUTER_ADVERTISEMENT, 16),
        _ => return None,
    };
    //= rfc4861#section-6.1.2
    //# - ICMP Code is 0.
    //# - ICMP length (derived from the IP length) is 16 or more octets.
    if octets.get(1) != Some(&0) || octets.len() < fixed {
        return None;
    }
    //# - All included options have a length that is greater than zero.
    let mut options = &octets[fixed..];
    while !options.is_empty() {
        let length = usize::from(*options.get(1)?) * 8;
        if length == 0 {
            return None;
        }
        options = options.get(length..)?;
    }
    Some(match kind {
        ROUTER_SOLICITATION => Message::Solicitation,
        _ => Message::Advertisement { lifetime_s: u16::from_be_bytes([octets[6], octets[7]]) },
    })
}

/// Writes a message, with the sender's Ethernet address where it has one.
#[must_use]
pub fn emit(message: Message, hardware: &[u8]) -> Vec<u8> {
    let mut octets = match message {
        Message::Solicitation => vec![ROUTER_SOLICITATION, 0, 0, 0, 0, 0, 0, 0],
        Message::Advertisement { lifetime_s } => {
            let [high, low] = lifetime_s.to_be_bytes();
            // Neither managed nor other configuration; reachable time and retransmission unspecified.
            vec![ROUTER_ADVERTISEMENT, 0, 0, 0, CURRENT_HOP_LIMIT, 0, high, low, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    };
    if hardware.len() == 6 {
        octets.extend_from_slice(&[SOURCE_LINK_LAYER_ADDRESS, 1]);
        octets.extend_from_slice(hardware);
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_emitted_is_parsed_again() {
        for message in [Message::Solicitation, Message::Advertisement { lifetime_s: 30 }] {
            for hardware in [&[][..], &[2, 0, 0, 0, 0, 1]] {
                assert_eq!(parse(&emit(message, hardware)), Some(message));
            }
        }
    }

    #[test]
    fn an_advertisement_has_the_layout_of_the_rfc() {
        let octets = emit(Message::Advertisement { lifetime_s: 0x0102 }, &[2, 0, 0, 0, 0, 9]);
        assert_eq!(octets[..8], [134, 0, 0, 0, 64, 0, 1, 2]);
        assert_eq!(octets[16..], [1, 1, 2, 0, 0, 0, 0, 9]);
    }

    #[test]
    fn what_the_rfc_says_to_discard_is_discarded() {
        let good = emit(Message::Advertisement { lifetime_s: 30 }, &[2, 0, 0, 0, 0, 1]);
        let mut code = good.clone();
        code[1] = 1;
        assert_eq!(parse(&code), None, "a code that is not 0");
        assert_eq!(parse(&good[..15]), None, "too short");
        assert_eq!(parse(&good[..20]), None, "an option that is cut");
        let mut option = good.clone();
        option[17] = 0;
        assert_eq!(parse(&option), None, "an option of length 0");
        assert_eq!(parse(&[136, 0, 0, 0, 0, 0, 0, 0]), None, "a neighbor advertisement");
        assert_eq!(parse(&[]), None);
    }
}
