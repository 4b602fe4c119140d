#!/usr/bin/env bash
# Installs what FTBGP is built and tested with on Debian 12: packages, and a Rust toolchain where cargo is missing
# or older than Cargo.toml's rust-version. Does nothing that is done already. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(ca-certificates curl gcc libc6-dev git iproute2 iputils-ping procps tcpdump util-linux
  frr bird2 gobgpd openbgpd exabgp
  swaks tftp-hpa atftp)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] || { echo "these packages are missing, and only root can install them: ${missing[*]}" >&2; exit 1; }
  echo "installing: ${missing[*]}"
  # The lab starts the daemons itself: none is to start with its package.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
export PATH="$HOME/.cargo/bin:$PATH"
present=$(cargo --version 2>/dev/null | sed 's/cargo \([0-9.]*\).*/\1/' || true)
if [ "$(printf '%s\n' "$wanted" "${present:-0}" | sort -V | head -1)" != "$wanted" ]; then
  echo "cargo ${present:-is not there}; version $wanted is needed: installing the stable toolchain with rustup"
  curl -sSf --proto '=https' --tlsv1.2 https://sh.rustup.rs | sh -s -- -y -q --profile minimal -c clippy -c rustfmt
fi
