//! The body of an OPEN.

use bgp_engine::wire::frame::{self, MAX_LEN};
use bgp_engine::wire::{Capability, OpenMessage};

/// The octets are an OPEN's body. What is read is written, read again, and the same.
pub fn open(octets: &[u8]) {
    let open = match OpenMessage::parse(octets) {
        Ok(open) => open,
        Err(refusal) => {
            assert_eq!(refusal.code, 2, "{refusal:?}");
            return;
        }
    };
    assert!(open.asn().0 != 0 && open.router_id.0 != 0 && !matches!(open.hold_time_s, 1 | 2));
    let mut out = Vec::new();
    open.emit(&mut out);
    if out.len() > MAX_LEN {
        return;
    }
    let frame = frame::next(&out, MAX_LEN).unwrap().unwrap();
    let again = OpenMessage::parse(frame.body)
        .unwrap_or_else(|refusal| panic!("{refusal} for what was read: {open:?}"));
    assert_eq!(again.capabilities.len(), open.capabilities.len());
    for (again, first) in again.capabilities.iter().zip(&open.capabilities) {
        // Names are cut when they are written.
        let is_name = matches!(first, Capability::Fqdn(_) | Capability::SoftwareVersion(_));
        assert!(again == first || is_name, "{again:?}, {first:?}");
    }
}
