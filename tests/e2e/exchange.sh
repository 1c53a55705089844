#!/usr/bin/env bash
# An export is restored by gpg, tar, pg_restore, psql and sqlite3 alone; it and what other tools made are imported again.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
stock=(env -i "PATH=$bin:/usr/bin:/bin" "HOME=$work" LC_ALL=C.UTF-8)
chmod 755 "$work"

# A server and a keyring of our own; both end with the script.
as=()
if [[ $(id -u) == 0 ]]; then as=(setpriv --reuid=postgres --regid=postgres --init-groups); fi
mkdir pg
if [[ $(id -u) == 0 ]]; then chown postgres pg; fi
"${as[@]}" "$bin/initdb" -D "$work/pg/data" -U postgres --auth=trust --no-sync -E UTF8 --locale=C > initdb.log
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
"${as[@]}" "$bin/postgres" -D "$work/pg/data" -k "$work/pg" -p "$port" -c listen_addresses= -c fsync=off > server.log 2>&1 &
server=$!
export GNUPGHOME=$work/gnupg
on_exit="kill -9 $server 2> /dev/null || true; gpgconf --kill all || true"
mkdir -m 700 gnupg strangers
for ((i = 0; i < 600; i++)); do
  if "$bin/pg_isready" -q -h "$work/pg" -p "$port"; then break; fi
  sleep 0.1
done
export PGHOST=$work/pg PGPORT=$port PGUSER=postgres
stock+=("PGHOST=$PGHOST" "PGPORT=$port" PGUSER=postgres "GNUPGHOME=$GNUPGHOME")
gpg --batch -q --passphrase '' --quick-generate-key 'backup@example.org' default default never 2> gpg.log
gpg --batch -q --passphrase '' --quick-generate-key 'ops@example.org' default default never 2>> gpg.log
fingerprint_of() { gpg --batch --with-colons --list-keys "$1" | awk -F: '/^fpr/ {print $10; exit}'; }
signer=$(fingerprint_of ops@example.org)

# What is backed up: a database, files of all sorts, a SQLite database, a command.
"$bin/createdb" shop
"$bin/psql" -q -v ON_ERROR_STOP=1 shop > /dev/null << 'SQL'
create role app; create schema "odd schema";
create table users(id serial primary key, name text, at timestamptz default '2026-01-02 03:04:05+00');
insert into users(name) select 'user ' || i from generate_series(1, 3000) i;
create table "odd schema"."we""ird"(a int references users(id), b text);
insert into "odd schema"."we""ird" values (1, E'tab\there\\.'), (2, null);
create materialized view counts as select count(*) from users;
alter table users owner to app; grant select on "odd schema"."we""ird" to app;
select lo_from_bytea(4711, decode(repeat('ab', 5000), 'hex'));
SQL
plain() { "$bin/pg_dump" "$1" | grep -v -E '^.(un)?restrict '; }
plain shop > shop.sql
mkdir -p src/sub src/empty "src/$(printf 'l%.0s' {1..150})/$(printf 'm%.0s' {1..150})"
echo 'first' > src/a; printf x > $'src/new\nline'; printf x > $'src/bytes\xff'; echo ü > src/ünï
truncate -s 5M src/sparse; printf data | dd of=src/sparse bs=1 seek=3000000 conv=notrunc status=none; truncate -s 1M src/hole
ln src/a src/hard; ln -s ../../etc/passwd src/link; mkfifo src/fifo; head -c 300000 /dev/urandom > src/sub/random
setfattr -n user.note -v kept src/a; setfacl -m u:1000:r src/sub src/a; setfacl -d -m g:1000:rwx src/sub
touch -d '2001-02-03 04:05:06.123456789 UTC' src/a src/sub
sqlite3 app.db "create table t(a, b); insert into t values (1, 'one'), (2, x'00ff')"
sqlite3 app.db .dump > app.sql
describe src > src.wanted
expect 0 init "${with[@]}" -q
expect 0 backup "${with[@]}" -q files:src sqlite:app.db "command:printf %s hello" "postgres:host=$PGHOST port=$port user=postgres dbname=postgres" --set web --tag release=1

same_database() { plain "$1" > found.sql; diff shop.sql found.sql > diff.txt || { head -20 diff.txt >&2; fail "$2: the database differs"; }; }
# Restores directory $1 with stock tools alone, and compares. There are three databases, of which shop is ours.
restore_with_stock_tools() {
  (cd "$1" && "${stock[@]}" sha256sum --quiet -c SHA256SUMS) || fail "$1: SHA256SUMS"
  mkdir "$1.files"
  "${stock[@]}" tar --acls --xattrs --xattrs-include='*' -xzpf "$1/src.tar.gz" -C "$1.files" 2> tar.log || fail "tar: $(cat tar.log)"
  describe "$1.files" > found; same "$1: files" src.wanted found
  "${stock[@]}" sqlite3 "$1/app.db" .dump | cmp - app.sql || fail "$1: SQLite"
  [[ $(cat "$1/printf/output") == hello ]] || fail "$1: command"
  "${stock[@]}" psql -q -f "$1/globals.sql" postgres > globals.log 2>&1 || fail "$1: globals.sql"
  grep -q 'role "app" already exists' globals.log || fail "$1: globals.sql has no role"
  local jobs
  for jobs in 1 3; do
    "${stock[@]}" createdb again
    "${stock[@]}" pg_restore -e -j "$jobs" -d again "$1"/*shop.dump || fail "$1: pg_restore"
    same_database again "$1"
    "${stock[@]}" dropdb again
  done
}

expect 0 export "${with[@]}" web out --format dir
restore_with_stock_tools out
grep -q '"status": "complete"' out/manifest.json || fail "the manifest's status"
expect 7 export "${with[@]}" web out --format dir
expect 0 export "${with[@]}" web "$work/backup.tar.gz.gpg" --recipient backup@example.org --sign-with "$signer"
"${stock[@]}" gpg --batch -q --status-file status --decrypt backup.tar.gz.gpg 2> gpg.log | "${stock[@]}" tar -xz 2> tar.log || fail "gpg and tar: $(cat gpg.log tar.log)"
grep -q "VALIDSIG $signer" status || fail "the archive is not signed by the signer"
mv backup-2* opened
restore_with_stock_tools opened
expect 0 export "${with[@]}" web one.tar.gz --source printf
[[ $(tar -xzOf one.tar.gz --wildcards '*/printf/output') == hello ]] || fail "export of one source"
echo "exchange: stock tools restore what was exported"

# Wrong recipients, a full disk, a kill: nothing under the final name.
expect 12 export "${with[@]}" web none.tar.gz.gpg --recipient nobody@example.org
[[ ! -e none.tar.gz.gpg && -z $(ls -A | grep 'none.tar.gz.gpg' || true) ]] || fail "remains of an export that failed"
expect 2 export "${with[@]}" web none.tar.gz.gpg
if [[ $(id -u) == 0 ]] && mkdir small && mount -t tmpfs -o size=256k tmpfs small 2> /dev/null; then
  on_exit="umount small || true; $on_exit"
  for format in dir tar.gz tar.gz.gpg; do
    expect 1 export "${with[@]}" web small/x --format $format $([[ $format == *gpg ]] && echo --recipient backup@example.org)
    grep -q 'no space left' stderr || fail "a full disk is not named: $(cat stderr)"
    [[ -z $(ls -A small) ]] || fail "remains on a full disk: $(ls -A small)"
  done
fi
for wait in 0.02 0.1 0.3; do
  "$HOLDFAST" export "${with[@]}" web killed.tar.gz.gpg --recipient backup@example.org > /dev/null 2>&1 &
  pid=$!
  sleep $wait
  kill -9 $pid 2> /dev/null || true
  code=0
  wait $pid 2> /dev/null || code=$?
  [[ $code == 0 || ! -e killed.tar.gz.gpg ]] || fail "a killed export left something under its name"
  rm -rf killed.tar.gz.gpg .killed*
done
# What a killed export leaves is hidden, and the next one to the same place removes it; what may still be written, or is another's, stays.
stop_one() {  # stop_one DESTINATION FLAGS...: leaves an export of process $stopped that has begun to write and is held, as $part
  for _ in {1..20}; do
    "$HOLDFAST" export "${with[@]}" web "$@" > /dev/null 2>&1 &
    stopped=$!
    while kill -0 $stopped 2> /dev/null; do
      part=$(compgen -G ".$1.holdfast-*-$stopped-*.part" || true)
      [[ -z $part ]] || break
    done
    kill -STOP $stopped 2> /dev/null || true
    [[ -z $part || ! -e $part ]] || return 0
    kill -9 $stopped 2> /dev/null || true
    wait $stopped 2> /dev/null || true
    rm -rf "$1"
  done
  fail "the export to $1 was never seen at work"
}
kill_one() { stop_one "$@"; kill -9 $stopped; wait $stopped 2> /dev/null || true; }
kill_one left.tar.gz.gpg --recipient backup@example.org
first=$part
kill_one left.tar.gz.gpg --recipient backup@example.org
[[ ! -e $first && -e $part ]] || fail "the second export did not remove what the first left: $(ls -A)"
stop_one left.tar.gz.gpg --recipient backup@example.org
running=$part alive=$stopped
on_exit="kill -9 $alive 2> /dev/null || true; $on_exit"
# Of another boot; of nobody known; of another destination.
touch ".left.tar.gz.gpg.holdfast-0123456789abcdef-1-1-0123456789ab.part" .left.tar.gz.gpg.holdfast-0123456789ab.part .left.tar.gz.gpg.holdfast-mine.part
kill_one left.tar.gz
touch .left.tar.gz.gpg.part
expect 0 export "${with[@]}" web left.tar.gz.gpg --recipient backup@example.org
[[ $(grep -c 'left alone, of an export by another machine' stderr) == 2 ]] || fail "what cannot be judged is not told: $(cat stderr)"
! grep -q 'removed what' stderr || fail "something that may be in use was removed: $(cat stderr)"
for name in "$running" .left.tar.gz.gpg.holdfast-0123456789abcdef-1-1-0123456789ab.part .left.tar.gz.gpg.holdfast-0123456789ab.part .left.tar.gz.gpg.holdfast-mine.part .left.tar.gz.gpg.part; do
  [[ -e $name ]] || fail "$name is gone"
done
ls -A | grep -q '^.left.tar.gz.holdfast-' || fail "what belongs to another destination is gone"
kill -9 $alive; wait $alive 2> /dev/null || true
rm left.tar.gz.gpg
expect 0 export "${with[@]}" web left.tar.gz.gpg --recipient backup@example.org -o json
grep -q "removed what an export that was killed had left: $running" stderr || fail "the removal is not told: $(cat stderr)"
grep -qF "\"remains_removed\":[\"$running\"]" stdout || fail "nor in the document: $(cat stdout)"
[[ ! -e $running ]] || fail "it is still there"
kill_one left --format dir
[[ -d $(ls -dA .left.holdfast-*.part) ]] || fail "no directory was left"
expect 0 export "${with[@]}" web left --format dir
grep -q 'removed what an export that was killed had left: .left.holdfast-' stderr || fail "the removal is not told: $(cat stderr)"
[[ -z $(ls -A | grep '^.left.holdfast-' || true) ]] || fail "the directory is still there"
(cd left && sha256sum --quiet -c SHA256SUMS) || fail "the export beside it"
rm -rf left left.* .left*
echo "exchange: what killed exports leave is removed"

# Back again: each format gives a point that proves itself and restores to the same.
import_and_compare() {  # SET SOURCE_OF_FILES ARGUMENTS...
  local set=$1
  shift
  expect 0 import "${with[@]}" "$@" --as-set "$set" -q
  expect 0 verify "${with[@]}" "$set" -q
  expect 0 restore "${with[@]}" "$set" --in "restored-$set" -q
  describe "restored-$set/src" > found; same "$set: files" src.wanted found
  sqlite3 "restored-$set/app.db/app.db" .dump | cmp - app.sql || fail "$set: SQLite"
  [[ $(cat "restored-$set/printf/output") == hello ]] || fail "$set: command"
  expect 0 export "${with[@]}" "$set" "again-$set" --format dir
  rm -rf "again-$set.files"
  restore_with_stock_tools "again-$set"
}
import_and_compare from-dir out
import_and_compare from-gpg backup.tar.gz.gpg
"$HOLDFAST" show "${with[@]}" from-gpg -o json | grep -q "$signer" || fail "the point does not say who signed"
"$HOLDFAST" show "${with[@]}" from-gpg -o json | grep -q '"release":"1"' || fail "the point's tags are lost"
expect 7 import "${with[@]}" out --as-set web  # older than what that set has
echo "exchange: exports are imported, proven and restored"

# Tampered with, or by somebody else.
python3 - << 'PY'
whole = bytearray(open("backup.tar.gz.gpg", "rb").read())
whole[len(whole) // 2] ^= 1
open("flipped.tar.gz.gpg", "wb").write(whole)
PY
code=0
"$HOLDFAST" import "${with[@]}" flipped.tar.gz.gpg > /dev/null 2> stderr || code=$?
[[ $code == 1 || $code == 12 ]] || fail "a flipped byte: exit $code ($(cat stderr))"
GNUPGHOME=$work/strangers gpg --batch -q --passphrase '' --quick-generate-key 'stranger@example.org' default default never 2>> gpg.log
GNUPGHOME=$work/strangers gpg --batch -q --export stranger@example.org > stranger.pub
# Who lacks the key is told so, and nothing of damage.
expect 12 import "${with[@]}" backup.tar.gz.gpg --gpg-homedir "$work/strangers"
grep -q 'no key of the keyring opens it' stderr || fail "a message for somebody else: $(cat stderr)"
gpg --batch -q --export backup@example.org | GNUPGHOME=$work/strangers gpg --batch -q --import 2>> gpg.log
GNUPGHOME=$work/strangers gpg --batch -q --trust-model always --recipient backup@example.org --sign --encrypt -o strange.gpg one.tar.gz 2>> gpg.log
GNUPGHOME=$work/strangers gpgconf --kill all
expect 12 import "${with[@]}" strange.gpg
gpg --batch -q --import stranger.pub 2>> gpg.log
expect 12 import "${with[@]}" strange.gpg
expect 0 import "${with[@]}" strange.gpg --signed-by "$(fingerprint_of stranger@example.org)" -q
expect 12 import "${with[@]}" backup.tar.gz.gpg --signed-by "$(fingerprint_of stranger@example.org)"
gpg --batch -q --trust-model always --recipient backup@example.org --encrypt -o unsigned.gpg one.tar.gz
expect 12 import "${with[@]}" unsigned.gpg
expect 0 import "${with[@]}" unsigned.gpg --unsigned --as-set unsigned -q
cp -r out changed; printf x >> changed/app.db
expect 1 import "${with[@]}" changed
grep -q 'app.db is not what the manifest says' stderr || fail "a changed file is not named: $(cat stderr)"

# Two runs of gpg, as runbook 1 has it.
gpg --batch -q --trust-model always --recipient backup@example.org --encrypt -o r.gpg one.tar.gz
gpg --batch -q --local-user "$signer" --sign -o r.gpg.gpg r.gpg
expect 0 import "${with[@]}" r.gpg.gpg --as-set runbook -q

# What pg_dump makes, compressed and not.
for options in '-Z6' '-Z0'; do
  "$bin/pg_dump" -Fc $options shop > foreign$options.dump
  expect 0 import "${with[@]}" foreign$options.dump --as-set foreign$options --source shop -q
  expect 0 verify "${with[@]}" foreign$options -q
  expect 0 export "${with[@]}" foreign$options foreign$options.out --format dir
  "${stock[@]}" createdb again
  "${stock[@]}" pg_restore -e -d again foreign$options.out/postgres.dump
  same_database again "a foreign archive"
  "${stock[@]}" dropdb again
done
# Another zone, rows as INSERTs, tables without rows: it is still proven as far as it can be.
"$bin/psql" -q -c "alter database shop set timezone to 'America/New_York'" postgres
"$bin/pg_dump" -Fc shop > elsewhere.dump
"$bin/psql" -q -c "alter database shop reset timezone" postgres
"$bin/pg_dump" -Fc --inserts shop > inserts.dump
"$bin/pg_dump" -Fc --schema-only shop > schema-only.dump
for what in elsewhere inserts schema-only; do
  expect 0 import "${with[@]}" $what.dump --as-set $what -q
  expect 0 verify "${with[@]}" $what -q
done
"$bin/pg_dump" -Fc shop | "$HOLDFAST" import "${with[@]}" - --as-set piped --source shop -q || fail "import from a pipe"
head -c $(($(stat -c %s foreign-Z6.dump) - 3000)) foreign-Z6.dump > cut.dump
expect 1 import "${with[@]}" cut.dump

# Plain SQL, with a comment of a kind that pg_dump does not write.
"$bin/pg_dump" --no-owner --no-acl shop > whole.sql
{ cat whole.sql; printf '/* dumped; by hand\n'; } > cut.sql
expect 1 import "${with[@]}" cut.sql
printf '/* dumped; by /* our */ hand */\n' >> whole.sql
expect 0 import "${with[@]}" whole.sql --as-set sql -q
expect 0 verify "${with[@]}" sql -q
expect 0 restore "${with[@]}" sql --in restored-sql -q
cmp whole.sql restored-sql/whole/whole.sql || fail "the SQL script differs"
"${stock[@]}" createdb again
"${stock[@]}" psql -X -q -v ON_ERROR_STOP=1 -f restored-sql/whole/whole.sql again > /dev/null || fail "psql"
"${stock[@]}" dropdb again
awk 'NR == 60 {print "select 1/0;"} {print}' <(sed 's/^COPY/COPY/' whole.sql | awk '/^COPY/ && !n++ {print "select 1/0;"} {print}') > broken.sql
line=$(grep -n '^select 1/0;' broken.sql | head -1 | cut -d: -f1)
expect 0 import "${with[@]}" broken.sql --as-set broken -q
expect 5 verify "${with[@]}" broken
grep -q "at line $line" stdout || fail "where the script fails is not named: $(cat stdout)"
for evil in '\! touch pwned' '\copy t to pwned' '\i /etc/passwd' "\\o |touch pwned" '\unrestrict `touch pwned`' 'select 1 \gexec'; do
  { echo 'create table t(a int);'; echo "$evil"; } > evil.sql
  expect 7 import "${with[@]}" evil.sql
  grep -q 'line 2' stderr || fail "the line is not named: $(cat stderr)"
done
# The two readers of quotes disagree: what protects then is psql's restricted mode.
printf '%s\n' 'create table t(a text);' 'set standard_conforming_strings = off;' "select 'a\\'' ;" "\\! touch $work/pwned" "-- ' ;" > sly.sql
code=0
"$HOLDFAST" import "${with[@]}" sly.sql --as-set sly > /dev/null 2>&1 || code=$?
if [[ $code == 0 ]]; then expect 5 verify "${with[@]}" sly; fi
[[ ! -e pwned ]] || fail "a script ran a command"
echo "exchange: what other tools made is imported"

# Tar files that want out.
python3 - << 'PY'
import io, tarfile
def make(name, members):
    with tarfile.open(name, "w:gz") as tar:
        for path, kind, target in members:
            info = tarfile.TarInfo(path)
            info.type, info.linkname = kind, target
            info.size = 1 if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(b"x"))
make("up.tar.gz", [("a/../../up", tarfile.REGTYPE, "")])
make("root.tar.gz", [("/tmp/root", tarfile.REGTYPE, "")])
make("hard.tar.gz", [("h", tarfile.LNKTYPE, "/etc/passwd")])
make("nowhere.tar.gz", [("h", tarfile.LNKTYPE, "not-there")])
make("through.tar.gz", [("d", tarfile.SYMTYPE, "/tmp"), ("d/x", tarfile.REGTYPE, "")])
make("fine.tar.gz", [("z", tarfile.REGTYPE, ""), ("b/c", tarfile.REGTYPE, ""), ("link", tarfile.SYMTYPE, "/etc"), ("dev", tarfile.CHRTYPE, "")])
PY
expect 7 import "${with[@]}" up.tar.gz
expect 7 import "${with[@]}" root.tar.gz
expect 7 import "${with[@]}" hard.tar.gz
expect 1 import "${with[@]}" nowhere.tar.gz
expect 1 import "${with[@]}" through.tar.gz
expect 0 import "${with[@]}" fine.tar.gz --as-set tar -q
expect 0 restore "${with[@]}" tar --in tar -q
[[ $(readlink tar/fine/link) == /etc && -f tar/fine/z && -f tar/fine/b/c && ! -e tar/fine/dev ]] || fail "a tar file's tree"
head -c $(($(stat -c %s out/src.tar.gz) / 2)) out/src.tar.gz > cut.tar.gz
expect 1 import "${with[@]}" cut.tar.gz
tar -C src -cf - sub | "$HOLDFAST" import "${with[@]}" - --as-set unsorted -q || fail "import of a tar file from a pipe"

# A directory as in runbook 4, with a dump of another kind of database, and a SQLite database on its own.
mkdir runbook4; cp foreign-Z6.dump runbook4/postgres.dump; tar -C src -czf runbook4/uploads.tar.gz a sub
expect 0 import "${with[@]}" runbook4 --as-set runbook4 -q
expect 0 verify "${with[@]}" runbook4 -q
expect 0 import "${with[@]}" app.db --as-set sqlite -q
expect 0 verify "${with[@]}" sqlite -q

# A partial point exports as such, and comes back as such.
mkdir part; echo x > part/a
cat > part.yaml << YAML
version: 1
keys: {main: {file: $work/key}}
targets: {disk: {type: directory, path: $work/repo}}
sources: {part: {type: files, paths: [$work/part, $work/not-there]}}
policies: {standard: {encrypt: [main], copies: [disk], keep: {last: 7}}}
sets: {part: {members: [part], policy: standard}}
YAML
expect 3 backup -c part.yaml part -q
expect 3 export "${with[@]}" part partial --format dir
grep -q '"status": "partial"' partial/manifest.json || fail "the manifest of a partial point"
expect 3 import "${with[@]}" partial --as-set partial -q

[[ -z $(find /tmp "$work" -maxdepth 1 -name '.holdfast-spool-*' -o -maxdepth 1 -name 'holdfast-import-*' 2> /dev/null) ]] || fail "something was left in the scratch directory"
echo "exchange: passed"
