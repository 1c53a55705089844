#!/usr/bin/env bash
# A PostgreSQL server is backed up while it is written to: consistently, whole or not at all, and its password shown to nobody.
source "$(dirname "$0")/lib.sh"
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[[ -x $bin/initdb ]] || fail "PostgreSQL is not installed"
chmod 755 "$work"
as=()
if [[ $(id -u) == 0 ]]; then as=(setpriv --reuid=postgres --regid=postgres --init-groups); fi
mkdir "$work/pg"
[[ $(id -u) != 0 ]] || chown postgres: "$work/pg"
password=correct-horse-battery
(umask 077; echo "$password" > pw)
[[ $(id -u) != 0 ]] || chown postgres: pw
"${as[@]}" "$bin/initdb" -D "$work/pg/data" -U postgres -A scram-sha-256 --pwfile "$work/pw" -E UTF8 --locale=C.UTF-8 --no-sync > initdb.log 2>&1 ||
  fail "initdb: $(cat initdb.log)"
"${as[@]}" "$bin/postgres" -D "$work/pg/data" -k "$work/pg" -c listen_addresses= -c fsync=off -c max_connections=40 > pg/server.log 2>&1 &
server=$!
writer=
on_exit='[[ -z $writer ]] || kill $writer 2> /dev/null; kill -QUIT $server 2> /dev/null || true; wait $server 2> /dev/null || true'
sql() { PGPASSWORD=$password "$bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$work/pg" -U postgres -d "$@"; }
for _ in {1..600}; do
  sql postgres -c 'SELECT 1' > /dev/null 2>&1 && break
  kill -0 $server 2> /dev/null || fail "the server did not start: $(cat pg/server.log)"
  sleep 0.1
done
dsn="host=$work/pg user=postgres dbname=app"
(umask 077; printf '%s' "$dsn password=$password" > dsn)
source=(postgres:file:"$work/dsn")

sql postgres -c 'CREATE DATABASE app' -c 'CREATE DATABASE "Odd ""name.$|ü"' -c "CREATE ROLE clerk LOGIN PASSWORD 'clerks-own'"
sql 'Odd "name.$|ü' -c 'CREATE TABLE "t.1|$""" ("C ol" text)' -c "INSERT INTO \"t.1|\$\"\"\" VALUES (E'a\\tb')"
sql app > /dev/null <<'SQL'
CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL, filler text);
INSERT INTO accounts SELECT i, 100, md5(i::text) || repeat('x', 50) FROM generate_series(1, 100000) i;
CREATE TABLE moves (id bigserial, taken int, given int);
CREATE TABLE wide AS SELECT i AS id, md5(i::text) || md5((i * 7)::text) || md5((i * 13)::text) AS noise FROM generate_series(1, 200000) i;
DO $$ BEGIN FOR i IN 1..200 LOOP EXECUTE format('CREATE TABLE small_%s AS SELECT g, md5(g::text) FROM generate_series(1, 20) g', i); END LOOP; END $$;
SELECT lo_from_bytea(0, decode(repeat('00112233', 1000), 'hex'));
SQL
"$HOLDFAST" init -q "${with[@]}"

# Money moves all the time: in every snapshot the sum is the same, and as many moves were booked as both tables say.
for i in $(seq 1 1000000); do
  echo "BEGIN; UPDATE accounts SET balance = balance - 1 WHERE id = $((i % 100 + 1)); UPDATE accounts SET balance = balance + 1 WHERE id = $((i % 77 + 101)); INSERT INTO moves (taken, given) VALUES ($((i % 100 + 1)), $((i % 77 + 101))); COMMIT;"
done | PGPASSWORD=$password "$bin/psql" -XAtq -h "$work/pg" -U postgres -d app > writer.log 2>&1 &
writer=$!
until [[ $(sql app -c 'SELECT count(*) FROM moves') -gt 10 ]]; do sleep 0.1; done
expect 0 backup "${with[@]}" "${source[@]}"
! grep -q "$password" stdout stderr || fail "the password is shown"
expect 0 restore "${with[@]}" latest --in first --source postgres
db=first/postgres/databases/app
[[ -d $db ]] || db=$(dirname "$(find first -path '*databases/app/toc.json')")
[[ $(awk -F '\t' '{s += $2} END {print s}' "$db/tables/public/accounts.copy") == 10000000 ]] || fail "the snapshot is not one moment"
booked=$(wc -l < "$db/tables/public/moves.copy")
gained=$(awk -F '\t' '$1 >= 101 && $1 <= 177 {m += $2 - 100} END {print m}' "$db/tables/public/accounts.copy")
[[ $gained == "$booked" ]] || fail "$booked moves are booked, $gained were made"
[[ $(sql app -c 'SELECT count(*) FROM moves') -gt $booked ]] || fail "nobody wrote meanwhile"
grep -q '"large_objects": 1' "$db/toc.json" || fail "the large object is not counted"
"$bin/pg_restore" --list "$db/schema.dump" > list
grep -q 'BLOBS' list && grep -q 'SEQUENCE SET public moves_id_seq' list || fail "schema.dump lacks what is no row: $(cat list)"
! grep -q 'TABLE DATA' list || fail "schema.dump has rows"
odd=$(dirname "$(find first -path '*/databases/Odd%20%22name.%24%7C%C3%BC/toc.json')")
[[ $(cat "$odd/tables/public/t.1%7C%24%22.copy") == 'a\tb' ]] || fail "the odd table is not there: $(find "$odd")"
grep -q "CREATE ROLE clerk" "$(dirname "$db")/../globals.sql" || fail "roles are not in the point"
kill $writer; wait $writer 2> /dev/null || true; writer=

# What changed is what is stored.
expect 0 backup "${with[@]}" "${source[@]}"
before=$(du -sb repo | cut -f 1)
sql app -c 'UPDATE wide SET noise = md5(noise) WHERE id BETWEEN 100000 AND 100100' -c 'INSERT INTO small_7 VALUES (21, NULL)'
expect 0 backup "${with[@]}" "${source[@]}"
added=$(($(du -sb repo | cut -f 1) - before))
((added < before / 20)) || fail "a second point of a barely changed server added $added bytes to $before"

points() { "$HOLDFAST" list points "${with[@]}" -o json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["points"]))'; }
had=$(points)

# A slow table: meanwhile the password is in nobody's command line, and when its session is killed there is no point.
# More than is read ahead, so that the sessions are still reading.
sql app -c 'CREATE TABLE zz AS SELECT repeat(md5(i::text), 32) AS filler FROM generate_series(1, 120000) i'
cat > "$work/slow" <<SH
#!/bin/sh
# pg_dump, which does not end before it may
case "\$*" in *--version*) exec $bin/pg_dump "\$@" ;; esac
$bin/pg_dump "\$@"
status=\$?
while [ ! -e $work/go ]; do sleep 0.1; done
exit \$status
SH
mkdir tools
cp slow tools/pg_dump
ln -s "$bin/pg_dumpall" tools/pg_dumpall
chmod 755 tools/pg_dump
cat > holdfast.yaml <<YAML
version: 1
secrets:
  app-dsn: {file: $work/dsn}
keys:
  main: {file: $work/key}
targets:
  local: {type: directory, path: $work/repo}
sources:
  app-db: {type: postgres, dsn: \$app-dsn, bin: $work/tools, exclude: ["Odd \"name.\$|ü: odd and of no use"]}
policies:
  plain: {encrypt: [main], copies: [local]}
sets:
  app: {members: [app-db], policy: plain}
YAML
expect 0 config check -c holdfast.yaml
"$HOLDFAST" backup -c holdfast.yaml > out 2> err < /dev/null &
run=$!
for _ in {1..600}; do
  [[ $(sql postgres -c "SELECT count(*) FROM pg_stat_activity WHERE datname = 'app' AND query LIKE 'COPY%' AND application_name = 'holdfast'") -gt 0 ]] && break
  kill -0 $run || fail "the backup ended early: $(cat err)"
  sleep 0.1
done
for process in /proc/[0-9]*/cmdline; do
  # Some are gone by now.
  ! { tr '\0' ' ' < "$process" | grep -q "$password"; } 2> /dev/null || fail "the password is in $process"
done
[[ $(sql postgres -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'app' AND query LIKE 'COPY%'") -gt 0 ]] ||
  fail "no session could be killed"
touch go
code=0
wait $run || code=$?
[[ $code == 13 || $code == 1 ]] || fail "exit $code after a session was killed: $(cat err)"
grep -q 'database app' err || fail "the database is not named: $(cat err)"
! grep -q "$password" out err || fail "the password is shown"
[[ $(points) == "$had" ]] || fail "a point of a backup that failed"

# The exclusion is recorded with its reason; the same configuration succeeds when nobody interferes.
expect 0 backup -c holdfast.yaml
expect 0 show "${with[@]}" latest -o json
grep -q 'odd and of no use' stdout || fail "the reason of an exclusion is not recorded: $(cat stdout)"
had=$(points)

# doctor looks at it beforehand: the server, the tools, what may be read; a database that is excluded and not there is a warning.
doctor() {  # doctor CODE WORDS...: the part about the source
  local code=$1 words
  shift
  expect "$code" config check --live -c holdfast.yaml
  for words in "$@"; do grep -qF -- "$words" stdout || fail "doctor does not say '$words': $(cat stdout)"; done
}
doctor 0 'ok      source.app-db.connection: PostgreSQL ' 'source.app-db.pg_dump: ' 'source.app-db.pg_dumpall: ' 'source.app-db.role_passwords: ' \
  'source.app-db.database.app: 204 tables can be read' 'source.app-db.database.postgres: 0 tables can be read'
[[ $(grep -c 'warning source.app-db' stdout) == 0 ]] || fail "of a sound server something is wrong: $(cat stdout)"
! grep -q 'database.Odd' stdout || fail "an excluded database is looked at"
sed -i 's/Odd \\"name/Odd \\"nome/' holdfast.yaml
doctor 0 'warning source.app-db.exclude: database Odd "nome' 'database.Odd "name.$|ü: 1 table can be read'
sed -i 's/Odd \\"nome/Odd \\"name/' holdfast.yaml
mv tools/pg_dumpall tools/pg_dumpall.away
doctor 5 'BAD     source.app-db.pg_dumpall: pg_dumpall is not there' 'hint: install postgresql-client-'
mv tools/pg_dumpall.away tools/pg_dumpall
cp -p dsn dsn.away
(umask 077; printf '%s' "host=$work/pg user=clerk password=clerks-own dbname=app" > dsn)
doctor 5 'BAD     source.app-db.database.app.tables: 204 tables cannot be read by user clerk: ' 'hint: GRANT pg_read_all_data TO "clerk"' \
  'BAD     source.app-db.role_passwords: user clerk may not' 'role_passwords: false'
(umask 077; printf '%s' "$dsn password=wrong-one" > dsn)
doctor 5 'BAD     source.app-db.connection: connect to PostgreSQL: the server does not accept the password of user postgres (SQLSTATE 28P01)'
expect 5 doctor -c holdfast.yaml --show-detail
grep -q 'password authentication failed' stderr || fail "--show-detail shows no detail: $(cat stderr)"
! grep -q wrong-one stdout stderr || fail "the password is shown"
mv dsn.away dsn

# Tools that are missing, older, or end early.
broken() {  # broken WORDS; tools/ has been changed
  expect 1 backup -c holdfast.yaml
  grep -q "$1" stderr || fail "not said: $1 ($(cat stderr))"
  [[ $(points) == "$had" ]] || fail "a point of a backup that failed"
}
printf '#!/bin/sh\necho "pg_dump (PostgreSQL) 11.3"\n' > tools/pg_dump
broken 'pg_dump is of version 11, older than the server'
grep -q 'postgresql-client-' stderr || fail "the package is not named"
rm tools/pg_dump
broken 'pg_dump is not there'
printf '#!/bin/sh\ncase "$*" in *--version*) exec %s/pg_dump "$@" ;; esac\n%s/pg_dump "$@" | head -c 1000\nexit 1\n' "$bin" "$bin" > tools/pg_dump
chmod 755 tools/pg_dump
broken 'pg_dump exited with status 1'
grep -q 'database app' stderr || fail "the database is not named: $(cat stderr)"
for cut in 'head -c 1' 'head -c 1000' 'head -c -1'; do  # and it says that all is well
  printf '#!/bin/sh\ncase "$*" in *--version*) exec %s/pg_dump "$@" ;; esac\n%s/pg_dump "$@" | %s\nexit 0\n' "$bin" "$bin" "$cut" > tools/pg_dump
  broken 'database app: what pg_dump wrote is not a whole archive'
  grep -q 'pg_restore -f /dev/null' stderr || fail "no command to try: $(cat stderr)"
done

# A wrong password, a server that is gone, a password where it must not be.
(umask 077; printf '%s' "$dsn password=wrong-one" > dsn)
expect 1 backup "${with[@]}" "${source[@]}"
! grep -q wrong-one stdout stderr || fail "the password is shown"
expect 2 backup "${with[@]}" "postgres:$dsn password=$password"
! grep -q "$password" stdout stderr || fail "the password is shown"
kill -QUIT $server; wait $server 2> /dev/null || true
(umask 077; printf '%s' "$dsn password=$password" > dsn)
expect 13 backup "${with[@]}" "${source[@]}"
[[ $(points) == "$had" ]] || fail "a point without a server"
echo "postgres_backup: passed"
