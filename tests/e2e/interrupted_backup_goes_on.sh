#!/usr/bin/env bash
# SIGINT and SIGTERM keep what was done: the next run reads only the rest, whatever was interrupted meanwhile; the point is whole.
. "$(dirname "$0")/lib.sh"
mkdir src first
for i in {100..699}; do head -c 1M /dev/urandom > "src/file$i"; done
for i in {1..20}; do head -c 200000 /dev/urandom > "first/file$i"; done
total=$((600 << 20))  # packs of 32 MiB; up to 200 MiB are under way between reading and store, so at 8 of 19 packs it still reads
checkpoints() { find repo/checkpoints -type f 2> /dev/null | wc -l; }
points() { find repo/manifests -type f 2> /dev/null | wc -l; }
packs() { find repo/packs -type f 2> /dev/null | wc -l; }

stop_when() {  # stop_when SIGNAL CODE 'CONDITION' ARGUMENTS...: runs it, and signals once the condition holds
  local signal=$1 wanted=$2 condition=$3 code=0
  shift 3
  "$HOLDFAST" "$@" > stdout 2> stderr < /dev/null &
  local pid=$!
  until eval "$condition"; do
    kill -0 "$pid" 2> /dev/null || fail "ended before it was interrupted: $(cat stderr)"
    sleep 0.01
  done
  kill -s "$signal" "$pid"
  local begin=$SECONDS
  wait "$pid" || code=$?
  [[ $code == "$wanted" ]] || fail "exit $code instead of $wanted after $signal: $(cat stderr)"
  ((SECONDS - begin < 60)) || fail "it took $((SECONDS - begin)) s to stop"
}
bytes_read() { /usr/bin/python3 -c 'import json; print(json.load(open("stdout"))["bytes"]["read"])'; }

expect 0 init "${with[@]}"
stop_when INT 130 '(($(packs) >= 8))' backup "${with[@]}" files:src
grep -q 'goes on from here' stderr || fail "nobody is told that it goes on: $(cat stderr)"
[[ $(points) == 0 && $(checkpoints) == 1 ]] || fail "$(points) points and $(checkpoints) checkpoints after the interruption"
expect 0 check --read-data 100% "${with[@]}"
expect 0 list "${with[@]}"
[[ ! -s stdout ]] || fail "a checkpoint is listed as a point: $(cat stdout)"

# Interrupted again before it came to anything: what the first try did is not lost.
stop_when TERM 143 '[[ -e began ]]' backup "${with[@]}" "command:sh -c 'touch began; sleep 60'" files:src
stop_when TERM 143 '[[ -n $(find repo/sessions -type f 2> /dev/null) ]]' backup "${with[@]}" files:src
expect 0 backup "${with[@]}" files:src -o json
read=$(bytes_read)
((read < total * 6 / 10)) || fail "the next run read $read of $total bytes"
[[ $(points) == 1 && $(checkpoints) == 0 ]] || fail "$(points) points and $(checkpoints) checkpoints after the backup"
expect 0 restore latest "${with[@]}" --in out
diff -r src out/src || fail "what was restored differs"
expect 0 check --read-data 100% "${with[@]}"

# Between two sources: the first one is not read again.
rm -f began
stop_when INT 130 '[[ -e began ]]' backup "${with[@]}" --set two files:first "command:sh -c 'touch began; sleep 60'"
expect 0 backup "${with[@]}" --set two files:first "command:echo done" -o json
((($(bytes_read)) < 1000)) || fail "a source that was done was read again: $(bytes_read) bytes"
expect 0 restore two "${with[@]}" --in out-two
diff -r first out-two/first || fail "what was restored of two sources differs"

# Nothing was done yet: nothing is kept, and nothing is claimed.
rm -f began
stop_when INT 130 '[[ -e began ]]' backup "${with[@]}" --set none "command:sh -c 'touch began; sleep 60'"
if grep -q 'goes on' stderr; then fail "it claims to go on from nothing"; fi
echo "interrupted_backup_goes_on: after an interruption at $((100 - read * 100 / total)) % the next run read the other $((read * 100 / total)) %"
