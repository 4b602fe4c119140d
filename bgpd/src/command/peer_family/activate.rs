//! `neighbor X activate`: takes part in the family.

use bgp_engine::config::BgpConfig;
use bgp_engine::value::Family;

use crate::command::run::Negation;
use crate::command::{Args, Command, FAMILY, Form, No, Refusal, Run, peer};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: FAMILY, text: "neighbor PEER activate", no: No::Same }],
    help: "Enable the Address Family for this Neighbor",
    words: &[],
    run: Run::Activation {
        change,
        write: |peer, out| match peer.activate {
            Some(true) => out.line(format_args!("activate")),
            Some(false) => out.no(format_args!("activate")),
            None => {}
        },
    },
};

/// What the default says anyway is not kept, but for a group's member, whose group may say something else.
fn change(bgp: &mut BgpConfig, family: Family, args: &Args<'_>, negation: Negation) -> Result<(), Refusal> {
    let wanted = negation == Negation::Plain;
    let default = family == Family::Ipv4Unicast && bgp.default_ipv4_unicast;
    let group = args.neighbor("peer").and_then(|name| bgp.neighbors.get(&name)).and_then(|n| n.group.as_ref());
    let below = group.and_then(|group| bgp.peer_groups.get(group)).and_then(|g| g.families[family].activate);
    let settings = peer::settings(bgp, args)?;
    settings.families[family].activate = (wanted != below.unwrap_or(default)).then_some(wanted);
    Ok(())
}
