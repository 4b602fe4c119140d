//! `maximum-paths N`: how many equal paths are used.

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "maximum-paths (1-256)$paths",
        no: No::As("maximum-paths [(1-256)]"),
    }],
    help: "Forward packets over multiple eBGP paths",
    words: &[("(1-256)", "Number of paths")],
    run: Run::Family {
        set: |settings, _, args| {
            settings.maximum_paths = Some(args.need("paths")?);
            Ok(())
        },
        unset: |settings, _, _| {
            settings.maximum_paths = None;
            Ok(())
        },
        write: |settings, out| {
            if let Some(paths) = settings.maximum_paths {
                out.line(format_args!("maximum-paths {paths}"));
            }
        },
    },
};
