//! The topologies of the tree come to what their `expected.json` says, told by every node's own show command.

use std::time::Duration;

use tests::lab::expected::Expected;
use tests::lab::{Lab, topology_directory};

fn converges(name: &str) {
    let directory = topology_directory(name);
    let expected = Expected::read(&directory).unwrap_or_else(|error| panic!("{error}"));
    let lab = Lab::start(&directory).unwrap_or_else(|error| panic!("{error}"));
    let done = lab.wait_until("the expected tables", Duration::from_secs(90), || expected.check(&lab));
    done.unwrap_or_else(|error| panic!("{name}: {error}"));
}

#[test]
fn ftbgp_and_bird_exchange_their_routes() {
    converges("pair-bird");
}

#[test]
fn ftbgp_and_frr_exchange_their_routes() {
    converges("pair-frr");
}

#[test]
fn a_provider_carries_routes_between_its_upstream_and_its_customers() {
    converges("transit");
}

#[test]
fn a_route_server_is_transparent_to_twenty_clients() {
    converges("route-server");
}

#[test]
fn a_fabric_of_unnumbered_links_uses_both_spines() {
    converges("leaf-spine");
}

#[test]
fn ftbgp_among_four_others_hands_everyones_routes_on() {
    converges("takeover");
}
