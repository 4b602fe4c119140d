//! `neighbor NAME peer-group`: a peer group.

use core::net::IpAddr;

use bgp_engine::config::BgpConfig;

use crate::command::Refusal;
use crate::command::run::PeerView;
use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "neighbor WORD$peer peer-group", no: No::Same }],
    help: "Configure peer-group",
    words: &[("WORD", "Interface name or neighbor tag")],
    run: Run::PeerItself {
        set: |bgp, args| {
            let name = args.word("peer")?;
            if name.parse::<IpAddr>().is_ok()
                || super::interface_name(args).is_some_and(|name| bgp.neighbors.contains_key(&name))
            {
                return Err(Refusal::new("A neighbor cannot be a peer-group: choose another name"));
            }
            bgp.peer_groups.entry(name.to_owned()).or_default();
            Ok(())
        },
        unset: |bgp, args| remove(bgp, args.word("peer")?),
        write: |view, out| {
            if let PeerView::Group(_) = view {
                out.line(format_args!("peer-group"));
            }
        },
    },
};

/// Removes a group; its members and listen ranges go with it, as in FRR.
pub(super) fn remove(bgp: &mut BgpConfig, name: &str) -> Result<(), Refusal> {
    if bgp.peer_groups.remove(name).is_none() {
        return Err(Refusal::new("Create the peer-group first"));
    }
    bgp.neighbors.retain(|_, neighbor| neighbor.group.as_deref() != Some(name));
    bgp.listen_ranges.retain(|_, range| range.group != name);
    Ok(())
}
