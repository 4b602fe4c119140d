//! `show ip route`: every route of this router, BGP's and others', and what the kernel has of it.
//!
//! BGP's routes come from the table, in order by a walk; the others lie in order already. Both are merged prefix by
//! prefix, in slices ([`merge`]). Which of a prefix's routes is selected follows from all of them, so that is asked
//! anew for each prefix, also where only some are shown.

pub mod entry;
pub mod json;
mod merge;
mod one;
mod summary;
pub mod text;

use bgp_engine::value::RouteKind;

use entry::{Entry, Teller, entries};
use merge::Merge;
pub use one::Route;
pub use summary::RouteSummary;

use super::text::push_member;
use super::{Layout, Progress, Router, SLICE_OCTETS, Show, Shown};

/// Prefixes looked at in one slice.
const SLICE_ROUTES: usize = 512;

/// Whose routes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// All.
    Any,
    /// BGP's.
    Bgp,
    /// Those of this kind.
    Other(RouteKind),
}

impl Protocol {
    fn wants_bgp(self) -> bool {
        matches!(self, Protocol::Any | Protocol::Bgp)
    }

    fn wants_others(self) -> bool {
        self != Protocol::Bgp
    }

    fn wants(self, entry: &Entry) -> bool {
        match self {
            Protocol::Any => true,
            Protocol::Bgp => entry.teller.is_bgp(),
            Protocol::Other(kind) => entry.teller == Teller::Other(kind),
        }
    }
}

/// The routes of a family, or a part of them, in order of prefix.
#[derive(Debug)]
pub struct Routes<N> {
    layout: Layout,
    protocol: Protocol,
    within: Option<N>,
    merge: Merge<N>,
    began: bool,
    first: bool,
}

impl<N: Shown> Routes<N> {
    /// Nothing written yet. With `within` only what is inside of that prefix, itself included.
    #[must_use]
    pub fn new(layout: Layout, protocol: Protocol, within: Option<N>) -> Self {
        Routes { layout, protocol, within, merge: Merge::new(protocol, within), began: false, first: true }
    }

    fn push(&mut self, router: &Router<'_>, net: N, out: &mut String) {
        let mut entries = entries(router, net);
        entries.retain(|entry| self.protocol.wants(entry));
        if entries.is_empty() {
            return;
        }
        match self.layout {
            Layout::Text => {
                if core::mem::replace(&mut self.first, false) {
                    text::push_head(N::FAMILY, out);
                }
                for entry in &entries {
                    text::push_lines(router, net.into(), entry, out);
                }
            }
            Layout::Json => {
                let value = json::entries_json(router, net.into(), &entries);
                push_member(out, &mut self.first, 1, &net, &value);
            }
        }
    }
}

impl<N: Shown> Show for Routes<N> {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if !core::mem::replace(&mut self.began, true) && self.layout == Layout::Json {
            out.push('{');
        }
        if !self.merge.prepare(router) {
            return Progress::More;
        }
        let start = out.len();
        for _ in 0..SLICE_ROUTES {
            let Some(net) = self.merge.next(router) else {
                if self.layout == Layout::Json {
                    out.push_str(if self.first { "}\n" } else { "\n}\n" });
                }
                return Progress::Done;
            };
            if self.within.is_none_or(|within| within.covers(net)) {
                self.push(router, net, out);
            }
            if out.len() - start > SLICE_OCTETS {
                break;
            }
        }
        Progress::More
    }
}
