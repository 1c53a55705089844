# Common to the scripts here, which source it: a directory of their own, a private cache and a key file in it.
set -euo pipefail
e2e=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HOLDFAST=$(realpath "${HOLDFAST:-$e2e/../../build/release/holdfast}")
READER=$e2e/../../tools/read_repository.py
work=$(mktemp -d)
on_exit=:
trap 'eval "$on_exit"; rm -rf --one-file-system "$work"' EXIT
cd "$work"
export HOLDFAST_CACHE_DIR=$work/cache
unset HOLDFAST_CONFIG HOLDFAST_REPO HOLDFAST_PASSPHRASE_FILE
fail() { echo "FAILED: $*" >&2; exit 1; }
(umask 077; head -c 64 /dev/urandom > key)
with=(--repo "$work/repo" --key-file "$work/key")

expect() {  # expect CODE ARGUMENTS...; leaves stdout and stderr in files of these names
  local wanted=$1 code=0
  shift
  "$HOLDFAST" "$@" > stdout 2> stderr < /dev/null || code=$?
  [[ $code == "$wanted" ]] || fail "exit $code instead of $wanted: holdfast $* ($(cat stderr)) $(tail -c 2000 stdout)"
  # Who fails says so, and who says so fails.
  if grep -q '^holdfast: ' stderr; then
    [[ $code != 0 && $code != 3 && $code != 4 && $code != 5 ]] || fail "exit $code after an error line: holdfast $* ($(cat stderr))"
  elif [[ $code != 0 && $code != 3 && $code != 4 && $code != 5 && $* != *'-o json'* ]]; then
    fail "exit $code without an error line: holdfast $*"
  fi
}

describe() { /usr/bin/python3 "$e2e/describe_tree.py" "$@"; }

same() {  # same WHAT WANTED FOUND: two descriptions
  cmp -s "$2" "$3" || { diff -a "$2" "$3" | head -20 >&2; fail "$1 differs"; }
}
