//! Aggregates (`aggregate-address`, RFC 4271 §9.2.2.2).
//!
//! An aggregate is there while a best path to something longer inside it is. Its attributes follow from those
//! paths: the worst ORIGIN, ATOMIC_AGGREGATE, this router as the aggregator.

use alloc::vec::Vec;

use crate::attr::Origin;
use crate::value::Net;
use crate::value::octets::{Cut, Damaged, Number, put_net};

/// An aggregate and what holds it up.
#[derive(Debug)]
pub struct Aggregate<N> {
    /// Its prefix.
    pub net: N,
    /// What is longer is not advertised.
    pub summary_only: bool,
    /// Best paths inside, by their ORIGIN.
    contributors: [u32; 3],
}

impl<N: Net> Aggregate<N> {
    /// An aggregate with nothing in it yet.
    #[must_use]
    pub fn new(net: N, summary_only: bool) -> Self {
        Aggregate { net, summary_only, contributors: [0; 3] }
    }

    /// Whether it is there.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.origin().is_some()
    }

    //= rfc4271#section-9.2.2.2
    //# If at least one route among routes that are aggregated has ORIGIN with the value INCOMPLETE, then the
    //# aggregated route MUST have the ORIGIN attribute with the value INCOMPLETE.
    /// Its ORIGIN, if it is there.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        [Origin::Incomplete, Origin::Egp, Origin::Igp]
            .into_iter()
            .find(|&o| self.contributors[o as usize] > 0)
    }

    /// Whether a route to this prefix holds it up.
    #[must_use]
    pub fn is_held_by(&self, net: N) -> bool {
        self.net != net && self.net.covers(net)
    }

    /// Appends it as a snapshot has it.
    pub fn save(&self, out: &mut Vec<u8>) {
        put_net(self.net, out);
        out.push(u8::from(self.summary_only));
        self.contributors.iter().for_each(|count| count.put(out));
    }

    /// The next aggregate of a snapshot.
    pub fn restore(cut: &mut Cut<'_>) -> Result<Self, Damaged> {
        let mut aggregate = Aggregate::new(cut.net()?, cut.number::<u8>()? != 0);
        for count in &mut aggregate.contributors {
            *count = cut.number()?;
        }
        Ok(aggregate)
    }

    fn count(&mut self, origin: Origin, by: i32) {
        let count = &mut self.contributors[origin as usize];
        *count = count.wrapping_add_signed(by);
    }
}

/// The aggregates of a family.
#[derive(Debug)]
pub struct Aggregates<N>(pub Vec<Aggregate<N>>);

impl<N> Default for Aggregates<N> {
    fn default() -> Self {
        Aggregates(Vec::new())
    }
}

impl<N: Net> Aggregates<N> {
    /// Notes that the ORIGIN of the best path to `net` was `before` and is `now`. Gives the aggregates that came,
    /// went or changed with it.
    pub fn note(&mut self, net: N, before: Option<Origin>, now: Option<Origin>) -> Vec<N> {
        let mut changed = Vec::new();
        if before == now {
            return changed;
        }
        for aggregate in self.0.iter_mut().filter(|aggregate| aggregate.is_held_by(net)) {
            let was = aggregate.origin();
            if let Some(origin) = before {
                aggregate.count(origin, -1);
            }
            if let Some(origin) = now {
                aggregate.count(origin, 1);
            }
            if aggregate.origin() != was {
                changed.push(aggregate.net);
            }
        }
        changed
    }

    /// Whether a prefix is not to be advertised because an aggregate that is there stands for it.
    #[must_use]
    pub fn suppresses(&self, net: N) -> bool {
        self.0
            .iter()
            .any(|aggregate| aggregate.summary_only && aggregate.is_held_by(net) && aggregate.is_active())
    }
}
