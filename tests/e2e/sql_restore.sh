#!/usr/bin/env bash
# A plain SQL dump that was made elsewhere: imported, proven, and run in a server as psql -v ON_ERROR_STOP=1 -f would.
. "$(dirname "$0")/lib.sh"
. "$e2e/postgres_lib.sh"
start_postgres
sql -f "$e2e/postgres_schema.sql" > schema.log 2>&1 || fail "the schema: $(tail -3 schema.log)"
pg_dump -d shop -f shop.sql
sed 's/OWNER TO app;/OWNER TO nobody_here;/' shop.sql > strangers.sql
{ cat shop.sql; echo 'insert into nowhere values (1);'; echo 'create table public.after_it(x int);'; } > bad.sql
server="host=$PGHOST port=$PGPORT user=postgres"
expect 0 init "${with[@]}" -q
for dump in shop strangers bad; do expect 0 import "${with[@]}" -q $dump.sql --as-set $dump; done

# The roles that a script names belong to the server that it came from: a proof does not fail for them.
expect 0 verify "${with[@]}" shop
expect 5 verify "${with[@]}" bad
grep -q "at line $(grep -n 'insert into nowhere' bad.sql | cut -d: -f1)" stdout || fail "the line of the error: $(cat stdout)"

# Into a new database, one that is there and empty, and the one that the connection names.
plain() { pg_dump -d "$1" | LC_ALL=C grep -avE '^\\(un)?restrict'; }
plain shop > wanted
sql -c 'create database empty_one'
expect 0 restore "${with[@]}" shop --dsn "$server" --database made
expect 0 restore "${with[@]}" shop --dsn "$server" --database empty_one
DSN="$server dbname=named" expect 0 restore "${with[@]}" shop --dsn env:DSN -o json
/usr/bin/python3 -c 'import json; d = json.load(open("stdout")); assert d["status"] == "complete" and d["sources"][0]["rows"] > 20000, d'
for database in made empty_one named; do
  plain $database > found
  same "database $database" wanted found
done

# What is there is never run over, and nothing is begun that a missing role would end.
expect 1 restore "${with[@]}" shop --dsn "$server" --database made
grep -q 'is not empty' stderr || fail "a database with tables: $(cat stderr)"
expect 2 restore "${with[@]}" shop --dsn "$server" --database made --recreate
expect 10 restore "${with[@]}" strangers --dsn "$server" --database strangers
grep -q 'nobody_here' stderr && grep -q -- '--roles' stderr || fail "the missing role: $(cat stderr)"
[[ -z $(sql -c "select 1 from pg_database where datname = 'strangers'") ]] || fail "a database was made"
expect 0 restore "${with[@]}" strangers --dsn "$server" --database strangers --no-owner
expect 0 restore "${with[@]}" strangers --dsn "$server" --database with_roles --roles
[[ $(sql -d with_roles -c "select nspowner::regrole from pg_namespace where nspname = 'sales'") == nobody_here ]] || fail "the owner"

# The first error ends it, with its line; or each is told.
expect 1 restore "${with[@]}" bad --dsn "$server" --database stopped
grep -q "line $(grep -n 'insert into nowhere' bad.sql | cut -d: -f1): .*SQLSTATE 42P01" stderr || fail "the error: $(cat stderr)"
[[ -z $(sql -d stopped -c "select 1 from pg_class where relname = 'after_it'") ]] || fail "it went on after an error"
expect 3 restore "${with[@]}" bad --dsn "$server" --database gone_on --on-error continue
[[ $(sql -d gone_on -c "select count(*) from pg_class where relname = 'after_it'") == 1 ]] || fail "it did not go on"

# Into an instance of its own, where checks can ask it.
expect 0 restore "${with[@]}" shop --new-instance "$work/new" --database shop
on_exit="as_postgres $pg_bin/pg_ctl -D $work/new/data -m immediate -w stop > /dev/null 2>&1 || true; $on_exit"
[[ $(psql -XAtq -h "$work/new/socket" -d shop -c 'select count(*) from sales.customers') == 2001 ]] || fail "the new instance"
if grep -r 'app secret' stdout stderr; then fail "a password was printed"; fi
echo "sql_restore: a plain SQL dump was proven, and run in new and in empty databases and in an instance; errors end it with their lines"
