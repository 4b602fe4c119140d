//! `neighbor X addpath-tx-best-selected N`.

use bgp_engine::config::AddPathTx;

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "neighbor PEER addpath-tx-best-selected (1-6)$paths",
        no: No::As("neighbor PEER addpath-tx-best-selected [(1-6)]"),
    }],
    help: "Use addpath to advertise best selected paths to a neighbor",
    words: &[("(1-6)", "The number of best paths")],
    run: Run::PeerFamily {
        set: |peer, args| {
            peer.add_path_tx = Some(AddPathTx::BestSelected(args.need("paths")?));
            Ok(())
        },
        unset: |peer, _| {
            peer.add_path_tx = peer.add_path_tx.filter(|tx| !matches!(tx, AddPathTx::BestSelected(_)));
            Ok(())
        },
        write: |peer, out| {
            if let Some(AddPathTx::BestSelected(paths)) = peer.add_path_tx {
                out.line(format_args!("addpath-tx-best-selected {paths}"));
            }
        },
    },
};
