//! A filter in the kernel for what the watch of routes is told: a million changes of our own wake nobody.
//!
//! Classic BPF over a notification, which is one message: its header, then the fixed part, then attributes. Whatever the
//! filter cannot read it lets pass: what is ours is told apart again, and exactly, by who reads.

use socket2::SockFilter;

use crate::settings::Settings;

const RTM_NEWADDR: u32 = 20;
const RTM_NEWROUTE: u32 = 24;
const RTM_DELROUTE: u32 = 25;
const RTM_NEWNEXTHOP: u32 = 104;
const RTM_DELNEXTHOP: u32 = 105;

const RTA_PRIORITY: u32 = 6;
const RTA_TABLE: u32 = 15;
const RTA_NH_ID: u32 = 30;

/// The low octet of the header's type. All types here fit one.
const TYPE: u32 = if cfg!(target_endian = "little") { 4 } else { 5 };
/// `rtm_protocol` and `nh_protocol`.
const ROUTE_PROTOCOL: u32 = 16 + 5;
const NEXT_HOP_PROTOCOL: u32 = 16 + 2;
/// Where a route's attributes begin.
const ATTRIBUTES: u32 = 16 + 12;

/// The kernel's search for the attribute of the type in X, from the offset in A (`SKF_AD_OFF + SKF_AD_NLATTR`).
const FIND_ATTRIBUTE: u32 = 0xffff_f000 + 12;

/// Opcodes of linux/bpf_common.h.
mod op {
    pub(super) const LOAD_WORD_AT_X: u16 = 0x40;
    pub(super) const LOAD_WORD: u16 = 0x20;
    pub(super) const LOAD_OCTET: u16 = 0x30;
    pub(super) const LOAD_OCTET_AT_X: u16 = 0x50;
    pub(super) const LOAD_NUMBER: u16 = 0x00;
    pub(super) const LOAD_KEPT: u16 = 0x60;
    pub(super) const X_NUMBER: u16 = 0x01;
    pub(super) const X_KEPT: u16 = 0x61;
    pub(super) const KEEP: u16 = 0x02;
    pub(super) const KEEP_X: u16 = 0x03;
    pub(super) const A_TO_X: u16 = 0x07;
    pub(super) const SUBTRACT: u16 = 0x14;
    pub(super) const SHIFT_LEFT: u16 = 0x64;
    pub(super) const OR_X: u16 = 0x4c;
    pub(super) const IF_EQUAL: u16 = 0x15;
    pub(super) const IF_NOT_LESS: u16 = 0x35;
    pub(super) const RETURN: u16 = 0x06;
}

/// Where a condition leads.
#[derive(Clone, Copy)]
enum To {
    Next,
    /// So many instructions beyond the next one.
    Ahead(u8),
    Pass,
    Drop,
}

/// Instructions, whose conditions know their ends by name until all are there.
#[derive(Default)]
struct Program(Vec<(u16, u32, To, To)>);

impl Program {
    fn add(&mut self, code: u16, number: u32) {
        self.0.push((code, number, To::Next, To::Next));
    }

    fn branch(&mut self, code: u16, number: u32, then: To, otherwise: To) {
        self.0.push((code, number, then, otherwise));
    }

    /// The place of a route's attribute into X; `absent` where it has none.
    fn find_attribute(&mut self, kind: u32, absent: To) {
        self.add(op::LOAD_NUMBER, ATTRIBUTES);
        self.add(op::X_NUMBER, kind);
        self.add(op::LOAD_WORD, FIND_ATTRIBUTE);
        self.branch(op::IF_EQUAL, 0, absent, To::Next);
        self.add(op::A_TO_X, 0);
    }

    /// Lets pass what has another number in this attribute, or none.
    fn attribute_is(&mut self, kind: u32, number: u32) {
        self.find_attribute(kind, To::Pass);
        self.add(op::LOAD_WORD_AT_X, 4);
        // BPF reads the highest octet first, whatever the machine does.
        self.branch(op::IF_EQUAL, u32::from_be_bytes(number.to_ne_bytes()), To::Next, To::Pass);
    }

    /// The machine's number at X + 4 into A.
    fn load_number_at_x(&mut self) {
        if cfg!(target_endian = "big") {
            return self.add(op::LOAD_WORD_AT_X, 4);
        }
        self.add(op::KEEP_X, 1);
        self.add(op::LOAD_OCTET_AT_X, 7);
        for at in [6, 5, 4] {
            self.add(op::SHIFT_LEFT, 8);
            self.add(op::KEEP, 0);
            self.add(op::X_KEPT, 1);
            self.add(op::LOAD_OCTET_AT_X, at);
            self.add(op::KEEP, 2);
            self.add(op::X_KEPT, 0);
            self.add(op::LOAD_KEPT, 2);
            self.add(op::OR_X, 0);
        }
    }

    fn finish(mut self) -> Vec<SockFilter> {
        let pass = self.0.len();
        self.add(op::RETURN, u32::MAX);
        self.add(op::RETURN, 0);
        let distance = |from: usize, to: To| match to {
            To::Next => 0,
            To::Ahead(count) => count,
            To::Pass => u8::try_from(pass - from - 1).unwrap_or(u8::MAX),
            To::Drop => u8::try_from(pass - from).unwrap_or(u8::MAX),
        };
        let instruction = |(at, &(code, number, then, otherwise)): (usize, &(u16, u32, To, To))| {
            SockFilter::new(code, distance(at, then), distance(at, otherwise), number)
        };
        self.0.iter().enumerate().map(instruction).collect()
    }
}

/// The filter: routes that are ours, new addresses and next-hop objects but for others' end are not told.
pub(super) fn program(ours: &Settings) -> Vec<SockFilter> {
    let mut program = Program::default();
    program.add(op::LOAD_OCTET, TYPE);
    program.branch(op::IF_EQUAL, RTM_NEWADDR, To::Drop, To::Next);
    program.branch(op::IF_EQUAL, RTM_NEWNEXTHOP, To::Drop, To::Next);
    program.branch(op::IF_EQUAL, RTM_DELNEXTHOP, To::Next, To::Ahead(2));
    program.add(op::LOAD_OCTET, NEXT_HOP_PROTOCOL);
    program.branch(op::IF_EQUAL, ours.protocol.into(), To::Drop, To::Pass);
    program.branch(op::IF_EQUAL, RTM_NEWROUTE, To::Ahead(1), To::Next);
    program.branch(op::IF_EQUAL, RTM_DELROUTE, To::Next, To::Pass);
    program.add(op::LOAD_OCTET, ROUTE_PROTOCOL);
    program.branch(op::IF_EQUAL, ours.protocol.into(), To::Next, To::Pass);
    program.attribute_is(RTA_PRIORITY, ours.metric);
    program.attribute_is(RTA_TABLE, ours.table);
    program.find_attribute(RTA_NH_ID, To::Drop);
    program.load_number_at_x();
    program.add(op::SUBTRACT, ours.nexthop_id_base);
    program.branch(op::IF_NOT_LESS, 2 * Settings::MOST, To::Pass, To::Drop);
    program.finish()
}
