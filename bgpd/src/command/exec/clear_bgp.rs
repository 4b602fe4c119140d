//! `clear bgp …`: ends sessions, or has routes sent or asked for again.

use bgp_engine::input::{Clear, Command as Input, Whom};
use bgp_engine::value::Family;

use super::EXEC;
use crate::command::{Args, Command, Form, No, Operation, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "clear [ip] bgp [<ipv4|ipv6> [unicast]] \
               <*|A.B.C.D$peer|X:X::X:X$peer|ASN|WORD$peer|external|peer-group WORD$group> \
               [<soft [<in|out>]|in|out|message-stats>]",
        no: No::Never,
    }],
    help: "Clear neighbors, or have routes sent or asked for again",
    words: &[
        ("clear", "Reset functions"),
        ("*", "Clear all peers"),
        ("A.B.C.D", "BGP IPv4 neighbor to clear"),
        ("X:X::X:X", "BGP IPv6 neighbor to clear"),
        ("WORD", "BGP neighbor on interface to clear, or the group's name"),
        ("ASN", "Clear peers with the AS number"),
        ("external", "Clear all external peers"),
        ("peer-group", "Clear all members of peer-group"),
        ("soft", "Soft reconfig inbound and outbound updates"),
        ("in", "Send route-refresh unless using 'soft-reconfiguration inbound'"),
        ("out", "Resend all outbound updates"),
        ("message-stats", "Reset message statistics"),
    ],
    run: Run::Operation(|args| Ok(Operation::Command(command(args)?))),
};

fn command(args: &Args<'_>) -> Result<Input, Refusal> {
    let whom = whom(args)?;
    if args.has("message-stats") {
        return Ok(Input::ClearCounters(whom));
    }
    let how = if args.has("in") {
        Clear::SoftIn
    } else if args.has("out") {
        Clear::SoftOut
    } else if args.has("soft") {
        Clear::Soft
    } else {
        Clear::Hard
    };
    let family = match (args.has("ipv4"), args.has("ipv6")) {
        (true, _) => Some(Family::Ipv4Unicast),
        (_, true) => Some(Family::Ipv6Unicast),
        _ => None,
    };
    Ok(Input::Clear { whom, how, family })
}

fn whom(args: &Args<'_>) -> Result<Whom, Refusal> {
    if let Some(address) = args.find("peer") {
        return Ok(Whom::Address(address));
    }
    if let Some(name) = args.neighbor("peer") {
        return Ok(Whom::Neighbor(name));
    }
    if let Some(asn) = args.find("ASN") {
        return Ok(Whom::As(asn));
    }
    if let Some(group) = args.text("group") {
        return Ok(Whom::Group(group.to_owned()));
    }
    Ok(if args.has("external") { Whom::External } else { Whom::All })
}
