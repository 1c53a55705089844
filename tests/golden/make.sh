#!/usr/bin/env bash
# Makes a golden repository: make.sh NAME. What is there is never made again: later versions must read it as it is.
set -euo pipefail
name=$1
golden=$(cd "$(dirname "$0")" && pwd)
HOLDFAST=$(realpath "${HOLDFAST:-build/release/holdfast}")
describe() { /usr/bin/python3 "$golden/../e2e/describe_tree.py" --portable "$@"; }
if [[ -e $golden/$name ]]; then echo "$name is there already and never changes" >&2; exit 1; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOLDFAST_CACHE_DIR=$work/cache HOLDFAST_REPO=$work/repo
unset HOLDFAST_CONFIG HOLDFAST_PASSPHRASE_FILE
umask 022
mkdir -p golden src/sub/empty
head -c 64 /dev/urandom > golden/key
echo 'golden horse battery staple' > golden/passphrase
openssl genpkey -algorithm X25519 -out golden/identity.pem
openssl pkey -in golden/identity.pem -pubout -out recipient.pem
chmod 600 golden/*

head -c 30000 /dev/urandom > src/random
seq 12000 > src/text
printf 'old bytes' > $'src/\xff\nname'
ln src/text src/sub/hard-link
ln -s ../text src/sub/link
mkfifo src/fifo
: > src/empty
truncate -s 1M src/sparse; printf 'x' | dd of=src/sparse bs=1 seek=700000 conv=notrunc status=none
chmod 4750 src/random
find src -depth -exec touch -h -d '2001-02-03 04:05:06.070809 UTC' {} +
sqlite3 app.db "create table t(a integer primary key, b text, c real, d blob);
  with recursive n(i) as (select 1 union all select i+1 from n where i<300) insert into t select i, 'row ' || i, i / 7.0, randomblob(9) from n"

with=(--key-file golden/key)
point() {  # point FILE: backs up, and writes there what a restore must give
  "$HOLDFAST" backup -q "${with[@]}" files:src sqlite:app.db 'command:seq 1 5000'
  local id
  id=$("$HOLDFAST" list "${with[@]}" -o json | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["points"][-1]["id"])')
  rm -rf out
  "$HOLDFAST" restore "$id" -q "${with[@]}" --in out --setuid
  cmp <(describe src) <(describe out/src)
  cmp <(seq 1 5000) out/seq/output
  cmp <(sqlite3 app.db .dump) <(sqlite3 out/app.db/app.db .dump)
  rm -rf out
  "$HOLDFAST" restore "$id" -q "${with[@]}" --in out --setuid
  describe out | tail -n +2 > "golden/$id.wanted"  # without DIR itself
}
"$HOLDFAST" init -q "${with[@]}" --passphrase-file golden/passphrase --recipient recipient.pem
echo 'of a point that is forgotten' > src/doomed; head -c 9000 /dev/urandom >> src/doomed
"$HOLDFAST" backup -q "${with[@]}" files:src sqlite:app.db 'command:seq 1 5000'
rm src/doomed
point
"$HOLDFAST" key rotate -q "${with[@]}"
printf 'changed' | dd of=src/random bs=1 seek=15000 conv=notrunc status=none
rm src/empty; echo new > src/sub/new; sqlite3 app.db "update t set b = 'changed' where a % 50 = 0"
point
"$HOLDFAST" verify -q "${with[@]}"
"$HOLDFAST" prune -q "${with[@]}" --keep-last 2 --grace 0s
"$HOLDFAST" prune -q "${with[@]}" --keep-last 2 --grace 0s
"$HOLDFAST" check -q "${with[@]}" --read-data 100%
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='2026-01-01 UTC' -cf golden/repository.tar -C repo .
(cd golden && sha256sum -- * > SHA256SUMS)
mv golden "$golden/$name"
du -sk "$golden/$name"
