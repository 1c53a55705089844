#!/usr/bin/env bash
# sql, run and compare checks of a PostgreSQL source: while a proof runs they ask the instance that the point was restored into, without a
# restore the server in use; what they ask cannot change anything.
. "$(dirname "$0")/lib.sh"
. "$e2e/postgres_lib.sh"
start_postgres
sql -c 'create database shop' -c 'create database audit'
sql -d shop -c "create table users(id int primary key, name text); insert into users values (1, 'ann'), (2, 'bob');
  create table events(at timestamptz); insert into events values (now())"
sql -d audit -c 'create table log(x int); insert into log select generate_series(1, 5000)'
cat > db_verify <<E
#!/bin/sh
set -e
[ "\$(psql -XAtq -c 'select count(*) from users')" -ge 1 ]
[ "\$(psql -XAtq "\$HOLDFAST_DATABASE" -c 'select count(*) from users')" -ge 1 ]
echo "db_verify status=ok database=\$PGDATABASE"
E
chmod +x db_verify
cat > holdfast.yaml <<E
version: 1
keys: {main: {file: $work/key}}
targets: {local: {type: directory, path: $work/repo}}
sources: {app-db: {type: postgres, dsn: "host=$PGHOST port=$PGPORT user=postgres dbname=shop"}}
policies: {plain: {encrypt: main, copies: [local], rpo: 15m}}
sets: {web: {members: [app-db], policy: plain}}
checks:
  db:
    - {sql: "select count(*) from users", on: app-db, database: shop, expect: "= 2"}
    - {sql: "select max(at) from events", on: app-db, database: shop, expect: "age <= rpo"}
    - {sql: "select x from log", on: app-db, database: audit, expect: "rows = 5000"}
  tables:
    - {compare: app-db, with: last-good, fall_max: 10%}
  exact:
    - {compare: app-db, with: last-good, exact: true, tables: [audit.public.log]}
  program:
    - {run: [$work/db_verify], on: app-db, database: shop, expect: "status=ok database=shop"}
  anywhere:
    - {run: [/bin/true], on: app-db}
  slow:
    - {sql: "select pg_sleep(600)", on: app-db, database: shop, timeout: 2s}
  writes:
    - {sql: "with gone as (delete from users returning id) select count(*) from gone", on: app-db, database: shop}
    - {sql: "select 1; drop table users", on: app-db, database: shop}
    - {sql: "drop table users", on: app-db, database: shop}
    - {sql: "select count(*) from nowhere", on: app-db, database: shop}
    - {sql: "select 1", on: app-db, database: nowhere}
E
expect 0 config check
expect 0 init
expect 0 backup web
expect 0 verify web --checks db
grep -q 'application passed' stdout || fail "the proof: $(cat stdout)"
# What the server in use holds now must not matter to the point, and must be what a check of the server sees.
sql -d shop -c 'delete from users where id = 2'
expect 0 verify web --checks db
expect 5 verify --checks db --no-restore
grep -q 'the value is 1, expected 2' stdout || fail "the server in use: $(cat stdout)"
expect 0 verify --checks program --no-restore
expect 0 verify web --checks program
# On an instance that was made to stay checks ask that one.
expect 0 restore web --new-instance "$work/kept"
on_exit="as_postgres $pg_bin/pg_ctl -D $work/kept/data -m immediate -w stop > /dev/null 2>&1 || true; $on_exit"
expect 0 verify web --checks db,program --no-restore --in kept
psql -XAtq -h "$work/kept/socket" -d shop -c 'delete from users'
expect 5 verify web --checks db,program --no-restore --in "$work/kept"
grep -q 'the value is 0, expected 2' stdout || fail "the instance that was made: $(cat stdout)"
mkdir nothing
expect 5 verify web --checks db --no-restore --in nothing
grep -q 'no server runs on what was restored' stdout || fail "no instance: $(cat stdout)"
expect 5 verify web --checks tables --no-restore
grep -q 'audit' stdout && fail "a table of another database is taken for missing: $(cat stdout)"
grep -q 'shop.public.users fell from 2 rows to 1' stdout || fail "the comparison: $(cat stdout)"
# Nobody has looked at what the rows hold.
expect 5 verify web --checks exact --no-restore
grep -q 'no digest of its content' stdout || fail "contents that were not compared: $(cat stdout)"
# Which of two restored databases a program is meant to judge is not for us to guess.
expect 5 verify web --checks anywhere
grep -q 'there are several databases' stdout || fail "a program without a database: $(cat stdout)"
# The connection may be a secret, as it may for the backup.
sed 's|{type: postgres, dsn: "[^"]*"}|{type: postgres, dsn: $dsn}|; s|^keys:|secrets: {dsn: {env: APP_DSN}}\n&|' holdfast.yaml > secret.yaml
grep -q 'dsn: $dsn}' secret.yaml || fail "the connection is no secret"
APP_DSN="host=$PGHOST port=$PGPORT user=postgres dbname=shop" expect 5 verify -c secret.yaml --checks db,program --no-restore
grep -q 'the value is 1, expected 2' stdout || fail "the server of a secret connection: $(cat stdout)"
expect 5 verify -c secret.yaml --checks program --no-restore
grep -q APP_DSN stdout || fail "the missing secret: $(cat stdout)"
expect 5 verify --checks slow --no-restore
grep -q 'no answer within 2s' stdout || fail "the timeout: $(cat stdout)"
expect 5 verify --checks writes --no-restore -o json
/usr/bin/python3 -c 'import json; d = json.load(open("stdout")); assert len(d["checks"]) == 5 and all(c["status"] == "failed" for c in d["checks"]), d' ||
  fail "a check that writes passed: $(cat stdout)"
[[ $(sql -d shop -c 'select count(*) from users') == 1 ]] || fail "a check changed the database"
[[ -z $(pgrep -f "$work.*postgres.*holdfast-" || true) ]] || fail "an instance was left running"
echo "checks_postgres: checks ask the restored instance, or one that was made to stay, while it is proven and the server in use without a restore; nothing they ask changes it"
