#!/usr/bin/env bash
# Runs every test that is not a long one: format, lints, units and properties, conformance and fuzz corpora, then,
# against real daemons in namespaces, interoperation and real tables. Needs root. Sets the machine up first.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/setup.sh
export PATH="$HOME/.cargo/bin:$PATH"
step() { echo; echo "=== $1 ($(date +%T))"; }

step 'format and lints'
cargo fmt --all --check
cargo clippy --quiet --workspace --all-targets -- -D warnings

step 'units and properties, conformance, fuzz corpora'
cargo build --quiet -p bgpd --bins
cargo test --quiet -p bgp-engine -p bgpd -p fib
cargo test --quiet -p tests --lib --test tidy --test conformance --test fuzz_corpus --test determinism

step 'the lab'
cargo test --quiet -p tests --test lab

step 'interoperation'
cargo test --quiet -p tests --test interop -- --nocapture

step 'real tables and the benchmark, small'
cargo test --quiet -p tests --test realtables --test benchsmoke

step 'done'
