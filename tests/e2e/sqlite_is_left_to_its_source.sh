#!/usr/bin/env bash
# A directory with a database in it, saved as files and as a database in one run: the files leave the database alone and say so.
. "$(dirname "$0")/lib.sh"
mkdir -p srv/data; echo note > srv/note; echo other > srv/app.db.txt
ln -s data srv/link; ln -s data/app.db srv/current.db
/usr/bin/python3 - <<'P' &
import os, sqlite3, time
db = sqlite3.connect("srv/data/app.db", isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("CREATE TABLE t (x)")
open("ready", "w").close()
while not os.path.exists("stop"):
    db.execute("INSERT INTO t VALUES (1)")
    time.sleep(0.01)
P
writer=$!
on_exit='touch "$work/stop"; wait $writer'
until [[ -e ready ]]; do sleep 0.05; done
ln srv/data/app.db srv/another-name.db  # the same file: its locks are the same
[[ -e srv/data/app.db-wal && -e srv/data/app.db-shm ]] || fail "the writer keeps no log"

expect 0 init "${with[@]}"
expect 0 backup "${with[@]}" files:srv sqlite:srv/current.db --dry-run
grep -q 'left out: another-name.db (current.db), data/app.db (current.db)' stdout || fail "the dry run does not say what is left out: $(cat stdout)"
expect 0 backup "${with[@]}" files:srv sqlite:srv/current.db
[[ ! -s stderr ]] || fail "something was not read: $(cat stderr)"
grep -q 'left out, .*: another-name.db (current.db), data/app.db (current.db), data/app.db-shm (current.db), data/app.db-wal (current.db)' stdout ||
  fail "the report does not say what is left out: $(cat stdout)"
expect 0 backup "${with[@]}" files:srv sqlite:srv/current.db -o json
/usr/bin/python3 -c 'import json; s = json.load(open("stdout"))["sources"]; assert s[0]["files_left_out"] == 4 and "app.db-wal" in s[0]["left_out"] and "left_out" not in s[1], s' ||
  fail "the document does not say what is left out: $(cat stdout)"
expect 0 show latest "${with[@]}"
grep -q 'left_out: another-name.db' stdout || fail "the point does not say what is left out: $(cat stdout)"
expect 0 restore latest "${with[@]}" --in out
(cd out/srv && find . -mindepth 1 | sort) > found
printf './%s\n' app.db.txt current.db data link note | cmp - found || fail "what was restored of the files: $(cat found)"
(($(sqlite3 out/current.db/app.db 'SELECT count(*) FROM t') > 0)) || fail "the database was not restored"
expect 0 verify "${with[@]}"

# Without the other source it is a file like others; and a source that has nothing else is a mistake.
touch stop; wait "$writer"; on_exit=:
expect 0 backup "${with[@]}" files:srv --set alone
expect 0 cat alone srv/data/app.db "${with[@]}"
cmp -s stdout srv/data/app.db || fail "without a sqlite source the database is not in the files"
expect 2 backup "${with[@]}" files:srv/data/app.db sqlite:srv/data/app.db
grep -q 'nothing for it to give' stderr && grep -q '^hint: ' stderr || fail "nobody is told why: $(cat stderr)"
echo "sqlite_is_left_to_its_source: database, log, shared memory and another name of it are left to its source, and only they"
