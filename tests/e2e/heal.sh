#!/usr/bin/env bash
# After `check --repair` the next backup makes older points whole again, as far as the sources still have what was lost;
# what they have no more is named, the rest restores, and points that are given up let prune go on.
. "$(dirname "$0")/lib.sh"

mkdir -p src/deep/er
head -c 3000000 /dev/urandom > src/random
seq 200000 > src/deep/numbers
for i in $(seq 300); do echo "text number $i" > "src/deep/er/small-$i"; done
sleep 3  # a file that is younger than two seconds is stored without its time of change, and differs when it is read again
expect 0 init "${with[@]}"
expect 0 backup "${with[@]}" --set home files:src
mv repo good
mv cache cache.good

objects() { (cd repo && find "$1" -type f -printf '%s %p\n' | sort -n | awk '{print $2}'); }
largest() { objects "$1" | tail -1; }
overwrite() {  # overwrite OBJECT OFFSET: eight bytes of it
  chmod u+w "repo/$1"
  printf 'DAMAGED!' | dd of="repo/$1" bs=1 seek="$2" conv=notrunc status=none
}
size_of() { stat -c %s "repo/$1"; }
begin() {  # begin NAME: a copy of the good repository, and the source as it was
  what=$1
  rm -rf repo cache out stage
  cp -a good repo
  cp -a cache.good cache
  expect 0 list points "${with[@]}" -o json
  old=$(python3 -c 'import json; print(json.load(open("stdout"))["points"][0]["id"][:10])')
}
named_once() { [[ $(grep -c "$1" stdout) == 1 ]] || fail "$what: $1 is not named once: $(cat stdout)"; }
says() { grep -q -- "$1" "${2:-stdout}" || fail "$what: '$1' is not said: $(cat "${2:-stdout}")"; }
restores_whole() {
  rm -rf out
  expect 0 restore "${with[@]}" "$1" --in out
  diff -r --no-dereference src out/src > difference || fail "$what: $1 restores something else: $(head -5 difference)"
}

damage() {
  case $1 in
    'bytes of a data pack') object=$(largest packs) && overwrite "$object" 5000 ;;
    'the trailer of a data pack') object=$(largest packs) && overwrite "$object" $(($(size_of "$object") - 20)) ;;
    'the header of a data pack') object=$(largest packs) && overwrite "$object" 40 ;;
    'half of a data pack') object=$(largest packs) && truncate -s $(($(size_of "$object") / 2)) "repo/$object" ;;
    'a data pack') object=$(largest packs) && rm "repo/$object" ;;
    'bytes of a metadata pack') object=$(largest meta) && overwrite "$object" 100 ;;
    'a metadata pack') object=$(largest meta) && rm "repo/$object" ;;
  esac
}

for lost in 'bytes of a data pack' 'the trailer of a data pack' 'the header of a data pack' 'half of a data pack' 'a data pack' \
  'bytes of a metadata pack' 'a metadata pack'; do
  begin "$lost"
  damage "$lost"
  expect 5 check "${with[@]}" --read-data 100
  named_once "$object"
  says "point $old"
  expect 5 check "${with[@]}" --read-data 100 --repair --dry-run
  says "would be mended: $object"
  expect 5 check "${with[@]}" --read-data 100 --repair
  named_once "$object"
  says 'taken out of use'
  says "point $old"
  expect 0 backup "${with[@]}" --set home files:src
  expect 0 check "${with[@]}" --read-data 100
  restores_whole "$old"
  restores_whole latest
  expect 0 prune "${with[@]}" --grace 0s
  [[ ! -e repo/$object ]] || fail "$what: prune left $object"
  expect 0 check "${with[@]}" --read-data 100
  restores_whole "$old"
done

# The source has changed: what it has no more is lost in the old point, and only there.
begin 'a source that changed'
cp -a src src.before
damage 'bytes of a data pack'
expect 5 check "${with[@]}" --read-data 100 -o json
python3 - "$object" "$old" << 'EOF'
import json, sys
check = json.load(open("stdout"))
pack = [f for f in check["findings"] if f["object"] == sys.argv[1]]
point = [f for f in check["findings"] if f["object"] == "point " + sys.argv[2]]
assert len(pack) == 1 and pack[0]["points"] == [sys.argv[2]] and "--repair" in pack[0]["hint"], pack
assert len(point) == 1 and point[0]["files"] == len(point[0]["first_files"]) == 1, point
assert check["points_damaged"] == [sys.argv[2]] and check["status"] == "failed" and not check["repaired"], check
print(point[0]["first_files"][0], file=open("lost", "w"))
EOF
lost=$(cat lost)
expect 5 check "${with[@]}" --read-data 100 --repair -o json
python3 -c 'import json; c = json.load(open("stdout")); assert c["repaired"] and c["packs_dropped"] == 1 and c["chunks_saved"] > 0, c'
head -c 1000 /dev/urandom > "$lost"
expect 0 backup "${with[@]}" --set home files:src
restores_whole latest
expect 5 check "${with[@]}" --read-data 100
says "point $old: set home: 1 file cannot be restored: $lost"
expect 3 restore "${with[@]}" "$old" --in out.old
says "$lost" stderr
[[ ! -e out.old/$lost ]] || fail "$what: something was restored of a lost file"
rm "src.before/${lost#src/}"
diff -r --no-dereference src.before out.old/src > difference || fail "$what: not all of the rest was restored: $(head -5 difference)"
expect 1 prune "${with[@]}" --keep-last 5
says "$old (home)" stderr
says "holdfast prune --forget $old" stderr
expect 0 prune "${with[@]}" --forget "$old" --grace 0s
expect 0 check "${with[@]}" --read-data 100
restores_whole latest

# Most of a tree is lost: what stands in the rest restores, its directories being made for it, and the loss is told.
rm -rf src repo cache
mkdir -p src/deep/er
for i in $(seq 3000); do echo "text number $i" > "src/deep/er/other-$i"; done
sleep 3
expect 0 init "${with[@]}"
expect 0 backup "${with[@]}" --set home files:src
rm -rf good cache.good
mv repo good
mv cache cache.good
begin 'a tree that is lost in part'
object=$(largest meta)
echo changed > src/deep/er/other-1500
expect 0 backup "${with[@]}" --set home files:src
rm "repo/$object"
expect 3 restore "${with[@]}" latest --in out
says 'a part of the tree is lost' stderr
[[ $(cat out/src/deep/er/other-1500) == changed ]] || fail "$what: what stands in the rest was not restored"
expect 1 restore "${with[@]}" latest --in out --clean --yes --confirm out
says 'restore into a new directory' stderr
expect 5 check "${with[@]}" --repair
named_once "$object"
expect 0 backup "${with[@]}" --set home files:src
restores_whole latest
expect 5 check "${with[@]}"
says "point $old"

echo "heal: 7 kinds of damage, each made whole by repair and backup; what the source had no more was named, the rest restored"
