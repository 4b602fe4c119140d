//! A prefix where a new route was to be put, and there is one of the same metric already: is it the very same one?
//!
//! It is after a dump that did not tell of all, as IPv6 tables do that change while they are dumped. The kernel does not
//! answer a question about one prefix and metric. But it lets a second route of the same prefix and metric be appended
//! *behind* the first, which stays the one that is used, and refuses that where the very same route is there. So: append
//! ours. If it is refused, all is well. Else it is removed again, by its own group, and the first one is somebody
//! else's, or ours through another group, which only a comparison can tell: a conflict.

use super::{Writer, target};
use crate::change::{Batch, Change, Done};
use crate::netlink::abi::{self, errno};
use crate::netlink::exchange::{ExchangeError, NOBODY, Refused};
use crate::netlink::route;
use crate::settings::Kernel;

impl Writer {
    /// Finds out about the routes in these places, which the kernel refused with EEXIST. Nothing else is under way.
    pub(super) fn contest(
        &mut self,
        batch: &Batch,
        done: &mut Done,
        contested: Vec<u32>,
    ) -> Result<(), ExchangeError> {
        let mut appended = Vec::new();
        for place in contested {
            if self.append(batch, place)? {
                appended.push(place);
            } else {
                self.conflict(batch, done, place);
            }
        }
        let refused = self.exchange.finish()?;
        for place in appended {
            let Some(Change::Route(net, group)) = batch.changes.get(place as usize) else { continue };
            match refused.iter().find(|refused| refused.token == place) {
                Some(refused) if refused.errno == errno::EEXIST => {}
                Some(refused) => self.refuse(done, &Change::Route(*net, *group), refused),
                None => {
                    self.remove_route(*net, *group);
                    self.exchange.queued(NOBODY)?;
                    self.conflict(batch, done, place);
                }
            }
        }
        self.exchange.finish().map(|_| ())
    }

    /// Appends a route where that can be told from the one before it. Without next-hop objects it cannot: a removal
    /// does not name a group, and an appended IPv6 route becomes one with the other.
    fn append(&mut self, batch: &Batch, place: u32) -> Result<bool, ExchangeError> {
        let Some(Change::Route(net, group)) = batch.changes.get(place as usize) else { return Ok(false) };
        let Writer { settings, kernel, exchange, hops, ways, .. } = self;
        let target = target(settings, *kernel, hops, ways, *group);
        let Some(target) = target.filter(|_| *kernel == Kernel::Objects) else { return Ok(false) };
        let flags = abi::NLM_F_CREATE | abi::NLM_F_APPEND;
        route::emit(&mut exchange.out, flags, settings, *net, target);
        exchange.queued(place)?;
        Ok(true)
    }

    fn conflict(&mut self, batch: &Batch, done: &mut Done, place: u32) {
        let Some(change) = batch.changes.get(place as usize) else { return };
        let words = "somebody else has a route with this prefix and metric".to_owned();
        self.refuse(done, change, &Refused { token: place, errno: errno::EEXIST, words });
    }
}
