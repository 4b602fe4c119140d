//! A list inside an attribute.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use super::Fault;

/// A list that never changes its length, of two words, without an allocation when it is empty. Empty stands
/// for an absent attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct List<T>(Option<Box<[T]>>);

impl<T> List<T> {
    /// The list of nothing.
    pub const EMPTY: List<T> = List(None);

    /// The items that stand one after the other in an attribute's value, `N` octets each. No item at all and a
    /// piece of one are faults, as every attribute that is a list has it (RFC 7606 §7.8, §7.10, §7.14).
    pub(super) fn parse<const N: usize>(octets: &[u8], item: impl Fn([u8; N]) -> T) -> Result<Self, Fault> {
        let (items, rest) = octets.as_chunks::<N>();
        if items.is_empty() || !rest.is_empty() {
            return Err(Fault::Length(octets.len()));
        }
        Ok(List(Some(items.iter().map(|octets| item(*octets)).collect())))
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List::EMPTY
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().unwrap_or(&[])
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        List(if items.is_empty() { None } else { Some(items.into_boxed_slice()) })
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        items.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T: fmt::Display> fmt::Display for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, item) in self.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}
