#!/usr/bin/env bash
# Three copies: one out of reach leaves the others good and is caught up later; each is lost whole and made again from the others; damage in
# the middle of a restore is read from the next copy; a repair puts the same bytes back; prune and keys reach every copy; a killed sync goes on.
. "$(dirname "$0")/lib.sh"
mkdir -p src
head -c 6000000 /dev/urandom > src/random
seq 150000 > src/numbers
for i in $(seq 200); do echo "text number $i" > "src/small-$i"; done
cat > holdfast.yaml <<YAML
version: 1
keys:
  main: {file: $work/key}
targets:
  a: {type: directory, path: $work/a, provider: acme, region: north}
  b: {type: directory, path: $work/b, provider: acme, region: south}
  c: {type: directory, path: $work/c, provider: other}
sources:
  src: {type: files, paths: [$work/src]}
policies:
  gold: {copies: [a, b, c], keep: {last: 3}}
sets:
  home: {members: [src], policy: gold}
YAML
export HOLDFAST_CONFIG=$work/holdfast.yaml
says() { grep -q -- "$1" "${2:-stdout}" || fail "'$1' is not said: $(cat "${2:-stdout}")"; }
json() { /usr/bin/python3 -c "import json; d = json.load(open('stdout')); assert $1, d" || fail "not so: $1"; }
restores() {  # restores POINT [ARGUMENTS]: as the source is
  local point=$1
  shift
  rm -rf out
  expect 0 restore "$point" --in out "$@"
  diff -r src out/src > difference || fail "restore of $point is something else: $(head -5 difference)"
}
names() { (cd "$1" && find "$2" -type f -printf '%P\n' | sort); }
sound() { expect 0 check --read-data 100; }

expect 0 config check
says 'share one failure domain: they are directories on one file system' stderr
expect 0 init
says 'made copy b'
expect 0 backup
expect 0 list points -o json
json 'd["points"][0]["copies"] == ["a", "b", "c"]'
sound
for copy in a b c; do  # the independent reader reads each
  rm -rf out
  /usr/bin/python3 "$READER" "$copy" --key-file key restore latest out > /dev/null || fail "the reader does not read copy $copy"
  diff -r src out/src > difference || fail "the reader restores something else from $copy"
done

# One out of reach: a file is where its directory was; then its directory is not there at all.
mv b b.away; echo 'not a directory' > b
echo more >> src/numbers
expect 4 backup -o json
json '[c["status"] for c in d["copies"]] == ["complete", "complete", "no repository"] and "target sync b" in d["copies"][2]["hint"]'
rm b
expect 4 backup
says 'target sync b' stderr
expect 13 target sync          # an empty place where a copy was is a disk that is not mounted
says 'target sync b' stderr
[[ ! -e b ]] || fail "a sync that did not name the copy made it anew"
expect 13 target check
expect 0 list points -o json
json 'all(p["copies"] == ["a", "c"] for p in d["points"][1:])'
mv b.away b
expect 0 target list -o json
json '[t["points_missing"] for t in d["targets"] if t["name"] == "b"] == [2] and len(d["warnings"]) == 1'
expect 0 target sync --dry-run
says 'copy b: 2 points would be copied'
expect 0 target sync -o json
json '[(c["target"], c["points"]) for c in d["copies"]] == [("a", 0), ("b", 2), ("c", 0)]'
expect 0 target sync
sound
cmp <(names a manifests) <(names b manifests) || fail "the copies differ in their points"

# The first copy is away: the point goes to the next, and the first is caught up before it gets one itself.
mv a a.away
echo again >> src/numbers
expect 4 backup -o json
json 'd["copies"][0]["target"] == "b" and d["copies"][0]["status"] == "complete"'
restores latest
mv a.away a
echo and again >> src/numbers
expect 0 backup
says 'copy a: 1 point copied'
[[ $(names a manifests | wc -l) == 5 ]] || fail "copy a has $(names a manifests | wc -l) points instead of 5"
sound

# An import goes to every copy, too, wherever its set went on meanwhile.
made() { tar cf "made-$1.tar" -C src "small-$1"; touch -d "$2 seconds ago" "made-$1.tar"; }
made 1 100; made 2 80; made 3 60; made 4 90
expect 0 import made-1.tar -o json
json '[c["status"] for c in d["copies"]] == ["complete"] * 3'
mv a a.away
expect 4 import made-2.tar
says 'target sync a' stderr
mv a.away a
expect 7 import made-4.tar --dry-run  # only b and c know why
expect 7 import made-4.tar
expect 0 import made-3.tar
says 'copy a: 1 point copied'
expect 0 list points --set imported -o json
json '[p["copies"] for p in d["points"]] == [["a", "b", "c"]] * 3'
sound

# Each is lost whole, in turn.
for lost in a b c; do
  mv "$lost" "$lost.lost"
  restores latest
  says "copy $lost cannot be used" stderr
  expect 0 target sync "$lost"
  says "made copy $lost"
  cmp <(names "$lost.lost" packs) <(names "$lost" packs) || fail "copy $lost came back with other packs"
  sound
  rm -rf "$lost.lost"
done

# Damage is read from the next copy, by name, and only told; then a repair puts back the very same bytes.
objects() { (cd a && find "$1" -type f -printf '%s %p\n' | sort -n | awk '{print $2}'); }
largest() { objects "$1" | tail -1; }
damage() {  # damage COPY OBJECT OFFSET
  chmod u+w "$1/$2"
  printf 'DAMAGED!' | dd of="$1/$2" bs=1 seek="$3" conv=notrunc status=none
}
cp -a a a.kept
put_back() { diff -r a.kept/packs a/packs && diff -r a.kept/meta a/meta || fail "a repair put other bytes back"; }
for kind in packs meta; do
  for object in $(objects $kind); do damage a "$object" 200; done
  restores latest
  says "$kind/.* of copy a is damaged: read from copy b instead" stderr
  restores latest --target b
  expect 5 check --read-data 100 --target a
  says 'holdfast check --read-data 100 --repair puts back what another copy has' stderr
  expect 0 check --read-data 100 --target a --repair
  says "$kind/.* (put back from copy b)"
  put_back
  sound
  rm "a/$object"
  restores latest
  expect 0 check --repair
  put_back
  sound
done
for object in config epochs/1 "$(cd a && find manifests -type f | sort | tail -1)" "$(cd a && find heads -type f | sort | tail -1)"; do
  cp "a/$object" kept
  damage a "$object" 30
  restores latest
  expect 5 check
  expect 0 check --repair
  cmp kept "a/$object" || fail "a repair put other bytes back: $object"
  sound
done
# Damaged in two copies: the third has it.
object=$(largest packs)
damage a "$object" 5000; damage b "$object" 5000
restores latest
says "read from copy c instead" stderr
expect 0 check --read-data 100 --repair
sound
cmp "a/$object" "c/$object" || fail "a repair put other bytes back"

# What is damaged at its origin is not copied; another copy gives it.
mv c c.lost
damage a "$object" 5000
expect 0 target sync c
cmp "b/$object" "c/$object" || fail "wrong bytes were copied"
rm -rf c.lost
expect 0 check --read-data 100 --repair

# Prune is of every copy, and what one has forgotten does not come back.
head -c 3000000 /dev/urandom > src/random
expect 0 backup
expect 0 prune --grace 0s
for copy in a b c; do [[ $(names $copy manifests | wc -l) == 6 ]] || fail "copy $copy was not pruned to the three of home and the three imported"; done
expect 0 target sync -o json
json 'all(c["points"] == 0 and c["packs"] == 0 for c in d["copies"])'
mv b b.away
for i in 1 2; do echo "after $i" >> src/numbers; expect 4 backup; done
expect 4 prune --grace 0s --keep-last 1
mv b.away b
expect 0 target sync
expect 0 prune --grace 0s --keep-last 1
sound
restores latest
for copy in a b c; do restores latest --target $copy; done
mv c c.lost; expect 0 target sync c; rm -rf c.lost  # of a history whose beginning is forgotten
sound

# Keys reach every copy; a revoked one is closed everywhere, or it is said where it is not.
printf 'second\n' > pass2; chmod 600 pass2
expect 0 key add --new-passphrase-file pass2
second=$("$HOLDFAST" key test --repo c --passphrase-file pass2 -o json | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["results"][0]["key"])')
mv b b.away
expect 13 key rotate
says 'nothing was rotated' stderr
expect 4 key revoke "$second"
says "the revoked key still opens copy b" stderr
mv b.away b
[[ ! -e a/keys/$second && ! -e c/keys/$second && -e b/keys/$second ]] || fail "the revoked key is not where it should be"
expect 0 target sync
[[ ! -e b/keys/$second && ! -e a/keys/$second ]] || fail "the revoked key is still there, or came back"
expect 0 key rotate
for copy in a b c; do [[ -e $copy/epochs/2 ]] || fail "copy $copy has no new epoch"; done
head -c 200000 /dev/urandom > src/newer
expect 0 backup
sound

# Killed at any moment of a sync, it goes on; the copy is a valid repository all the while, or none yet.
head -c 40000000 /dev/urandom > src/large
expect 0 backup
mv c c.before
for delay in 0.02 0.08 0.15 0.3 0.6; do
  "$HOLDFAST" target sync c > /dev/null 2>&1 & pid=$!
  sleep $delay
  kill -9 $pid 2> /dev/null || true
  wait $pid 2> /dev/null || true
  if [[ -e c/config ]]; then expect 0 check --target c; fi
done
expect 0 target sync c
sound
restores latest --target c
# The same at chosen moments: first as soon as the new copy is one, then at each of the next writes.
killed_sync() {  # killed_sync CALL NTH: false if it ended before that
  ! strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" "$HOLDFAST" target sync c > /dev/null 2>&1
}
for first in $(seq 100); do
  rm -rf c
  killed_sync fsync "$first" 2> /dev/null || fail "no sync was killed as it made its copy"
  if [[ -e c/config ]]; then break; fi
done
for _ in $(seq 200); do
  expect 0 check --target c
  killed_sync renameat2 2 2> /dev/null || break
done
expect 0 target sync c
sound
rm -rf c.before

# Written to while they could not see each other: told, and nothing is lost on either side.
mv b b.away; mv c c.away
echo one way >> src/numbers; expect 4 backup
mv a a.away; mv b.away b
echo another way >> src/numbers; expect 4 backup
mv a.away a; mv c.away c
rm -rf a.kept; cp -a a a.kept; cp -a b b.kept
expect 7 target sync
says 'diverged' stderr
diff -r a/manifests a.kept/manifests && diff -r b/manifests b.kept/manifests && diff -r a/heads a.kept/heads && diff -r b/heads b.kept/heads ||
  fail "a set that diverged was overwritten"
restores latest --target b
expect 0 target usage
expect 0 target check
echo "copies: out of reach, lost, damaged, pruned, revoked, killed and diverged: every copy came back, or said what it lacks"
