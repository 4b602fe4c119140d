//! `show running-config`.

use super::EXEC;
use crate::command::{Command, Form, No, Operation, Run};
use crate::show::{Layout, RunningConfig};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show running-config [bgpd] [json]", no: No::Never }],
    help: "Current operating configuration",
    words: &[("show", "Show running system information"), ("bgpd", "Of the BGP daemon")],
    run: Run::Operation(|args| {
        let form = if args.has("json") { Layout::Json } else { Layout::Text };
        Ok(Operation::Show(Box::new(RunningConfig::new(form))))
    }),
};
