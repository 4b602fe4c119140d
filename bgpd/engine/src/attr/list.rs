//! A list inside an attribute.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Deref;

/// A list that never changes its length, of two words, without an allocation when it is empty. Empty stands
/// for an absent attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct List<T>(Option<Box<[T]>>);

impl<T> List<T> {
    /// The list of nothing.
    pub const EMPTY: List<T> = List(None);
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
