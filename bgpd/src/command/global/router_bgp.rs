//! `router bgp ASN`: the BGP instance, and how it is written as a whole.

use bgp_engine::config::{BgpConfig, FamilyConfig, NeighborName};
use bgp_engine::value::{Asn, Family};

use super::CONFIG;
use crate::command::run::PeerView;
use crate::command::{
    Command, Edit, Form, Lines, Mode, No, PeerLines, Refusal, Run, family, instance, instance_last, peer,
    peer_family,
};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: CONFIG, text: "router bgp ASN", no: No::As("router bgp [ASN]") }],
    help: "Start BGP configuration",
    words: &[("router", "Enable a routing process"), ("bgp", "BGP information")],
    run: Run::Block {
        enter: |_| Ok(Mode::Router),
        edit: Edit {
            set: |config, args| {
                let asn: Asn = args.need("ASN")?;
                let profile = config.profile;
                let bgp = config.engine.bgp.get_or_insert_with(|| BgpConfig::new(asn, profile));
                if bgp.asn != asn {
                    return Err(Refusal::new(format!("BGP is already running; AS is {}", bgp.asn)));
                }
                Ok(())
            },
            unset: |config, args| {
                let asn: Option<Asn> = args.find("ASN");
                match &config.engine.bgp {
                    Some(bgp) if asn.is_none_or(|asn| asn == bgp.asn) => {
                        config.engine.bgp = None;
                        Ok(())
                    }
                    _ => Err(Refusal::new("Can't find BGP instance")),
                }
            },
            write: |config, out| {
                if let Some(bgp) = &config.engine.bgp {
                    write(bgp, out);
                }
            },
        },
    },
};

fn write(bgp: &BgpConfig, out: &mut Lines<'_>) {
    out.separate();
    out.line(format_args!("router bgp {}", bgp.asn));
    out.block(|out| {
        for command in instance::COMMANDS {
            if let Run::Instance(edit) = &command.run {
                (edit.write)(bgp, out);
            }
        }
        each_peer(bgp, |name, view| write_peer(&mut PeerLines::new(out, name), view));
        for command in instance_last::COMMANDS {
            if let Run::Instance(edit) = &command.run {
                (edit.write)(bgp, out);
            }
        }
        for family in Family::ALL {
            write_family(bgp, family, out);
        }
    });
    out.line(format_args!("exit"));
    out.separate();
}

/// Every peer group and neighbor in the order in which they are written.
fn each_peer(bgp: &BgpConfig, mut visit: impl FnMut(&dyn crate::command::lines::DisplayDebug, PeerView<'_>)) {
    for (name, settings) in &bgp.peer_groups {
        visit(name, PeerView::Group(settings));
    }
    let interface = |name: &NeighborName| matches!(name, NeighborName::Interface(_));
    for wanted in [true, false] {
        for (name, neighbor) in bgp.neighbors.iter().filter(|(name, _)| interface(name) == wanted) {
            visit(name, PeerView::Neighbor(name, neighbor));
        }
    }
}

fn write_peer(out: &mut PeerLines<'_, '_>, view: PeerView<'_>) {
    for command in peer::COMMANDS {
        match &command.run {
            Run::PeerItself { write, .. } => write(&view, out),
            Run::Peer { write, .. } => write(view.settings(), out),
            _ => {}
        }
    }
}

fn write_family(bgp: &BgpConfig, af: Family, out: &mut Lines<'_>) {
    let mut nothing = String::new();
    let mut probe = Lines::new(&mut nothing, usize::MAX, 0);
    write_family_body(bgp, af, &mut probe);
    if probe.seen() == 0 {
        return;
    }
    out.separate();
    let name = match af {
        Family::Ipv4Unicast => "ipv4",
        Family::Ipv6Unicast => "ipv6",
    };
    out.line(format_args!("address-family {name} unicast"));
    out.block(|out| write_family_body(bgp, af, out));
    out.line(format_args!("exit-address-family"));
}

fn write_family_body(bgp: &BgpConfig, af: Family, out: &mut Lines<'_>) {
    let settings: &FamilyConfig = &bgp.families[af];
    let write = |commands: &[&Command], out: &mut Lines<'_>| {
        for command in commands {
            if let Run::Family { write, .. } = &command.run {
                write(settings, out);
            }
        }
    };
    let (before, after) = family::COMMANDS.split_at(family::BEFORE_PEERS);
    write(before, out);
    each_peer(bgp, |name, view| {
        let out = &mut PeerLines::new(out, name);
        for command in peer_family::COMMANDS {
            match &command.run {
                Run::PeerFamily { write, .. } | Run::Activation { write, .. } => {
                    write(&view.settings().families[af], out);
                }
                _ => {}
            }
        }
    });
    write(after, out);
}
