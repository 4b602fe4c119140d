//! `neighbor X addpath-tx-bestpath-per-AS`.

use bgp_engine::config::AddPathTx;

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: FAMILY, text: "neighbor PEER addpath-tx-bestpath-per-AS", no: No::Same }],
    help: "Use addpath to advertise the bestpath per each neighboring AS",
    words: &[],
    run: Run::PeerFamily {
        set: |peer, _| {
            peer.add_path_tx = Some(AddPathTx::BestPerAs);
            Ok(())
        },
        unset: |peer, _| {
            peer.add_path_tx = peer.add_path_tx.filter(|tx| *tx != AddPathTx::BestPerAs);
            Ok(())
        },
        write: |peer, out| {
            if peer.add_path_tx == Some(AddPathTx::BestPerAs) {
                out.line(format_args!("addpath-tx-bestpath-per-AS"));
            }
        },
    },
};
