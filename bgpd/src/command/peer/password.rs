//! `neighbor X password KEY`: TCP MD5 (RFC 2385).

use crate::command::Refusal;
use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor PEER password WORD",
        no: No::As("neighbor PEER password [WORD]"),
    }],
    help: "Set a password",
    words: &[("WORD", "The password")],
    run: Run::Peer {
        set: |peer, args| {
            let key = args.word("WORD")?;
            if key.len() > LONGEST_KEY {
                return Err(Refusal::new(format!("A TCP MD5 key has at most {LONGEST_KEY} octets")));
            }
            peer.password = Some(key.to_owned());
            Ok(())
        },
        unset: |peer, _| {
            peer.password = None;
            Ok(())
        },
        write: |peer, out| {
            if let Some(key) = &peer.password {
                out.line(format_args!("password {key}"));
            }
        },
    },
};

/// The kernel's limit (TCP_MD5SIG_MAXKEYLEN).
const LONGEST_KEY: usize = 80;
