//! A neighbor as FRR lays it out.

use bgp_engine::config::NeighborName;
use bgp_engine::engine::{Kind, Peer};
use bgp_engine::session::{DownReason, State, StopReason, Timer};
use bgp_engine::value::{Family, Instant, PeerKind};

use super::capabilities::Opens;
use super::{due_s, families, hops, is_on_shared_network, own_address, restart_modes, roles, timers};
use crate::show::Router;
use crate::show::path::host_name;
use crate::show::peers::{is_up, kind, remote_as};
use crate::show::text::put;
use crate::show::time::uptime;

/// Writes all about a neighbor.
pub(super) fn push(router: &Router<'_>, peer: &Peer, out: &mut String) {
    push_name(router, peer, out);
    push_session(router, peer, out);
    if let Some(opens) = Opens::of(router, peer) {
        opens.push(out);
    }
    push_restart(peer, out);
    push_statistics(peer, out);
    let interval = peer.settings.advertisement_interval_s.unwrap_or(0);
    put!(out, "  Minimum time between advertisement runs is {interval} seconds\n");
    match &peer.settings.update_source {
        Some(bgp_engine::config::UpdateSource::Address(address)) => {
            put!(out, "  Update source is {address}\n");
        }
        Some(bgp_engine::config::UpdateSource::Interface(name)) => put!(out, "  Update source is {name}\n"),
        None => {}
    }
    for family in families(peer) {
        super::family::push(router, peer, family, out);
    }
    push_past(router, peer, out);
    push_connection(router, peer, out);
    out.push_str("\n\n");
}

fn push_name(router: &Router<'_>, peer: &Peer, out: &mut String) {
    match (&peer.name, peer.address) {
        (NeighborName::Interface(name), Some(address)) => put!(out, "BGP neighbor on {name}: {address}, "),
        (NeighborName::Interface(name), None) => put!(out, "BGP neighbor on {name}: None, "),
        (NeighborName::Address(address), _) => {
            let star = if peer.kind == Kind::Dynamic { "*" } else { "" };
            put!(out, "BGP neighbor is {star}{address}, ");
        }
    }
    let link = match kind(peer) {
        PeerKind::External => "external link",
        PeerKind::Internal => "internal link",
        PeerKind::Confederation => "confed-external link",
    };
    put!(out, "remote AS {}, local AS {}", remote_as(router.engine, peer), peer.session.config().shown_as());
    if let Some(local) = peer.settings.local_as {
        out.push_str(if local.no_prepend { " no-prepend" } else { "" });
        out.push_str(if local.replace_as { " replace-as" } else { "" });
    }
    put!(out, ", {link}\n");
    let (own, theirs) = roles(peer);
    put!(out, "  Local Role: {own}\n  Remote Role: {theirs}\n");
    if let Some(description) = &peer.settings.description {
        put!(out, " Description: {description}\n");
    }
    if let Some(host) = host_name(peer) {
        put!(out, "Hostname: {host}\n");
    }
    if let Some(group) = &peer.group {
        put!(out, " Member of peer-group {group} for session parameters\n");
    }
    if let Some(StopReason::Shutdown(text)) = peer.session.stopped_by() {
        out.push_str(" Administratively shut down");
        if !text.is_empty() {
            put!(out, " with RFC8203 message \"{text}\"");
        }
        out.push('\n');
    }
}

fn ago(router: &Router<'_>, moment: Option<Instant>) -> String {
    moment.map_or_else(|| "never".to_owned(), |moment| uptime(router.clock.since(moment)))
}

fn push_session(router: &Router<'_>, peer: &Peer, out: &mut String) {
    let statistics = peer.session.statistics();
    let remote_id = peer.session.peer_open().map(|open| open.router_id).unwrap_or_default();
    let own_id = router.engine.router_id();
    put!(out, "  BGP version 4, remote router ID {remote_id}, local router ID {own_id}\n");
    put!(out, "  BGP state = {}", peer.session.state());
    if is_up(peer) {
        put!(out, ", up for {:>8}", ago(router, statistics.since));
    } else if peer.session.state() == State::Active && peer.session.config().passive {
        out.push_str(" (passive)");
    }
    let (read, write) = (ago(router, statistics.last_read), ago(router, statistics.last_write));
    put!(out, "\n  Last read {read}, Last write {write}\n");
    let (in_force, configured) = timers(peer);
    for (word, (hold, keepalive)) in [("Hold", in_force), ("Configured hold", configured)] {
        put!(out, "  {word} time is {hold} seconds, keepalive interval is {keepalive} seconds\n");
    }
}

fn list(families: impl Iterator<Item = Family>) -> String {
    families.map(|family| family.to_string()).collect::<Vec<_>>().join(", ")
}

/// How FRR tells a bit.
const TRUTH: [&str; 2] = ["False", "True"];
/// How FRR tells whether something has happened.
const HAPPENED: [&str; 2] = ["No", "Yes"];

fn push_restart(peer: &Peer, out: &mut String) {
    let negotiated = peer.session.negotiated();
    let used = |family: &Family| negotiated.is_some_and(|negotiated| negotiated.families()[*family]);
    out.push_str("  Graceful restart information:\n");
    if negotiated.is_some() {
        let sent = Family::ALL.into_iter().filter(|&family| peer.families[family].end_of_rib_sent);
        let received = Family::ALL.into_iter().filter(|&family| peer.families[family].end_of_rib_received);
        put!(out, "    End-of-RIB send: {}\n", list(sent.filter(used)));
        put!(out, "    End-of-RIB received: {}\n", list(received.filter(used)));
    }
    let (own, theirs) = restart_modes(peer);
    let restart = negotiated.and_then(|negotiated| negotiated.restart.as_ref());
    put!(out, "    Local GR Mode: {own}\n    Remote GR Mode: {theirs}\n");
    put!(out, "    R bit: {}\n", TRUTH[usize::from(restart.is_some_and(|restart| restart.restarting))]);
    put!(out, "    N bit: {}\n", TRUTH[usize::from(restart.is_some_and(|restart| restart.notification))]);
    let times = peer.session.config().restart;
    out.push_str("    Timers:\n");
    put!(out, "      Configured Restart Time(sec): {}\n", times.restart_s);
    put!(out, "      Received Restart Time(sec): {}\n", restart.map_or(0, |restart| restart.restart_time_s));
    for family in Family::ALL.into_iter().filter(used) {
        let state = &peer.families[family];
        let kept = restart.is_some_and(|restart| restart.families[family] == Some(true));
        put!(out, "    {family}:\n      F bit: {}\n", TRUTH[usize::from(kept)]);
        put!(out, "      End-of-RIB sent: {}\n", HAPPENED[usize::from(state.end_of_rib_sent)]);
        put!(out, "      End-of-RIB sent after update: {}\n", HAPPENED[usize::from(state.end_of_rib_sent)]);
        put!(out, "      End-of-RIB received: {}\n", HAPPENED[usize::from(state.end_of_rib_received)]);
        put!(out, "      Timers:\n        Configured Stale Path Time(sec): {}\n", times.stale_path_s);
    }
}

fn push_statistics(peer: &Peer, out: &mut String) {
    let statistics = peer.session.statistics();
    let (sent, received) = (&statistics.sent, &statistics.received);
    out.push_str("  Message statistics:\n    Inq depth is 0\n    Outq depth is 0\n");
    out.push_str("                         Sent       Rcvd\n");
    for (name, sent, received) in [
        ("Opens:", sent.opens, received.opens),
        ("Notifications:", sent.notifications, received.notifications),
        ("Updates:", sent.updates, received.updates),
        ("Keepalives:", sent.keepalives, received.keepalives),
        ("Route Refresh:", sent.route_refreshes, received.route_refreshes),
        ("Capability:", 0, 0),
        ("Total:", sent.total(), received.total()),
    ] {
        put!(out, "    {name:15}{sent:>10} {received:>10}\n");
    }
    out.push_str("  Prefix statistics:\n");
    for (name, _, count) in super::refused(peer) {
        put!(out, "    {name}: {count}\n");
    }
}

fn push_past(router: &Router<'_>, peer: &Peer, out: &mut String) {
    let statistics = peer.session.statistics();
    put!(out, "\n  Connections established {}; dropped {}\n", statistics.established, statistics.dropped);
    let survived = router.survivals.of(&peer.name);
    if survived > 0 {
        put!(out, "  Takeovers survived {survived}\n");
    }
    if let Some(record) = router.engine.poison_of(&peer.name) {
        let (count, reaction) = (record.count, record.reaction);
        put!(
            out,
            "  Messages that killed a process {count}, last {}, {reaction}\n",
            ago(router, Some(record.last))
        );
    }
    match &statistics.last_reset {
        None => out.push_str("  Last reset never\n"),
        Some((at, reason)) => {
            put!(out, "  Last reset {},  {reason}\n", ago(router, Some(*at)));
            if let DownReason::Received(notification) = reason
                && let Some(text) = notification.shutdown_text()
            {
                put!(out, "    Message received: \"{text}\"\n");
            }
        }
    }
    let side = if kind(peer) == PeerKind::Internal { "Internal" } else { "External" };
    put!(out, "  {side} BGP neighbor may be up to {} hops away.\n", hops(peer));
}

fn push_connection(router: &Router<'_>, peer: &Peer, out: &mut String) {
    if let Some((local, remote)) = peer.ends.filter(|_| is_up(peer)) {
        put!(out, "Local host: {}, Local port: {}\n", local.ip(), local.port());
        put!(out, "Foreign host: {}, Foreign port: {}\n", remote.ip(), remote.port());
        if let Some(own) = own_address(router, peer) {
            let unspecified = core::net::Ipv6Addr::UNSPECIFIED;
            put!(out, "Nexthop: {}\n", own.v4.unwrap_or(core::net::Ipv4Addr::UNSPECIFIED));
            put!(out, "Nexthop global: {}\n", own.v6.unwrap_or(unspecified));
            put!(out, "Nexthop local: {}\n", own.link_local.unwrap_or(unspecified));
        }
        let network = if is_on_shared_network(router, peer) { "shared" } else { "non shared" };
        put!(out, "BGP connection: {network} network\n");
    }
    put!(out, "BGP Connect Retry Timer in Seconds: {}\n", peer.session.config().connect_retry_s);
    if peer.settings.password.is_some() {
        out.push_str("Peer Authentication Enabled\n");
    }
    if let Some(seconds) = due_s(router, peer, Timer::IdleHold) {
        put!(out, "Next start timer due in {seconds} seconds\n");
    }
    if let Some(seconds) = due_s(router, peer, Timer::ConnectRetry) {
        put!(out, "Next connect timer due in {seconds} seconds\n");
    }
    let thread = if is_up(peer) { "on" } else { "off" };
    put!(out, "Read thread: {thread}  Write thread: {thread}\n");
}
