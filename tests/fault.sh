#!/usr/bin/env bash
# Builds ftbgpd with its hidden faults into target/PROFILE/fault, beside the usual one, which it leaves as it was.
# `tests/fault.sh` for the tests, `tests/fault.sh --release` for the benchmark.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = --release ]; then
  profile=release
  choice=(--release -p bgpd -p tests)
else
  profile=debug
  # With a test among the targets the choice of features is that of the tests, and little is built again.
  choice=(--workspace --test tidy)
fi
build() { cargo build --quiet "${choice[@]}" --bin ftbgpd --bin ftsh "$@"; }
build --features bgpd/fault
mkdir -p "target/$profile/fault"
cp --remove-destination "target/$profile/ftbgpd" "target/$profile/ftsh" "target/$profile/fault/"
# The names without faults stand for the usual programs again.
build
