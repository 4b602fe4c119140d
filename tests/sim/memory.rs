//! The processes' shared memory: it outlives whoever writes it, and keeps a copy of the whole log.

use std::cell::RefCell;
use std::rc::Rc;

use ftcore::core::memory::{Memory, Word};
use ftcore::core::private::PrivateMemory;

use super::kernel::Fuse;

/// The whole log, however often the ring went round.
pub type History = Rc<RefCell<Vec<u8>>>;

/// Where the memory lies while nobody has it.
pub type Shelf = Rc<RefCell<Option<PrivateMemory>>>;

/// A process's hold of the memory; when the process ends, however it does, the memory goes back to the shelf.
pub struct SharedMemory {
    /// There until the drop.
    inner: Option<PrivateMemory>,
    shelf: Shelf,
    history: History,
    fuse: Fuse,
}

impl SharedMemory {
    /// Takes it off the shelf.
    pub fn take(shelf: &Shelf, history: &History, fuse: &Fuse) -> Self {
        let inner = shelf.borrow_mut().take();
        assert!(inner.is_some(), "two processes have the memory");
        SharedMemory { inner, shelf: Rc::clone(shelf), history: Rc::clone(history), fuse: fuse.clone() }
    }

    fn inner(&self) -> &PrivateMemory {
        self.inner.as_ref().expect("there until the drop")
    }

    fn inner_mut(&mut self) -> &mut PrivateMemory {
        self.inner.as_mut().expect("there until the drop")
    }

    /// Keeps what was published.
    fn keep(&mut self, published: u64) {
        let mut history = self.history.borrow_mut();
        let kept = history.len() as u64;
        history.truncate(published as usize);
        if published > kept {
            self.inner.as_ref().expect("there until the drop").read(
                kept,
                (published - kept) as usize,
                &mut history,
            );
        }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        *self.shelf.borrow_mut() = self.inner.take();
    }
}

impl Memory for SharedMemory {
    fn capacity(&self) -> u64 {
        self.inner().capacity()
    }

    fn read(&self, position: u64, length: usize, into: &mut Vec<u8>) {
        self.inner().read(position, length, into);
    }

    fn octets(&self, position: u64, length: usize) -> &[u8] {
        self.inner().octets(position, length)
    }

    fn octets_mut(&mut self, position: u64, length: usize) -> &mut [u8] {
        self.fuse.before();
        self.fuse.after();
        self.inner_mut().octets_mut(position, length)
    }

    fn load(&self, word: Word) -> u64 {
        self.inner().load(word)
    }

    fn store(&mut self, word: Word, value: u64) {
        self.fuse.before();
        self.inner_mut().store(word, value);
        if word == Word::Published {
            self.keep(value);
        }
        self.fuse.after();
    }
}
