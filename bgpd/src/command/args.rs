//! The values that a line gives to a command.

use core::net::IpAddr;
use core::str::FromStr;

use bgp_engine::config::NeighborName;
use ipnet::IpNet;

use super::error::Refusal;

/// A line's words by the names that the pattern gives them. Every value has been checked against its type.
#[derive(Clone, Debug, Default)]
pub struct Args<'t> {
    pub(super) bound: Vec<Bound<'t>>,
}

/// One word of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound<'t> {
    pub(super) name: &'t str,
    pub(super) text: &'t str,
    /// Whether it is a keyword, whose name is itself, in full.
    pub(super) keyword: bool,
}

impl<'t> Args<'t> {
    /// Whether this keyword was written, or a value was given by this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.bound.iter().any(|bound| bound.name == name)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &'t str> {
        self.bound.iter().filter(move |bound| !bound.keyword && bound.name == name).map(|bound| bound.text)
    }

    /// The value as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'t str> {
        self.values(name).next()
    }

    /// The value as text, where the pattern demands one.
    ///
    /// # Errors
    /// Where the line has none.
    pub fn word(&self, name: &str) -> Result<&'t str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::new(format!("{name} is missing")))
    }

    /// The value, if the line has one.
    #[must_use]
    pub fn find<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// The value, where the pattern demands one.
    ///
    /// # Errors
    /// Where the line has none.
    pub fn need<T: FromStr>(&self, name: &str) -> Result<T, Refusal> {
        self.find(name).ok_or_else(|| Refusal::new(format!("{name} is missing")))
    }

    /// Every value of a name that may be repeated.
    pub fn all<T: FromStr>(&self, name: &str) -> impl Iterator<Item = T> {
        self.values(name).filter_map(|text| text.parse().ok())
    }

    /// The line as it stands in the running configuration: keywords in full, single spaces.
    #[must_use]
    pub fn written(&self) -> String {
        let mut line = String::new();
        for bound in &self.bound {
            line.push_str(if bound.keyword { bound.name } else { bound.text });
            line.push(' ');
        }
        line.pop();
        line
    }

    /// A prefix of either family, its host bits cleared as FRR does.
    ///
    /// # Errors
    /// Where the line has none.
    pub fn net(&self, name: &str) -> Result<IpNet, Refusal> {
        Ok(self.need::<IpNet>(name)?.trunc())
    }

    /// What a neighbor is called by: an address, else the name of an interface.
    #[must_use]
    pub fn neighbor(&self, name: &str) -> Option<NeighborName> {
        let text = self.text(name)?;
        Some(match text.parse::<IpAddr>() {
            Ok(address) => NeighborName::Address(address),
            Err(_) => NeighborName::Interface(text.to_owned()),
        })
    }
}
