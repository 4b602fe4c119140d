//! `bgp bestpath med confed|missing-as-worst`.

use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "bgp bestpath med {confed|missing-as-worst}", no: No::Same }],
    help: "MED attribute",
    words: &[
        ("confed", "Compare MED among confederation paths"),
        ("missing-as-worst", "Treat missing MED as the least preferred one"),
    ],
    run: Run::Instance(Edit {
        set: |bgp, args| {
            bgp.best_path.med.confederation |= args.has("confed");
            bgp.best_path.med.missing_as_worst |= args.has("missing-as-worst");
            Ok(())
        },
        unset: |bgp, args| {
            bgp.best_path.med.confederation &= !args.has("confed");
            bgp.best_path.med.missing_as_worst &= !args.has("missing-as-worst");
            Ok(())
        },
        write: |bgp, out| {
            let med = bgp.best_path.med;
            match (med.confederation, med.missing_as_worst) {
                (true, true) => out.line(format_args!("bgp bestpath med confed missing-as-worst")),
                (true, false) => out.line(format_args!("bgp bestpath med confed")),
                (false, true) => out.line(format_args!("bgp bestpath med missing-as-worst")),
                (false, false) => {}
            }
        },
    }),
};
