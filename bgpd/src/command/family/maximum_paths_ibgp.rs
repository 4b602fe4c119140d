//! `maximum-paths ibgp N`: how many equal paths are used.

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "maximum-paths ibgp (1-256)$paths",
        no: No::As("maximum-paths ibgp [(1-256)]"),
    }],
    help: "Forward packets over multiple iBGP paths",
    words: &[("(1-256)", "Number of paths")],
    run: Run::Family {
        set: |settings, _, args| {
            settings.maximum_paths_ibgp = Some(args.need("paths")?);
            Ok(())
        },
        unset: |settings, _, _| {
            settings.maximum_paths_ibgp = None;
            Ok(())
        },
        write: |settings, out| {
            if let Some(paths) = settings.maximum_paths_ibgp {
                out.line(format_args!("maximum-paths ibgp {paths}"));
            }
        },
    },
};
