#!/usr/bin/env bash
# Every exit code says what it must, and nothing that failed ends with 0.
set -euo pipefail
HOLDFAST=$(realpath "${HOLDFAST:-build/release/holdfast}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOLDFAST_CACHE_DIR=$work/cache
unset HOLDFAST_CONFIG HOLDFAST_REPO HOLDFAST_PASSPHRASE_FILE
fail() { echo "FAILED: $*" >&2; exit 1; }
expect() {
  local wanted=$1 code=0
  shift
  "$HOLDFAST" "$@" > stdout 2> stderr < /dev/null || code=$?
  [[ $code == "$wanted" ]] || fail "exit $code instead of $wanted: holdfast $* ($(cat stderr))"
  # Who fails says so, and who says so fails.
  if grep -q '^holdfast: ' stderr; then
    [[ $code != 0 && $code != 3 && $code != 5 ]] || fail "exit $code after an error line: holdfast $* ($(cat stderr))"
  elif [[ $code != 0 && $code != 3 && $code != 5 && $* != *'-o json'* ]]; then
    fail "exit $code without an error line: holdfast $*"
  fi
}

(umask 077; echo right > pass; echo wrong > wrong; head -c 32 /dev/urandom > key)
mkdir src; echo data > src/file; head -c 200000 /dev/urandom > src/random
repo=(--repo repo --passphrase-file pass)

# 2: usage
expect 2 --nonsense
expect 2 backup --repoo x
grep -q 'did you mean --repo?' stderr || fail "no suggestion"
expect 2 restor
expect 2 list -o yaml
expect 2 list
expect 2 restore latest "${repo[@]}"
expect 2 backup --repo s3://bucket --passphrase-file pass files:src
expect 2 prune "${repo[@]}" --keep-last many

# 10: not there
expect 10 list "${repo[@]}"
expect 10 backup "${repo[@]}" files:src
expect 0 init "${repo[@]}"
expect 1 init "${repo[@]}"
expect 10 restore latest "${repo[@]}" --in out
expect 2 backup "${repo[@]}" src
expect 1 backup "${repo[@]}" files:missing
expect 1 backup "${repo[@]}" command:false
expect 10 list --repo nowhere --passphrase-file pass
expect 0 backup "${repo[@]}" files:src
expect 10 restore nosuchset "${repo[@]}" --in out
expect 10 cat latest src/nothing "${repo[@]}"
expect 10 ls latest src/nothing "${repo[@]}"
expect 10 key revoke 0000 "${repo[@]}"

# 12: keys
expect 12 list --repo repo
grep -q 'no key given' stderr || fail "what is missing is not said"
expect 12 list --repo repo --passphrase-file wrong
expect 12 list --repo repo --passphrase-file no-such-file
expect 12 list --repo repo --key-file key
code=0; "$HOLDFAST" key test --repo repo --passphrase-file wrong --passphrase-file pass > stdout || code=$?
[[ $code == 12 ]] || fail "key test with a wrong key gave exit $code"

# 7: refused
mkdir full; echo mine > full/file
expect 7 restore latest "${repo[@]}" --in full
expect 7 restore latest "${repo[@]}" --in full --clean
expect 7 restore latest "${repo[@]}" --in full --clean --yes --confirm other
[[ $(cat full/file) == mine ]] || fail "a refused restore changed something"
only=$("$HOLDFAST" key list "${repo[@]}" -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["keys"][0]["id"])')
expect 7 key revoke "$only" "${repo[@]}"
expect 0 config init sample.yaml
expect 7 config init sample.yaml

# 3: partial
cat > part.yaml <<EOF
version: 1
secrets:
  pass: {file: $work/pass}
keys:
  main: {passphrase: \$pass}
targets:
  local: {type: directory, path: $work/repo}
sources:
  some: {type: files, paths: [$work/src, $work/gone]}
policies:
  plain: {encrypt: [main], copies: [local]}
sets:
  part: {members: [some], policy: plain}
EOF
expect 3 backup -c part.yaml part
grep -q 'gone' stderr || fail "what is missing is not named"
expect 10 backup -c part.yaml par

# 1: output that cannot be written
code=0; "$HOLDFAST" list "${repo[@]}" > /dev/full 2> stderr || code=$?
[[ $code == 1 ]] || fail "a full disk for output gave exit $code"

# 1: a newer format is refused by all that would write, and nothing is written
cp -a repo newer-format
/usr/bin/python3 - <<'P'
import os
os.chmod("newer-format/config", 0o600)
raw = bytearray(open("newer-format/config", "rb").read())
raw[4:6] = (2).to_bytes(2, "little")
open("newer-format/config", "wb").write(raw)
P
find newer-format -type f -exec sha256sum {} + | sort > before
for words in "list" "backup files:src" "prune --keep-last 1" "check --repair" "verify" "key rotate" "key add --new-key-file key" "init"; do
  # shellcheck disable=SC2086
  expect 1 $words --repo newer-format --passphrase-file pass
  grep -q 'format 2' stderr || [[ $words == init ]] || fail "what is newer is not said: $words: $(cat stderr)"
done
find newer-format -type f -exec sha256sum {} + | sort | cmp - before || fail "something was written to a repository of a newer format"

# 3: a file that cannot be read is named, as is one that vanishes half-way; all else is in the point
as_nobody() {  # root reads everything
  if (($(id -u) == 0)); then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi
}
mkdir closed; echo open > closed/open; echo shut > closed/shut; chmod 000 closed/shut
install -m 755 "$HOLDFAST" own-holdfast
chmod 711 "$work"; mkdir theirs; cp pass theirs/pass; chmod 700 theirs; chmod 600 theirs/pass
if (($(id -u) == 0)); then chown -R 65534:65534 theirs closed; fi
theirs=(--repo theirs/repo --passphrase-file theirs/pass)
HOLDFAST_CACHE_DIR=$work/theirs/cache as_nobody ./own-holdfast init "${theirs[@]}" > stdout 2> stderr || fail "init as nobody: $(cat stderr)"
code=0; HOLDFAST_CACHE_DIR=$work/theirs/cache as_nobody ./own-holdfast backup "${theirs[@]}" files:closed > stdout 2> stderr || code=$?
[[ $code == 3 ]] || fail "an unreadable file gave exit $code: $(cat stderr)"
grep -q 'closed/shut: permission denied' stderr || fail "the unreadable file is not named: $(cat stderr)"
expect 0 list "${theirs[@]}" -o json
grep -q '"status":"partial"' stdout || fail "the point is not marked partial"
expect 0 cat latest closed/open "${theirs[@]}"
[[ $(cat stdout) == open ]] || fail "what could be read is not in the point"

mkdir -p brief/goes; echo stays > brief/stays; for i in {1..20}; do echo "$i" > "brief/goes/file$i"; done
# The walk has seen all of it when the first source removes a part.
expect 3 backup "${repo[@]}" "command:sh -c 'sleep 1; rm -r brief/goes; echo removed'" files:brief --set brief
grep -q 'brief/goes/file7: vanished' stderr || fail "the vanished file is not named: $(cat stderr)"
expect 0 cat brief brief/stays "${repo[@]}"
points=$("$HOLDFAST" list "${repo[@]}" | wc -l)
expect 1 backup "${repo[@]}" "command:sh -c 'sleep 1; rm -r brief; echo removed'" files:brief --set brief
[[ $("$HOLDFAST" list "${repo[@]}" | wc -l) == "$points" ]] || fail "a source that is gone left a point"

# 3 and 1 with several sets: one that fails does not keep the others from being saved, and the exit code tells of it
cat > two.yaml <<EOF
version: 1
secrets:
  pass: {file: $work/pass}
keys:
  main: {passphrase: \$pass}
targets:
  local: {type: directory, path: $work/repo}
sources:
  bad: {type: files, paths: [$work/nowhere]}
  good: {type: files, paths: [$work/src]}
policies:
  plain: {encrypt: [main], copies: [local]}
sets:
  a-bad: {members: [bad], policy: plain}
  b-good: {members: [good], policy: plain}
EOF
expect 1 backup -c two.yaml
grep -q 'set a-bad' stderr && grep -q 'of b-good:' stdout || fail "one failed set of two: $(cat stdout stderr)"
expect 1 backup -c two.yaml -o json
/usr/bin/python3 -c 'import json; r = json.load(open("stdout"))["runs"]; assert [x["status"] for x in r] == ["failed", "complete"] and r[0]["error"]["message"] and r[1]["point"]' ||
  fail "the document of two sets: $(cat stdout)"

# 2: the configuration's mistake, with line and caret
sed 's/paths: /pahts: /' two.yaml > wrong.yaml
expect 2 backup -c wrong.yaml
grep -q 'wrong.yaml:9' stderr && grep -q '\^' stderr || fail "line and caret are missing: $(cat stderr)"

# Damage. A point whose data or trees are partly gone: what needs it is named and never code 0 or 10; the rest is there.
rm -rf hurt; mkdir hurt; for i in {1..6}; do head -c 3000000 /dev/urandom > "hurt/big$i"; echo "small $i" > "hurt/small$i"; done
hurt=(--repo hurt-repo --passphrase-file pass)
expect 0 init "${hurt[@]}"
expect 0 backup "${hurt[@]}" files:hurt
cp -a hurt hurt-before; echo more >> hurt/small1
expect 0 backup "${hurt[@]}" files:hurt
first=$("$HOLDFAST" list "${hurt[@]}" -o json | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["points"][0]["id"])')
whole_or_named() {  # whole_or_named WHAT: of the first point, each file is whole, or it is not there and named
  local lost=0 file
  for file in hurt-before/*; do
    if [[ -e out/hurt/${file##*/} ]]; then
      cmp -s "$file" "out/hurt/${file##*/}" || fail "$1: ${file##*/} was restored wrong"
    else
      grep -q "hurt/${file##*/}: not restored" stderr || fail "$1: ${file##*/} is missing and not named: $(cat stderr)"
      lost=$((lost + 1))
    fi
  done
  ((lost > 0 && lost < 12)) || fail "$1: $lost of 12 files are lost"
}
cp -a hurt-repo hurt-whole
pack=$(find hurt-repo/packs -type f -size +10M | head -1)
chmod u+w "$pack"; printf 'XXXXXXXX' | dd of="$pack" bs=1 seek=5000000 conv=notrunc status=none
rm -rf out; expect 3 restore "$first" "${hurt[@]}" --in out
whole_or_named "a damaged record"
expect 5 verify "$first" "${hurt[@]}"
grep -q 'FAILED .*big' stdout || fail "verify does not name the damaged file: $(cat stdout)"
expect 5 check --read-data 100% "${hurt[@]}"
lost=$(grep -o 'hurt/[a-z0-9]*: not restored' <(rm -rf out; "$HOLDFAST" restore "$first" "${hurt[@]}" --in out 2>&1) | head -1 | cut -d: -f1)
expect 1 cat "$first" "$lost" "${hurt[@]}"
grep -q "$lost" stderr || fail "cat does not name the damaged file: $(cat stderr)"
kept=$(ls -d out/hurt/* | head -1)
expect 0 cat "$first" "hurt/${kept##*/}" "${hurt[@]}"

rm -f "$pack"  # all of its chunks are gone
for words in "ls $first hurt" "ls latest -R" "diff $first latest" "show $first" "list"; do
  # shellcheck disable=SC2086
  expect 0 $words "${hurt[@]}"
done
expect 1 cat "$first" "$lost" "${hurt[@]}"
grep -q "$lost" stderr || fail "cat does not name the file whose chunk is missing: $(cat stderr)"
rm -rf out; expect 3 restore "$first" "${hurt[@]}" --in out
grep -q "$lost: not restored" stderr || fail "what is missing is not named: $(cat stderr)"
expect 5 verify "$first" "${hurt[@]}"
expect 5 check "${hurt[@]}"

rm -rf hurt-repo; cp -a hurt-whole hurt-repo; rm -r hurt-repo/meta/*  # the trees
for words in "ls $first hurt" "ls $first -R -o json" "diff $first latest" "cat $first hurt/small2" "find big1" "restore $first --in none --dry-run" "restore $first --in none"; do
  # shellcheck disable=SC2086
  expect 1 $words "${hurt[@]}"
done
expect 1 ls "$first" -R -o json "${hurt[@]}"
/usr/bin/python3 -c 'import json; assert json.load(open("stdout"))["code"] == 1' || fail "the error is no document: $(cat stdout)"
expect 0 show "$first" "${hurt[@]}"
expect 0 list "${hurt[@]}"
expect 5 verify "$first" "${hurt[@]}"
expect 5 check "${hurt[@]}"

# 130, 143: interrupted
for signal in INT TERM; do
  "$HOLDFAST" backup "${repo[@]}" 'command:sleep 30' > /dev/null 2>&1 &
  pid=$!
  sleep 1
  kill -s "$signal" "$pid"
  code=0; wait "$pid" || code=$?
  [[ $signal == INT && $code == 130 || $signal == TERM && $code == 143 ]] || fail "$signal gave exit $code"
done
echo "cli_exit_codes: passed"
