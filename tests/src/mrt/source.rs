//! Tables and streams out of MRT records: whose routes, with which attributes, as bytes.
//!
//! This is the sending side's own reading of the files. The expectation is made by another crate's parser
//! ([`super::expect`]); the two share nothing but the unpacking.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::read::{BGP4MP, BGP4MP_ET, Cursor, TABLE_DUMP_V2, records, unpack};
pub use super::route::Family;
use super::route::net;
use crate::bench::encode::AsWidth;
use crate::bench::scan::{self, Update};

/// A real full view (or a slice of one), as one peer of a collector had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// The transfer of 2015: AS3856's table, from raw UPDATEs.
    Transfer2015,
    /// AS30844's view at route-views.jinx, 2014.
    Jinx2014,
    /// AS2497's view at rrc06, 2010.
    Rrc06As2497,
    /// AS4777's view at rrc06, 2010.
    Rrc06As4777,
    /// AS22652's IPv6 view at route-views6, 2015, the slice that the file holds.
    Slice2015V6,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Transfer2015, Self::Jinx2014, Self::Rrc06As2497, Self::Rrc06As4777, Self::Slice2015V6];

    /// The file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Transfer2015 => "transfer-2015.mrt.gz",
            Self::Jinx2014 => "rib-2014-jinx.mrt.bz2",
            Self::Rrc06As2497 | Self::Rrc06As4777 => "rib-2010-rrc06.mrt.gz",
            Self::Slice2015V6 => "rib-2015-v6-slice.mrt.bz2",
        }
    }

    /// The collector's peer whose view it is.
    pub fn peer(self) -> IpAddr {
        match self {
            Self::Transfer2015 => Ipv4Addr::new(206, 220, 231, 55).into(),
            Self::Jinx2014 => Ipv4Addr::new(196, 223, 14, 55).into(),
            Self::Rrc06As2497 => Ipv4Addr::new(202, 249, 2, 169).into(),
            Self::Rrc06As4777 => Ipv4Addr::new(202, 249, 2, 20).into(),
            Self::Slice2015V6 => Ipv6Addr::new(0x2607, 0xfad8, 0, 0, 0, 0, 1, 9).into(),
        }
    }

    /// The family of its prefixes.
    pub fn family(self) -> Family {
        if self == Self::Slice2015V6 { Family::V6 } else { Family::V4 }
    }

    /// How many prefixes of its family the view has.
    pub fn count(self) -> usize {
        match self {
            Self::Transfer2015 => 577_706,
            Self::Jinx2014 => 497_321,
            Self::Rrc06As2497 => 318_457,
            Self::Rrc06As4777 => 323_485,
            Self::Slice2015V6 => 6_321,
        }
    }

    /// Each prefix' attributes as they stand in the file, in the file's order.
    pub fn routes(self) -> io::Result<Vec<(IpNet, Vec<u8>)>> {
        let bytes = unpack(self.file())?;
        Ok(match self {
            Self::Transfer2015 => transferred(&bytes),
            _ => dumped(&bytes, self.peer(), self.family()),
        })
    }
}

/// The last announcement of each IPv4 prefix in a file of one peer's UPDATEs.
fn transferred(bytes: &[u8]) -> Vec<(IpNet, Vec<u8>)> {
    let mut order = Vec::new();
    let mut last: HashMap<IpNet, Vec<u8>> = HashMap::new();
    for (_, update) in messages(bytes) {
        let parts = Parts::of(update, Family::V4);
        for prefix in parts.announced {
            if last.insert(prefix, parts.attributes.to_vec()).is_none() {
                order.push(prefix);
            }
        }
    }
    order
        .into_iter()
        .map(|prefix| {
            let attributes = last.remove(&prefix).expect("each prefix of the order has attributes");
            (prefix, attributes)
        })
        .collect()
}

/// One peer's entries of a RIB dump, RFC 6396 §4.3.
fn dumped(bytes: &[u8], peer: IpAddr, family: Family) -> Vec<(IpNet, Vec<u8>)> {
    // RIB_IPV4_UNICAST, RIB_IPV6_UNICAST.
    let subtype = if family == Family::V4 { 2 } else { 4 };
    let mut wanted = None;
    let mut routes = Vec::new();
    for record in records(bytes).filter(|record| record.kind == TABLE_DUMP_V2) {
        let mut body = Cursor(record.body);
        if record.subtype == 1 {
            wanted = peers(body).into_iter().position(|address| address == peer);
        } else if record.subtype == subtype {
            body.long();
            let prefix = net(&mut body, family);
            for _ in 0..body.short() {
                let index = usize::from(body.short());
                body.long();
                let length = usize::from(body.short());
                let attributes = body.take(length);
                if Some(index) == wanted {
                    routes.push((prefix, attributes.to_vec()));
                }
            }
        }
    }
    routes
}

/// The addresses of a PEER_INDEX_TABLE, RFC 6396 §4.3.1.
fn peers(mut body: Cursor<'_>) -> Vec<IpAddr> {
    body.long();
    let name = usize::from(body.short());
    body.take(name);
    let count = body.short();
    let mut peers = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let kind = body.octet();
        body.long();
        peers.push(address(&mut body, if kind & 1 == 0 { Family::V4 } else { Family::V6 }));
        body.take(if kind & 2 != 0 { 4 } else { 2 });
    }
    peers
}

/// An address of either family.
fn address(body: &mut Cursor<'_>, family: Family) -> IpAddr {
    if family == Family::V6 {
        let octets: [u8; 16] = body.take(16).try_into().expect("sixteen octets");
        octets.into()
    } else {
        let octets: [u8; 4] = body.take(4).try_into().expect("four octets");
        octets.into()
    }
}

/// Whose stream it is: the collector's peer, and the width of AS numbers on its session.
pub type Speaker = (IpAddr, AsWidth);

/// The UPDATEs (BGP4MP_MESSAGE and BGP4MP_MESSAGE_AS4, RFC 6396 §4.4) of a file, without their headers.
pub fn messages(bytes: &[u8]) -> impl Iterator<Item = (Speaker, &[u8])> {
    records(bytes).filter(|record| [BGP4MP, BGP4MP_ET].contains(&record.kind)).filter_map(|record| {
        let width = match record.subtype {
            1 => AsWidth::Two,
            4 => AsWidth::Four,
            _ => return None,
        };
        let mut body = Cursor(record.body);
        body.take(if width == AsWidth::Two { 6 } else { 10 });
        let family = if body.short() == 2 { Family::V6 } else { Family::V4 };
        let peer = address(&mut body, family);
        address(&mut body, family);
        let header = body.take(19);
        (header[18] == 2).then_some(((peer, width), body.0))
    })
}

/// The UPDATEs that say something about a family by speaker, each in the order of the file.
pub fn streams(bytes: &[u8], family: Family) -> BTreeMap<Speaker, Vec<&[u8]>> {
    let mut streams: BTreeMap<Speaker, Vec<&[u8]>> = BTreeMap::new();
    for (speaker, update) in messages(bytes) {
        let parts = Parts::of(update, family);
        if !parts.withdrawn.is_empty() || !parts.announced.is_empty() {
            streams.entry(speaker).or_default().push(update);
        }
    }
    streams
}

/// What an UPDATE says about unicast prefixes of one family.
#[derive(Debug)]
pub struct Parts<'a> {
    /// Without a route from now on.
    pub withdrawn: Vec<IpNet>,
    /// The attributes of what is announced.
    pub attributes: &'a [u8],
    /// With these attributes from now on.
    pub announced: Vec<IpNet>,
}

impl<'a> Parts<'a> {
    /// Takes an UPDATE's body apart.
    pub fn of(update: &'a [u8], family: Family) -> Self {
        let Update { mut withdrawn, attributes, mut announced } = Update::split(update);
        if family == Family::V6 {
            (withdrawn, announced) = (&[], &[]);
            for attribute in scan::attributes(attributes) {
                let mut value = Cursor(attribute.value);
                match attribute.code {
                    14 if value.take(3) == [0, 2, 1] => {
                        let next_hop = usize::from(value.octet());
                        value.take(next_hop + 1);
                        announced = value.0;
                    }
                    15 if value.take(3) == [0, 2, 1] => withdrawn = value.0,
                    _ => {}
                }
            }
        }
        Self { withdrawn: nets(withdrawn, family), attributes, announced: nets(announced, family) }
    }
}

/// The prefixes of NLRI.
fn nets(bytes: &[u8], family: Family) -> Vec<IpNet> {
    let mut rest = Cursor(bytes);
    let mut prefixes = Vec::new();
    while !rest.0.is_empty() {
        prefixes.push(net(&mut rest, family));
    }
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_tables_have_the_counts_that_the_readme_says() {
        for table in [Table::Rrc06As2497, Table::Rrc06As4777, Table::Slice2015V6] {
            assert_eq!(table.routes().unwrap().len(), table.count(), "{table:?}");
        }
    }

    /// How many prefixes a file's UPDATEs withdraw and announce, in both families.
    fn counts(name: &str) -> (usize, usize) {
        let bytes = unpack(name).unwrap();
        let parts = messages(&bytes)
            .flat_map(|(_, update)| [Parts::of(update, Family::V4), Parts::of(update, Family::V6)]);
        parts.fold((0, 0), |(gone, here), parts| (gone + parts.withdrawn.len(), here + parts.announced.len()))
    }

    #[test]
    fn the_streams_have_the_counts_that_the_readme_says() {
        assert_eq!(counts("updates-2013.mrt.bz2"), (10_838, 126_042));
        assert_eq!(counts("updates-2016.mrt.gz"), (1_956, 39_256));
        assert_eq!(counts("updates-2026.mrt.bz2"), (7_606, 111_057));
    }

    #[test]
    fn streams_are_kept_apart_by_family_and_by_width() {
        let bytes = unpack("updates-2016.mrt.gz").unwrap();
        let (v4, v6) = (streams(&bytes, Family::V4), streams(&bytes, Family::V6));
        assert!(v6.len() > 10 && v4.len() > 10, "{} {}", v4.len(), v6.len());
        let bytes = unpack("updates-2013.mrt.bz2").unwrap();
        let old = streams(&bytes, Family::V4).into_keys().filter(|(_, width)| *width == AsWidth::Two).count();
        assert!(old >= 5, "{old} speakers with 2-octet AS numbers");
    }
}
