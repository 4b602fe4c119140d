//! Messages and bytes: framing, the five messages, prefixes. Parsing and emission are functions of the octets
//! and the [`Dialect`] alone, so that they can run anywhere and on any thread. Whatever the octets are, parsing
//! ends in a value or in the NOTIFICATION that answers them, never in a panic.

pub mod capability;
mod dialect;
pub mod frame;
mod nlri;
pub mod notification;
pub mod open;
pub mod route_refresh;
#[cfg(test)]
mod tests;
pub mod update;

use alloc::vec::Vec;

pub use crate::attr::{AttributeError, Disposition};
pub use crate::value::PeerKind;
pub use capability::Capability;
pub use dialect::Dialect;
pub use frame::{Frame, MessageType};
pub use nlri::{Nlri, Prefixes};
pub use notification::Notification;
pub use open::OpenMessage;
pub use route_refresh::RouteRefresh;
pub use update::UpdateMessage;

/// A message, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// OPEN.
    Open(OpenMessage),
    /// UPDATE.
    Update(UpdateMessage<'a>),
    /// NOTIFICATION.
    Notification(Notification),
    /// KEEPALIVE.
    Keepalive,
    /// ROUTE-REFRESH.
    RouteRefresh(RouteRefresh),
}

/// Reads the message in a frame. The error is what to tell the peer; the session ends with it.
pub fn parse<'a>(frame: &Frame<'a>, dialect: &Dialect) -> Result<Message<'a>, Notification> {
    Ok(match frame.kind {
        MessageType::Open => Message::Open(OpenMessage::parse(frame.body)?),
        MessageType::Update => Message::Update(update::parse(frame.body, dialect)?),
        MessageType::Notification => Message::Notification(Notification::parse(frame.body)?),
        MessageType::Keepalive => Message::Keepalive,
        MessageType::RouteRefresh => Message::RouteRefresh(RouteRefresh::parse(frame.body)?),
    })
}

/// Appends a KEEPALIVE.
pub fn emit_keepalive(out: &mut Vec<u8>) {
    frame::emit(MessageType::Keepalive, out, |_| {});
}

/// Appends the End-of-RIB marker of a family (RFC 4724 §2).
pub fn emit_end_of_rib(family: crate::value::Family, out: &mut Vec<u8>) {
    update::emit_end_of_rib(family, out);
}
