//! Where orders are carried out: a thread of the primary, so that a slow disk delays nobody but those who wait
//! for it.
//!
//! Orders are carried out in the order in which they were placed. When the process is killed, the thread may be
//! in the middle of one, and the next primary begins with the same one at that moment: they are made to bear that.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use ftcore::sys::bell::Bell;

use super::disk::{Order, Told};
use super::folder::Folder;

/// The desk, as the primary's loop sees it.
pub struct Desk {
    orders: Sender<Order>,
    answers: Receiver<Vec<u8>>,
    bell: Arc<Bell>,
}

impl Desk {
    /// Opens it for the orders that concern a folder.
    pub fn open(folder: &Path) -> io::Result<Desk> {
        let folder = Folder::open(folder)?;
        let (orders, to_do) = mpsc::channel::<Order>();
        let (done, answers) = mpsc::channel();
        let bell = Arc::new(Bell::new()?);
        let desk = Desk { orders, answers, bell: Arc::clone(&bell) };
        thread::Builder::new().name("desk".to_owned()).spawn(move || {
            let mut read = Vec::new();
            for Order { number, work } in to_do {
                let answer = folder.carry_out(&work, &mut read);
                if done.send(Told::Answered { number, answer }.emit()).is_err() {
                    return;
                }
                bell.ring();
            }
        })?;
        Ok(desk)
    }

    /// Takes an order.
    pub fn place(&self, order: Order) {
        // The thread ends after this does.
        let _ = self.orders.send(order);
    }

    /// The answers since the last call, as inputs.
    pub fn answers(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let _ = self.bell.hear();
        self.answers.try_iter()
    }

    /// Readable when there are answers.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }
}
