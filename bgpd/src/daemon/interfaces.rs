//! The kernel's interfaces: all of them at the start and after a takeover, then every change.
//!
//! They are asked for while peers are served already, since an answer of the kernel may take its time. After a
//! takeover the router knows interfaces from the log; what is different now becomes inputs, and nothing else does.

use std::future::Future;
use std::pin::Pin;

use bgp_engine::engine::Engine;
use bgp_engine::value::IfIndex;
use fib::watch::{Change, Link, Watch, WatchError};

use crate::machine::{Interface, OwnInput};

type Opening = Pin<Box<dyn Future<Output = Result<(Watch, Vec<Link>), WatchError>>>>;

/// The view of them.
pub enum Interfaces {
    /// Not there yet.
    Opening(Opening),
    /// There.
    Open(Box<Watch>),
}

/// What is heard of them.
#[derive(Debug)]
pub enum News {
    /// These are all that there are.
    All(Vec<Link>),
    /// One has changed.
    Change(Change),
}

impl Interfaces {
    /// Begins to look. Must be called in a runtime with I/O.
    #[must_use]
    pub fn open() -> Interfaces {
        Interfaces::Opening(Box::pin(async {
            let mut watch = Watch::open().await?;
            let mut links = Vec::new();
            for _ in 0..watch.waiting() {
                match watch.next().await? {
                    Change::Link(link) => links.push(link),
                    Change::Gone(index) => links.retain(|link: &Link| link.index != index),
                }
            }
            Ok((watch, links))
        }))
    }

    /// What is heard next: first all, then changes. Safe to drop at any time.
    ///
    /// # Errors
    /// Where the kernel's interfaces cannot be seen (any more).
    pub async fn next(&mut self) -> Result<News, WatchError> {
        match self {
            Interfaces::Opening(opening) => {
                let (watch, links) = opening.await?;
                *self = Interfaces::Open(Box::new(watch));
                Ok(News::All(links))
            }
            Interfaces::Open(watch) => Ok(News::Change(watch.next().await?)),
        }
    }
}

/// The inputs that make what the engine knows into what there is.
#[must_use]
pub fn differences(engine: &Engine, links: &[Link]) -> Vec<OwnInput> {
    let gone = engine.links().map(|link| link.interface.index).filter(|known| {
        let is = |link: &Link| IfIndex(link.index) == *known;
        !links.iter().any(is)
    });
    let mut inputs: Vec<OwnInput> = gone.map(|IfIndex(index)| OwnInput::InterfaceGone(index)).collect();
    for link in links {
        let now = Interface::from(link.clone());
        let same = |known: &bgp_engine::input::Interface| *known == now.clone().into();
        if !engine.links().any(|link| same(&link.interface)) {
            inputs.push(OwnInput::Interface(now));
        }
    }
    inputs
}

/// A change as an input.
#[must_use]
pub fn input(change: &Change) -> OwnInput {
    match change {
        Change::Link(link) => OwnInput::Interface(link.clone().into()),
        Change::Gone(index) => OwnInput::InterfaceGone(*index),
    }
}

#[cfg(test)]
mod tests {
    use bgp_engine::effect::Effects;
    use bgp_engine::input::Input;
    use bgp_engine::value::Instant;

    use super::*;

    fn link(index: u32, name: &str, address: &str) -> Link {
        let addresses = vec![address.parse().unwrap()];
        Link { index, name: name.to_owned(), up: true, hardware: vec![], addresses }
    }

    #[test]
    fn only_what_differs_is_an_input() {
        let mut engine = Engine::new(1);
        let (one, two, three) =
            (link(1, "a", "10.0.0.1/24"), link(2, "b", "10.0.1.1/24"), link(3, "c", "10.0.2.1/24"));
        for link in [&one, &two] {
            let input = Input::Interface(Interface::from(link.clone()).into());
            engine.step(Instant::from_micros(1), input, &mut Effects::default());
        }
        assert_eq!(differences(&engine, &[one.clone(), two.clone()]), []);
        let moved = link(2, "b", "10.0.9.1/24");
        let inputs = differences(&engine, &[moved.clone(), three.clone()]);
        let expected = [
            OwnInput::InterfaceGone(1),
            OwnInput::Interface(moved.into()),
            OwnInput::Interface(three.into()),
        ];
        assert_eq!(inputs, expected);
    }
}
