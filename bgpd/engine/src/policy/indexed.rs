//! Lists in the form in which routes are held against them: expressions compiled, prefixes indexed.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::community_list::{AnyCommunity, CommunityList, CommunityTest};
use super::pattern::Matcher;
use super::{Action, AsPathList, How};
use crate::attr::AsPath;
use crate::value::Asn;

/// An AS-path access list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathIndex(Vec<(Action, Matcher)>);

impl PathIndex {
    pub(super) fn new(list: &AsPathList) -> PathIndex {
        let entries = list.entries.values().map(|entry| (entry.action, Matcher::new(&entry.pattern)));
        PathIndex(entries.collect())
    }

    /// What the first entry says whose expression matches the path's text; none denies.
    pub(super) fn decide(&self, path: &AsPath) -> Action {
        self.decide_text(&path.to_string())
    }

    /// The same for one AS alone.
    pub(super) fn decide_one(&self, asn: Asn) -> Action {
        self.decide_text(&asn.to_string())
    }

    fn decide_text(&self, text: &str) -> Action {
        let entry = self.0.iter().find(|(_, matcher)| matcher.is_in(text));
        entry.map_or(Action::Deny, |(action, _)| *action)
    }
}

/// A list of communities of one kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CommunityIndex<C>(Vec<(Action, Test<C>)>);

#[derive(Debug, PartialEq, Eq)]
enum Test<C> {
    /// Everything: FRR's `internet` is among the values.
    Everything,
    /// In ascending order, each once.
    Values(Vec<C>),
    Text(Matcher),
}

impl<C: AnyCommunity> CommunityIndex<C> {
    pub(super) fn new(list: &CommunityList<C>) -> Self {
        let entries = list.entries.values().map(|entry| {
            let test = match &entry.test {
                CommunityTest::Values(values) if values.iter().any(|v| Some(*v) == C::EVERYTHING) => {
                    Test::Everything
                }
                CommunityTest::Values(values) => Test::Values(values.clone()),
                CommunityTest::Text(pattern) => Test::Text(Matcher::new(pattern)),
            };
            (entry.action, test)
        });
        CommunityIndex(entries.collect())
    }

    /// Whether the first entry that these communities fit permits; none does not.
    pub(super) fn permits(&self, communities: &[C], how: How) -> bool {
        let sorted = super::in_order(communities.to_vec());
        let fits = |test: &Test<C>| match (test, how) {
            (Test::Everything, _) => true,
            (Test::Values(wanted), How::Contains) => wanted.iter().all(|c| sorted.binary_search(c).is_ok()),
            (Test::Values(wanted), How::Exact) => *wanted == sorted,
            (Test::Values(wanted), How::Any) => sorted.iter().any(|c| wanted.binary_search(c).is_ok()),
            (Test::Text(matcher), How::Any) => sorted.iter().any(|c| matcher.is_in(&c.to_string())),
            // FRR keeps communities sorted, and its expressions see them so.
            (Test::Text(matcher), How::Contains | How::Exact) => matcher.is_in(&joined(&sorted)),
        };
        self.0.iter().find(|(_, test)| fits(test)).is_some_and(|(action, _)| *action == Action::Permit)
    }

    /// Whether a community is one that `delete` takes out: the first entry that it fits by itself permits.
    pub(super) fn takes_out(&self, community: C) -> bool {
        let fits = |test: &Test<C>| match test {
            Test::Everything => true,
            Test::Values(wanted) => wanted.binary_search(&community).is_ok(),
            Test::Text(matcher) => matcher.is_in(&community.to_string()),
        };
        self.0.iter().find(|(_, test)| fits(test)).is_some_and(|(action, _)| *action == Action::Permit)
    }
}

/// The text of communities with spaces between.
fn joined<C: AnyCommunity>(communities: &[C]) -> alloc::string::String {
    let mut text = alloc::string::String::new();
    for community in communities {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&community.to_string());
    }
    text
}
