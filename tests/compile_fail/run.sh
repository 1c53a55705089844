#!/bin/sh
# Every snippet in secret/ must be refused by the compiler, except control.cc, which must pass.
# Usage: run.sh [compiler]. Prints what is wrong; status 1 if anything is.
set -u
compiler=${1:-g++}
here=$(cd "$(dirname "$0")" && pwd)
source_dir=$here/../../src
wrong=0
count=0

compiles() {
  "$compiler" -std=c++20 -fsyntax-only -I"$source_dir" "$1" >/dev/null 2>&1
}

if ! compiles "$here/secret/control.cc"; then
  echo "control.cc does not compile, so the others prove nothing:" >&2
  "$compiler" -std=c++20 -fsyntax-only -I"$source_dir" "$here/secret/control.cc" >&2
  exit 1
fi
for snippet in "$here"/secret/*.cc; do
  [ "$(basename "$snippet")" = control.cc ] && continue
  count=$((count + 1))
  if compiles "$snippet"; then
    echo "$(basename "$snippet") compiles, and must not" >&2
    wrong=1
  fi
done
if [ "$count" -lt 8 ]; then
  echo "only $count snippets found, expected at least 8" >&2
  wrong=1
fi
exit "$wrong"
