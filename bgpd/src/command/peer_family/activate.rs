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

fn change(bgp: &mut BgpConfig, family: Family, args: &Args<'_>, negation: Negation) -> Result<(), Refusal> {
    peer::settings(bgp, args)?.families[family].activate = Some(negation == Negation::Plain);
    peer::settle_activation(bgp);
    Ok(())
}
