#!/usr/bin/env bash
# A hot standby is backed up while its primary is written to: each database of one moment, restored and compared; a dump that replay
# cancels is a failure that says what to set, and doctor says so beforehand.
. "$(dirname "$0")/lib.sh"
. "$e2e/postgres_lib.sh"
start_postgres
sql -f "$e2e/postgres_schema.sql" > /dev/null || fail "the schema"
sql -c 'CREATE DATABASE bank' -c 'CREATE TABLE marks (n int)'
mark=0
sql -d bank > /dev/null <<'SQL'
CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL, filler text);
INSERT INTO accounts SELECT i, 100, md5(i::text) || repeat('x', 50) FROM generate_series(1, 100000) i;
CREATE TABLE moves (id bigserial, taken int, given int);
CREATE TABLE victims AS SELECT i AS id, repeat(md5(i::text), 32) AS filler FROM generate_series(1, 120000) i;
SELECT lo_from_bytea(0, decode(repeat('00112233', 1000), 'hex'));
SQL

mkdir -m 700 standby
[[ $(id -u) != 0 ]] || chown postgres: standby
as_postgres "$pg_bin/pg_basebackup" -h "$work/pg" -U postgres -D "$work/standby/data" -R -X stream -c fast --no-sync > basebackup.log 2>&1 ||
  fail "pg_basebackup: $(cat basebackup.log)"
as_postgres "$pg_bin/pg_ctl" -D "$work/standby/data" -l "$work/standby/log" -w -t 300 \
  -o "-c listen_addresses= -c unix_socket_directories=$work/standby -c fsync=off" start > pg_ctl.log 2>&1 ||
  fail "the standby: $(cat pg_ctl.log "$work/standby/log")"
writer=
on_exit="[[ -z \$writer ]] || kill \$writer 2> /dev/null || true; as_postgres $pg_bin/pg_ctl -D $work/standby/data -m immediate -w stop > /dev/null 2>&1 || true; $on_exit"
on_standby() { PGHOST=$work/standby sql "$@"; }
[[ $(on_standby -c 'SELECT pg_is_in_recovery()') == t ]] || fail "it is no standby"
caught_up() {  # the standby has replayed all that the primary has written by now
  sql -c "INSERT INTO marks VALUES ($((++mark)))"
  for _ in {1..1200}; do
    [[ $(on_standby -c "SELECT EXISTS (SELECT FROM marks WHERE n = $mark)") == t ]] && return
    sleep 0.1
  done
  fail "the standby does not catch up: $(on_standby -c 'SELECT backend_type, state, wait_event FROM pg_stat_activity')"
}
caught_up_or_held_up() {  # or replay does not move for two seconds: it waits for sessions
  local lsn at before= still=0
  sql -c "INSERT INTO marks VALUES ($((++mark)))"
  lsn=$(sql -c 'SELECT pg_current_wal_flush_lsn()')
  for _ in {1..1200}; do
    [[ $(on_standby -c "SELECT EXISTS (SELECT FROM marks WHERE n = $mark)") == t ]] && return
    at=$(on_standby -c "SELECT pg_last_wal_receive_lsn() >= '$lsn', pg_last_wal_replay_lsn()")
    if [[ $at == t* && $at == "$before" ]]; then still=$((still + 1)); else still=0; fi
    ((still < 20)) || return 0
    before=$at
    sleep 0.1
  done
  fail "the standby neither catches up nor waits"
}

# Money moves all the time: in every snapshot the sum is the same, and as many moves were booked as both tables say.
for i in $(seq 1 1000000); do
  echo "BEGIN; UPDATE accounts SET balance = balance - 1 WHERE id = $((i % 100 + 1)); UPDATE accounts SET balance = balance + 1 WHERE id = $((i % 77 + 101)); INSERT INTO moves (taken, given) VALUES ($((i % 100 + 1)), $((i % 77 + 101))); COMMIT;"
done | psql -XAtq -d bank > writer.log 2>&1 &
writer=$!
until [[ $(on_standby -d bank -c 'SELECT count(*) FROM moves') -gt 10 ]]; do sleep 0.1; done
source="postgres:host=$work/standby user=postgres dbname=postgres"
expect 0 init "${with[@]}" -q
before=$(on_standby -d bank -c 'SELECT count(*) FROM moves')
# Rows of unlogged tables are on no standby: that is said, and is all that is missing.
expect 3 backup "${with[@]}" "$source" --set standby
[[ $(grep -c 'unlogged table public.unlogged_one has no rows on a standby' stderr) == 1 ]] || fail "the unlogged table is not named: $(cat stderr)"
on_standby -d bank -c 'SELECT count(*) FROM moves' > after
kill $writer; wait $writer 2> /dev/null || true; writer=
expect 0 show "${with[@]}" standby -o json
python3 - <<'P' || fail "the document: $(cat stdout)"
import json
s = json.load(open("stdout"))["sources"][0]
assert s["facts"]["in_recovery"] == "true", s["facts"]
assert s["problem_count"] == 1 if "problem_count" in s else len(s["problems"]) == 1, s
P
# A partial point is one; nothing else of it is wrong.
expect 5 verify "${with[@]}" standby
[[ $(grep -c FAILED stdout) == 1 ]] && grep -q 'FAILED  postgres: captured whole' stdout || fail "more than the unlogged table is missing: $(cat stdout)"
grep -q 'bank: tables: .* are as recorded' stdout || fail "no tables compared: $(cat stdout)"
expect 0 restore "${with[@]}" standby --new-instance "$work/new" -q
on_exit="as_postgres $pg_bin/pg_ctl -D $work/new/data -m immediate stop > /dev/null 2>&1 || true; $on_exit"
restored() { PGHOST=$work/new/socket "$@"; }
[[ $(restored sql -d bank -c 'SELECT sum(balance) FROM accounts') == 10000000 ]] || fail "the snapshot is not one moment"
booked=$(restored sql -d bank -c 'SELECT count(*) FROM moves')
[[ $(restored sql -d bank -c 'SELECT sum(balance) - 7700 FROM accounts WHERE id BETWEEN 101 AND 177') == "$booked" ]] || fail "moves and balances are of two moments"
((booked >= before && booked <= $(cat after))) || fail "the moment is not within the backup"
((booked < $(sql -d bank -c 'SELECT count(*) FROM moves'))) || fail "nobody wrote meanwhile"
[[ $(restored sql -d bank -c 'SELECT md5(lo_get(oid)) FROM pg_largeobject_metadata') == $(sql -d bank -c 'SELECT md5(lo_get(oid)) FROM pg_largeobject_metadata') ]] || fail "the large object"
without_unlogged() { grep -v '^public.unlogged_one|' | sed '/^COPY public.unlogged_one /,/^\\\.$/d'; }
content shop | without_unlogged > shop.wanted
restored content shop | without_unlogged > shop.found
same "database shop" shop.wanted shop.found
content 'Odd "Db' > odd.wanted
restored content 'Odd "Db' > odd.found
same "the other database" odd.wanted odd.found
as_postgres "$pg_bin/pg_ctl" -D "$work/new/data" -m immediate -w stop > /dev/null
sql -d shop -c 'DROP TABLE unlogged_one'
caught_up
expect 0 backup "${with[@]}" "$source" --set standby -q
expect 0 verify "${with[@]}" standby -q
echo "postgres_standby: what is restored is of one moment"

# Replay is not held up for anybody: what doctor warns of happens, in each session that it can happen to.
on_standby -c 'ALTER SYSTEM SET max_standby_streaming_delay = 0' -c 'SELECT pg_reload_conf()' > /dev/null
sql -c 'CREATE DATABASE till'
sql -d till -c 'CREATE TABLE t (n int)'
caught_up
mkdir tools
ln -s "$pg_bin/pg_dumpall" tools/pg_dumpall
# pg_dump, which does not begin or end before it may.
wrapper() {  # wrapper BEFORE|AFTER
  local before=: after=:
  local wait="touch $work/reached; while [ ! -e $work/go ]; do sleep 0.05; done"
  if [[ $1 == BEFORE ]]; then before=$wait; else after=$wait; fi
  printf '#!/bin/sh\ncase "$*" in *--version*) exec %s/pg_dump "$@" ;; esac\n%s\n%s/pg_dump "$@" || exit\n%s\n' "$pg_bin" "$before" "$pg_bin" "$after" > tools/pg_dump
  chmod 755 tools/pg_dump
}
configure() {  # configure DATABASE: it alone is backed up
  local others
  others=$(sql -c "SELECT string_agg(to_json(datname || ': not now')::text, ', ') FROM pg_database WHERE datname NOT LIKE 'template_' AND datname <> '$1'")
  cat > holdfast.yaml <<YAML
version: 1
keys: {main: {file: $work/key}}
targets: {local: {type: directory, path: $work/repo}}
sources: {replica: {type: postgres, dsn: "host=$work/standby user=postgres dbname=postgres", bin: $work/tools, exclude: [$others]}}
policies: {plain: {encrypt: [main], copies: [local], keep: {last: 7}}}
sets: {standby: {members: [replica], policy: plain}}
YAML
}
sessions() { on_standby -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast' AND datname = '$1' AND ($2)"; }
points() { "$HOLDFAST" list points "${with[@]}" -o json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["points"]))'; }
cancel() {  # cancel DATABASE TABLE READERS WANTED: rows are removed on the primary while a dump of them runs, with so many sessions in a transaction
  local code=0 count
  rm -f reached go
  count=$(points)
  "$HOLDFAST" backup -c holdfast.yaml > out 2> err < /dev/null &
  run=$!
  for _ in {1..1200}; do
    [[ -e reached && $(sessions "$1" "state <> 'idle'") == "$3" ]] && break
    kill -0 $run 2> /dev/null || fail "the backup ended early: $(cat err)"
    sleep 0.1
  done
  sql -d "$1" -c "DELETE FROM $2" -c "VACUUM $2"
  caught_up_or_held_up
  touch go
  wait $run || code=$?
  [[ $code == "$4" ]] || fail "exit $code instead of $4: $(cat err)"
  [[ $4 != 0 ]] || return 0
  grep -q "database $1: the standby gave the dump up to replay" err || fail "the cause is not named: $(cat err)"
  grep -q '^hint: on the standby set hot_standby_feedback = on' err || fail "no hint: $(cat err)"
  [[ $(points) == "$count" ]] || fail "a point of a backup that failed"
}
configure bank
wrapper AFTER
cancel bank victims 3 13
grep -q 'read table public.victims: the server refused with SQLSTATE 40001' err || fail "the table is not named: $(cat err)"
configure till
sql -d till -c 'INSERT INTO t SELECT generate_series(1, 1000)'; caught_up
cancel till t 1 13
wrapper BEFORE
sql -d till -c 'INSERT INTO t SELECT generate_series(1, 1000)'; caught_up
cancel till t 1 1

# As doctor tells it to be set, the same goes through.
expect 0 config check --live -c holdfast.yaml
for what in 'standby: hot_standby_feedback is off' 'standby.delay: max_standby_streaming_delay is 0 ms'; do
  grep -q "warning source.replica.$what" stdout || fail "no warning of it: $(cat stdout)"
done
sed -n 's/^ *hint: on the standby: \(.*\); \(SELECT pg_reload_conf()\)$/\1;\n\2;/p' stdout | sed 's/, or to more than a dump takes//' > mend.sql
[[ $(grep -c 'ALTER SYSTEM' mend.sql) == 2 ]] || fail "the hints are no commands: $(cat stdout)"
on_standby -f mend.sql > /dev/null
for _ in {1..100}; do [[ $(on_standby -c 'SHOW hot_standby_feedback') == on ]] && break; sleep 0.1; done
expect 0 config check --live -c holdfast.yaml
grep -q 'ok      source.replica.standby: it is one, and lets long dumps end' stdout || fail "not as told: $(cat stdout)"
! grep -q 'warning source.replica' stdout || fail "still a warning: $(cat stdout)"
wrapper AFTER
sql -d till -c 'INSERT INTO t SELECT generate_series(1, 1000)'; caught_up
cancel till t 1 0
[[ $("$HOLDFAST" show -c holdfast.yaml standby -o json | python3 -c 'import json, sys; print([t["rows"] for t in json.load(sys.stdin)["sources"][0]["tables"] if t["name"] == "till.public.t"])') == '[1000]' ]] ||
  fail "the rows that were removed meanwhile are not in the point"
echo "postgres_standby: passed"
