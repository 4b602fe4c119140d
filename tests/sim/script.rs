//! What peers do, step by step: after each step the world is let come to rest, so that what they see does not depend
//! on when anybody died.

use std::net::SocketAddr;

use super::chance::Chance;
use super::cluster::{Cluster, Subject};
use super::toy::want;
use super::world::address;

/// One thing that a peer does. Peers are counted in the order in which they connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stimulus {
    Connect(SocketAddr),
    /// Not a peer: the program is given an input of its own.
    Tell(Vec<u8>),
    Send(usize, Vec<u8>),
    End(usize),
    Reset(usize),
}

impl Stimulus {
    /// The `n`th peer connects.
    pub fn connect(n: u16) -> Self {
        Stimulus::Connect(address(1000 + n))
    }
}

/// A story.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub steps: Vec<Stimulus>,
}

/// Whether peers send what kills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poison {
    With,
    Without,
}

/// A frame as peers send it.
pub fn frame(kind: u8, rest: &[u8]) -> Vec<u8> {
    let mut frame = vec![rest.len() as u8 + 1, kind];
    frame.extend_from_slice(rest);
    frame
}

/// Turns that a step may take to come to rest.
const PATIENCE: u32 = 20_000;
/// What peers read in a turn.
const READ: usize = 900;

impl Script {
    /// Everything that the toy can do, once.
    pub fn of_everything() -> Self {
        let mut steps = vec![Stimulus::connect(0), Stimulus::connect(1)];
        let mut together = frame(want::ECHO, b"one");
        together.extend(frame(want::STREAM, &[0, 90]));
        together.extend(frame(want::ECHO, b"two"));
        together.extend(frame(want::STORE, b"a letter"));
        steps.push(Stimulus::Send(0, together.clone()));
        for (kind, rest) in [
            (want::LATER, &[3][..]),
            (want::SHOUT, b"hello"),
            (want::CALL, &[2, 2]),
            (want::CALL, &[2, 3]),
            (want::WORK, &[3]),
            (want::HOLD, &[2]),
            (want::DATAGRAM, b"gram"),
        ] {
            steps.push(Stimulus::Send(1, frame(kind, rest)));
        }
        // A frame that comes in two parts.
        together.truncate(10);
        steps.push(Stimulus::Send(0, together[..7].to_vec()));
        steps.push(Stimulus::Send(0, together[7..].to_vec()));
        steps.push(Stimulus::connect(2));
        steps.push(Stimulus::Send(2, frame(want::END, b"")));
        steps.push(Stimulus::End(2));
        steps.push(Stimulus::connect(3));
        steps.push(Stimulus::Send(3, frame(want::ABORT, b"")));
        steps.push(Stimulus::Reset(1));
        steps.push(Stimulus::Send(0, frame(want::SHOUT, b"last")));
        steps.push(Stimulus::End(0));
        Script { steps }
    }

    /// Something else for every seed.
    pub fn by_chance(chance: &mut Chance, poison: Poison) -> Self {
        let mut script = Script::default();
        let mut peers = 0;
        for _ in 0..4 + chance.below(20) {
            if peers == 0 || chance.percent(12) {
                script.steps.push(Stimulus::connect(peers as u16));
                peers += 1;
                continue;
            }
            let peer = chance.below(peers) as usize;
            let step = match chance.below(100) {
                0..=3 => Stimulus::End(peer),
                4..=6 => Stimulus::Reset(peer),
                7..=11 => Stimulus::Send(peer, frame(chance.one_of(&[want::END, want::ABORT]), b"")),
                12..=24 if poison == Poison::With => {
                    let kinds = [want::POISON, want::POISON, want::STRONG_POISON, want::DEADLY_POISON];
                    Stimulus::Send(peer, frame(chance.one_of(&kinds), &chance.octets(3)))
                }
                _ => Stimulus::Send(peer, frames_by_chance(chance)),
            };
            script.steps.push(step);
        }
        script
    }
}

/// Some frames that are answered at once, and at most one whose answer takes its time: what is answered in one time
/// may come in another order in another.
fn frames_by_chance(chance: &mut Chance) -> Vec<u8> {
    let mut octets = Vec::new();
    for _ in 0..chance.below(4) {
        let length = chance.below(60);
        let rest = chance.octets(length);
        octets.extend(match chance.below(6) {
            0..=2 => frame(want::ECHO, &rest),
            3..=4 => frame(want::STREAM, &[0, chance.below(80) as u8]),
            _ => frame(want::SHOUT, &rest),
        });
    }
    let small = chance.below(4) as u8;
    let length = chance.below(60);
    octets.extend(match chance.below(6) {
        0 => frame(want::LATER, &[small]),
        1 => frame(want::STORE, &chance.octets(length)),
        2 => frame(want::CALL, &[2, small]),
        3 => frame(want::WORK, &[small]),
        4 => frame(want::HOLD, &[small]),
        _ => frame(want::DATAGRAM, &chance.octets(length)),
    });
    octets
}

impl<M: Subject> Cluster<M> {
    /// A peer does something.
    pub fn stimulate(&mut self, stimulus: &Stimulus, peers: &mut Vec<u64>) {
        let mut world = self.world.borrow_mut();
        match stimulus {
            Stimulus::Connect(remote) => peers.push(world.peer_connects(*remote)),
            Stimulus::Tell(octets) => world.answers.push_back(octets.clone()),
            Stimulus::Send(peer, octets) => world.peer_sends(peers[*peer], octets),
            Stimulus::End(peer) => world.peer_ends(peers[*peer]),
            Stimulus::Reset(peer) => world.peer_resets(peers[*peer]),
        }
    }

    /// Turns, until nothing moves any more.
    pub fn come_to_rest(&mut self) {
        for _ in 0..PATIENCE {
            if self.rests() {
                return;
            }
            self.turn();
            let mut world = self.world.borrow_mut();
            let cookies: Vec<u64> = world.sockets.keys().copied().collect();
            cookies.into_iter().for_each(|cookie| world.peer_reads(cookie, READ));
        }
        panic!("no rest in {PATIENCE} turns");
    }
}
