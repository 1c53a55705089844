#!/usr/bin/env bash
# Repositories of format 1 made long ago, kept under tests/golden/, are restored the same by today's holdfast and by the reader of docs/FORMAT.md.
. "$(dirname "$0")/lib.sh"
golden=$e2e/../golden/v1
(cd "$golden" && sha256sum --quiet -c SHA256SUMS) || fail "the golden repository itself has changed"
mkdir repo
tar -xf "$golden/repository.tar" -C repo
install -m 600 "$golden/key" "$golden/passphrase" "$golden/identity.pem" .
for class in config keys epochs signers packs meta index manifests heads gc attachments; do
  [[ -n $(find "repo/$class" -type f) ]] || fail "no $class in it"
done
(cd repo && find . -type f ! -path './sessions/*' -exec sha256sum {} + | sort) > before
export HOLDFAST_REPO=$work/repo

restored=0
for wanted in "$golden"/*.wanted; do
  point=$(basename "$wanted" .wanted)
  for key in "--key-file key" "--passphrase-file passphrase" "--identity identity.pem"; do
    rm -rf out python
    # shellcheck disable=SC2086
    expect 0 restore "$point" $key --in out --setuid
    describe --portable out | tail -n +2 > found
    same "point ${point:0:10} restored by holdfast with $key" "$wanted" found
    # shellcheck disable=SC2086
    /usr/bin/python3 "$READER" repo $key restore "$point" python > stdout 2> stderr || fail "the reader: $(cat stderr)"
    describe --portable python | tail -n +2 > found
    same "point ${point:0:10} restored by the reader with $key" "$wanted" found
    restored=$((restored + 2))
  done
  expect 0 verify "$point" --key-file key --no-attach
done
((restored == 12)) || fail "$restored restores instead of 12"
expect 0 check --read-data 100% --key-file key
/usr/bin/python3 "$READER" repo --key-file key verify > stdout || fail "the reader finds damage: $(cat stdout)"
(cd repo && find . -type f ! -path './sessions/*' -exec sha256sum {} + | sort) > after
same "the repository after only reading" before after

# And it can be written on: the old points stay what they were.
mkdir src; echo today > src/file
expect 0 backup files:src --key-file key
expect 0 restore latest --key-file key --in today
diff -r src today/src || fail "a new point in the golden repository"
expect 0 check --read-data 100% --key-file key
echo "golden_v1_still_reads: 2 points with 3 kinds of keys, $restored restores by holdfast and the reader, all as they were when it was made"
