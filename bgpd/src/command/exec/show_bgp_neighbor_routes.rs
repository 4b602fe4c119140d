//! `show bgp ipv4 unicast neighbors X advertised-routes` and its relatives: a neighbor's routes.

use super::EXEC;
use super::show_words::{WORDS, family, layout, shown, which};
use crate::command::{Args, Command, Form, No, Operation, Refusal, Run};
use crate::show::{NeighborRoutes, NeighborView};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show [ip] bgp [<view|vrf> VRF] [<ipv4|ipv6> [unicast]] neighbors PEER \
               <advertised-routes|received-routes|filtered-routes|routes> [json]",
        no: No::Never,
    }],
    help: "Display the routes of a BGP neighbor",
    words: WORDS,
    run: Run::Operation(run),
};

fn run(args: &Args<'_>) -> Result<Operation, Refusal> {
    let which = which(args).ok_or_else(|| Refusal::new("the neighbor is missing"))?;
    let view = if args.has("advertised-routes") {
        NeighborView::Advertised
    } else if args.has("received-routes") {
        NeighborView::Received
    } else if args.has("filtered-routes") {
        NeighborView::Filtered
    } else {
        NeighborView::Routes
    };
    shown(args, NeighborRoutes::new(layout(args), view, which, family(args)))
}
