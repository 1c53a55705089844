#!/usr/bin/env bash
# Installs what is missing of the Debian packages named by groups: build, run, test. Needs no rights when nothing is missing.
#   tools/packages.sh build test
set -euo pipefail

build="g++ cmake ninja-build pkg-config libssl-dev libcurl4-openssl-dev libsodium-dev libzstd-dev libsqlite3-dev libpq-dev libxxhash-dev
  protobuf-compiler libprotobuf-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libfmt-dev libpugixml-dev librust-blake3-dev libgtest-dev
  librapidcheck-dev libarchive-dev zlib1g-dev ccache mold"
run="sqlite3 postgresql gnupg"
test="$run postgresql-contrib strace openssl curl attr acl python3-cryptography python3-nacl python3-zstandard clang-14 libclang-rt-14-dev clang-format-14 time"

missing=()
for group in "$@"; do
  for package in ${!group}; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
done
[ ${#missing[@]} -gt 0 ] || exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "these packages are missing, and there is neither root nor sudo: ${missing[*]}" >&2; exit 1; }
  sudo=(sudo)
fi
echo "installing: ${missing[*]}"
"${sudo[@]}" apt-get update -q >/dev/null || echo "apt-get update failed; trying with the lists there are" >&2
# Debian's PostgreSQL packages make and start a cluster of their own, unless they are told not to.
clusters=/etc/postgresql-common/createcluster.conf
if [[ " ${missing[*]} " == *" postgresql "* && ! -e $clusters ]]; then
  "${sudo[@]}" mkdir -p "${clusters%/*}"
  echo 'create_main_cluster = false' | "${sudo[@]}" tee "$clusters" >/dev/null
fi
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -q -o Dpkg::Options::=--force-confold --no-install-recommends "${missing[@]}" >/dev/null
