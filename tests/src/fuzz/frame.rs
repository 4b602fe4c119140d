//! A stream of messages.

use bgp_engine::value::PerFamily;
use bgp_engine::wire::frame::{self, HEADER_LEN, MAX_EXTENDED_LEN, MAX_LEN, MessageType};
use bgp_engine::wire::{self, Dialect, Message};

/// The octets are a stream: message after message is taken off it, read, and written again where there is a writer.
pub fn frame(octets: &[u8]) {
    for extended_message in [false, true] {
        let families = PerFamily([true, true]);
        read(octets, &Dialect { extended_message, families, ..Dialect::default() });
    }
}

fn read(octets: &[u8], dialect: &Dialect) {
    let mut rest = octets;
    while let Ok(Some(frame)) = frame::next(rest, dialect.max_len()) {
        assert!((HEADER_LEN..=dialect.max_len()).contains(&frame.len));
        assert_eq!(frame.body.len() + HEADER_LEN, frame.len);
        assert!(frame.len <= MAX_LEN || frame.kind != MessageType::Open);
        assert!(frame.len <= MAX_EXTENDED_LEN);
        let mut out = Vec::new();
        match wire::parse(&frame, dialect) {
            Ok(Message::Keepalive) => wire::emit_keepalive(&mut out),
            Ok(Message::RouteRefresh(refresh)) => {
                refresh.emit(&mut out);
                assert_eq!(out[HEADER_LEN..], frame.body[..4]);
            }
            Ok(Message::Notification(notification)) => {
                let text = notification.detail().unwrap_or_default();
                assert!(!text.contains(char::is_control), "a text that does not fit on a line");
                notification.emit(&mut out);
                let kept = frame.body.len().min(MAX_LEN - HEADER_LEN);
                assert_eq!(out[HEADER_LEN..], frame.body[..kept]);
            }
            Ok(Message::Open(_) | Message::Update(_)) => {}
            Err(refusal) => assert!((1..=7).contains(&refusal.code), "{refusal:?}"),
        }
        rest = &rest[frame.len..];
    }
}
