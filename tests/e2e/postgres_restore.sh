#!/usr/bin/env bash
# A postgres source comes back: into a temporary instance (verify), a new instance that stays, a new database, over a database
# (--clean, --recreate); one table, one schema; what is wrong is named; what is asked for production is refused.
. "$(dirname "$0")/lib.sh"
. "$e2e/postgres_lib.sh"
start_postgres
sql -f "$e2e/postgres_schema.sql" > /dev/null || fail "the schema"
export PGTZ=UTC TMPDIR=$work/tmp
mkdir -m 755 "$TMPDIR"
server="host=$work/pg port=5432 user=postgres"
expect 0 init "${with[@]}"
expect 0 backup "${with[@]}" "postgres:$server"
point=$("$HOLDFAST" list points "${with[@]}" -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["points"][0]["id"][:12])')
source=$("$HOLDFAST" show "$point" "${with[@]}" -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["sources"][0]["name"])')
content shop > shop.wanted
content 'Odd "Db' > odd.wanted
roles() { pg_dumpall --globals-only "$@" | grep -vE '^\\(un)?restrict' | grep -E '^(CREATE|ALTER|GRANT)'; }
roles > roles.wanted

echo "== verify"
expect 0 verify "${with[@]}" "$point"
grep -q "passed  $source: shop: tables: .* are as recorded" stdout || fail "no tables compared: $(cat stdout)"
grep -q "passed  $source: shop: large objects: 2" stdout || fail "large objects: $(cat stdout)"
grep -q "passed  $source: amcheck" stdout || fail "no amcheck: $(cat stdout)"
[[ -z $(ls -A "$TMPDIR") ]] || fail "verify left behind: $(ls -A "$TMPDIR")"

echo "== a new instance that stays"
expect 0 restore "${with[@]}" "$point" --new-instance "$work/new" -o json
on_exit="as_postgres $pg_bin/pg_ctl -D $work/new/data -m immediate stop > /dev/null 2>&1; $on_exit"
python3 - stdout <<'P' || fail "the document: $(cat stdout)"
import json, sys
d = json.load(open(sys.argv[1])); s = d["sources"][0]
assert d["status"] == "complete" and s["status"] == "complete" and s["rows"] > 20000 and s["bytes"] > 0 and d["rto_actual_seconds"] > 0
assert set(s["connections"]) == {"postgres", "shop", 'Odd "Db'}, s
P
(export PGHOST=$work/new/socket; content shop > shop.found; content 'Odd "Db' > odd.found; roles > roles.found
 [[ $(sql -c 'show fsync; show full_page_writes; show wal_level; show archive_mode; show autovacuum; show listen_addresses' | tr '\n' ' ') == 'on on replica off on  ' ]] || fail "settings of the new instance")
same "database shop" shop.wanted shop.found
same "the other database" odd.wanted odd.found
same "roles" roles.wanted roles.found
[[ -z $(ls -A "$TMPDIR") && -z $(ls -d "$work"/holdfast-* 2> /dev/null) ]] || fail "the restore left something behind"
expect 7 restore "${with[@]}" "$point" --new-instance "$work/new"

echo "== a new database beside it"
expect 0 restore "${with[@]}" "$point" --dsn "$server" --database shop=shop2
content shop2 | sed 's/shop2/shop/g' > shop.found
same "the new database" shop.wanted shop.found
expect 1 restore "${with[@]}" "$point" --dsn "$server" --database shop=shop2
grep -q 'already' stderr || fail "no word that it is there: $(cat stderr)"
expect 2 restore "${with[@]}" "$point" --dsn "$server"
expect 10 restore "${with[@]}" "$point" --dsn "$server" --database nosuch
expect 2 restore "${with[@]}" "$point" --dsn '' --database shop
grep -q -- '--dsn is empty' stderr || fail "an empty connection: $(cat stderr)"
expect 2 restore "${with[@]}" "$point" --dsn "$server password=hunter2" --database shop
! grep -rq hunter2 stdout stderr || fail "a password was shown"

echo "== from a damaged repository: nothing that is wrong, and no half of an instance"
cp -a repo damaged
pack=$(find damaged/packs -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
size=$(stat -c %s "$pack")
chmod u+w "$pack"
named=no
for part in 1 3 5; do
  printf 'DAMAGED!' | dd of="$pack" bs=1 seek=$((size * part / 6)) conv=notrunc status=none
  expect 1 restore --repo damaged --key-file key "$point" --new-instance "$work/half"
  [[ -z $(ls -A "$work/half" 2> /dev/null) && -z $(ls -A "$TMPDIR") ]] || fail "half an instance was left: $(ls -A "$work/half" "$TMPDIR")"
  if grep -q 'rows of table' stderr; then named=yes; fi
  rm -rf half
done
expect 1 restore --repo damaged --key-file key "$point" --dsn "$server" --database shop=half
if [[ $(sql -c "select 1 from pg_database where datname = 'half'") == 1 ]]; then
  grep -q 'DROP DATABASE "half"' stderr || fail "a database is left half filled, and nothing says so: $(cat stderr)"
fi
[[ $named == yes ]] || fail "no table was named: $(cat stderr)"

echo "== the connection is a secret"
secret=tr0ub4dor_and_3
printf '%s\n' "$secret" > needle
cp "$work/pg/data/pg_hba.conf" pg_hba.conf
{ echo 'local all keeper scram-sha-256'; cat pg_hba.conf; } > "$work/pg/data/pg_hba.conf"
sql -c "CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '$secret'" -c 'SELECT pg_reload_conf()' > /dev/null
shown_nowhere() {  # shown_nowhere FILES...
  for file in "$@"; do ! grep -qFf needle "$file" || fail "the secret is in $file: $(cat "$file")"; done
}
# pg_restore, which tells what it was given, and does not begin before it may.
mkdir -m 755 told
touch told/argv; chmod 666 told/argv
printf '#!/bin/sh\ncase "$*" in *--version*) exec %s/pg_restore "$@" ;; esac\n{ printf "%%s\\n" "$@"; env; } >> %s/argv\nwhile [ ! -e %s/go ]; do sleep 0.05; done\nexec %s/pg_restore "$@"\n' \
  "$pg_bin" "$work/told" "$work/told" "$pg_bin" > told/pg_restore
chmod 755 told/pg_restore
SHOP_DSN="postgresql://keeper:$secret@/?host=$work/pg&port=5432" "$HOLDFAST" restore "${with[@]}" "$point" --dsn env:SHOP_DSN --database shop=secretly --postgres-bin "$work/told" \
  --show-detail > stdout 2> stderr < /dev/null &
pid=$!
for _ in {1..1200}; do
  [[ ! -s told/argv ]] || break
  kill -0 $pid 2> /dev/null || fail "the restore ended early: $(cat stderr)"
  sleep 0.1
done
[[ -s told/argv ]] || fail "pg_restore was not started"
looked=0
for process in /proc/[0-9]*/cmdline; do
  # Some are gone by now.
  tr '\0' ' ' < "$process" > words 2> /dev/null || continue
  shown_nowhere words
  looked=$((looked + 1))
done
((looked > 5)) || fail "no processes were looked at"
tr '\0' ' ' < /proc/$pid/cmdline | grep -qF 'env:SHOP_DSN' || fail "the restore was not among them"
touch told/go
wait $pid || fail "restore by a secret: $(cat stderr)"
shown_nowhere stdout stderr told/argv
grep -q 'is in the server of env:SHOP_DSN, database secretly' stdout || fail "where it was restored to: $(cat stdout)"
! grep -qF "$work/pg:5432" stdout || fail "a connection that is a secret is told: $(cat stdout)"
content secretly | sed 's/secretly/shop/g' > shop.found
same "the database restored by a secret" shop.wanted shop.found
# With a safety point, for which pg_dump gets there too; and each process of it is looked at while it lasts.
(umask 077; printf '%s' "host=$work/pg port=5432 user=keeper password=$secret" > secret.dsn)
"$HOLDFAST" restore "${with[@]}" "$point" --dsn "file:$work/secret.dsn" --database shop=secretly --recreate --allow-production --yes --confirm secretly -o json > stdout 2> stderr < /dev/null &
pid=$!
children=0
while kill -0 $pid 2> /dev/null; do
  for process in $(cat /proc/$pid/task/*/children 2> /dev/null); do
    tr '\0' ' ' < "/proc/$process/cmdline" > words 2> /dev/null || continue
    shown_nowhere words
    ! grep -q pg_dump words || children=$((children + 1))
  done
done
wait $pid || fail "restore by a secret in a file: $(cat stderr)"
((children > 0)) || fail "no child was looked at"
shown_nowhere stdout stderr
safety=$(python3 -c 'import json; print(json.load(open("stdout"))["safety_point"][:12])')
expect 0 show "${with[@]}" "$safety" -o json
shown_nowhere stdout
content secretly | sed 's/secretly/shop/g' > shop.found
same "the database restored anew by a secret" shop.wanted shop.found
# What is wrong with a secret is said without it.
export SHOP_DSN="host=$work/pg user=keeper password=not$secret"
expect 1 restore "${with[@]}" "$point" --dsn env:SHOP_DSN --database shop=again --show-detail
shown_nowhere stdout stderr
grep -q 'does not accept the password of user keeper' stderr || fail "the cause is not named: $(cat stderr)"
export SHOP_DSN="password=$secret this is no connection"
expect 2 restore "${with[@]}" "$point" --dsn env:SHOP_DSN --database shop=again --show-detail -o json
shown_nowhere stdout stderr
unset SHOP_DSN
code=0
"$HOLDFAST" restore "${with[@]}" "$point" --dsn env:SHOP_DSN --database shop=again > stdout 2> stderr < /dev/null || code=$?
[[ $code != 0 ]] && grep -q 'SHOP_DSN' stderr || fail "exit $code for a secret that is not there: $(cat stderr)"
cat pg_hba.conf > "$work/pg/data/pg_hba.conf"
sql -c 'DROP DATABASE secretly' -c 'DROP ROLE keeper' -c 'SELECT pg_reload_conf()' > /dev/null

echo "== one table, one schema"
expect 0 restore "${with[@]}" "$point" --dsn "$server" --database shop=part --table sales.orders
[[ $(sql -d part -c 'select count(*) from sales.orders') == 5000 ]] || fail "rows of the table"
[[ $(sql -d part -c "select count(*) from pg_constraint where contype='p' and conrelid='sales.orders'::regclass") == 1 ]] || fail "key of the table"
[[ $(sql -d part -c "select nextval('sales.orders_id_seq')") == 5001 ]] || fail "sequence of the table"
[[ $(sql -d part -c "select to_regclass('sales.customers') is null and to_regclass('big') is null") == t ]] || fail "more than the table"
grep -q 'foreign key .*not chosen' stderr || fail "no word of what is left out: $(cat stderr)"
expect 0 restore "${with[@]}" "$point" --dsn "$server" --database shop=part2 --schema 'Odd "Schema'
[[ $(sql -d part2 -c 'select count(*) from "Odd ""Schema"."Odd. ""Table""; --"') == 3 ]] || fail "rows of the schema"
expect 0 restore "${with[@]}" "$point" --dsn "$server" --database shop=part3 --table sales.customers
[[ $(sql -d part3 -c "select count(*) from sales.customers; select count(*) from pg_policy; select count(*) from pg_trigger where not tgisinternal" | tr '\n' ' ') == '2001 1 1 ' ]] || fail "what belongs to the table"
expect 10 restore "${with[@]}" "$point" --dsn "$server" --database shop=part4 --table sales.nosuch

# A connection that was given as a secret is told to nobody, and with names alone none is.
DSN="$server application_name=canary-name" expect 0 restore "${with[@]}" "$point" --dsn env:DSN --database shop=quiet1
cat stdout stderr > told.text
DSN="$server application_name=canary-name" expect 0 restore "${with[@]}" "$point" --dsn env:DSN --database shop=quiet2 -o json
cat stdout stderr >> told.text
expect 0 restore "${with[@]}" "$point" --dsn "$server application_name=canary-name" --database shop=quiet3 --names-only
cat stdout stderr >> told.text
if grep canary-name told.text; then fail "a connection was told"; fi
expect 0 restore "${with[@]}" "$point" --dsn "$server" --database shop=told
grep -q "^connect to told: psql \"dbname='told'" stdout || fail "how to connect is not told: $(cat stdout)"

echo "== production is refused, and nothing is done without its name"
sql -d shop -c 'insert into empty_one values (42)'
content shop > shop.changed
expect 7 restore "${with[@]}" "$point" --dsn "$server" --database shop --recreate --yes --confirm shop
grep -q 'production' stderr || fail "no word of production: $(cat stderr)"
expect 7 restore "${with[@]}" "$point" --dsn "$server" --database shop --clean --allow-production
expect 7 restore "${with[@]}" "$point" --dsn "$server" --database shop --clean --allow-production --yes --confirm shopp
expect 0 restore "${with[@]}" "$point" --dsn "$server" --database shop --recreate --dry-run
grep -q 'will be dropped: 1[0-9] tables, about [1-9][0-9,]* rows' stdout || fail "the dry run does not say what is lost: $(cat stdout)"
content shop > shop.found
same "a database that was not to be touched" shop.changed shop.found

echo "== over a database, and back"
expect 0 restore "${with[@]}" "$point" --dsn "$server" --database shop --recreate --allow-production --yes --confirm shop
cat stdout stderr > told.text
safety=$(sed -n 's/^what is there now is safety point //p' told.text)
# The command that goes back, as it was told, and nothing but who we are.
back=$(sed -n 's/^to go back: holdfast //p' told.text)
[[ -n $safety && $back == "restore $safety "* ]] || fail "the way back is not told: $(cat told.text)"
content shop > shop.found
same "the database made anew" shop.wanted shop.found
eval "expect 0 $back \"\${with[@]}\" --yes --confirm shop --no-safety-point"
content shop > shop.found
same "the database after going back" shop.changed shop.found
expect 0 list points "${with[@]}" -o json
python3 -c 'import json; p=json.load(open("stdout"))["points"]; assert [q["set"] for q in p].count("before-restore") == 2, p' || fail "safety points: $(cat stdout)"
expect 0 verify "${with[@]}" "$safety"
sql -d shop -c 'create table not_in_the_point (a int); insert into not_in_the_point values (1); update big set t = t || t'
expect 0 restore "${with[@]}" "$point" --dsn "$server" --database shop --clean --allow-production --yes --confirm shop --no-safety-point
[[ $(sql -d shop -c 'select a from not_in_the_point; select count(*) from empty_one; select count(*), max(length(t)) from big' | tr '\n' ' ') == '1 0 20000|640 ' ]] || fail "--clean: $(sql -d shop -c 'select * from not_in_the_point')"
sql -d shop -c 'create view uses_it as select * from big'
expect 1 restore "${with[@]}" "$point" --dsn "$server" --database shop --clean --allow-production --yes --confirm shop --no-safety-point
grep -q 'SQLSTATE 2BP01' stderr || fail "no SQLSTATE: $(cat stderr)"
expect 3 restore "${with[@]}" "$point" --dsn "$server" --database shop --clean --allow-production --yes --confirm shop --no-safety-point --on-error continue
grep -q 'SQLSTATE' stderr || fail "nothing noted: $(cat stderr)"

echo "== killed in the middle"
"$HOLDFAST" verify "${with[@]}" "$point" --no-attach > killed.out 2>&1 &
pid=$!
for _ in $(seq 600); do ls "$TMPDIR"/holdfast-postgres-*/.s.PGSQL.5432 > /dev/null 2>&1 && break; sleep 0.1; done
server_pid=$(head -1 "$TMPDIR"/holdfast-postgres-*/data/postmaster.pid) || fail "no server was started: $(cat killed.out)"
kill -9 $pid; wait $pid || true
for _ in $(seq 300); do kill -0 "$server_pid" 2> /dev/null || break; sleep 0.1; done
! kill -0 "$server_pid" 2> /dev/null || fail "the server still runs"
expect 0 verify "${with[@]}" "$point" --no-attach
[[ -z $(ls -d "$TMPDIR"/holdfast-postgres-* 2> /dev/null) ]] || fail "what the killed run left is still there: $(ls "$TMPDIR")"

echo "== stopped in the middle"
rm -rf "$TMPDIR"/holdfast-*
"$HOLDFAST" verify "${with[@]}" "$point" --no-attach > stopped.out 2>&1 &
pid=$!
for _ in $(seq 600); do ls "$TMPDIR"/holdfast-postgres-*/.s.PGSQL.5432 > /dev/null 2>&1 && break; sleep 0.1; done
kill -TERM $pid; code=0; wait $pid || code=$?
[[ $code == 143 ]] || fail "exit $code instead of 143: $(cat stopped.out)"
[[ -z $(ls -A "$TMPDIR") ]] || fail "the stopped run left something behind: $(ls -A "$TMPDIR")"
