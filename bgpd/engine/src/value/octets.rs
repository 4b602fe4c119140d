//! Big arrays in a snapshot: numbers packed into octets, one array one value.
//!
//! A million routes as a million structures with named fields would be ten times as large and as slow; as columns
//! they are a few copies. Whatever the octets are, reading them ends in a value or in [`Damaged`], never in a
//! panic, and takes no more memory than the octets are in proportion to.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Net, octets_of_length};

/// The snapshot is not what an engine has saved; the text says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot is damaged: {0}")]
pub struct Damaged(pub &'static str);

/// Octets in a snapshot: those that were read, or those that are made when they are written.
pub struct Octets<'a>(Source<'a>);

/// Appends the octets.
type Make<'a> = dyn Fn(&mut Vec<u8>) + 'a;

enum Source<'a> {
    Read(Cow<'a, [u8]>),
    Made(Box<Make<'a>>),
}

impl<'a> Octets<'a> {
    /// Octets that `make` appends, made when they are written: then at most one array stands there twice.
    pub fn made(make: impl Fn(&mut Vec<u8>) + 'a) -> Self {
        Octets(Source::Made(Box::new(make)))
    }

    /// A column of numbers.
    pub fn column<I: Iterator<Item: Number>>(numbers: impl Fn() -> I + 'a) -> Self {
        Octets::made(move |out| {
            let numbers = numbers();
            out.reserve(numbers.size_hint().0 * I::Item::WIDTH);
            numbers.for_each(|number| number.put(out));
        })
    }

    /// Prefixes.
    pub fn nets<N: Net, I: Iterator<Item = N>>(nets: impl Fn() -> I + 'a) -> Self {
        Octets::made(move |out| nets().for_each(|net| put_net(net, out)))
    }

    /// The octets as they are.
    pub fn of(octets: &'a [u8]) -> Self {
        Octets(Source::Read(Cow::Borrowed(octets)))
    }

    /// The octets that were read.
    #[must_use]
    pub fn get(&self) -> &[u8] {
        match &self.0 {
            Source::Read(octets) => octets,
            Source::Made(_) => &[],
        }
    }

    /// The column's numbers.
    pub fn numbers<T: Number>(&self) -> Result<impl ExactSizeIterator<Item = T> + '_, Damaged> {
        let octets = self.get();
        if !octets.len().is_multiple_of(T::WIDTH) {
            return Err(Damaged("a column ends in the middle of a number"));
        }
        Ok(octets.chunks_exact(T::WIDTH).map(T::take))
    }

    /// Reads the octets one thing after the other.
    #[must_use]
    pub fn cut(&self) -> Cut<'_> {
        Cut(self.get())
    }
}

impl Default for Octets<'_> {
    fn default() -> Self {
        Octets(Source::Read(Cow::Borrowed(&[])))
    }
}

impl fmt::Debug for Octets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets({})", self.get().len())
    }
}

impl Serialize for Octets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Source::Read(octets) => serializer.serialize_bytes(octets),
            Source::Made(make) => {
                let mut out = Vec::new();
                make(&mut out);
                serializer.serialize_bytes(&out)
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Octets<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Reading).map(|octets| Octets(Source::Read(octets)))
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("octets")
    }

    fn visit_borrowed_bytes<E>(self, octets: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(octets))
    }

    fn visit_bytes<E>(self, octets: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(octets.to_vec()))
    }

    fn visit_byte_buf<E>(self, octets: Vec<u8>) -> Result<Self::Value, E> {
        Ok(Cow::Owned(octets))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut octets: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(octet) = octets.next_element()? {
            read.push(octet);
        }
        Ok(Cow::Owned(read))
    }
}

/// A field of octets, for `#[serde(with = …)]`.
pub mod plain {
    use super::{Deserialize, Deserializer, Octets, Serialize, Serializer, Vec};

    /// Writes the octets as one value.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        Octets::of(octets).serialize(serializer)
    }

    /// Reads them.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Octets::deserialize(deserializer).map(|octets| octets.get().to_vec())
    }
}

/// A part of a snapshot: lent by whoever saves, owned by whoever restores.
#[derive(Debug)]
pub enum Part<'a, T> {
    /// Saved.
    Lent(&'a T),
    /// Restored.
    Own(T),
}

impl<T> Part<'_, T> {
    /// What was restored.
    pub fn own(self) -> Result<T, Damaged> {
        match self {
            Part::Own(value) => Ok(value),
            Part::Lent(_) => Err(Damaged("a part was never restored")),
        }
    }
}

impl<T: Serialize> Serialize for Part<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Part::Lent(value) => value.serialize(serializer),
            Part::Own(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Part<'_, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Part::Own)
    }
}

/// A number of a fixed width, its least octet first.
pub trait Number: Copy + 'static {
    /// Its octets.
    const WIDTH: usize;
    /// Appends it.
    fn put(self, out: &mut Vec<u8>);
    /// The number in the first octets, 0 where they lack.
    fn take(octets: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($kind:ty)*) => {$(
        impl Number for $kind {
            const WIDTH: usize = size_of::<$kind>();

            #[inline]
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn take(octets: &[u8]) -> Self {
                octets.first_chunk().map_or(0, |octets| <$kind>::from_le_bytes(*octets))
            }
        }
    )*};
}
numbers!(u8 u16 u32 u64);

/// Appends a number in as few octets as it needs: seven bits an octet, the least first.
pub fn put_short(mut number: usize, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

/// Appends a prefix: all of its family's address octets, and the length.
pub fn put_net<N: Net>(net: N, out: &mut Vec<u8>) {
    out.extend_from_slice(&net.bits().to_be_bytes()[..octets_of_length(N::MAX_LEN)]);
    out.push(net.length());
}

/// Octets that are read one thing after the other.
#[derive(Clone, Copy, Debug)]
pub struct Cut<'a>(pub &'a [u8]);

impl<'a> Cut<'a> {
    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next octets, so many.
    pub fn octets(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (octets, rest) = self.0.split_at_checked(count).ok_or(Damaged("an array ends too early"))?;
        self.0 = rest;
        Ok(octets)
    }

    /// The next number.
    pub fn number<T: Number>(&mut self) -> Result<T, Damaged> {
        self.octets(T::WIDTH).map(T::take)
    }

    /// The next number as [`put_short`] writes it.
    pub fn short(&mut self) -> Result<usize, Damaged> {
        let mut number = 0usize;
        for shift in (0..usize::BITS).step_by(7) {
            let octet: u8 = self.number()?;
            number |= usize::from(octet & 0x7f) << shift;
            if octet & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged("a number has no end"))
    }

    /// The next prefix.
    pub fn net<N: Net>(&mut self) -> Result<N, Damaged> {
        let address = self.octets(octets_of_length(N::MAX_LEN))?;
        let length: u8 = self.number()?;
        if length > N::MAX_LEN {
            Err(Damaged("a prefix is too long"))
        } else {
            Ok(N::from_octets(address, length))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_prefixes_are_read_as_they_were_written() {
        let mut out = Vec::new();
        for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, usize::MAX] {
            put_short(number, &mut out);
        }
        let net: ipnet::Ipv6Net = "2001:db8::/33".parse().unwrap();
        put_net(net, &mut out);
        0x1234_5678_u32.put(&mut out);
        let mut cut = Cut(&out);
        for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, usize::MAX] {
            assert_eq!(cut.short(), Ok(number));
        }
        assert_eq!(cut.net(), Ok(net));
        assert_eq!(cut.number(), Ok(0x1234_5678_u32));
        assert!(cut.is_empty());
        assert!(cut.number::<u8>().is_err());
    }

    #[test]
    fn what_cannot_have_been_written_is_refused() {
        assert!(Cut(&[0xff; 11]).short().is_err());
        assert!(Cut(&[10, 0, 0, 0, 33]).net::<ipnet::Ipv4Net>().is_err());
        assert!(Octets::of(&[1, 2, 3]).numbers::<u16>().is_err());
    }
}
