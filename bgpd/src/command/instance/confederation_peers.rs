//! `bgp confederation peers ASN...` (RFC 5065).

use bgp_engine::value::Asn;

use crate::command::Refusal;
use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "bgp confederation peers ASN...", no: No::Same }],
    help: "Peer ASs in BGP confederation",
    words: &[("ASN", "AS number of a member")],
    run: Run::Instance(Edit {
        set: |bgp, args| {
            let Some(confederation) = &mut bgp.confederation else {
                return Err(Refusal::new("Enter 'bgp confederation identifier ASN' first"));
            };
            let own = bgp.asn;
            confederation.peers.extend(args.all::<Asn>("ASN").filter(|asn| *asn != own));
            Ok(())
        },
        unset: |bgp, args| {
            if let Some(confederation) = &mut bgp.confederation {
                for asn in args.all::<Asn>("ASN") {
                    confederation.peers.remove(&asn);
                }
            }
            Ok(())
        },
        write: |bgp, out| {
            let Some(confederation) = &bgp.confederation else { return };
            if confederation.peers.is_empty() {
                return;
            }
            out.line(format_args!("bgp confederation peers{}", Members(&confederation.peers)));
        },
    }),
};

/// The members, a space before each.
struct Members<'a>(&'a std::collections::BTreeSet<Asn>);

impl core::fmt::Display for Members<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|asn| write!(f, " {asn}"))
    }
}
