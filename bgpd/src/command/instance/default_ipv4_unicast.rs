//! `bgp default ipv4-unicast`: neighbors take part in IPv4 unicast without being told.

use bgp_engine::config::BgpConfig;
use bgp_engine::value::Family;

use crate::command::peer::{groups_and_lone_neighbors, settle_activation};
use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "bgp default ipv4-unicast", no: No::Same }],
    help: "Activate ipv4-unicast for a peer by default",
    words: &[("default", "Configure BGP defaults")],
    run: Run::Instance(Edit {
        set: |bgp, _| {
            keep_activation(bgp);
            bgp.default_ipv4_unicast = true;
            settle_activation(bgp);
            Ok(())
        },
        unset: |bgp, _| {
            keep_activation(bgp);
            bgp.default_ipv4_unicast = false;
            settle_activation(bgp);
            Ok(())
        },
        write: |bgp, out| {
            if !bgp.default_ipv4_unicast {
                out.line(format_args!("no bgp default ipv4-unicast"));
            }
        },
    }),
};

/// Writes down for everyone what the default now says, so that a new default is for those to come, as in FRR.
fn keep_activation(bgp: &mut BgpConfig) {
    let default = bgp.default_ipv4_unicast;
    for peer in groups_and_lone_neighbors(bgp) {
        peer.families[Family::Ipv4Unicast].activate.get_or_insert(default);
    }
}
