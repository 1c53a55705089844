#!/usr/bin/env bash
# Generations of a file of pages, a dump and a database, each changed in many places: every point restores byte for byte.
source "$(dirname "$0")/lib.sh"
mkdir data
make() { # make GENERATION: the same files again, changed in places of its own
  python3 - "$1" <<'EOS'
import random, sys
generation = int(sys.argv[1])
shape = random.Random(1)
pages = bytearray()
for page in range(1500):
    pages += bytes(64) + shape.randbytes(200) * 20 + bytes(28)
    pages += bytes(-len(pages) % 4096)
rows = [f"{i}\t{shape.randbytes(24).hex()}\tcustomer {i % 977}\t{i * 7}\n" for i in range(60000)]
for past in range(1, generation + 1):
    change = random.Random(1000 + past)
    for page in range(1500):
        if change.random() < (0.3, 0.02, 0.5)[past % 3]:
            pages[page * 4096 + 100] = change.randrange(256)
    for row in range(len(rows)):
        if change.random() < 0.01:
            rows[row] = f"{row}\t{change.randbytes(24).hex()}\tcustomer\t{past}\n"
    del rows[change.randrange(len(rows) - 50):][:50]
open("data/base.dat", "wb").write(pages)
open("data/dump.sql", "w").write("".join(rows))
EOS
}
"$HOLDFAST" init -q "${with[@]}"
sqlite3 app.db "PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, a, b);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) INSERT INTO t SELECT i, i * 37, hex(randomblob(20)) FROM n" > /dev/null
for generation in {0..5}; do
  make "$generation"
  sqlite3 app.db "UPDATE t SET b = hex(randomblob(1 + abs(random()) % 30)) WHERE id % 61 = $generation"
  sqlite3 app.db .dump | sha256sum > "rows.$generation"
  (cd data && sha256sum base.dat dump.sql) > "files.$generation"
  expect 0 backup "${with[@]}" files:"$work/data" sqlite:"$work/app.db" -o json
  python3 -c 'import json, sys; print(json.load(sys.stdin)["point"])' < stdout > "point.$generation"
done
for generation in {0..5}; do
  rm -rf out
  expect 0 restore "$(< "point.$generation")" "${with[@]}" --in out
  (cd out/data && sha256sum --quiet -c "$work/files.$generation") || fail "generation $generation: files are not as they were"
  sqlite3 out/app.db/app.db .dump | sha256sum | cmp -s - "rows.$generation" || fail "generation $generation: the database is not as it was"
  expect 0 verify "$(< "point.$generation")" --level complete "${with[@]}"
done
echo "scattered_changes_restore_byte_for_byte: passed"
