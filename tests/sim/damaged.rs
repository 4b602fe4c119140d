//! Snapshots that were written over, cut and put together anew, with checksums that fit: whoever restores one gets an
//! error or a state that can be looked at, never a panic, and no memory for what is only claimed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ftcore::core::state::State;

use super::chance::Chance;
use super::cluster::Subject;

/// What stands before the length of the connections' part: "FTSNAP" and the version.
pub const FRONT: usize = 8;
/// Length and checksum.
const SUM: usize = 12;
/// MessagePack's heads of long things, and what else means much.
const HEADS: [u8; 10] = [0x00, 0x80, 0x90, 0xc0, 0xc6, 0xcf, 0xdb, 0xdd, 0xdf, 0xff];

/// Connections and machine of a snapshot.
pub fn parts(snapshot: &[u8]) -> [Vec<u8>; 2] {
    let length = u64::from_le_bytes(snapshot[FRONT..FRONT + 8].try_into().expect("eight octets"));
    let (connections, machine) = snapshot[FRONT + SUM..snapshot.len() - SUM].split_at(length as usize);
    [connections.to_vec(), machine.to_vec()]
}

fn sum(octets: &[u8]) -> Vec<u8> {
    let length = (octets.len() as u64).to_le_bytes();
    [&length[..], &crc32fast::hash(octets).to_le_bytes()].concat()
}

/// A snapshot of connections and machine, with checksums that fit.
pub fn together(front: &[u8], [connections, machine]: &[Vec<u8>; 2]) -> Vec<u8> {
    [front, &sum(connections), connections, machine, &sum(machine)].concat()
}

fn damage(chance: &mut Chance, part: &mut Vec<u8>) {
    for _ in 0..1 + chance.below(4) {
        let at = chance.below(part.len() as u64) as usize;
        match chance.below(8) {
            0 => part.truncate(at),
            1 => drop(part.drain(at..part.len().min(at + 1 + chance.below(40) as usize))),
            2 => {
                let again = part[at..part.len().min(at + 40)].to_vec();
                part.splice(at..at, again);
            }
            3 => {
                let claim = [&[chance.one_of(&HEADS)][..], &[0xff; 4]].concat();
                part.splice(at..part.len().min(at + 5), claim);
            }
            4..=5 => part.splice(at..=at, [chance.one_of(&HEADS)]).for_each(drop),
            _ => part.splice(at..=at, [chance.next() as u8]).for_each(drop),
        }
        if part.is_empty() {
            return;
        }
    }
}

/// So many damaged ones, and as many octets of any kind.
pub fn survive<M: Subject>(snapshot: &[u8], times: u64) {
    let whole = parts(snapshot);
    let front = &snapshot[..FRONT];
    assert_eq!(together(front, &whole), snapshot, "this test takes snapshots apart wrongly");
    let mut refused = 0;
    for seed in 0..times {
        let mut chance = Chance::new(seed);
        let mut damaged = whole.clone();
        damage(&mut chance, &mut damaged[(seed % 2) as usize]);
        let length = chance.below(300);
        let any = [chance.octets(length), chance.octets(length)];
        for octets in [together(front, &damaged), together(front, &any), chance.octets(length)] {
            let tried =
                catch_unwind(AssertUnwindSafe(|| State::<M>::restore(&octets).map(|state| state.digest())));
            let restored = tried.unwrap_or_else(|_| panic!("damaged with seed {seed}"));
            refused += u64::from(restored.is_err());
        }
    }
    println!("{refused} of {} were refused", 3 * times);
    assert!(refused > 2 * times, "almost nothing was refused");
}
