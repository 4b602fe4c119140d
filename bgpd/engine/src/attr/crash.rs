//! Crashes on demand, in builds for tests of takeovers alone (feature `fault`): a reader that fails on one attribute.
//!
//! The optional transitive attribute 255, which nobody uses, crashes it if its value is one of these octets and
//! then `FTBG`: 1 panics, 2 overflows the stack, which is the one segmentation fault that safe code can have, 3
//! never comes back, and 4 panics also where the message is not read, but got over: only dropping it helps.

use core::hint::{black_box, spin_loop};

/// The attribute's code.
const CODE: u8 = 255;

/// What the value ends with.
const MARK: [u8; 4] = *b"FTBG";

/// Crashes if the attribute asks for it.
pub(super) fn provoke(code: u8, value: &[u8]) {
    match value {
        [kind, mark @ ..] if code == CODE && *mark == MARK => match *kind {
            1 | STRONG => panic!("attribute 255 asks for a panic (a build with the feature 'fault')"),
            2 => {
                black_box(descend(1));
            }
            3 => loop {
                spin_loop();
            },
            _ => {}
        },
        _ => {}
    }
}

/// What panics in whoever gets over it.
const STRONG: u8 = 4;

/// Crashes over a message that is not to be read, if it is so strong.
pub(crate) fn provoke_unread(message: &[u8]) {
    let attribute = [&[CODE, 5, STRONG][..], &MARK].concat();
    if message.windows(attribute.len()).any(|octets| octets == attribute) {
        panic!("attribute 255 asks for a panic of who gets over it (a build with the feature 'fault')");
    }
}

#[expect(unconditional_recursion, reason = "it is to overflow the stack")]
fn descend(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    black_box(descend(frame[0].wrapping_add(1))).wrapping_add(frame[63])
}
