#!/usr/bin/env bash
# Sets up a fresh Debian 12 machine and shows FTBGP at work: five routers of four implementations in private
# namespaces exchange routes, and each one's own show command says what it got. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/setup.sh
export PATH="$HOME/.cargo/bin:$PATH"
echo "building (a few minutes the first time)"
cargo build --release --quiet -p bgpd -p tests --bin ftbgpd --bin ftsh --bin lab
exec target/release/lab transit "$@"
