# For scripts that need PostgreSQL: a server of their own on a socket, stopped by its own process number. Sourced after lib.sh.
pg_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
[[ -x $pg_bin/postgres ]] || fail "no PostgreSQL server is installed: tools/packages.sh test"
chmod 755 "$work"
as_postgres() { if [[ $(id -u) == 0 ]]; then (cd / && setpriv --reuid postgres --regid postgres --init-groups "$@"); else "$@"; fi; }
export PGUSER=postgres PGHOST=$work/pg PGPORT=5432 PGDATABASE=postgres PGTZ=UTC

start_postgres() {
  mkdir -m 700 "$work/pg"
  [[ $(id -u) != 0 ]] || chown postgres: "$work/pg"
  as_postgres "$pg_bin/initdb" -D "$work/pg/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync > initdb.log 2>&1 ||
    fail "initdb: $(cat initdb.log)"
  as_postgres "$pg_bin/pg_ctl" -D "$work/pg/data" -l "$work/pg/log" -w -t 300 \
    -o "-c listen_addresses= -c unix_socket_directories=$work/pg -c fsync=off" start > pg_ctl.log 2>&1 ||
    fail "pg_ctl: $(cat pg_ctl.log "$work/pg/log")"
  on_exit="stop_postgres; $on_exit"
}
stop_postgres() { as_postgres "$pg_bin/pg_ctl" -D "$work/pg/data" -m immediate -w stop > /dev/null 2>&1 || true; }
sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

# content OF_DATABASE: every table's rows, as one digest a table, and what pg_dump says of the schema and all else.
content() {
  sql -d "$1" -c "select format('select %L, count(*), coalesce(md5(string_agg(md5(t::text), '''' order by md5(t::text))), '''') from only %I.%I t;', n.nspname||'.'||c.relname, n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid=c.relnamespace where c.relkind in ('r','m') and c.relispopulated and n.nspname !~ '^pg_' and n.nspname<>'information_schema' order by n.nspname, c.relname" > content.sql
  sql -d "$1" -f content.sql
  pg_dump --create -d "$1" | LC_ALL=C grep -avE '^\\(un)?restrict|^-- Dumped|^-- Started|^-- Completed' > dump.sql
  # COPY blocks in any order of rows.
  awk '/^COPY .* FROM stdin;$/ {print; copy=1; next} copy && /^\\\.$/ {close("sort"); print; copy=0; next} copy {print | "sort"; next} {print}' dump.sql
}
