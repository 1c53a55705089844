#!/bin/bash
# Logical backups of a PostgreSQL cluster, measured side by side: README.md says what the columns mean.
#   logical.sh run         makes the cluster in $W (kept: the next run finds it), measures, prints a table
#   logical.sh remove      stops the cluster and removes $W
# As root it runs the server and all tools as the user postgres. Without a peer (restic, kopia) its rows are left out, and that is said.
set -euo pipefail
export LC_ALL=C

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
export W=${W:-${TMPDIR:-/tmp}/holdfast-bench-postgres}
PEERS=${PEERS:-$HOME/.cache/holdfast-peers}
HOLDFAST=$(realpath "${HOLDFAST:-$here/../build/release/holdfast}")
BIN=${BIN:-/usr/lib/postgresql/15/bin}
SCALE=${SCALE:-150} # of pgbench: 15 MB each
WIDE=${WIDE:-400000} # rows of a kilobyte
SMALL=${SMALL:-2000} # tables of twenty rows
RUNS=${RUNS:-1}
export PGPORT=${PGPORT:-25466} PGHOST=$W PGUSER=postgres PGDATABASE=bench PATH=$BIN:$PATH
export HOLDFAST_CACHE_DIR=$W/cache KOPIA_PASSWORD=bench-passphrase KOPIA_CHECK_FOR_UPDATES=false

as() { # runs it as the server's user
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$W" "$@"; else HOME=$W "$@"; fi
}
sql() { as psql -XAtq "$@"; }

make_cluster() {
  mkdir -p "$W"
  if [ "$(id -u)" = 0 ]; then chown postgres: "$W"; fi
  if [ ! -d "$W/data" ]; then
    as initdb -D "$W/data" -k -A trust >/dev/null
    printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$W'" 'shared_buffers = 1GB' 'max_wal_size = 12GB' 'checkpoint_timeout = 1h' \
      'autovacuum = off' 'max_locks_per_transaction = 256' 'maintenance_work_mem = 512MB' >>"$W/data/postgresql.conf"
  fi
  as pg_ctl -D "$W/data" status >/dev/null || as pg_ctl -D "$W/data" -w -l "$W/log" start >/dev/null
  if [ "$(sql -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'bench_is_made'")" = 1 ]; then return; fi
  sql -d postgres -c 'DROP DATABASE IF EXISTS bench' -c 'CREATE DATABASE bench'
  as pgbench -i -q -s "$SCALE" bench 2>/dev/null
  sql <<SQL
CREATE TABLE wide AS
  SELECT n AS id, md5(n::text) AS token, repeat('a line of text that says little ' || n % 991 || '; ', 5) AS body,
    jsonb_build_object('customer', md5((n % 50000)::text), 'at', timestamptz '2026-01-01' + n * interval '7 s', 'score', n * 0.618034 % 1,
      'labels', jsonb_build_array('a' || n % 13, 'b' || n % 101, 'c' || n % 1009), 'agent', 'Mozilla/5.0 (X11; Linux x86_64) Gecko/' || n % 120,
      'parts', (SELECT string_agg(md5((n::bigint * 31 + part)::text), '-') FROM generate_series(1, 12) part)) AS doc, now() AS changed
  FROM generate_series(1, $WIDE) n;
ALTER TABLE wide ADD PRIMARY KEY (id);
CREATE INDEX ON wide ((doc ->> 'customer'));
DO \$\$ BEGIN
  FOR i IN 1..$SMALL LOOP
    EXECUTE format('CREATE TABLE small_%s (id int PRIMARY KEY, value text)', i);
    EXECUTE format('INSERT INTO small_%s SELECT n, md5(n::text) FROM generate_series(1, 20) n', i);
    IF i % 200 = 0 THEN COMMIT; END IF;
  END LOOP;
END \$\$;
VACUUM ANALYZE;
SQL
  sql -d postgres -c 'CREATE DATABASE bench_is_made' -c 'CHECKPOINT'
}

# What a restored database must answer as the one that was saved.
answer() {
  sql -d "$1" -c "SELECT (SELECT count(*) || ' ' || sum(hashint4(aid)::bigint * abalance + aid) FROM pgbench_accounts),
    (SELECT count(*) || ' ' || sum(hashtext(wide::text)) FROM wide), (SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'),
    (SELECT sum(hashtext(small_7::text)) FROM small_7)"
}

ticks() { awk '/^cpu / {print $2 + $3 + $4}' /proc/stat; }
bytes_in() { find "$1" -type f -printf '%s\n' 2>/dev/null | awk '{n += $1} END {print n + 0}'; }

step() { # TOOL STEP COMMAND: timed; "all CPU s" is of the whole machine, so with the server's
  local before after all code=0 seconds user sys rss
  before=$(bytes_in "$W/repos/$1")
  sql -c CHECKPOINT
  sync -f "$W"
  all=$(ticks)
  /usr/bin/time -q -o "$W/time" -f '%e %U %S %M' setpriv "${identity[@]}" env HOME="$W" bash -c "set -euo pipefail; $3" >"$W/logs/$1.$2" 2>&1 </dev/null || code=$?
  all=$(($(ticks) - all))
  read -r seconds user sys rss <"$W/time"
  after=$(bytes_in "$W/repos/$1")
  awk -v tool="$1" -v step="$2" -v code="$code" -v s="$seconds" -v u="$user" -v y="$sys" -v rss="$rss" -v b="$before" -v a="$after" -v all="$all" \
    -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "| %s | %s | %s | %.1f | %.1f | %.0f | %.1f |\n", step, tool, code ? "FAILED" : s, u + y, all / hz, rss / 1024, (a - b) / 1e6 }' |
    tee -a "$RESULTS"
  if [ $code != 0 ]; then failed=1; tail -3 "$W/logs/$1.$2" >&2; fi
}

dump_with() { # STEP: every tool
  step limit "$1" 'pg_dump -Fc -Z0 | cat > /dev/null'
  step holdfast "$1" "'$HOLDFAST' backup --repo '$W/repos/holdfast' --passphrase-file '$W/passphrase' postgres:dbname=bench"
  step pg_dump-gpg "$1" "pg_dump -Fc -Z6 | gpg --batch --yes --passphrase-file '$W/passphrase' --pinentry-mode loopback --symmetric --compress-algo none -o '$W/repos/pg_dump-gpg/$1'"
  step pg_dump-Fd-j2 "$1" "rm -rf '$W/repos/pg_dump-Fd-j2/$1'; pg_dump -Fd -j2 -f '$W/repos/pg_dump-Fd-j2/$1'"
  if [ -x "$PEERS/bin/restic" ]; then
    step restic "$1" "pg_dump -Fc -Z0 | '$PEERS/bin/restic' -q -r '$W/repos/restic' --password-file '$W/passphrase' --no-cache backup --stdin --stdin-filename bench.dump"
  fi
  if [ -x "$PEERS/bin/kopia" ]; then
    step kopia "$1" "pg_dump -Fc -Z0 | '$PEERS/bin/kopia' --config-file='$W/kopia.config' --log-dir='$W/kopia-logs' snapshot create --no-progress --stdin-file=bench.dump /bench"
  fi
}

compare() { # TOOL DATABASE
  if [ "$(answer "$2")" = "$(answer bench)" ]; then echo "$1: the restored database answers as the saved one" >&2; else echo "$1: the restored database is ANOTHER" >&2; failed=1; fi
  sql -d postgres -c "DROP DATABASE $2"
}

run() {
  umask 022
  failed=0
  make_cluster
  identity=(--reuid="$(id -u)" --regid="$(id -g)" --keep-groups)
  if [ "$(id -u)" = 0 ]; then identity=(--reuid=postgres --regid=postgres --clear-groups); fi
  rm -rf "$W/repos" "$W/cache"
  as mkdir -p "$W"/repos/{holdfast,limit,pg_dump-gpg,pg_dump-Fd-j2,restic,kopia,none} "$W/logs" "$W/cache"
  as bash -c 'umask 077; echo bench-passphrase > "$W/passphrase"'
  RESULTS=$W/logical-$(date +%Y%m%d-%H%M%S).md
  {
    echo "$(date +%F), $(nproc) cores; SCALE=$SCALE WIDE=$WIDE SMALL=$SMALL; database $(sql -c "SELECT pg_size_pretty(pg_database_size('bench'))"); $("$HOLDFAST" --version | head -n 1)"
    printf '\n| step | tool | seconds | its CPU s | all CPU s | peak RSS MB | added MB |\n|---|---|---|---|---|---|---|\n'
  } | tee "$RESULTS"
  as "$HOLDFAST" init --repo "$W/repos/holdfast" --passphrase-file "$W/passphrase" >/dev/null
  for peer in restic kopia; do [ -x "$PEERS/bin/$peer" ] || echo "$peer is not installed: left out" >&2; done
  if [ -x "$PEERS/bin/restic" ]; then as "$PEERS/bin/restic" -q init -r "$W/repos/restic" --password-file "$W/passphrase"; fi
  if [ -x "$PEERS/bin/kopia" ]; then
    local kopia=("$PEERS/bin/kopia" "--config-file=$W/kopia.config" "--log-dir=$W/kopia-logs")
    { as "${kopia[@]}" repository create filesystem --path "$W/repos/kopia" && as "${kopia[@]}" policy set --global --compression=zstd; } >/dev/null 2>&1
  fi
  for _ in $(seq "$RUNS"); do
    dump_with first
    sql -c "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid BETWEEN 5000 AND 5000 + 100 * $SCALE" -c "INSERT INTO small_7 SELECT max(id) + 1, 'new' FROM small_7" -c 'VACUUM pgbench_accounts'
    dump_with 'second day'
    sql -d postgres -c 'CREATE DATABASE restored'
    step pg_dump-Fd-j2 restore "pg_restore -j2 -d restored '$W/repos/pg_dump-Fd-j2/second day'"
    compare pg_restore restored
    step holdfast restore "'$HOLDFAST' restore latest --repo '$W/repos/holdfast' --passphrase-file '$W/passphrase' --dsn dbname=postgres --database bench=restored"
    compare holdfast restored
  done
  echo "written to $RESULTS" >&2
  return $failed
}

case ${1:-} in
  run) run ;;
  remove)
    as pg_ctl -D "$W/data" -m immediate stop >/dev/null || true
    rm -rf "$W"
    ;;
  *) sed -n '2,5p' "$(realpath "${BASH_SOURCE[0]}")"; exit 2 ;;
esac
