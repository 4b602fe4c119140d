//! The body of an UPDATE, on a session of any kind.

use bgp_engine::attr::{NextHop, PathAttributes};
use bgp_engine::value::{Family, Net, PathId, PeerKind, PerFamily};
use bgp_engine::wire::update::{Announcement, emit_attributes, parse};
use bgp_engine::wire::{Dialect, Disposition, Nlri, UpdateMessage, frame};

/// The session that an octet stands for.
fn dialect(octet: u8) -> Dialect {
    let bit = |place: u8| octet >> place & 1 == 1;
    let peer = match octet >> 6 {
        0 => PeerKind::External,
        1 => PeerKind::Internal,
        _ => PeerKind::Confederation,
    };
    let add_path = PerFamily([bit(0), bit(0)]);
    Dialect {
        four_octet_as: bit(1),
        extended_message: true,
        add_path_rx: add_path,
        add_path_tx: add_path,
        extended_next_hop: bit(2),
        families: PerFamily([true, !bit(3)]),
        peer,
        reject_as_sets: bit(4),
        aigp: bit(5),
    }
}

/// The first octet chooses the session, the others are an UPDATE's body. What is read is written and read again.
pub fn update(octets: &[u8]) {
    let Some((session, body)) = octets.split_first() else { return };
    let dialect = dialect(*session);
    let update = match parse(body, &dialect) {
        Ok(update) => update,
        Err(refusal) => {
            assert_eq!(refusal.code, 3, "{refusal:?}");
            return;
        }
    };
    check_reactions(&update);
    check_prefixes(&update);
    let Some(set) = &update.attributes else { return };
    let nlri = update.mp_announced.filter(|nlri| !nlri.is_empty()).unwrap_or(update.announced);
    if update.mp_next_hop.is_none() && !nlri.is_empty() {
        match nlri.family {
            Family::Ipv4Unicast => again(set, nlri.v4().collect(), &dialect),
            Family::Ipv6Unicast => again(set, nlri.v6().collect(), &dialect),
        }
    }
}

fn check_reactions(update: &UpdateMessage<'_>) {
    assert_eq!(update.disposition, update.errors.iter().map(|error| error.disposition).max());
    assert!(update.disposition < Some(Disposition::SessionReset), "a reset is an error");
    if update.disposition >= Some(Disposition::TreatAsWithdraw) {
        assert_eq!(update.attributes, None);
    }
    update.errors.iter().for_each(|error| assert!(!error.to_string().is_empty()));
}

fn check_prefixes(update: &UpdateMessage<'_>) {
    let fields = [Some(update.withdrawn), Some(update.announced), update.mp_withdrawn, update.mp_announced];
    for nlri in fields.into_iter().flatten() {
        match nlri.family {
            Family::Ipv4Unicast => check_nets(&nlri, nlri.v4().collect()),
            Family::Ipv6Unicast => check_nets(&nlri, nlri.v6().collect()),
        }
    }
}

/// Nothing is left over, and every prefix is canonical.
fn check_nets<N: Net>(nlri: &Nlri<'_>, nets: Vec<(PathId, N)>) {
    let id = if nlri.add_path { 4 } else { 0 };
    let octets: usize = nets.iter().map(|(_, net)| id + 1 + usize::from(net.length()).div_ceil(8)).sum();
    assert_eq!(octets, nlri.octets().len());
    assert!(nets.iter().all(|(_, net)| N::from_bits(net.bits(), net.length()) == *net));
}

/// The same set and prefixes, written for the same session, are read as the same.
fn again<N: Net>(set: &PathAttributes, nets: Vec<(PathId, N)>, dialect: &Dialect) {
    assert_ne!(set.next_hop, NextHop::Own, "announced without a next hop");
    let (mut blob, mut out) = (Vec::new(), Vec::new());
    emit_attributes(set, dialect, N::FAMILY, &mut blob);
    let Ok(mut message) = Announcement::begin(&mut out, &blob, &set.next_hop, N::FAMILY, dialect) else {
        return;
    };
    let fit = nets.iter().take_while(|(id, net)| message.push(*id, *net)).count();
    message.finish();
    let frame = frame::next(&out, dialect.max_len()).unwrap().unwrap();
    let update =
        parse(frame.body, dialect).unwrap_or_else(|refusal| panic!("{refusal} for what was read: {set:?}"));
    assert_eq!(update.errors, []);
    // To an old speaker a path with both wide ASes and confederation segments or sets loses their order.
    if dialect.four_octet_as {
        assert_eq!(update.attributes.as_ref(), Some(set));
    }
    let written = update.mp_announced.unwrap_or(update.announced);
    assert!(written.iter::<N>().eq(nets.into_iter().take(fit)));
}
