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
  if [[ $code != 0 && $code != 3 && $code != 5 ]]; then
    grep -q '^holdfast: ' stderr || fail "no error line: holdfast $*"
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

# 5: damage
expect 0 verify default "${repo[@]}"
pack=$(find repo/packs -type f -size +100k | head -1)
chmod u+w "$pack"
printf 'XXXXXXXX' | dd of="$pack" bs=1 seek=5000 conv=notrunc status=none
expect 5 verify default "${repo[@]}"
expect 5 check --read-data 100% "${repo[@]}"
expect 3 restore default "${repo[@]}" --in damaged
cmp src/file damaged/src/file || true

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
