//! `bgp bestpath as-path multipath-relax [no-as-set]`; a path with an AS_SET of all is never made.

use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "bgp bestpath as-path multipath-relax [no-as-set]", no: No::Same }],
    help: "Allow load sharing across routes that have different AS paths (but same length)",
    words: &[("no-as-set", "Do not generate an AS_SET (the default)")],
    run: Run::Instance(Edit {
        set: |bgp, _| {
            bgp.best_path.multipath_relax = true;
            Ok(())
        },
        unset: |bgp, _| {
            bgp.best_path.multipath_relax = false;
            Ok(())
        },
        write: |bgp, out| {
            if bgp.best_path.multipath_relax {
                out.line(format_args!("bgp bestpath as-path multipath-relax"));
            }
        },
    }),
};
