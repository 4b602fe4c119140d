//! A long array in pieces: it grows without moving what it holds.
//!
//! A `Vec` that doubles copies everything in one step, into memory that nobody has touched yet: with a million
//! routes that is tens of milliseconds in which no other peer gets its turn, a sixth of a load's processor time, and up to
//! half of the memory for nothing. A piece more costs the same at any size.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

/// Rows of a piece, a power of two.
const PIECE: usize = 1 << 12;

/// Values by number.
#[derive(Debug)]
pub(super) struct Rows<T> {
    /// All full but the last; the first one grows as a `Vec` does, so that a small table is small.
    pieces: Vec<Vec<T>>,
}

impl<T> Rows<T> {
    /// None.
    pub(super) const fn new() -> Self {
        Rows { pieces: Vec::new() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        let full = self.pieces.len().saturating_sub(1) * PIECE;
        full + self.pieces.last().map_or(0, Vec::len)
    }

    /// The memory that they take, in octets.
    pub(super) fn octets(&self) -> usize {
        self.pieces.iter().map(Vec::capacity).sum::<usize>() * size_of::<T>()
    }

    /// Adds one at the end.
    pub(super) fn push(&mut self, value: T) {
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(value),
            last => {
                let mut piece = Vec::with_capacity(if last.is_some() { PIECE } else { 1 });
                piece.push(value);
                self.pieces.push(piece);
            }
        }
    }

    /// The one with this number.
    pub(super) fn get(&self, number: usize) -> Option<&T> {
        self.pieces.get(number / PIECE)?.get(number % PIECE)
    }

    /// All, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.pieces.iter().flatten()
    }
}

impl<T> Index<usize> for Rows<T> {
    type Output = T;

    #[inline]
    fn index(&self, number: usize) -> &T {
        &self.pieces[number / PIECE][number % PIECE]
    }
}

impl<T> IndexMut<usize> for Rows<T> {
    #[inline]
    fn index_mut(&mut self, number: usize) -> &mut T {
        &mut self.pieces[number / PIECE][number % PIECE]
    }
}

impl<T> Extend<T> for Rows<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl<T> FromIterator<T> for Rows<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut rows = Rows::new();
        rows.extend(values);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_where_a_vector_has_them() {
        let count = 3 * PIECE + 7;
        let mut rows = Rows::new();
        assert_eq!((rows.len(), rows.get(0)), (0, None));
        rows.extend(0..count);
        assert_eq!(rows.len(), count);
        assert!(rows.iter().copied().eq(0..count));
        for number in [0, 1, PIECE - 1, PIECE, 2 * PIECE + 5, count - 1] {
            assert_eq!((rows[number], rows.get(number)), (number, Some(&number)));
        }
        assert_eq!(rows.get(count), None);
        rows[PIECE] = 9;
        assert_eq!(rows[PIECE], 9);
    }

    #[test]
    fn what_is_there_does_not_move() {
        let mut rows = Rows::new();
        rows.extend(0..PIECE);
        let before: *const usize = &raw const rows[5];
        rows.extend(0..4 * PIECE);
        assert_eq!(before, &raw const rows[5]);
        assert_eq!(rows.octets(), 5 * PIECE * size_of::<usize>());
    }
}
