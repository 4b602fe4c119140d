//! Reading a whole field of path attributes, with the reactions of RFC 7606.
//!
//! A [`Draft`] is what the attributes of one message come to while they are read. It never fails as a whole:
//! each fault is noted with its disposition, and the reading goes on as far as lengths can be trusted.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use nom::bytes::complete::take;
use nom::combinator::map;
use nom::number::complete::{be_u8, be_u16};
use nom::{IResult, Parser};

use super::table::{self, EXTENDED_LENGTH, Inbound, Mandatory, OPTIONAL, PARTIAL, Row, TABLE, TRANSITIVE};
use super::{
    Aggregator, AsPath, AttributeError, Disposition, Fault, MpReach, MpUnreach, NextHop, PathAttributes,
    RareAttributes, UnknownAttribute,
};

/// The attributes of one message, as read.
#[derive(Debug, Default)]
pub struct Draft<'a> {
    /// What goes into the set's own fields.
    pub attributes: PathAttributes,
    /// What goes into the set's box of rare attributes.
    pub rare: RareAttributes,
    /// NEXT_HOP, as it came.
    pub next_hop: Option<Ipv4Addr>,
    /// AS4_PATH, if the peer is an old speaker.
    pub as4_path: Option<AsPath>,
    /// AS4_AGGREGATOR, if the peer is an old speaker.
    pub as4_aggregator: Option<Aggregator>,
    /// MP_REACH_NLRI, its prefixes not yet read.
    pub mp_reach: Option<MpReach<'a>>,
    /// MP_UNREACH_NLRI, its prefixes not yet read.
    pub mp_unreach: Option<MpUnreach<'a>>,
    /// Each fault found, in the order of the octets.
    pub errors: Vec<AttributeError>,
    /// The octets of the first attribute whose fault resets the session: flags, code, length, value.
    pub fatal: Option<&'a [u8]>,
    unknown: Vec<UnknownAttribute>,
    present: Codes,
}

/// A set of attribute codes.
#[derive(Clone, Copy, Debug, Default)]
struct Codes([u64; 4]);

impl Codes {
    fn has(&self, code: u8) -> bool {
        self.0[usize::from(code >> 6)] >> (code & 63) & 1 == 1
    }

    fn add(&mut self, code: u8) {
        self.0[usize::from(code >> 6)] |= 1 << (code & 63);
    }

    fn is_within(&self, others: &Codes) -> bool {
        self.0.iter().zip(&others.0).all(|(mine, other)| mine & !other == 0)
    }
}

/// One attribute as it stands in the message.
struct Raw<'a> {
    flags: u8,
    code: u8,
    value: &'a [u8],
}

fn length(flags: u8) -> impl FnMut(&[u8]) -> IResult<&[u8], u16> {
    move |input| {
        if flags & EXTENDED_LENGTH == 0 { map(be_u8, u16::from).parse(input) } else { be_u16(input) }
    }
}

fn raw(input: &[u8]) -> IResult<&[u8], Raw<'_>> {
    let (input, (flags, code)) = (be_u8, be_u8).parse(input)?;
    let (input, len) = length(flags)(input)?;
    let (input, value) = take(len)(input)?;
    Ok((input, Raw { flags, code, value }))
}

impl<'a> Draft<'a> {
    /// Reads the path attributes field of an UPDATE.
    #[must_use]
    pub fn parse(field: &'a [u8], inbound: &Inbound) -> Self {
        let mut draft = Draft::default();
        let mut rest = field;
        while !rest.is_empty() {
            let Ok((after, attribute)) = raw(rest) else {
                //= rfc7606#section-4
                //# In either of these cases, an error condition exists and the "treat-as-withdraw" approach MUST
                //# be used
                let code = rest.get(1).copied().unwrap_or_default();
                draft.note(code, Fault::Overrun, Disposition::TreatAsWithdraw, rest);
                break;
            };
            let octets = &rest[..rest.len() - after.len()];
            draft.take(&attribute, octets, inbound);
            rest = after;
        }
        draft.merge_as4(inbound);
        draft
    }

    fn take(&mut self, attribute: &Raw<'a>, octets: &'a [u8], inbound: &Inbound) {
        let code = attribute.code;
        let row = table::row(code);
        //= rfc7606#section-3
        //# If any other attribute (whether recognized or unrecognized) appears more than once in an UPDATE
        //# message, then all the occurrences of the attribute other than the first one SHALL be discarded
        if self.present.has(code) {
            let disposition = row.map_or(Disposition::AttributeDiscard, |row| row.repeated);
            return self.note(code, Fault::Repeated, disposition, octets);
        }
        self.present.add(code);
        let Some(row) = row else { return self.take_unknown(attribute, octets) };
        let read = if attribute.flags & (OPTIONAL | TRANSITIVE) == row.flags {
            (row.parse)(attribute.value, inbound, self)
        } else {
            Err(Fault::Flags(attribute.flags))
        };
        match read {
            Ok(()) if attribute.flags & PARTIAL != 0 => self.attributes.partial.0 |= row.partial,
            Ok(()) => {}
            Err(fault) => self.note(code, fault, fault.disposition(row.malformed), octets),
        }
    }

    //= rfc4271#section-5
    //# If a path with an unrecognized transitive optional attribute is accepted and passed to other BGP peers,
    //# the Partial bit in the Attribute Flags octet is set to 1
    fn take_unknown(&mut self, attribute: &Raw<'_>, octets: &'a [u8]) {
        let Raw { flags, code, value } = *attribute;
        if flags & OPTIONAL == 0 {
            let fault = Fault::Unrecognized;
            return self.note(code, fault, fault.disposition(Disposition::SessionReset), octets);
        }
        if flags & TRANSITIVE != 0 {
            #[cfg(feature = "fault")]
            super::crash::provoke(code, value);
            let flags = OPTIONAL | TRANSITIVE | PARTIAL;
            self.unknown.push(UnknownAttribute { flags, code, value: Box::from(value) });
        }
    }

    fn note(&mut self, code: u8, fault: Fault, disposition: Disposition, octets: &'a [u8]) {
        let name = table::row(code).map_or("unknown", |row| row.name);
        self.errors.push(AttributeError { code, name, fault, disposition });
        if disposition == Disposition::SessionReset {
            self.fatal.get_or_insert(octets);
        }
    }

    /// Notes a fault that was found with the message as a whole in view.
    pub fn note_later(&mut self, row: &Row, fault: Fault, disposition: Disposition) {
        self.note(row.code, fault, disposition, &[]);
    }

    /// Notes each attribute that is mandatory for a message of this kind and missing.
    pub fn note_missing(&mut self, applies: impl Fn(Mandatory) -> bool) {
        //= rfc7606#section-3
        //# If any of the well-known mandatory attributes are not present in an UPDATE message, then
        //# "treat-as-withdraw" MUST be used.
        for row in TABLE {
            if row.mandatory != Mandatory::No && applies(row.mandatory) && !self.present.has(row.code) {
                self.note_later(row, Fault::Missing, Disposition::TreatAsWithdraw);
            }
        }
    }

    /// Whether there is no attribute but, perhaps, the one of this code.
    #[must_use]
    pub fn has_at_most(&self, code: u8) -> bool {
        let mut only = Codes::default();
        only.add(code);
        self.present.is_within(&only)
    }

    /// The strongest reaction that a fault asks for.
    #[must_use]
    pub fn disposition(&self) -> Option<Disposition> {
        // RFC 7606 §3 h: of several reactions the strongest is taken.
        self.errors.iter().map(|error| error.disposition).max()
    }

    /// The finished set, with this next hop.
    #[must_use]
    pub fn finish(mut self, next_hop: NextHop) -> (PathAttributes, Vec<AttributeError>) {
        self.unknown.sort_unstable_by_key(|unknown| unknown.code);
        self.rare.unknown = self.unknown.into();
        self.attributes.next_hop = next_hop;
        self.attributes.set_rare(self.rare);
        (self.attributes, self.errors)
    }

    //= rfc6793#section-4.2.3
    //# If the AGGREGATOR attribute carries an AS number other than AS_TRANS, the AS4_AGGREGATOR and AS4_PATH
    //# attributes SHALL be ignored
    fn merge_as4(&mut self, inbound: &Inbound) {
        if inbound.four_octet_as {
            return;
        }
        match (&mut self.rare.aggregator, self.as4_aggregator) {
            (Some(old), Some(_)) if old.asn != crate::value::AS_TRANS => return,
            (Some(old), Some(new)) => *old = new,
            (None | Some(_), None) | (None, Some(_)) => {}
        }
        if let Some(new) = self.as4_path.take() {
            self.attributes.as_path = self.attributes.as_path.merge_as4(&new);
        }
    }
}
