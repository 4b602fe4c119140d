//! `bgp default ipv4-unicast`: neighbors take part in IPv4 unicast without being told.

use bgp_engine::config::{BgpConfig, NeighborFamily};
use bgp_engine::value::Family;

use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "bgp default ipv4-unicast", no: No::Same }],
    help: "Activate ipv4-unicast for a peer by default",
    words: &[("default", "Configure BGP defaults")],
    run: Run::Instance(Edit {
        set: |bgp, _| {
keep_activation(bgp);
 bgp.default_ipv4_unicast = true;
 settle(bgp);
 Ok(())
        },
        unset: |bgp, _| {
keep_activation(bgp);
 bgp.default_ipv4_unicast = false;
 settle(bgp);
 Ok(())
        },
        write: |bgp, out| {
if !bgp.default_ipv4_unicast { out.line(format_args!("no bgp default ipv4-unicast")); }
        },
    }),
};

/// Writes down for everyone what the default now says, so that a new default is for those to come, as in FRR.
fn keep_activation(bgp: &mut BgpConfig) {
    let default = bgp.default_ipv4_unicast;
    for family in families(bgp) {
        family.activate.get_or_insert(default);
    }
}

/// Drops what the default says anyway.
fn settle(bgp: &mut BgpConfig) {
    let default = bgp.default_ipv4_unicast;
    for family in families(bgp) {
        family.activate = family.activate.filter(|activate| *activate != default);
    }
}

/// Every group and every neighbor that is in none.
fn families(bgp: &mut BgpConfig) -> impl Iterator<Item = &mut NeighborFamily> {
    let groups = bgp.peer_groups.values_mut();
    let alone = bgp.neighbors.values_mut().filter(|neighbor| neighbor.group.is_none());
    groups
        .map(|group| &mut group.families[Family::Ipv4Unicast])
        .chain(alone.map(|neighbor| &mut neighbor.settings.families[Family::Ipv4Unicast]))
}
