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
expect 2 restore "${with[@]}" "$point" --dsn "$server password=hunter2" --database shop
! grep -rq hunter2 stdout stderr || fail "a password was shown"

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
cat stdout stderr > told
DSN="$server application_name=canary-name" expect 0 restore "${with[@]}" "$point" --dsn env:DSN --database shop=quiet2 -o json
cat stdout stderr >> told
expect 0 restore "${with[@]}" "$point" --dsn "$server application_name=canary-name" --database shop=quiet3 --names-only
cat stdout stderr >> told
if grep canary-name told; then fail "a connection was told"; fi
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
cat stdout stderr > told
safety=$(sed -n 's/^what is there now is safety point //p' told)
# The command that goes back, as it was told, and nothing but who we are.
back=$(sed -n 's/^to go back: holdfast //p' told)
[[ -n $safety && $back == "restore $safety "* ]] || fail "the way back is not told: $(cat told)"
content shop > shop.found
same "the database made anew" shop.wanted shop.found
eval "expect 0 $back \"\${with[@]}\" --yes --confirm shop --no-safety-point"
content shop > shop.found
same "the database after going back" shop.changed shop.found
expect 0 list points "${with[@]}" -o json
python3 -c 'import json; p=json.load(open("stdout"))["points"]; assert [q["set"] for q in p].count("before-restore") == 1, p' || fail "safety points: $(cat stdout)"
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
