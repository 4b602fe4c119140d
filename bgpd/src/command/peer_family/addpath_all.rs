//! `neighbor X addpath-tx-all-paths`.

use bgp_engine::config::AddPathTx;

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: FAMILY, text: "neighbor PEER addpath-tx-all-paths", no: No::Same }],
    help: "Use addpath to advertise all paths to a neighbor",
    words: &[],
    run: Run::PeerFamily {
        set: |peer, _| {
            peer.add_path_tx = Some(AddPathTx::All);
            Ok(())
        },
        unset: |peer, _| {
            peer.add_path_tx = peer.add_path_tx.filter(|tx| *tx != AddPathTx::All);
            Ok(())
        },
        write: |peer, out| {
            if peer.add_path_tx == Some(AddPathTx::All) {
                out.line(format_args!("addpath-tx-all-paths"));
            }
        },
    },
};
