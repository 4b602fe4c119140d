//! OPEN (RFC 4271 §4.2, §6.2) with extended optional parameters (RFC 9072).

use alloc::vec::Vec;

use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::{IResult, Parser};
use serde::{Deserialize, Serialize};

use super::frame::{self, MessageType};
use super::{Capability, Notification};
use crate::value::{AS_TRANS, Asn, RouterId};

/// The only version.
const VERSION: u8 = 4;
/// The optional parameter that holds capabilities (RFC 5492 §4).
const CAPABILITIES: u8 = 2;
/// In place of a parameter's type: the parameters are in RFC 9072's form.
const EXTENDED: u8 = 255;

/// An OPEN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenMessage {
    /// The version, always 4 in a message that was read without an error.
    pub version: u8,
    /// The two octets of the header's AS, AS_TRANS where the AS does not fit. [`OpenMessage::asn`] has the AS.
    pub my_as: u16,
    /// The hold time that the sender proposes, in seconds: 0 or at least 3.
    pub hold_time_s: u16,
    /// The sender's BGP identifier, never 0.
    pub router_id: RouterId,
    /// The sender's capabilities, in order.
    pub capabilities: Vec<Capability>,
}

/// The fields before the optional parameters: version, AS, hold time, identifier.
fn fixed(input: &[u8]) -> IResult<&[u8], (u8, u16, u16, u32)> {
    (be_u8, be_u16, be_u16, be_u32).parse(input)
}

/// One parameter in the form of RFC 4271.
fn parameter(input: &[u8]) -> IResult<&[u8], (u8, &[u8])> {
    (be_u8, length_data(be_u8)).parse(input)
}

/// One parameter in the form of RFC 9072.
fn extended_parameter(input: &[u8]) -> IResult<&[u8], (u8, &[u8])> {
    (be_u8, length_data(be_u16)).parse(input)
}

type ReadParameter = fn(&[u8]) -> IResult<&[u8], (u8, &[u8])>;

/// The parameters' octets, all of the message's rest, and how to read one. Where the first parameter would have
/// type 255 the form is RFC 9072's, whatever the length before it says, if it is not 0 (RFC 9072 §2).
fn parameters(input: &[u8]) -> Option<(&[u8], ReadParameter)> {
    match *input {
        [len, EXTENDED, high, low, ref rest @ ..] if len > 0 => {
            let len = usize::from(u16::from_be_bytes([high, low]));
            (rest.len() == len).then_some((rest, extended_parameter as ReadParameter))
        }
        [len, ref rest @ ..] => {
            (rest.len() == usize::from(len)).then_some((rest, parameter as ReadParameter))
        }
        [] => None,
    }
}

/// One capability: code and value.
fn capability(input: &[u8]) -> IResult<&[u8], (u8, &[u8])> {
    (be_u8, length_data(be_u8)).parse(input)
}

fn parse_capabilities(value: &[u8], capabilities: &mut Vec<Capability>) -> Result<(), Notification> {
    let mut rest = value;
    while !rest.is_empty() {
        let (after, (code, value)) = capability(rest).map_err(|_| Notification::open_unspecific())?;
        capabilities.push(Capability::parse(code, value)?);
        rest = after;
    }
    Ok(())
}

impl OpenMessage {
    /// Reads the body. What depends on the configuration, the peer's AS say, is not checked here.
    pub fn parse(body: &[u8]) -> Result<Self, Notification> {
        let malformed = |_| Notification::open_unspecific();
        //= rfc4271#section-6.2
        //# If the version number in the Version field of the received OPEN message is not supported, then the
        //# Error Subcode MUST be set to Unsupported Version Number.
        if body.first().is_some_and(|version| *version != VERSION) {
            return Err(Notification::unsupported_version());
        }
        let (rest, (version, my_as, hold_time_s, router_id)) = fixed(body).map_err(malformed)?;
        //= rfc7607#section-2
        //# If a BGP speaker receives zero as the peer AS in an OPEN message, it MUST abort the connection and send
        //# a NOTIFICATION with Error Code "OPEN Message Error" and subcode "Bad Peer AS"
        if my_as == 0 {
            return Err(Notification::bad_peer_as());
        }
        //= rfc4271#section-6.2
        //# An implementation MUST reject Hold Time values of one or two seconds.
        if matches!(hold_time_s, 1 | 2) {
            return Err(Notification::unacceptable_hold_time());
        }
        // RFC 6286 §2.2: an identifier of 0 is a Bad BGP Identifier.
        if router_id == 0 {
            return Err(Notification::bad_bgp_identifier());
        }
        let capabilities = Self::parse_parameters(rest)?;
        let open = OpenMessage { version, my_as, hold_time_s, router_id: RouterId(router_id), capabilities };
        if open.asn() == Asn(0) { Err(Notification::bad_peer_as()) } else { Ok(open) }
    }

    fn parse_parameters(octets: &[u8]) -> Result<Vec<Capability>, Notification> {
        let (mut rest, read) = parameters(octets).ok_or_else(Notification::open_unspecific)?;
        let mut capabilities = Vec::new();
        while !rest.is_empty() {
            let (after, (kind, value)) = read(rest).map_err(|_| Notification::open_unspecific())?;
            //= rfc4271#section-6.2
            //# If one of the Optional Parameters in the OPEN message is not recognized, then the Error Subcode MUST
            //# be set to Unsupported Optional Parameters.
            if kind != CAPABILITIES {
                return Err(Notification::unsupported_optional_parameter());
            }
            parse_capabilities(value, &mut capabilities)?;
            rest = after;
        }
        Ok(capabilities)
    }

    /// The sender's AS: the one in its four-octet AS capability, else the header's.
    #[must_use]
    pub fn asn(&self) -> Asn {
        let mut capabilities = self.capabilities.iter();
        let four_octets = capabilities.find_map(|capability| match capability {
            Capability::FourOctetAs(asn) => Some(*asn),
            _ => None,
        });
        four_octets.unwrap_or(Asn(u32::from(self.my_as)))
    }

    /// What stands in the header for this AS.
    #[must_use]
    pub fn header_as(asn: Asn) -> u16 {
        u16::try_from(asn.0).unwrap_or(AS_TRANS.0 as u16)
    }

    //= rfc9072#section-2
    //# In the event that the length of Optional Parameters in the BGP OPEN message does not exceed 255, the
    //# encoding specified in [RFC4271] SHOULD be used
    /// Appends the message. The capabilities go into one parameter. Where they take more than fits into it, the
    /// form of RFC 9072 is used.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let mut capabilities = Vec::new();
        self.capabilities.iter().for_each(|capability| capability.emit(&mut capabilities));
        frame::emit(MessageType::Open, out, |out| {
            out.push(self.version);
            out.extend_from_slice(&self.my_as.to_be_bytes());
            out.extend_from_slice(&self.hold_time_s.to_be_bytes());
            out.extend_from_slice(&self.router_id.0.to_be_bytes());
            match (u8::try_from(capabilities.len()), u16::try_from(capabilities.len())) {
                (Ok(0), _) => out.push(0),
                (Ok(len @ ..254), _) => out.extend_from_slice(&[len + 2, CAPABILITIES, len]),
                (_, len) => {
                    let len = len.unwrap_or(u16::MAX - 3);
                    out.extend_from_slice(&[EXTENDED, EXTENDED]);
                    out.extend_from_slice(&(len + 3).to_be_bytes());
                    out.push(CAPABILITIES);
                    out.extend_from_slice(&len.to_be_bytes());
                }
            }
            out.extend_from_slice(&capabilities);
        });
    }
}
