//! `neighbor X remote-as ASN|internal|external|auto`: makes a neighbor.

use core::fmt;

use bgp_engine::config::{NeighborName, RemoteAs};
use bgp_engine::value::Asn;

use super::{group, missing};
use crate::command::run::PeerView;
use crate::command::{Args, Refusal};
use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor PEER remote-as <ASN|internal|external|auto>",
        no: No::As("neighbor PEER [remote-as [<ASN|internal|external|auto>]]"),
    }],
    help: "Specify a BGP neighbor",
    words: &[
        ("internal", "Internal BGP peer"),
        ("external", "External BGP peer"),
        ("auto", "Automatically detect remote ASN"),
    ],
    run: Run::PeerItself {
        set: |bgp, args| {
            let wanted = value(args)?;
            let text = args.word("peer")?;
            if let Some(group) = bgp.peer_groups.get_mut(text) {
                group.remote_as = Some(wanted);
                return Ok(());
            }
            let name = args.neighbor("peer").ok_or_else(|| missing(text))?;
            if matches!(name, NeighborName::Interface(_)) && !bgp.neighbors.contains_key(&name) {
                return Err(missing(text));
            }
            bgp.neighbors.entry(name).or_default().settings.remote_as = Some(wanted);
            Ok(())
        },
        unset: |bgp, args| {
            let text = args.word("peer")?;
            let whole = !args.has("remote-as");
            if bgp.peer_groups.contains_key(text) && whole {
                return group::remove(bgp, text);
            }
            if let Some(group) = bgp.peer_groups.get_mut(text) {
                group.remote_as = None;
                // Members that have no AS now go, as in FRR.
                bgp.neighbors.retain(|name, neighbor| {
                    let lost =
                        neighbor.group.as_deref() == Some(text) && neighbor.settings.remote_as.is_none();
                    !lost || matches!(name, NeighborName::Interface(_))
                });
                return Ok(());
            }
            let name = args.neighbor("peer").ok_or_else(|| missing(text))?;
            let interface = matches!(name, NeighborName::Interface(_));
            match bgp.neighbors.get_mut(&name) {
                Some(neighbor) if interface && !whole => neighbor.settings.remote_as = None,
                Some(_) => drop(bgp.neighbors.remove(&name)),
                // FRR says nothing of an address that is no neighbor.
                None if interface => return Err(missing(text)),
                None => {}
            }
            Ok(())
        },
        write: |view, out| {
            let Some(asn) = view.settings().remote_as else { return };
            let written_before =
                matches!(view, PeerView::Neighbor(NeighborName::Interface(_), n) if n.group.is_none());
            if matches!(view, PeerView::Group(_)) || !written_before {
                out.line(format_args!("remote-as {}", Text(asn)));
            }
        },
    },
};

/// What a line says behind `remote-as`.
pub(super) fn value(args: &Args<'_>) -> Result<RemoteAs, Refusal> {
    Ok(if args.has("internal") {
        RemoteAs::Internal
    } else if args.has("external") {
        RemoteAs::External
    } else if args.has("auto") {
        RemoteAs::Auto
    } else {
        RemoteAs::Is(args.need::<Asn>("ASN")?)
    })
}

/// How it is written.
pub(super) struct Text(pub(super) RemoteAs);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RemoteAs::Is(asn) => asn.fmt(f),
            RemoteAs::Internal => f.write_str("internal"),
            RemoteAs::External => f.write_str("external"),
            RemoteAs::Auto => f.write_str("auto"),
        }
    }
}
