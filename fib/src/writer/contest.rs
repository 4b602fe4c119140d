//! A prefix where a new route was to be put, and there is one of the same metric already: whose is it?
//!
//! The kernel does not answer a question about one prefix and metric. But it lets a second route of the same prefix and
//! metric be appended *behind* the first, which stays the one that is used, and a removal that names our protocol
//! takes the first of ours. So: append ours. If the very same one is there already the kernel says so, and all is
//! well. Else remove the first of ours and append again. Was the old one ours, it is gone now, the new one is there in
//! its place (the kernel says so), and at no moment there was none. Was it somebody else's, it was never touched, and
//! ours is removed again: that is a conflict.
//!
//! It happens where the kernel has more of ours than its dump told: IPv6 tables that change while they are dumped.

use ipnet::IpNet;

use super::{Writer, target};
use crate::change::{Batch, Change, Done};
use crate::netlink::abi::{self, errno};
use crate::netlink::exchange::{ExchangeError, NOBODY, Refused};
use crate::netlink::route;
use crate::settings::Kernel;

impl Writer {
    /// Finds out about routes that the kernel refused with EEXIST. Nothing else is under way.
    pub(super) fn contest(
        &mut self,
        batch: &Batch,
        done: &mut Done,
        contested: Vec<(u32, IpNet)>,
    ) -> Result<(), ExchangeError> {
        if contested.is_empty() {
            return Ok(());
        }
        let (decided, open): (Vec<_>, Vec<_>) =
            contested.into_iter().partition(|(_, net)| !self.may_append(*net));
        for (place, _) in decided {
            self.conflict(batch, done, place);
        }
        for (place, _) in &open {
            self.append(batch, *place)?;
        }
        let open = self.left(batch, done, open)?;
        for (place, net) in &open {
            self.remove_first(*net)?;
            self.append(batch, *place)?;
        }
        let theirs = self.left(batch, done, open)?;
        for (_, net) in &theirs {
            self.remove_first(*net)?;
        }
        for (place, _) in theirs {
            self.conflict(batch, done, place);
        }
        self.exchange.finish().map(|_| ())
    }

    /// Without next-hop objects an appended IPv6 route would become one with the other, next hops of both in it.
    fn may_append(&self, net: IpNet) -> bool {
        self.kernel == Kernel::Objects || matches!(net, IpNet::V4(_))
    }

    fn append(&mut self, batch: &Batch, place: u32) -> Result<(), ExchangeError> {
        let Some(Change::Route(net, group)) = batch.changes.get(place as usize) else { return Ok(()) };
        let Writer { settings, kernel, exchange, hops, ways, .. } = self;
        let Some(target) = target(settings, *kernel, hops, ways, *group) else { return Ok(()) };
        let flags = abi::NLM_F_CREATE | abi::NLM_F_APPEND;
        route::emit(&mut exchange.out, flags, settings, *net, target);
        exchange.queued(place)
    }

    fn remove_first(&mut self, net: IpNet) -> Result<(), ExchangeError> {
        route::emit_removal(&mut self.exchange.out, &self.settings, net);
        self.exchange.queued(NOBODY)
    }

    /// Those that were appended: not there before. The others are done, or refused for another reason.
    fn left(
        &mut self,
        batch: &Batch,
        done: &mut Done,
        open: Vec<(u32, IpNet)>,
    ) -> Result<Vec<(u32, IpNet)>, ExchangeError> {
        let refused = self.exchange.finish()?;
        for refused in refused.iter().filter(|refused| refused.errno != errno::EEXIST) {
            if let Some(change) = batch.changes.get(refused.token as usize) {
                self.refuse(done, change, refused);
            }
        }
        let is_refused = |place: u32| refused.iter().any(|refused| refused.token == place);
        Ok(open.into_iter().filter(|(place, _)| !is_refused(*place)).collect())
    }

    fn conflict(&mut self, batch: &Batch, done: &mut Done, place: u32) {
        let Some(change) = batch.changes.get(place as usize) else { return };
        let words = "somebody else has a route with this prefix and metric".to_owned();
        self.refuse(done, change, &Refused { token: place, errno: errno::EEXIST, words });
    }
}
