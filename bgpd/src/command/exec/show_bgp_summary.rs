//! `show bgp summary`: a line a neighbor.

use bgp_engine::config::RemoteAs;
use bgp_engine::value::Asn;

use super::EXEC;
use super::show_words::{WORDS, family, layout, shown, which};
use crate::command::{Args, Command, Form, No, Operation, Refusal, Run};
use crate::show::{Columns, Families, Filter, Summary};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show [ip] bgp [<view|vrf> VRF] [<ipv4|ipv6> [unicast]] summary [<established|failed>] \
               [<neighbor PEER|remote-as <ASN|internal|external>>] [terse] [wide] [json]",
        no: No::Never,
    }],
    help: "Summary of BGP neighbor status",
    words: WORDS,
    run: Run::Operation(run),
};

fn run(args: &Args<'_>) -> Result<Operation, Refusal> {
    let families = match family(args) {
        None => Families::All,
        Some(family) if args.has("unicast") => Families::Exactly(family),
        Some(family) => Families::Of(family),
    };
    let columns = if args.has("wide") {
        Columns::Wide
    } else if args.has("terse") {
        Columns::Terse
    } else {
        Columns::Usual
    };
    let filter = if args.has("established") {
        Filter::Established
    } else if args.has("failed") {
        Filter::Failed
    } else if let Some(which) = which(args) {
        Filter::Neighbor(which)
    } else if args.has("internal") {
        Filter::RemoteAs(RemoteAs::Internal)
    } else if args.has("external") {
        Filter::RemoteAs(RemoteAs::External)
    } else if let Some(asn) = args.find::<Asn>("ASN") {
        Filter::RemoteAs(RemoteAs::Is(asn))
    } else {
        Filter::All
    };
    shown(args, Summary::new(layout(args), families, filter, columns))
}
