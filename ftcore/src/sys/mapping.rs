//! Mapped memory with an owner: reserved, filled with parts of files, given back when dropped.
//!
//! What another process writes into such memory is outside of what the compiler knows. So nobody gets a
//! reference to it but to atomics, and to octets that only this process writes; all else is copied.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::{self, NonNull};

/// What may be done with a part of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read.
    Read,
    /// Read and written.
    ReadWrite,
}

impl Access {
    fn protection(self) -> libc::c_int {
        match self {
            Access::Read => libc::PROT_READ,
            Access::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
        }
    }
}

/// A range of this process's address space.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    length: usize,
}

// SAFETY: the range belongs to the value, not to a thread; all that is done with it through a shared reference
// is to copy octets out and to give out its address.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Address space with nothing in it: touching it is a fault.
    ///
    /// # Errors
    /// The kernel's.
    pub fn reserve(length: usize) -> io::Result<Self> {
        // SAFETY: a new mapping where the kernel likes changes no memory that exists.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                length,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        Self::own(address, length)
    }

    /// Zeroed memory that stays the same memory in a forked child.
    ///
    /// # Errors
    /// The kernel's.
    pub fn shared_with_children(length: usize) -> io::Result<Self> {
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping where the kernel likes changes no memory that exists.
        let address =
            unsafe { libc::mmap(ptr::null_mut(), length, Access::ReadWrite.protection(), flags, -1, 0) };
        Self::own(address, length)
    }

    /// The first `length` octets of a file, shared with all who map them.
    ///
    /// # Errors
    /// The kernel's.
    pub fn of_file(file: impl AsFd, length: usize, access: Access) -> io::Result<Self> {
        let mut whole = Self::reserve(length)?;
        whole.put(file, 0..length, 0, access)?;
        Ok(whole)
    }

    fn own(address: *mut libc::c_void, length: usize) -> io::Result<Self> {
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Mapping { base, length })
    }

    /// Puts a part of a file, from `offset` on, at `place`. All are multiples of the page size.
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` for a place that is not inside.
    pub fn put(
        &mut self,
        file: impl AsFd,
        place: std::ops::Range<usize>,
        offset: u64,
        access: Access,
    ) -> io::Result<()> {
        let address = self.inside(&place)?;
        let offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        // SAFETY: the place lies inside of this range, which belongs to this value; `&mut self` says that
        // nobody has a reference into it.
        let answer = unsafe {
            libc::mmap(address, place.len(), access.protection(), flags, file.as_fd().as_raw_fd(), offset)
        };
        if answer == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Says what may be done with a part.
    ///
    /// # Errors
    /// The kernel's; `InvalidInput` for a place that is not inside.
    pub fn protect(&mut self, place: std::ops::Range<usize>, access: Access) -> io::Result<()> {
        let address = self.inside(&place)?;
        // SAFETY: the place lies inside of this range, and what is mapped there stays readable.
        let answer = unsafe { libc::mprotect(address, place.len(), access.protection()) };
        if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Leaves the range out of forked children: there, touching it is a fault.
    ///
    /// # Errors
    /// The kernel's.
    pub fn keep_from_children(&mut self) -> io::Result<()> {
        let address = self.inside(&(0..self.length))?;
        // SAFETY: this process's own view of the memory is not changed.
        let answer = unsafe { libc::madvise(address, self.length, libc::MADV_DONTFORK) };
        if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    fn inside(&self, place: &std::ops::Range<usize>) -> io::Result<*mut libc::c_void> {
        if place.start > place.end || place.end > self.length {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(self.at(place.start).as_ptr().cast())
    }

    /// How many octets.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// The address of the octet at `offset`.
    ///
    /// # Panics
    /// Where that is not inside.
    #[must_use]
    pub fn at(&self, offset: usize) -> NonNull<u8> {
        assert!(offset <= self.length, "{offset} is not inside of {} mapped octets", self.length);
        // SAFETY: the result is inside of the range or at its end.
        unsafe { self.base.add(offset) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is this value's own, and no reference into it outlives the value.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.length) };
    }
}
