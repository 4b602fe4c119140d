//! NOTIFICATION (RFC 4271 §4.5): why a session ends. A constructor an error, and the names that FRR prints.

mod detail;
mod names;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use names::NAMES;

use super::capability::Capability;
use super::frame::{self, MessageType};
use crate::attr::{AttributeError, Fault};

/// Why a session ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Notification {
    /// Error code.
    pub code: u8,
    /// Error subcode, 0 for unspecific.
    pub subcode: u8,
    /// What the subcode's definition says.
    pub data: Vec<u8>,
}

/// The error codes.
pub mod code {
    /// Message Header Error (RFC 4271).
    pub const HEADER: u8 = 1;
    /// OPEN Message Error (RFC 4271).
    pub const OPEN: u8 = 2;
    /// UPDATE Message Error (RFC 4271).
    pub const UPDATE: u8 = 3;
    /// Hold Timer Expired (RFC 4271).
    pub const HOLD_TIMER: u8 = 4;
    /// Finite State Machine Error (RFC 4271, RFC 6608).
    pub const STATE_MACHINE: u8 = 5;
    /// Cease (RFC 4271, RFC 4486).
    pub const CEASE: u8 = 6;
    /// ROUTE-REFRESH Message Error (RFC 7313).
    pub const ROUTE_REFRESH: u8 = 7;
    /// Send Hold Timer Expired (RFC 9687).
    pub const SEND_HOLD_TIMER: u8 = 8;
}

/// The subcodes of Cease (RFC 4486, RFC 8538, RFC 9384).
pub mod cease {
    /// Maximum Number of Prefixes Reached.
    pub const MAXIMUM_PREFIXES: u8 = 1;
    /// Administrative Shutdown.
    pub const ADMINISTRATIVE_SHUTDOWN: u8 = 2;
    /// Peer De-configured.
    pub const PEER_DECONFIGURED: u8 = 3;
    /// Administrative Reset.
    pub const ADMINISTRATIVE_RESET: u8 = 4;
    /// Connection Rejected.
    pub const CONNECTION_REJECTED: u8 = 5;
    /// Other Configuration Change.
    pub const CONFIGURATION_CHANGE: u8 = 6;
    /// Connection Collision Resolution.
    pub const COLLISION: u8 = 7;
    /// Out of Resources.
    pub const OUT_OF_RESOURCES: u8 = 8;
    /// Hard Reset.
    pub const HARD_RESET: u8 = 9;
    /// BFD Down.
    pub const BFD_DOWN: u8 = 10;
}

/// The most octets of a shutdown communication (RFC 9003 §2).
pub const SHUTDOWN_TEXT_MAX: usize = 255;

impl Notification {
    /// A NOTIFICATION without data.
    #[must_use]
    pub const fn new(code: u8, subcode: u8) -> Self {
        Notification { code, subcode, data: Vec::new() }
    }

    fn with_data(code: u8, subcode: u8, data: &[u8]) -> Self {
        Notification { code, subcode, data: data.to_vec() }
    }

    /// The marker is not all ones.
    #[must_use]
    pub const fn connection_not_synchronized() -> Self {
        Self::new(code::HEADER, 1)
    }

    /// The length in the header, which is the data, cannot be.
    #[must_use]
    pub fn bad_message_length(len: u16) -> Self {
        Self::with_data(code::HEADER, 2, &len.to_be_bytes())
    }

    /// The message's type, which is the data, is not known.
    #[must_use]
    pub fn bad_message_type(kind: u8) -> Self {
        Self::with_data(code::HEADER, 3, &[kind])
    }

    /// An error in OPEN that no subcode tells.
    #[must_use]
    pub const fn open_unspecific() -> Self {
        Self::new(code::OPEN, 0)
    }

    /// Not BGP-4. The data is the largest version that this router has.
    #[must_use]
    pub fn unsupported_version() -> Self {
        Self::with_data(code::OPEN, 1, &[0, 4])
    }

    /// The peer's AS is not the one configured.
    #[must_use]
    pub const fn bad_peer_as() -> Self {
        Self::new(code::OPEN, 2)
    }

    /// The peer's BGP identifier is 0 or this router's own.
    #[must_use]
    pub const fn bad_bgp_identifier() -> Self {
        Self::new(code::OPEN, 3)
    }

    /// An optional parameter that is no capability.
    #[must_use]
    pub const fn unsupported_optional_parameter() -> Self {
        Self::new(code::OPEN, 4)
    }

    /// A hold time of one or two seconds, or one that the configuration refuses.
    #[must_use]
    pub const fn unacceptable_hold_time() -> Self {
        Self::new(code::OPEN, 6)
    }

    /// Capabilities that the configuration requires and the peer lacks; they are the data (RFC 5492 §5).
    #[must_use]
    pub fn unsupported_capability(lacking: &[Capability]) -> Self {
        let mut data = Vec::new();
        lacking.iter().for_each(|capability| capability.emit(&mut data));
        Notification { code: code::OPEN, subcode: 7, data }
    }

    /// The two roles do not go together (RFC 9234 §4.2).
    #[must_use]
    pub const fn role_mismatch() -> Self {
        Self::new(code::OPEN, 11)
    }

    /// The field lengths of an UPDATE do not fit together.
    #[must_use]
    pub const fn malformed_attribute_list() -> Self {
        Self::new(code::UPDATE, 1)
    }

    /// A prefix in the message's own fields cannot be read.
    #[must_use]
    pub const fn invalid_network_field() -> Self {
        Self::new(code::UPDATE, 10)
    }

    /// An attribute's fault that ends the session; `octets` is the attribute, which is the data.
    #[must_use]
    pub fn attribute_error(error: &AttributeError, octets: &[u8]) -> Self {
        let optional = crate::attr::table::row(error.code).is_some_and(|row| row.flags & 0x80 != 0);
        let subcode = match error.fault {
            Fault::Overrun | Fault::Repeated => return Self::malformed_attribute_list(),
            Fault::Unrecognized => 2,
            Fault::Missing => return Self::with_data(code::UPDATE, 3, &[error.code]),
            Fault::Flags(_) => 4,
            Fault::UndefinedOrigin(_) => 6,
            Fault::NextHopAddress if !optional => 8,
            Fault::SegmentType(_)
            | Fault::SegmentEmpty
            | Fault::SegmentOverrun
            | Fault::AsZero
            | Fault::AsSet
            | Fault::ConfedSegment
            | Fault::NoConfedSegment => 11,
            Fault::NextHopAddress
            | Fault::NextHopLength(_)
            | Fault::PrefixLength(_)
            | Fault::PrefixOverrun => 9,
            Fault::Length(_) if optional => 9,
            Fault::Length(_) => 5,
            Fault::ExternalPeer | Fault::NotEnabled | Fault::NewSpeaker => 1,
        };
        Self::with_data(code::UPDATE, subcode, octets)
    }

    /// The hold timer ran out.
    #[must_use]
    pub const fn hold_timer_expired() -> Self {
        Self::new(code::HOLD_TIMER, 0)
    }

    /// The send hold timer ran out (RFC 9687).
    #[must_use]
    pub const fn send_hold_timer_expired() -> Self {
        Self::new(code::SEND_HOLD_TIMER, 0)
    }

    /// A message that the state does not expect: subcode 1 in OpenSent, 2 in OpenConfirm, 3 in Established
    /// (RFC 6608), 0 elsewhere.
    #[must_use]
    pub const fn unexpected_message(subcode: u8) -> Self {
        Self::new(code::STATE_MACHINE, subcode)
    }

    /// Cease with one of the subcodes in [`cease`].
    #[must_use]
    pub const fn cease(subcode: u8) -> Self {
        Self::new(code::CEASE, subcode)
    }

    /// Maximum Number of Prefixes Reached, with the family and the bound (RFC 4486 §4).
    #[must_use]
    pub fn maximum_prefixes(family: crate::value::Family, bound: u32) -> Self {
        let numbers = family.afi_safi();
        let mut notification = Self::cease(cease::MAXIMUM_PREFIXES);
        notification.data.extend_from_slice(&numbers.afi.to_be_bytes());
        notification.data.push(numbers.safi);
        notification.data.extend_from_slice(&bound.to_be_bytes());
        notification
    }

    /// Administrative Shutdown with a text; what goes beyond 255 octets is cut at a character's border. No data
    /// for no text.
    #[must_use]
    pub fn administrative_shutdown(text: &str) -> Self {
        Self::with_text(cease::ADMINISTRATIVE_SHUTDOWN, text)
    }

    /// Administrative Reset with a text, as [`Notification::administrative_shutdown`].
    #[must_use]
    pub fn administrative_reset(text: &str) -> Self {
        Self::with_text(cease::ADMINISTRATIVE_RESET, text)
    }

    fn with_text(subcode: u8, text: &str) -> Self {
        let text = cut(text, SHUTDOWN_TEXT_MAX);
        let mut notification = Self::cease(subcode);
        if let Ok(len @ 1..) = u8::try_from(text.len()) {
            notification.data.push(len);
            notification.data.extend_from_slice(text.as_bytes());
        }
        notification
    }

    /// The same, wrapped as Hard Reset: the peer must not keep routes for a graceful restart (RFC 8538 §3.1).
    #[must_use]
    pub fn hard_reset(&self) -> Self {
        let mut notification = Self::cease(cease::HARD_RESET);
        notification.data.extend_from_slice(&[self.code, self.subcode]);
        notification.data.extend_from_slice(&self.data);
        notification
    }

    /// Whether this is a Hard Reset.
    #[must_use]
    pub const fn is_hard_reset(&self) -> bool {
        self.code == code::CEASE && self.subcode == cease::HARD_RESET
    }

    /// What a Hard Reset wraps.
    #[must_use]
    pub fn inside_hard_reset(&self) -> Option<Notification> {
        match self.data.as_slice() {
            [code, subcode, data @ ..] if self.is_hard_reset() => {
                Some(Self::with_data(*code, *subcode, data))
            }
            _ => None,
        }
    }

    /// The operator's text in an Administrative Shutdown or Reset, in a Hard Reset too, with characters that
    /// do not belong on a line replaced. `None` without text or with one that is not well-formed.
    #[must_use]
    pub fn shutdown_text(&self) -> Option<String> {
        if let Some(inside) = self.inside_hard_reset() {
            return if inside.is_hard_reset() { None } else { inside.shutdown_text() };
        }
        let telling = [cease::ADMINISTRATIVE_SHUTDOWN, cease::ADMINISTRATIVE_RESET];
        if self.code != code::CEASE || !telling.contains(&self.subcode) {
            return None;
        }
        let (len, text) = self.data.split_first()?;
        let text = text.get(..usize::from(*len)).filter(|text| !text.is_empty())?;
        let text = core::str::from_utf8(text).ok()?;
        Some(text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect())
    }

    /// Reads the body of a NOTIFICATION.
    pub fn parse(body: &[u8]) -> Result<Self, Notification> {
        match body {
            [code, subcode, data @ ..] => Ok(Self::with_data(*code, *subcode, data)),
            _ => {
                let len = u16::try_from(body.len() + frame::HEADER_LEN).unwrap_or(u16::MAX);
                Err(Self::bad_message_length(len))
            }
        }
    }

    /// Appends the message. Data that would make it longer than 4,096 octets is cut.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let room = frame::MAX_LEN - frame::HEADER_LEN - 2;
        frame::emit(MessageType::Notification, out, |out| {
            out.extend_from_slice(&[self.code, self.subcode]);
            out.extend_from_slice(&self.data[..self.data.len().min(room)]);
        });
    }

    /// The code's name.
    #[must_use]
    pub fn code_name(&self) -> &'static str {
        NAMES.get(usize::from(self.code)).map_or("Unknown Error", |(name, _)| name)
    }

    /// The subcode's name, empty for a code that has none.
    #[must_use]
    pub fn subcode_name(&self) -> &'static str {
        match NAMES.get(usize::from(self.code)) {
            Some((_, [])) | None => "",
            Some((_, names)) => match names.get(usize::from(self.subcode)) {
                Some(&"") | None => "Unknown",
                Some(name) => name,
            },
        }
    }
}

impl fmt::Display for Notification {
    /// As FRR prints it: `Cease/Administrative Shutdown`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subcode_name() {
            "" => f.write_str(self.code_name()),
            subcode => write!(f, "{}/{subcode}", self.code_name()),
        }
    }
}

/// The longest beginning of at most this many octets that ends between characters.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn names_are_those_that_frr_prints() {
        let text = |code, subcode| Notification::new(code, subcode).to_string();
        assert_eq!(text(6, 2), "Cease/Administrative Shutdown");
        assert_eq!(text(4, 0), "Hold Timer Expired");
        assert_eq!(text(2, 11), "OPEN Message Error/Role Mismatch");
        assert_eq!(text(2, 8), "OPEN Message Error/Unknown");
        assert_eq!(text(6, 99), "Cease/Unknown");
        assert_eq!(text(99, 1), "Unknown Error");
    }

    #[test]
    fn a_shutdown_tells_its_text_inside_a_hard_reset_too() {
        let shutdown = Notification::administrative_shutdown("back at 5\u{2009}pm");
        assert_eq!(shutdown.shutdown_text().as_deref(), Some("back at 5\u{2009}pm"));
        let hard = shutdown.hard_reset();
        assert_eq!(hard.inside_hard_reset(), Some(shutdown));
        assert_eq!(hard.shutdown_text().as_deref(), Some("back at 5\u{2009}pm"));
        assert_eq!(Notification::administrative_shutdown("").data, []);
        assert_eq!(hard.hard_reset().shutdown_text(), None);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text: String = core::iter::repeat_n('ä', 200).collect();
        let shutdown = Notification::administrative_shutdown(&text);
        assert_eq!(shutdown.data.len(), 1 + 254);
        assert_eq!(shutdown.shutdown_text().map(|text| text.chars().count()), Some(127));
    }

    #[test]
    fn a_text_that_lies_about_its_length_or_is_no_utf8_is_not_shown() {
        let with = |data: &[u8]| Notification::with_data(6, 2, data).shutdown_text();
        assert_eq!(with(&[]), None);
        assert_eq!(with(&[0]), None);
        assert_eq!(with(&[3, b'a', b'b']), None);
        assert_eq!(with(&[1, 0xff]), None);
        assert_eq!(with(b"\x03a\nb").as_deref(), Some("a\u{fffd}b"));
        assert_eq!(Notification::with_data(6, 1, b"\x01a").shutdown_text(), None);
    }

    #[test]
    fn the_message_comes_back_as_it_was_sent() {
        let notification = Notification::maximum_prefixes(crate::value::Family::Ipv6Unicast, 7);
        let mut out = Vec::new();
        notification.emit(&mut out);
        assert_eq!(out[16..], [0, 28, 3, 6, 1, 0, 2, 1, 0, 0, 0, 7]);
        assert_eq!(Notification::parse(&out[frame::HEADER_LEN..]), Ok(notification));
        assert_eq!(Notification::parse(&[6]), Err(Notification::bad_message_length(20)));
    }
}
