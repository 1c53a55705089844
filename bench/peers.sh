#!/bin/bash
# Installs the peers that files.sh measures, each through its own package client, into
# ${PEERS:-$HOME/.cache/holdfast-peers}. Run it again to try again what failed; what is there already is kept.
#   peers.sh [restic|kopia|rustic|borg ...]      all of them without arguments
# Needs go, cargo (with cmake and a C compiler) and python3 with venv; borg also the development packages of
# OpenSSL, libacl, lz4, zstd and xxhash, and pkg-config (Debian: libssl-dev libacl1-dev liblz4-dev libzstd-dev libxxhash-dev).
# The versions are fixed, so that figures taken on different days are of the same tools. JOBS limits compilers (1).
# shellcheck disable=SC2329  # install_X is called by its name put together
set -euo pipefail

PEERS=${PEERS:-$HOME/.cache/holdfast-peers}
JOBS=${JOBS:-1}
RESTIC=0.19.1 KOPIA=0.21.1 RUSTIC=0.11.4 BORG=1.4.5

# Builds with the module's own go.sum, in the module cache's own folder. `go install PACKAGE@VERSION` would do, but it
# also asks for the list of all versions, which not every module proxy gives.
go_build() { # MODULE VERSION PACKAGE OUTPUT FLAGS...
  local module=$1 version=$2 package=$3 output=$4 dir
  shift 4
  dir=$(cd / && go mod download -json "$module@v$version" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
  (cd "$dir" && CGO_ENABLED=0 GOFLAGS="-mod=readonly -buildvcs=false" go build -p "$JOBS" -trimpath -o "$output" "$@" "$package")
}

install_restic() { go_build github.com/restic/restic "$RESTIC" ./cmd/restic "$PEERS/bin/restic"; }
install_kopia() {
  go_build github.com/kopia/kopia "$KOPIA" . "$PEERS/bin/kopia" -tags nohtmlui -ldflags "-X github.com/kopia/kopia/repo.BuildVersion=$KOPIA"
}
# Without the terminal interface, WebDAV and metrics: a shorter build of the same engine.
install_rustic() { cargo install rustic-rs --version "$RUSTIC" --locked --no-default-features --jobs "$JOBS" --root "$PEERS/rustic"; }
install_borg() {
  python3 -m venv "$PEERS/borg14" && MAKEFLAGS=-j$JOBS "$PEERS/borg14/bin/pip" install "borgbackup==$BORG"
}

binary_of() {
  case $1 in
    restic | kopia) echo "$PEERS/bin/$1" ;;
    rustic) echo "$PEERS/rustic/bin/rustic" ;;
    borg) echo "$PEERS/borg14/bin/borg" ;;
    *) return 1 ;;
  esac
}

if [ "${1:-}" = install ]; then # a process of its own: `set -e` does not reach into a function called in a condition
  "install_$2"
  exit
fi

failed=0
mkdir -p "$PEERS/bin"
[ $# -gt 0 ] || set -- restic kopia rustic borg
for peer in "$@"; do
  binary=$(binary_of "$peer") || { echo "no such peer: $peer" >&2; exit 2; }
  if "$binary" --version >/dev/null 2>&1 || "$binary" version >/dev/null 2>&1; then
    echo "$peer: here already"
  elif PEERS=$PEERS JOBS=$JOBS nice bash "${BASH_SOURCE[0]}" install "$peer" >"$PEERS/$peer.log" 2>&1; then
    echo "$peer: installed"
  else
    echo "$peer: FAILED, see $PEERS/$peer.log" >&2
    failed=1
  fi
done
exit $failed
