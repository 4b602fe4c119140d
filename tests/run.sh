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

# Always the whole workspace: another choice of crates has another choice of features, and builds all again.
step 'build'
cargo build --quiet --workspace --all-targets
tests/fault.sh

step 'units, properties, conformance, fuzz corpora, the daemon, the lab, real tables, the benchmark (small)'
cargo test --quiet --workspace --lib --bins --examples --test '[!it]*' --test tidy

step 'interoperation'
cargo test --quiet --workspace --test interop -- --nocapture

step 'takeover: every failure class, and a storm'
cargo test --quiet --workspace --test takeover -- --nocapture

step 'done'
