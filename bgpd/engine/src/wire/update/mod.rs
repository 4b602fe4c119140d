//! UPDATE (RFC 4271 §4.3, RFC 4760): read here with the reactions of RFC 7606; `emit` writes and packs.

mod emit;
#[cfg(test)]
mod reactions;
mod salvage;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use nom::Parser;
use nom::multi::length_data;
use nom::number::complete::be_u16;

pub use emit::{Announcement, EmitError, Withdrawal, emit_attributes, emit_end_of_rib};
pub use salvage::{Salvaged, salvage};

use super::{Dialect, Nlri, Notification};
use crate::attr::table::{Inbound, Mandatory, Row, emit_attribute};
use crate::attr::{
    AttributeError, Disposition, Draft, Fault, NextHop, PathAttributes, mp_reach, mp_unreach, next_hop,
};
use crate::value::{Family, PeerKind};

/// An UPDATE, read.
///
/// With a `disposition` of [`Disposition::TreatAsWithdraw`] or stronger, `attributes` is `None`, and the announced
/// prefixes are to be withdrawn. A message that asks for a session reset is never one of these but an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateMessage<'a> {
    /// IPv4 prefixes of the withdrawn routes field.
    pub withdrawn: Nlri<'a>,
    /// IPv4 prefixes of the NLRI field.
    pub announced: Nlri<'a>,
    /// The prefixes of MP_UNREACH_NLRI, if its family is agreed on.
    pub mp_withdrawn: Option<Nlri<'a>>,
    /// The prefixes of MP_REACH_NLRI, if its family is agreed on.
    pub mp_announced: Option<Nlri<'a>>,
    /// The announced routes' attributes. `None` without attributes and where the routes are treated as withdrawn.
    /// The next hop is the one of the NLRI field if that has prefixes, else the one of MP_REACH_NLRI.
    pub attributes: Option<PathAttributes>,
    /// The next hop of `mp_announced` where the NLRI field has prefixes too, which `attributes` has the next hop
    /// of: in all other cases `None`.
    pub mp_next_hop: Option<NextHop>,
    /// Each fault found in the attributes.
    pub errors: Vec<AttributeError>,
    /// The strongest reaction that a fault asks for.
    pub disposition: Option<Disposition>,
    /// Set where the message is the End-of-RIB marker of an agreed family (RFC 4724 §2).
    pub end_of_rib: Option<Family>,
}

/// The three fields: withdrawn routes, path attributes, NLRI.
fn fields(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut lengths = (length_data(be_u16::<_, nom::error::Error<_>>), length_data(be_u16));
    let (nlri, (withdrawn, attributes)) = lengths.parse(body).ok()?;
    Some((withdrawn, attributes, nlri))
}

/// An attribute's fault that ends the session.
fn refusal(row: &Row, fault: Fault, value: &[u8]) -> Notification {
    let disposition = Disposition::SessionReset;
    let error = AttributeError { code: row.code, name: row.name, fault, disposition };
    let mut octets = Vec::new();
    emit_attribute(row, value, &mut octets);
    Notification::attribute_error(&error, &octets)
}

/// The prefixes of a multiprotocol attribute, `None` where the family is not agreed on.
fn multiprotocol<'a>(
    numbers: crate::value::AfiSafi,
    octets: &'a [u8],
    dialect: &Dialect,
) -> Option<Result<Nlri<'a>, Fault>> {
    let family = Family::from_afi_safi(numbers).filter(|family| dialect.families[*family])?;
    Some(Nlri::parse(family, octets, dialect))
}

/// Reads the body of an UPDATE. The error is what to tell the peer: the session ends.
pub fn parse<'a>(body: &'a [u8], dialect: &Dialect) -> Result<UpdateMessage<'a>, Notification> {
    //= rfc4271#section-6.3
    //# If the Withdrawn Routes Length or Total Attribute Length is too large (i.e., if Withdrawn Routes Length +
    //# Total Attribute Length + 23 exceeds the message Length), then the Error Subcode MUST be set to Malformed
    //# Attribute List.
    let (withdrawn, attributes, nlri) = fields(body).ok_or_else(Notification::malformed_attribute_list)?;
    let withdrawn = body_prefixes(withdrawn, dialect)?;
    let announced = body_prefixes(nlri, dialect)?;
    let inbound = dialect.inbound();
    let mut draft = Draft::parse(attributes, &inbound);
    if let Some(octets) = draft.fatal {
        let fatal = |error: &&AttributeError| error.disposition == Disposition::SessionReset;
        return Err(draft
            .errors
            .iter()
            .find(fatal)
            .map_or_else(Notification::malformed_attribute_list, |e| {
                Notification::attribute_error(e, octets)
            }));
    }
    let (mp_announced, mp_next_hop) = mp_reach(&draft, dialect)?;
    let mp_withdrawn = mp_unreach(&draft, dialect)?;
    let end_of_rib = end_of_rib(body, &draft, mp_withdrawn, dialect);
    check_whole(&mut draft, &announced, mp_next_hop.as_ref(), &inbound)?;

    let disposition = draft.disposition();
    let usable = !draft.has_at_most(mp_unreach::ROW.code) && disposition < Some(Disposition::TreatAsWithdraw);
    let (own, other) = if announced.is_empty() {
        (mp_next_hop.unwrap_or_default(), None)
    } else {
        (draft.next_hop.map_or(NextHop::Own, NextHop::V4), mp_next_hop)
    };
    let (attributes, errors) = draft.finish(own);
    Ok(UpdateMessage {
        withdrawn: agreed(withdrawn, dialect),
        announced: agreed(announced, dialect),
        mp_withdrawn,
        mp_announced,
        attributes: usable.then_some(attributes),
        mp_next_hop: other,
        errors,
        disposition,
        end_of_rib,
    })
}

/// The prefixes of one of the message's own fields.
fn body_prefixes<'a>(octets: &'a [u8], dialect: &Dialect) -> Result<Nlri<'a>, Notification> {
    //= rfc4271#section-6.3
    //# The NLRI field in the UPDATE message is checked for syntactic validity.  If the field is syntactically
    //# incorrect, then the Error Subcode MUST be set to Invalid Network Field.
    Nlri::parse(Family::Ipv4Unicast, octets, dialect).map_err(|_| Notification::invalid_network_field())
}

/// The prefixes, if IPv4 is agreed on.
fn agreed<'a>(nlri: Nlri<'a>, dialect: &Dialect) -> Nlri<'a> {
    if dialect.families[nlri.family] { nlri } else { Nlri::empty(nlri.family) }
}

type Reach<'a> = (Option<Nlri<'a>>, Option<NextHop>);

fn mp_reach<'a>(draft: &Draft<'a>, dialect: &Dialect) -> Result<Reach<'a>, Notification> {
    let Some(reach) = draft.mp_reach else { return Ok((None, None)) };
    let refuse = |fault| refusal(&mp_reach::ROW, fault, reach.value);
    let Some(nlri) = multiprotocol(reach.family, reach.nlri, dialect) else { return Ok((None, None)) };
    let nlri = nlri.map_err(refuse)?;
    let next_hop = NextHop::parse(reach.next_hop, nlri.family, &dialect.inbound()).map_err(refuse)?;
    Ok((Some(nlri), Some(next_hop)))
}

fn mp_unreach<'a>(draft: &Draft<'a>, dialect: &Dialect) -> Result<Option<Nlri<'a>>, Notification> {
    let Some(unreach) = draft.mp_unreach else { return Ok(None) };
    let refuse = |fault| refusal(&mp_unreach::ROW, fault, unreach.value);
    multiprotocol(unreach.family, unreach.nlri, dialect).transpose().map_err(refuse)
}

/// The family whose End-of-RIB marker this is.
fn end_of_rib(
    body: &[u8],
    draft: &Draft<'_>,
    mp_withdrawn: Option<Nlri<'_>>,
    dialect: &Dialect,
) -> Option<Family> {
    //= rfc4724#section-2
    //# An UPDATE message with no reachable Network Layer Reachability Information (NLRI) and empty withdrawn NLRI
    //# is specified as the End-of-RIB marker
    if body == [0; 4] {
        return Some(Family::Ipv4Unicast).filter(|family| dialect.families[*family]);
    }
    let marker = mp_withdrawn.filter(Nlri::is_empty)?;
    let alone = draft.has_at_most(mp_unreach::ROW.code) && draft.errors.is_empty();
    (alone && body[..2] == [0; 2]).then_some(marker.family)
}

/// The checks that need all of the message.
fn check_whole(
    draft: &mut Draft<'_>,
    announced: &Nlri<'_>,
    mp_next_hop: Option<&NextHop>,
    inbound: &Inbound,
) -> Result<(), Notification> {
    let in_body = !announced.is_empty();
    let in_mp = draft.mp_reach.is_some_and(|reach| !reach.nlri.is_empty());
    if in_body || in_mp {
        draft.note_missing(|mandatory| match mandatory {
            Mandatory::No => false,
            Mandatory::Announcement => true,
            Mandatory::NlriField => in_body,
            Mandatory::Internal => inbound.peer == PeerKind::Internal,
        });
    }
    let in_field = draft.next_hop.map(NextHop::V4).filter(|_| in_body);
    if in_field.is_some_and(|next_hop| !next_hop.is_host()) {
        draft.note_later(&next_hop::ROW, Fault::NextHopAddress, Disposition::TreatAsWithdraw);
    }
    if mp_next_hop.is_some_and(|next_hop| !next_hop.is_host()) {
        draft.note_later(&mp_reach::ROW, Fault::NextHopAddress, Disposition::TreatAsWithdraw);
    }
    //= rfc7606#section-5.2
    //# if any path attribute errors are encountered in such an UPDATE message and if any encountered error
    //# specifies an error-handling approach other than "attribute discard", then the "session reset" approach MUST
    //# be used
    let no_routes = !in_body && !in_mp && !draft.has_at_most(mp_unreach::ROW.code);
    match draft.errors.iter().find(|error| error.disposition > Disposition::AttributeDiscard) {
        Some(_) if no_routes => Err(Notification::malformed_attribute_list()),
        Some(_) | None => Ok(()),
    }
}
