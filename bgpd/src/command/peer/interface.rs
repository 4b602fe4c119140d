//! `neighbor IF interface [v6only] [remote-as … | peer-group …]`: an unnumbered neighbor.

use bgp_engine::config::NeighborName;

use super::remote_as;
use crate::command::Refusal;
use crate::command::run::PeerView;
use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor WORD$peer interface [v6only] [<remote-as <ASN|internal|external|auto>|peer-group WORD$group>]",
        no: No::Same,
    }],
    help: "Enable BGP on interface",
    words: &[
        ("WORD", "Interface name, or peer-group name"),
        ("v6only", "Enable BGP with v6 link-local only"),
        ("remote-as", "Specify a BGP neighbor"),
        ("peer-group", "Member of the peer-group"),
    ],
    run: Run::PeerItself {
        set: |bgp, args| {
            let Some(name) = super::interface_name(args) else {
                return Err(Refusal::new(
                    "An address is not an interface: use 'neighbor ADDRESS remote-as ASN'",
                ));
            };
            if bgp.peer_groups.contains_key(args.word("peer")?) {
                return Err(Refusal::new("There is a peer-group of this name already"));
            }
            let group = args.text("group").map(str::to_owned);
            if group.as_ref().is_some_and(|group| !bgp.peer_groups.contains_key(group)) {
                return Err(Refusal::new("Configure the peer-group first"));
            }
            let neighbor = bgp.neighbors.entry(name).or_default();
            if args.has("v6only") {
                neighbor.settings.v6only = Some(true);
            }
            if args.has("remote-as") {
                neighbor.settings.remote_as = Some(remote_as::value(args)?);
            }
            if group.is_some() {
                neighbor.group = group;
            }
            Ok(())
        },
        unset: |bgp, args| {
            let name = super::interface_name(args);
            match name.and_then(|name| bgp.neighbors.remove(&name)) {
                Some(_) => Ok(()),
                None => Err(Refusal::new("Create the bgp interface first")),
            }
        },
        write: |view, out| {
            let PeerView::Neighbor(NeighborName::Interface(_), neighbor) = view else { return };
            let v6only = if neighbor.settings.v6only == Some(true) { " v6only" } else { "" };
            match (&neighbor.group, neighbor.settings.remote_as) {
                (Some(group), _) => out.line(format_args!("interface{v6only} peer-group {group}")),
                (None, Some(asn)) => {
                    out.line(format_args!("interface{v6only} remote-as {}", remote_as::Text(asn)))
                }
                (None, None) => out.line(format_args!("interface{v6only}")),
            }
        },
    },
};
