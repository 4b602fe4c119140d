//! `bgp confederation identifier ASN` (RFC 5065).

use bgp_engine::config::Confederation;

use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "bgp confederation identifier ASN",
        no: No::As("bgp confederation identifier [ASN]"),
    }],
    help: "AS number of the confederation, as the outside sees it",
    words: &[("ASN", "Set routing domain confederation AS")],
    run: Run::Instance(Edit {
        set: |bgp, args| {
            let identifier = args.need("ASN")?;
            match &mut bgp.confederation {
                Some(confederation) => confederation.identifier = identifier,
                None => bgp.confederation = Some(Confederation { identifier, peers: Default::default() }),
            }
            Ok(())
        },
        unset: |bgp, _| {
            bgp.confederation = None;
            Ok(())
        },
        write: |bgp, out| {
            if let Some(confederation) = &bgp.confederation {
                out.line(format_args!("bgp confederation identifier {}", confederation.identifier));
            }
        },
    }),
};
