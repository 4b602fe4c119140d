//! Aggregates (`aggregate-address`, RFC 4271 §9.2.2.2).
//!
//! An aggregate is there while a best path to something longer inside it is. Its attributes follow from those
//! paths: the worst ORIGIN, ATOMIC_AGGREGATE, this router as the aggregator; with `as-set` all of their ASes and
//! communities. What follows from them is counted as they come and go, so that no change looks at all of them; a
//! new aggregate's are counted in slices. Another aggregate inside does not count, as in FRR.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;

use super::attr_store::{AttrId, Holders};
use super::facts::Facts;
use super::import::drain;
use super::table::{Path, RouteId};
use crate::attr::{AsPath, Community, Origin, PathAttributes, Segment};
use crate::policy::{Asked, Filter, Protocol, Subject, in_order};
use crate::value::octets::{Cut, Damaged, Number, put_net, put_short};
use crate::value::{Asn, Net, PathId};

/// The identifier of an aggregate's path among this router's own.
pub const AGGREGATE: PathId = PathId(1);

/// FRR's weight for what this router originates.
const OWN_WEIGHT: u32 = 32768;

/// How an aggregate is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AggregateSettings {
    /// `summary-only`: what is longer is not advertised.
    pub summary_only: bool,
    /// `as-set`: the ASes and communities of what is longer are told.
    pub as_set: bool,
    /// `matching-MED-only`: it is there only while every path inside has the same MED.
    pub same_med: bool,
    /// `origin`, in place of the worst one.
    pub origin: Option<Origin>,
    /// `suppress-map`: what it permits is not advertised.
    pub suppress: Option<Filter>,
    /// `route-map`.
    pub map: Filter,
    /// What the maps may ask about this router.
    pub subject: Subject,
    /// `bgp graceful-shutdown`.
    pub drains: bool,
}

/// What a best path gives to an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    attrs: AttrId,
    origin: Origin,
    med: Option<u32>,
}

impl Contribution {
    /// What this best path gives.
    #[must_use]
    pub fn of(best: &Path, facts: &Facts) -> Option<Self> {
        let attributes = &facts.attrs[best.attrs].attributes;
        let counts = best.peer != super::facts::SELF || best.received_id != AGGREGATE;
        counts.then_some(Contribution { attrs: best.attrs, origin: attributes.origin, med: attributes.med })
    }
}

/// An aggregate and what holds it up.
#[derive(Debug)]
pub struct Aggregate<N> {
    /// Its prefix.
    pub net: N,
    /// How it is made.
    pub settings: AggregateSettings,
    /// Not all routes have been counted yet.
    pub fresh: bool,
    /// It is in the table.
    pub active: bool,
    /// Best paths inside, by their ORIGIN.
    origins: [u32; 3],
    /// The same by MED, where that matters.
    meds: BTreeMap<Option<u32>, u32>,
    /// The same by their attributes, where those matter.
    sets: BTreeMap<AttrId, u32>,
}

/// Counts one more or less; a count of nothing goes.
fn count<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K, by: i32) {
    match counts.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(0u32.wrapping_add_signed(by));
        }
        Entry::Occupied(mut entry) => {
            *entry.get_mut() = entry.get().wrapping_add_signed(by);
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

impl<N: Net> Aggregate<N> {
    /// An aggregate of which nothing is counted yet.
    #[must_use]
    pub fn new(net: N, settings: AggregateSettings) -> Self {
        Aggregate {
            net,
            settings,
            fresh: true,
            active: false,
            origins: [0; 3],
            meds: BTreeMap::new(),
            sets: BTreeMap::new(),
        }
    }

    /// Begins to count anew.
    pub fn forget(&mut self) {
        self.fresh = true;
        self.origins = [0; 3];
        self.meds.clear();
        self.sets.clear();
    }

    //= rfc4271#section-9.2.2.2
    //# If at least one route among routes that are aggregated has ORIGIN with the value INCOMPLETE, then the
    //# aggregated route MUST have the ORIGIN attribute with the value INCOMPLETE.
    fn origin(&self) -> Option<Origin> {
        let worst = [Origin::Incomplete, Origin::Egp, Origin::Igp].into_iter();
        let mut worst = worst;
        let worst = worst.find(|&o| self.origins[o as usize] > 0)?;
        Some(self.settings.origin.unwrap_or(worst))
    }

    /// Whether a route to this prefix holds it up.
    #[must_use]
    pub fn is_held_by(&self, net: N) -> bool {
        self.net != net && self.net.covers(net)
    }

    /// Counts a path inside, or takes it from the count.
    pub fn count(&mut self, contribution: Contribution, by: i32) {
        let origin = &mut self.origins[contribution.origin as usize];
        *origin = origin.wrapping_add_signed(by);
        if self.settings.same_med {
            count(&mut self.meds, contribution.med, by);
        }
        if self.settings.as_set {
            count(&mut self.sets, contribution.attrs, by);
        }
    }

    /// Its attributes, if it is there. `base` has the aggregator.
    #[must_use]
    pub fn attributes(&self, base: &PathAttributes, facts: &Facts) -> Option<PathAttributes> {
        let mut attributes = base.clone();
        attributes.origin = self.origin()?;
        if self.settings.same_med && self.meds.len() > 1 {
            return None;
        }
        attributes.weight = OWN_WEIGHT;
        attributes.atomic_aggregate = true;
        if self.settings.as_set {
            self.add_sets(&mut attributes, facts);
        }
        if self.settings.drains {
            drain(&mut attributes);
        }
        let asked = Asked {
            subject: &self.settings.subject,
            former_med: None,
            igp_metric: None,
            protocol: Protocol::Bgp,
        };
        self.settings.map.pass(self.net, attributes, &asked)
    }

    /// What `as-set` tells of the paths inside.
    fn add_sets(&self, out: &mut PathAttributes, facts: &Facts) {
        let sets = || self.sets.keys().map(|&attrs| &facts.attrs[attrs].attributes);
        out.as_path = joined(sets().map(|set| &set.as_path));
        //= rfc4271#section-9.2.2.2
        //# If at least one of the routes to be aggregated has ATOMIC_AGGREGATE path attribute, then the aggregated
        //# route SHALL have this attribute as well.
        out.atomic_aggregate = sets().any(|set| set.atomic_aggregate);
        let communities = sets().flat_map(|set| set.communities.iter().copied());
        // Those who leave are told of by their own routes (FRR).
        let lasting = communities.filter(|community| *community != Community::GRACEFUL_SHUTDOWN);
        out.communities = in_order(lasting.collect()).into();
        let rare = || sets().map(PathAttributes::rare);
        let large = in_order(rare().flat_map(|rare| rare.large_communities.iter().copied()).collect());
        let extended = in_order(rare().flat_map(|rare| rare.extended_communities.iter().copied()).collect());
        out.edit_rare(|rare| {
            rare.large_communities = large.into();
            rare.extended_communities = extended.into();
        });
    }

    /// Whether a path to this prefix inside it is not to be advertised while it is there.
    fn suppresses(&self, net: N, path: &Path, facts: &Facts) -> bool {
        if !self.active || !self.is_held_by(net) {
            return false;
        }
        if self.settings.summary_only {
            return true;
        }
        let Some(map) = &self.settings.suppress else { return false };
        let asked = Asked {
            subject: &self.settings.subject,
            former_med: None,
            igp_metric: facts.reach(path.attrs).metric,
            protocol: Protocol::Bgp,
        };
        map.decide(net, &facts.attrs[path.attrs].attributes, &asked).is_some()
    }

    /// Appends it as a snapshot has it.
    pub fn save(&self, out: &mut Vec<u8>) {
        put_net(self.net, out);
        out.push(u8::from(self.settings.summary_only) | u8::from(self.fresh) << 1);
        self.origins.iter().for_each(|count| count.put(out));
    }

    /// Appends what is counted beside the origins.
    pub fn save_counts(&self, out: &mut Vec<u8>) {
        put_short(self.meds.len(), out);
        for (med, count) in &self.meds {
            out.push(u8::from(med.is_some()));
            med.unwrap_or(0).put(out);
            count.put(out);
        }
        put_short(self.sets.len(), out);
        for (attrs, count) in &self.sets {
            attrs.index().put(out);
            count.put(out);
        }
    }

    /// The next aggregate of a snapshot. How it is made is for the configuration to say.
    pub fn restore(cut: &mut Cut<'_>) -> Result<Self, Damaged> {
        let mut aggregate = Aggregate::new(cut.net()?, AggregateSettings::default());
        let flags: u8 = cut.number()?;
        aggregate.settings.summary_only = flags & 1 != 0;
        aggregate.fresh = flags & 2 != 0;
        for count in &mut aggregate.origins {
            *count = cut.number()?;
        }
        Ok(aggregate)
    }

    /// Reads what [`Aggregate::save_counts`] wrote.
    pub fn restore_counts(&mut self, cut: &mut Cut<'_>, holders: &Holders) -> Result<(), Damaged> {
        for _ in 0..cut.short()? {
            let there: u8 = cut.number()?;
            let med: u32 = cut.number()?;
            self.meds.insert((there != 0).then_some(med), cut.number()?);
        }
        for _ in 0..cut.short()? {
            let attrs = holders.known(cut.number()?)?;
            self.sets.insert(attrs, cut.number()?);
        }
        Ok(())
    }
}

/// The path that stands for several: what their sequences begin with alike, and a set of all other ASes.
fn joined<'a>(paths: impl Iterator<Item = &'a AsPath> + Clone) -> AsPath {
    let head = |path: &AsPath| -> Vec<Asn> {
        let first =
            path.segments().next().filter(|segment| segment.kind == crate::attr::SegmentType::Sequence);
        first.map(|segment| segment.asns().collect()).unwrap_or_default()
    };
    let mut common: Option<Vec<Asn>> = None;
    for path in paths.clone() {
        let own = head(path);
        common = Some(match common {
            None => own,
            Some(common) => {
                common.iter().zip(&own).take_while(|(a, b)| a == b).map(|(asn, _)| *asn).collect()
            }
        });
    }
    let common = common.unwrap_or_default();
    let rest = paths.flat_map(|path| path.segments().flat_map(Segment::asns).skip(common.len()));
    let set = in_order(rest.collect());
    AsPath::from_parts(common, set)
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
    /// Notes what the best path to `net` gave before and gives now; `counted` is the place up to which fresh
    /// aggregates have counted. Gives the aggregates that it means something to.
    pub fn note(
        &mut self,
        (route, net): (RouteId, N),
        counted: u32,
        before: Option<Contribution>,
        now: Option<Contribution>,
    ) -> Vec<N> {
        let mut changed = Vec::new();
        if before == now {
            return changed;
        }
        for aggregate in self.0.iter_mut().filter(|aggregate| aggregate.is_held_by(net)) {
            if aggregate.fresh && route.0 >= counted {
                continue;
            }
            if let Some(before) = before {
                aggregate.count(before, -1);
            }
            if let Some(now) = now {
                aggregate.count(now, 1);
            }
            changed.push(aggregate.net);
        }
        changed
    }

    /// Whether a path is not to be advertised because an aggregate that is there stands for it.
    #[must_use]
    pub fn suppresses(&self, net: N, path: &Path, facts: &Facts) -> bool {
        self.0.iter().any(|aggregate| aggregate.suppresses(net, path, facts))
    }

    /// Whether a prefix lies inside of an aggregate.
    #[must_use]
    pub fn cover(&self, net: N) -> bool {
        self.0.iter().any(|aggregate| aggregate.is_held_by(net))
    }
}
