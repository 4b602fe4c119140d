//! Tables and streams out of MRT records: whose routes, with which attributes, as bytes.
//!
//! This is the sending side's own reading of the files. The expectation is made by another crate's parser
//! ([`super::expect`]); the two share nothing but the unpacking.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::read::{BGP4MP, BGP4MP_ET, Cursor, TABLE_DUMP_V2, records, unpack};
use super::route::net;
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

    /// Whether its prefixes are IPv6.
    pub fn is_ipv6(self) -> bool {
        self == Self::Slice2015V6
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
            _ => dumped(&bytes, self.peer(), if self.is_ipv6() { 4 } else { 2 }),
        })
    }
}

/// The last announcement of each IPv4 prefix in a file of one peer's UPDATEs.
fn transferred(bytes: &[u8]) -> Vec<(IpNet, Vec<u8>)> {
    let mut order = Vec::new();
    let mut last: HashMap<IpNet, Vec<u8>> = HashMap::new();
    for message in messages(bytes) {
        let update = Update::split(message.update);
        let mut rest = Cursor(update.announced);
        while !rest.0.is_empty() {
            let prefix = net(&mut rest, false);
            if last.insert(prefix, update.attributes.to_vec()).is_none() {
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

/// One peer's entries of a RIB dump, RFC 6396 §4.3; `subtype` 2 is RIB_IPV4_UNICAST, 4 RIB_IPV6_UNICAST.
fn dumped(bytes: &[u8], peer: IpAddr, subtype: u16) -> Vec<(IpNet, Vec<u8>)> {
    let mut wanted = None;
    let mut routes = Vec::new();
    for record in records(bytes).filter(|record| record.kind == TABLE_DUMP_V2) {
        let mut body = Cursor(record.body);
        if record.subtype == 1 {
            wanted = peers(body).into_iter().position(|address| address == peer);
        } else if record.subtype == subtype {
            body.long();
            let prefix = net(&mut body, subtype == 4);
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
        peers.push(address(&mut body, kind & 1 != 0));
        body.take(if kind & 2 != 0 { 4 } else { 2 });
    }
    peers
}

/// An address of either family.
fn address(body: &mut Cursor<'_>, ipv6: bool) -> IpAddr {
    if ipv6 {
        let octets: [u8; 16] = body.take(16).try_into().expect("sixteen octets");
        octets.into()
    } else {
        let octets: [u8; 4] = body.take(4).try_into().expect("four octets");
        octets.into()
    }
}

/// An UPDATE of a BGP4MP file whose AS numbers have four octets.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The collector's peer that sent it.
    pub peer: IpAddr,
    /// The UPDATE without its header.
    pub update: &'a [u8],
}

/// The UPDATEs with 4-octet AS numbers (BGP4MP_MESSAGE_AS4, RFC 6396 §4.4.3) of a file.
pub fn messages(bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    records(bytes)
        .filter(|record| [BGP4MP, BGP4MP_ET].contains(&record.kind) && record.subtype == 4)
        .filter_map(|record| {
            let mut body = Cursor(record.body);
            body.take(10);
            let ipv6 = body.short() == 2;
            let peer = address(&mut body, ipv6);
            address(&mut body, ipv6);
            let header = body.take(19);
            (header[18] == 2).then_some(Message { peer, update: body.0 })
        })
}

/// A stream's UPDATEs by peer, each in the order of the file.
pub fn streams(bytes: &[u8]) -> BTreeMap<IpAddr, Vec<&[u8]>> {
    let mut streams: BTreeMap<IpAddr, Vec<&[u8]>> = BTreeMap::new();
    for message in messages(bytes) {
        streams.entry(message.peer).or_default().push(message.update);
    }
    streams
}

/// The IPv4 prefixes that an UPDATE withdraws and announces.
pub fn ipv4_parts(update: &[u8]) -> (Vec<IpNet>, scan::Update<'_>, Vec<IpNet>) {
    let parts = Update::split(update);
    let all = |bytes| {
        let mut rest = Cursor(bytes);
        let mut prefixes = Vec::new();
        while !rest.0.is_empty() {
            prefixes.push(net(&mut rest, false));
        }
        prefixes
    };
    (all(parts.withdrawn), parts, all(parts.announced))
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

    #[test]
    fn the_stream_of_2026_has_the_counts_that_the_readme_says() {
        let bytes = unpack("updates-2026.mrt.bz2").unwrap();
        let streams = streams(&bytes);
        assert_eq!(streams.len(), 20);
        let (mut withdrawn, mut announced) = (0, 0);
        for update in streams.values().flatten() {
            let (gone, _, here) = ipv4_parts(update);
            withdrawn += gone.len();
            announced += here.len();
        }
        assert_eq!((withdrawn, announced), (7_606, 111_057));
    }
}
