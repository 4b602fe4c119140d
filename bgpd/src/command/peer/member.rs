//! `neighbor X peer-group NAME`: takes the settings of a group.

use bgp_engine::config::NeighborName;

use super::missing;
use crate::command::Refusal;
use crate::command::run::PeerView;
use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "neighbor PEER peer-group WORD$group", no: No::Same }],
    help: "Member of the peer-group",
    words: &[("WORD", "Peer-group name")],
    run: Run::PeerItself {
        set: |bgp, args| {
            let group = args.word("group")?;
            if !bgp.peer_groups.contains_key(group) {
                return Err(Refusal::new("Configure the peer-group first"));
            }
            let text = args.word("peer")?;
            let name = args.neighbor("peer").ok_or_else(|| missing(text))?;
            let known = bgp.neighbors.contains_key(&name);
            if !known && (matches!(name, NeighborName::Interface(_)) || bgp.peer_groups.contains_key(text)) {
                return Err(missing(text));
            }
            bgp.neighbors.entry(name).or_default().group = Some(group.to_owned());
            Ok(())
        },
        unset: |bgp, args| {
            let text = args.word("peer")?;
            let name = args.neighbor("peer").ok_or_else(|| missing(text))?;
            let group = args.word("group")?;
            match bgp.neighbors.get_mut(&name) {
                Some(neighbor) if neighbor.group.as_deref() == Some(group) => {
                    neighbor.group = None;
                    if neighbor.settings.remote_as.is_none() && matches!(name, NeighborName::Address(_)) {
                        bgp.neighbors.remove(&name);
                    }
                    super::settle_activation(bgp);
                    Ok(())
                }
                _ => Err(Refusal::new(format!("{text} is not a member of peer-group {group}"))),
            }
        },
        write: |view, out| {
            if let PeerView::Neighbor(NeighborName::Address(_), neighbor) = view
                && let Some(group) = &neighbor.group
            {
                out.line(format_args!("peer-group {group}"));
            }
        },
    },
};
