//! ROUTE-REFRESH (RFC 2918) and its demarcation (RFC 7313).

use alloc::vec::Vec;

use super::Notification;
use super::frame::{self, MessageType};
use super::notification::code;
use crate::value::AfiSafi;

/// What a ROUTE-REFRESH is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshSubtype {
    /// The peer asks for the family's routes.
    Normal,
    /// The peer begins to send them again (RFC 7313).
    BeginOfRr,
    /// The peer has sent them all (RFC 7313).
    EndOfRr,
    /// Not defined: to be ignored.
    Unknown(u8),
}

impl RefreshSubtype {
    const fn to_octet(self) -> u8 {
        match self {
            RefreshSubtype::Normal => 0,
            RefreshSubtype::BeginOfRr => 1,
            RefreshSubtype::EndOfRr => 2,
            RefreshSubtype::Unknown(octet) => octet,
        }
    }

    const fn from_octet(octet: u8) -> Self {
        match octet {
            0 => RefreshSubtype::Normal,
            1 => RefreshSubtype::BeginOfRr,
            2 => RefreshSubtype::EndOfRr,
            other => RefreshSubtype::Unknown(other),
        }
    }
}

/// A ROUTE-REFRESH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteRefresh {
    /// The family, known or not.
    pub family: AfiSafi,
    /// What it is about.
    pub subtype: RefreshSubtype,
}

impl RouteRefresh {
    /// Reads the body.
    pub fn parse(body: &[u8]) -> Result<Self, Notification> {
        let [high, low, subtype, safi, rest @ ..] = body else { return Err(Self::invalid_length(body)) };
        let subtype = RefreshSubtype::from_octet(*subtype);
        let demarcation = matches!(subtype, RefreshSubtype::BeginOfRr | RefreshSubtype::EndOfRr);
        //= rfc7313#section-5
        //# If the length, excluding the fixed-size message header, of the received ROUTE-REFRESH message with
        //# Message Subtype 1 and 2 is not 4, then the BGP speaker MUST send a NOTIFICATION message with the Error
        //# Code of "ROUTE-REFRESH Message Error" and the subcode of "Invalid Message Length". The Data field of
        //# the NOTIFICATION message MUST contain the complete ROUTE-REFRESH message.
        if demarcation && !rest.is_empty() {
            return Err(Self::invalid_length(body));
        }
        let family = AfiSafi { afi: u16::from_be_bytes([*high, *low]), safi: *safi };
        Ok(RouteRefresh { family, subtype })
    }

    fn invalid_length(body: &[u8]) -> Notification {
        let mut data = Vec::new();
        frame::emit(MessageType::RouteRefresh, &mut data, |out| out.extend_from_slice(body));
        Notification { code: code::ROUTE_REFRESH, subcode: 1, data }
    }

    /// Appends the message.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let [high, low] = self.family.afi.to_be_bytes();
        frame::emit(MessageType::RouteRefresh, out, |out| {
            out.extend_from_slice(&[high, low, self.subtype.to_octet(), self.family.safi]);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subtype_comes_back_as_it_was_sent() {
        for octet in [0, 1, 2, 255] {
            let refresh = RouteRefresh {
                family: AfiSafi { afi: 2, safi: 1 },
                subtype: RefreshSubtype::from_octet(octet),
            };
            let mut out = Vec::new();
            refresh.emit(&mut out);
            assert_eq!(RouteRefresh::parse(&out[frame::HEADER_LEN..]), Ok(refresh));
        }
    }

    #[test]
    fn a_demarcation_of_another_length_is_told_with_the_whole_message() {
        let body = [0, 1, 1, 1, 9];
        let Err(notification) = RouteRefresh::parse(&body) else { panic!("taken") };
        assert_eq!((notification.code, notification.subcode), (7, 1));
        assert_eq!(&notification.data[16..], [0, 24, 5, 0, 1, 1, 1, 9]);
        assert!(RouteRefresh::parse(&[0, 1, 0, 1, 9]).is_ok(), "a request may carry filters of RFC 5291");
    }
}
