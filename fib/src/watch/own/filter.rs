//! The filter of the route watch: a program of classic BPF that the kernel runs on each message.
//!
//! A message passes if it is not the writer's own doing, and is the end of a route or next-hop object of our protocol,
//! a new route of our protocol, or a route or object that takes the place of another one. What it does not know
//! does not pass.

use socket2::SockFilter;

use crate::netlink::abi;

/// Where in a message the kind, the flags and the port of who caused it stand, in octets.
const KIND: u32 = 4;
const FLAGS: u32 = 6;
const PORT: u32 = 12;
/// Where the protocol of a route and of a next-hop object stands.
const ROUTE_PROTOCOL: u32 = 16 + 5;
const OBJECT_PROTOCOL: u32 = 16 + 2;

/// Instructions: load a word, half a word, an octet; compare; test bits; return.
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_OCTET: u16 = 0x30;
const IS: u16 = 0x15;
const HAS: u16 = 0x45;
const RETURN: u16 = 0x06;

/// An instruction: its code, how many to skip if it holds and if not, its operand.
pub(super) type Step = (u16, u8, u8, u32);

/// The program for the kernel.
pub(super) fn program(protocol: u8, writer: u32) -> Vec<SockFilter> {
    steps(protocol, writer).into_iter().map(|(code, yes, no, k)| SockFilter::new(code, yes, no, k)).collect()
}

/// BPF reads in the network's order what netlink writes in the machine's.
fn half(value: u16) -> u32 {
    u32::from(u16::from_be_bytes(value.to_ne_bytes()))
}

fn steps(protocol: u8, writer: u32) -> Vec<Step> {
    let protocol = u32::from(protocol);
    let writer = u32::from_be_bytes(writer.to_ne_bytes());
    vec![
        (LOAD_WORD, 0, 0, PORT),
        (IS, 13, 0, writer), // to drop
        (LOAD_HALF, 0, 0, KIND),
        (IS, 3, 0, half(abi::RTM_DELROUTE)),   // to a route that ends
        (IS, 6, 0, half(abi::RTM_NEWROUTE)),   // to a new route
        (IS, 3, 0, half(abi::RTM_DELNEXTHOP)), // to an object that ends
        (IS, 6, 8, half(abi::RTM_NEWNEXTHOP)), // to the flags, or drop
        // A route that ends: ours by its protocol.
        (LOAD_OCTET, 0, 0, ROUTE_PROTOCOL),
        (IS, 7, 6, protocol), // pass, or drop
        // An object that ends: the same.
        (LOAD_OCTET, 0, 0, OBJECT_PROTOCOL),
        (IS, 5, 4, protocol), // pass, or drop
        // A new route: with our protocol, or in the place of another one, which may be ours.
        (LOAD_OCTET, 0, 0, ROUTE_PROTOCOL),
        (IS, 3, 0, protocol), // pass, or go on
        // The flags.
        (LOAD_HALF, 0, 0, FLAGS),
        (HAS, 1, 0, half(abi::NLM_F_REPLACE)), // pass, or drop
        (RETURN, 0, 0, 0),
        (RETURN, 0, 0, u32::MAX),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::outgoing::Outgoing;

    const OURS: u8 = 186;
    const WRITER: u32 = 0x0102_0304;

    /// What the kernel does with a program: how many octets of a message pass.
    fn run(program: &[Step], message: &[u8]) -> u32 {
        let (mut at, mut register) = (0, 0);
        loop {
            let (code, yes, no, k) = program[at];
            at += 1;
            let octets = |length: usize| {
                let read = message.get(k as usize..k as usize + length)?;
                Some(read.iter().fold(0_u32, |sum, octet| sum << 8 | u32::from(*octet)))
            };
            let loaded = match code {
                LOAD_WORD => octets(4),
                LOAD_HALF => octets(2),
                LOAD_OCTET => octets(1),
                IS => {
                    at += usize::from(if register == k { yes } else { no });
                    continue;
                }
                HAS => {
                    at += usize::from(if register & k != 0 { yes } else { no });
                    continue;
                }
                RETURN => return k,
                _ => panic!("instruction {code}"),
            };
            // A read beyond the message's end drops it.
            let Some(loaded) = loaded else { return 0 };
            register = loaded;
        }
    }

    fn passes(kind: u16, flags: u16, (port, protocol): (u32, u8)) -> bool {
        let mut out = Outgoing::default();
        let place = match kind {
            abi::RTM_NEWNEXTHOP | abi::RTM_DELNEXTHOP => 2,
            _ => 5,
        };
        let mut body = [0; 12];
        body[place] = protocol;
        out.message(kind, flags, |message| message.fixed(body));
        let mut octets = out.octets().to_vec();
        octets[12..16].copy_from_slice(&port.to_ne_bytes());
        run(&steps(OURS, WRITER), &octets) != 0
    }

    #[test]
    fn others_doings_to_our_routes_pass_and_nothing_else_does() {
        let kinds = [abi::RTM_NEWROUTE, abi::RTM_DELROUTE, abi::RTM_NEWNEXTHOP, abi::RTM_DELNEXTHOP];
        for kind in kinds {
            for flags in [0, abi::NLM_F_REPLACE] {
                assert!(!passes(kind, flags, (WRITER, OURS)), "the writer's own {kind}");
                for (port, protocol) in [(0, OURS), (77, OURS), (0, 4), (77, 4)] {
                    let replaced = flags == abi::NLM_F_REPLACE;
                    let expected = match kind {
                        abi::RTM_NEWROUTE => protocol == OURS || replaced,
                        abi::RTM_NEWNEXTHOP => replaced,
                        _ => protocol == OURS,
                    };
                    assert_eq!(passes(kind, flags, (port, protocol)), expected, "{kind} {flags} {protocol}");
                }
            }
        }
        assert!(!passes(16, abi::NLM_F_REPLACE, (0, OURS)), "a link");
        assert_eq!(run(&steps(OURS, WRITER), &[0; 7]), 0, "a message cut short");
    }
}
