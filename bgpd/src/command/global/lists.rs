//! What the lists of communities and AS paths have in common: numbers, and how a list is called.

use std::collections::BTreeMap;

use bgp_engine::policy::{
    Action, AnyCommunity, CommunityList, CommunityListEntry, CommunityTest, Pattern, Style,
};

use crate::command::{Args, Lines, Refusal};

/// The numbers of standard and of expanded lists.
const STANDARD: core::ops::RangeInclusive<u16> = 1..=99;
const EXPANDED: core::ops::RangeInclusive<u16> = 100..=500;

/// Entries by sequence number.
type Entries<E> = BTreeMap<u32, E>;

pub(super) fn action(args: &Args<'_>) -> Action {
    if args.has("permit") { Action::Permit } else { Action::Deny }
}

/// Puts an entry in. One that says what another says already is left out; without a number it takes the next that
/// five divides, as in FRR.
pub(super) fn add<E: PartialEq>(
    entries: &mut Entries<E>,
    sequence: Option<u32>,
    entry: E,
) -> Result<(), Refusal> {
    if entries.values().any(|other| *other == entry) {
        return Ok(());
    }
    let last = entries.last_key_value().map_or(0, |(sequence, _)| *sequence);
    let next = (last / 5 * 5).checked_add(5).ok_or_else(|| {
        Refusal::new("There is no sequence number left behind the last entry: write one with 'seq'")
    });
    entries.insert(sequence.map_or(next, Ok)?, entry);
    Ok(())
}

/// Takes out the entry of this number or this content.
pub(super) fn remove<E: PartialEq>(
    entries: &mut Entries<E>,
    sequence: Option<u32>,
    entry: &E,
) -> Result<(), Refusal> {
    let fits = |at: u32, other: &E| other == entry && sequence.is_none_or(|sequence| sequence == at);
    let found = entries.iter().find(|(at, other)| fits(**at, other)).map(|(at, _)| *at);
    let at = found.ok_or_else(|| Refusal::new("Can't find the specified entry"))?;
    entries.remove(&at);
    Ok(())
}

/// An expression.
pub(super) fn pattern(args: &Args<'_>) -> Result<Pattern, Refusal> {
    let text = args.word("REGEX")?;
    Pattern::new(text).map_err(|error| Refusal::new(format!("can't compile regexp {text}: {error}")))
}

/// One kind of community lists: where they are, and how a value is read and written.
pub(super) struct Kind<C: 'static> {
    /// The command's first words.
    pub(super) command: &'static str,
    /// The values of a line.
    pub(super) read: fn(&Args<'_>) -> Result<Vec<C>, Refusal>,
    /// The values as the configuration has them.
    pub(super) text: fn(&[C]) -> String,
}

type Named<C> = BTreeMap<String, CommunityList<C>>;

impl<C: AnyCommunity + PartialEq> Kind<C> {
    fn entry(&self, args: &Args<'_>) -> Result<CommunityListEntry<C>, Refusal> {
        let test = match style(args) {
            Style::Standard => CommunityTest::Values(bgp_engine::policy::in_order((self.read)(args)?)),
            Style::Expanded => CommunityTest::Text(pattern(args)?),
        };
        Ok(CommunityListEntry { action: action(args), test })
    }

    pub(super) fn set(&self, lists: &mut Named<C>, args: &Args<'_>) -> Result<(), Refusal> {
        let (name, style) = (args.word("name")?, style(args));
        let entry = self.entry(args)?;
        if lists.get(name).is_some_and(|list| list.style != style) {
            let former = if style == Style::Standard { "expanded" } else { "standard" };
            return Err(Refusal::new(format!(
                "Community name conflict, previously defined as {former} community"
            )));
        }
        let mut list = lists.remove(name).unwrap_or_else(|| CommunityList::new(style));
        let added = add(&mut list.entries, args.find("seq"), entry);
        lists.insert(name.to_owned(), list);
        added
    }

    pub(super) fn unset(&self, lists: &mut Named<C>, args: &Args<'_>) -> Result<(), Refusal> {
        let name = args.word("name")?;
        let missing = || Refusal::new(format!("Can't find {} {name}", self.command));
        if !args.has("permit") && !args.has("deny") {
            return lists.remove(name).map(drop).ok_or_else(missing);
        }
        let entry = self.entry(args)?;
        let list = lists.get_mut(name).ok_or_else(missing)?;
        remove(&mut list.entries, args.find("seq"), &entry)?;
        if list.entries.is_empty() {
            lists.remove(name);
        }
        Ok(())
    }

    pub(super) fn write(&self, lists: &Named<C>, out: &mut Lines<'_>) {
        for (name, list) in lists {
            let style = style_word(name, list.style);
            for (sequence, entry) in &list.entries {
                let text = match &entry.test {
                    CommunityTest::Values(values) => (self.text)(values),
                    CommunityTest::Text(pattern) => pattern.to_string(),
                };
                let (command, action) = (self.command, entry.action.word());
                out.line(format_args!("{command} {style}{name} seq {sequence} {action} {text}"));
            }
        }
        out.separate();
    }
}

fn style(args: &Args<'_>) -> Style {
    let number = args.text("name").and_then(|name| name.parse::<u16>().ok());
    let expanded = number.is_some_and(|number| EXPANDED.contains(&number)) && !args.has("standard");
    if args.has("expanded") || expanded { Style::Expanded } else { Style::Standard }
}

/// `standard ` or `expanded `, but for a number that says so itself.
pub(super) fn style_word(name: &str, style: Style) -> &'static str {
    let number = name.parse::<u16>().ok();
    match style {
        Style::Standard if number.is_some_and(|number| STANDARD.contains(&number)) => "",
        Style::Expanded if number.is_some_and(|number| EXPANDED.contains(&number)) => "",
        Style::Standard => "standard ",
        Style::Expanded => "expanded ",
    }
}
