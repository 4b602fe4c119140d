//! From changes to messages: as many prefixes with the same attributes in an UPDATE as fit.
//!
//! The changes of a batch are sorted by what they have in common, so that a set of attributes is worked out and
//! encoded once a batch, whatever order its prefixes changed in.

use alloc::vec::Vec;

use super::adj_rib_out::{Audience, Piece, View};
use super::export::Export;
use super::select::Selected;
use super::table::RouteId;
use crate::value::{Net, PathId};
use crate::wire::update::{Announcement, EmitError, Withdrawal, emit_attributes};

/// One thing that members must be told.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// A path is there, or has changed.
    Announce {
        /// To where.
        route: RouteId,
        /// Which.
        path: Selected,
        /// Who is told.
        audience: Audience,
    },
    /// A path is gone.
    Withdraw {
        /// To where.
        route: RouteId,
        /// The identifier it was sent with.
        id: PathId,
        /// Who is told.
        audience: Audience,
    },
}

/// Changes to be told.
#[derive(Debug, Default)]
pub struct Batch {
    announced: Vec<(Selected, Audience, RouteId)>,
    withdrawn: Vec<(Audience, RouteId, PathId)>,
}

/// Messages with who they are for.
#[derive(Default)]
struct Output {
    octets: Vec<u8>,
    parts: Vec<(usize, Audience)>,
}

impl Output {
    /// Everything written since the last call is for this audience.
    fn is_for(&mut self, audience: Audience) {
        let end = self.octets.len();
        match self.parts.last_mut() {
            Some(last) if last.1 == audience => last.0 = end,
            Some(last) if last.0 == end => {}
            None if end == 0 => {}
            Some(_) | None => self.parts.push((end, audience)),
        }
    }
}

impl Batch {
    /// No changes.
    #[must_use]
    pub fn new() -> Self {
        Batch::default()
    }

    /// One change more. A route stands in a batch once, so that the order of changes does not matter.
    pub fn push(&mut self, change: Change) {
        match change {
            Change::Announce { route, path, audience } => self.announced.push((path, audience, route)),
            Change::Withdraw { route, id, audience } => self.withdrawn.push((audience, route, id)),
        }
    }

    /// The messages that tell the changes.
    pub fn encode<N: Net>(mut self, export: &Export, view: &mut View<'_, N>) -> Piece {
        let mut output = Output::default();
        let key = |(path, audience, _): &(Selected, Audience, RouteId)| (path.attrs, path.source, *audience);
        if !self.announced.is_sorted_by_key(key) {
            // Stable: prefixes stay in the order in which they changed.
            self.announced.sort_by_key(key);
        }
        let mut announced = Vec::new();
        for run in self.announced.chunk_by(|a, b| key(a) == key(b)) {
            let (path, audience, _) = run[0];
            announced.clear();
            announced.extend(run.iter().map(|&(path, _, route)| (path.id, view.table.net(route))));
            if announce(export, view, path, &announced, &mut output.octets).is_err() {
                view.too_large.extend(announced.iter().map(|&(_, net)| net));
                self.withdrawn.extend(run.iter().map(|&(path, audience, route)| (audience, route, path.id)));
            }
            output.is_for(audience);
        }
        self.withdrawn.sort_by_key(|&(audience, ..)| audience);
        for run in self.withdrawn.chunk_by(|a, b| a.0 == b.0) {
            let nets = run.iter().map(|&(_, route, id)| (id, view.table.net(route)));
            withdraw(export, nets, &mut output.octets);
            output.is_for(run[0].0);
        }
        Piece::new(output.octets, output.parts)
    }
}

/// Writes the UPDATEs that announce these prefixes with these attributes.
fn announce<N: Net>(
    export: &Export,
    view: &View<'_, N>,
    path: Selected,
    nets: &[(PathId, N)],
    out: &mut Vec<u8>,
) -> Result<(), EmitError> {
    let stored = &view.facts.attrs[path.attrs];
    let attributes = export.transform(&stored.attributes, view.facts.peer(path.source));
    let mut encoded = Vec::with_capacity(256);
    emit_attributes(&attributes, &export.dialect, export.family, &mut encoded);
    let mut nets = nets.iter().peekable();
    while nets.peek().is_some() {
        let mut message =
            Announcement::begin(out, &encoded, &attributes.next_hop, export.family, &export.dialect)?;
        while let Some(&&(id, net)) = nets.peek() {
            if !message.push(id, net) {
                break;
            }
            nets.next();
        }
        message.finish();
    }
    Ok(())
}

/// Writes the UPDATEs that withdraw these prefixes.
fn withdraw<N: Net>(export: &Export, nets: impl Iterator<Item = (PathId, N)>, out: &mut Vec<u8>) {
    let mut nets = nets.peekable();
    while nets.peek().is_some() {
        let mut message = Withdrawal::begin(out, export.family, &export.dialect);
        while let Some(&(id, net)) = nets.peek() {
            if !message.push(id, net) {
                break;
            }
            nets.next();
        }
        message.finish();
    }
}
