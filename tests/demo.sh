#!/usr/bin/env bash
# Sets up a fresh Debian 12 machine and shows FTBGP at work: among FRR, BIRD, GoBGP and OpenBGPD in private namespaces
# the primary is killed, broken and stopped before your eyes, and each neighbor's own words say that its session never
# ended. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/setup.sh
export PATH="$HOME/.cargo/bin:$PATH"
echo "building (a few minutes the first time)"
cargo build --release --quiet -p bgpd -p tests --bin ftbgpd --bin ftsh --bin demo
exec target/release/demo "$@"
