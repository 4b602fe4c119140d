//! Two connections to one peer, and which of them stays (RFC 4271 §6.8, RFC 6286 §2.3).
//!
//! RFC 4271 lets both sides choose, each by what it happens to have seen; two that choose at different moments
//! can each close the connection that the other keeps. Here one side alone chooses: the one with the higher
//! BGP identifier, and it commits itself with its first KEEPALIVE. The lower side never takes a connection up
//! to Established while the other one could still be the chosen one, and never closes what the higher side may
//! have committed itself to. So a session never comes up only to be given up for the other connection.
//!
//! - *RFC says*: an OPEN is held against connections in OpenConfirm. *We do*: it is held against every other
//!   connection, also one that is only being opened (which the RFC allows where the peer is known).
//! - *RFC says*: nothing of waiting. *We do*: the higher side answers an OPEN on the peer's connection only once
//!   its own connection has brought one or is gone; the lower side lets a KEEPALIVE on its own connection rest
//!   until the peer's connection is gone. Both for at most 5 s: a peer that follows the RFC decides at once.

use super::State;
use crate::value::{Asn, RouterId};

/// Who opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// This router.
    Outgoing,
    /// The peer.
    Incoming,
}

impl Side {
    pub(super) const BOTH: [Side; 2] = [Side::Outgoing, Side::Incoming];

    pub(super) fn other(self) -> Side {
        match self {
            Side::Outgoing => Side::Incoming,
            Side::Incoming => Side::Outgoing,
        }
    }
}

/// Which of the two routers chooses between two connections, and keeps the one that it has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precedence {
    /// This router.
    Own,
    /// The peer.
    Peers,
}

impl Precedence {
    //= rfc6286#section-2.3
    //# the BGP Identifiers of the peers involved in the connection collision are identical, then the session
    //# initiated by the BGP speaker with the larger AS number is preserved.
    pub(super) fn of(own: (RouterId, Asn), peers: (RouterId, Asn)) -> Precedence {
        if own > peers { Precedence::Own } else { Precedence::Peers }
    }
}

/// What a connection has received that would take it a step further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// The peer's OPEN, which wants our KEEPALIVE as its answer.
    Open,
    /// The peer's KEEPALIVE, which makes the session Established.
    Keepalive,
}

/// What becomes of a connection that has received something, in view of the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on, and so does the other.
    Proceed,
    /// It goes on, the other is given up.
    ProceedAlone,
    /// It rests until the other is gone.
    Wait,
    /// It is given up.
    Yield,
}

/// The verdict on the connection of `side` which has `received` something, while the other connection's machine
/// is in the state `other`.
pub(super) fn judge(chooser: Precedence, side: Side, received: Received, other: State) -> Verdict {
    use Verdict as V;
    match (other, chooser, side, received) {
        (State::Idle | State::Active, ..) => V::Proceed,
        // A session that is up stays; nothing gets here that could end it.
        (State::Established, ..) => V::Yield,
        (_, Precedence::Own, Side::Outgoing, Received::Open | Received::Keepalive)
        | (_, Precedence::Own, Side::Incoming, Received::Keepalive) => V::ProceedAlone,
        // Our SYN is out, but our OPEN is not: the peer cannot rely on that connection.
        (State::Connect, Precedence::Own, Side::Incoming, Received::Open) => V::ProceedAlone,
        (State::OpenSent, Precedence::Own, Side::Incoming, Received::Open) => V::Wait,
        (State::OpenConfirm, Precedence::Own, Side::Incoming, Received::Open) => V::Yield,
        // The peer cannot have chosen our connection before it has seen our KEEPALIVE answer there.
        (State::Connect | State::OpenSent, Precedence::Peers, Side::Incoming, Received::Open) => {
            V::ProceedAlone
        }
        (State::OpenConfirm, Precedence::Peers, Side::Incoming, Received::Open) => V::Proceed,
        (_, Precedence::Peers, Side::Incoming, Received::Keepalive) => V::ProceedAlone,
        (_, Precedence::Peers, Side::Outgoing, Received::Open) => V::Proceed,
        (_, Precedence::Peers, Side::Outgoing, Received::Keepalive) => V::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_identifier_chooses_and_the_as_number_where_they_are_equal() {
        let of = |own: (u32, u32), peers: (u32, u32)| {
            Precedence::of((RouterId(own.0), Asn(own.1)), (RouterId(peers.0), Asn(peers.1)))
        };
        assert_eq!(of((2, 1), (1, 9)), Precedence::Own);
        assert_eq!(of((0x0100_0000, 1), (0x0a00_0001, 1)), Precedence::Peers);
        assert_eq!(of((7, 65002), (7, 65001)), Precedence::Own);
        assert_eq!(of((7, 65001), (7, 65002)), Precedence::Peers);
    }

    #[test]
    fn only_the_chooser_gives_up_a_connection_that_has_had_a_keepalive_from_it() {
        for received in [Received::Open, Received::Keepalive] {
            let verdict = judge(Precedence::Peers, Side::Incoming, received, State::OpenConfirm);
            assert_ne!(verdict, Verdict::Yield);
            let verdict = judge(Precedence::Peers, Side::Outgoing, received, State::OpenConfirm);
            assert!(matches!(verdict, Verdict::Proceed | Verdict::Wait), "{verdict:?}");
        }
    }

    #[test]
    fn a_connection_alone_always_goes_on() {
        for chooser in [Precedence::Own, Precedence::Peers] {
            for side in Side::BOTH {
                for other in [State::Idle, State::Active] {
                    assert_eq!(judge(chooser, side, Received::Open, other), Verdict::Proceed);
                    assert_eq!(judge(chooser, side, Received::Keepalive, other), Verdict::Proceed);
                }
            }
        }
    }
}
