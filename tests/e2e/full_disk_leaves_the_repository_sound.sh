#!/usr/bin/env bash
# A full disk, real (tmpfs) and not simulated: a backup or restore onto it fails by name and leaves nothing half done. Run as root.
. "$(dirname "$0")/lib.sh"
mkdir disk
mount -t tmpfs -o size=12m holdfast-test disk || fail "a tmpfs cannot be mounted: run as root, with CAP_SYS_ADMIN"
on_exit='umount "$work/disk"'
on_disk=(--repo "$work/disk/repo" --key-file "$work/key")

mkdir src; head -c 4M /dev/urandom > src/first; seq 20000 > src/text
expect 0 init "${on_disk[@]}"
expect 0 backup "${on_disk[@]}" files:src
describe src > first.wanted
for size in 30M 9M; do  # far too much, and a little too much
  head -c "$size" /dev/urandom > src/second
  expect 1 backup "${on_disk[@]}" files:src
  grep -qi 'no space left' stderr || fail "a full disk is not named: $(cat stderr)"
  [[ $(find disk/repo/manifests -type f | wc -l) == 1 ]] || fail "a failed backup left a point"
  expect 0 check --read-data 100% "${on_disk[@]}"
  rm -rf out
  expect 0 restore latest "${on_disk[@]}" --in out
  describe out/src > first.found
  same "the earlier point" first.wanted first.found
done

mount -o remount,size=64m disk
expect 0 backup "${on_disk[@]}" files:src
describe src > second.wanted
expect 0 check --read-data 100% "${on_disk[@]}"
rm -rf out; expect 0 restore latest "${on_disk[@]}" --in out
describe out/src > second.found
same "the point after the disk grew" second.wanted second.found
expect 0 prune --keep-last 1 --grace 0s "${on_disk[@]}"
expect 0 check --read-data 100% "${on_disk[@]}"

# The disk is full at every step in turn: packs, index, manifest, head.
rm -rf disk/repo small; mkdir small; head -c 20000 /dev/urandom > small/file
expect 0 init "${on_disk[@]}"
expect 0 backup "${on_disk[@]}" files:small
cp small/file small.wanted
full=0 done_at=
for left in $(seq 0 4 120); do
  head -c 20000 /dev/urandom > small/file
  rm -f disk/filler
  head -c $(($(df --output=avail -B1 disk | tail -1) - left * 1024)) /dev/zero > disk/filler
  code=0; "$HOLDFAST" backup "${on_disk[@]}" files:small > stdout 2> stderr || code=$?
  [[ $code == 0 || $code == 1 ]] || fail "exit $code with $left KiB left: $(cat stderr)"
  if ((code == 1)); then grep -qi 'no space left' stderr || fail "with $left KiB left: $(cat stderr)"; full=$((full + 1)); fi
  rm -f disk/filler
  expect 0 check --read-data 100% "${on_disk[@]}"
  if ((code == 0)); then cp small/file small.wanted; done_at=$left; fi
  "$HOLDFAST" cat latest small/file "${on_disk[@]}" > small.found
  cmp -s small.wanted small.found || cmp small/file small.found || fail "the newest point with $left KiB left"
  ((code == 0)) || cp small.found small.wanted
  if [[ -n $done_at ]] && ((left >= done_at + 8)); then break; fi
done
[[ -n $done_at && $full -gt 3 ]] || fail "the disk was not full at different steps: $full failures"

# Restoring onto a full disk: no file under its final name that is not whole.
expect 0 init "${with[@]}"
mkdir many; for i in {1..20}; do head -c 900000 /dev/urandom > "many/file$i"; done
expect 0 backup "${with[@]}" files:many
rm -rf disk/repo; mount -o remount,size=6m disk
whole=0
for way in new overwrite; do
  flags=(); [[ $way == new ]] || flags=(--overwrite)
  if [[ $way == overwrite ]]; then mkdir -p disk/out/many; for i in {1..20}; do echo "old $i" > "disk/out/many/file$i"; done; fi
  expect 1 restore latest "${with[@]}" --in disk/out "${flags[@]}"
  grep -qi 'no space left' stderr || fail "restoring onto a full disk does not name it: $(cat stderr)"
  while IFS= read -r file; do
    cmp -s "$file" "many/${file##*/}" && whole=$((whole + 1)) && continue
    [[ $way == overwrite && $(cat "$file") == "old ${file##*file}" ]] || fail "half a file: $file, $(stat -c %s "$file") bytes"
  done < <(find disk/out -name 'file*' -type f)
  find disk/out -type f ! -name 'file*' > others
  [[ ! -s others ]] || fail "left behind: $(cat others)"
  rm -rf disk/out
done
mount -o remount,size=64m disk
expect 0 restore latest "${with[@]}" --in disk/out
diff -r many disk/out/many || fail "restored files differ"
echo "full_disk_leaves_the_repository_sound: $((2 + full)) backups and 2 restores ran into a full disk; earlier point, check and $whole whole files stood"
