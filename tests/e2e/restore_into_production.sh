#!/usr/bin/env bash
# A server that the configuration calls production is not restored over, whatever the point knows of it; where a restore goes ahead, what
# it replaces is in every copy first.
source "$(dirname "$0")/lib.sh"
source "$e2e/postgres_lib.sh"
export TMPDIR=$work/tmp
mkdir -m 755 "$TMPDIR"
start_postgres
sql -c 'CREATE DATABASE shop'
sql -d shop -c 'CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 500) i'
cat > holdfast.yaml <<Y
version: 1
keys: {primary: {file: $work/key}}
targets:
  here: {type: directory, path: $work/repo}
  there: {type: directory, path: $work/copy}
sources: {db: {type: postgres, dsn: "host=$PGHOST user=postgres"}}
sets: {main: {members: [db]}}
environments:
  scratch: {type: container, runtime: podman, network: none, ttl: 2h, memory: 4GiB}
  staging: {type: ssh, host: staging-db-1, production: false}
  dr-site: {type: ssh, host: dr-db-1, production: true}
  live: {type: directory, servers: [$work/other/socket], production: true}
Y
expect 0 config check
grep -q 'holdfast.yaml:9:.* restores nothing into an environment of type container' stdout stderr || fail "nobody is told what a container is good for: $(cat stdout stderr)"
sed 's/podman/pudman/' holdfast.yaml > wrong.yaml
expect 2 config check wrong.yaml
grep -q 'podman or docker' stdout stderr || fail "what is wrong: $(cat stdout stderr)"
sed 's/{type: ssh, host: staging-db-1, /{type: ssh, /' holdfast.yaml > wrong.yaml
expect 2 config check wrong.yaml
expect 0 init
expect 0 backup
expect 1 verify main --in scratch
grep -q 'is of type container' stderr || fail "a container is restored into: $(cat stderr)"
expect 7 verify main --in live

# Another server than the one that the point was taken from: the point knows nothing against it.
expect 0 restore main --new-instance "$work/other"
on_exit="as_postgres $pg_bin/pg_ctl -D $work/other/data -m immediate stop > /dev/null 2>&1; $on_exit"
other() { PGHOST=$work/other/socket sql -d shop "$@"; }
other -c 'INSERT INTO orders VALUES (1000)'
over=(restore main --dsn "host=$work/other/socket user=postgres" --database shop --yes --confirm shop)
for how in --clean --recreate; do
  expect 7 "${over[@]}" "$how"
  grep -q 'environment live of the configuration is in production' stderr && grep -q 'hint: .*--allow-production' stderr || fail "why it is refused: $(cat stderr)"
done
expect 0 "${over[@]}" --recreate --dry-run
grep -q 'taken for production: environment live' stdout || fail "the dry run: $(cat stdout)"
[[ $(other -c 'SELECT count(*) FROM orders') == 501 ]] || fail "it was restored over"
expect 0 restore main --dsn "host=$work/other/socket user=postgres" --database shop=shop2  # nothing is lost

# Meant all the same: what is lost is in both copies. Then one is away: told, and no reason to stop.
expect 0 "${over[@]}" --recreate --allow-production -o json
python3 -c 'import json; d = json.load(open("stdout")); assert [c["status"] for c in d["safety_copies"]] == ["complete"] * 2, d' || fail "the safety point's copies: $(cat stdout)"
first=$(python3 -c 'import json; print(json.load(open("stdout"))["safety_point"])')
[[ $(other -c 'SELECT count(*) FROM orders') == 500 ]] || fail "it was not restored"
for copy in here there; do
  expect 0 list points --target $copy --set before-restore
  grep -q "${first:0:10}" stdout || fail "the safety point is not in $copy: $(cat stdout)"
done
sed -i 's/, production: true}$/, production: false}/' holdfast.yaml
mv copy copy.away
expect 0 "${over[@]}" --clean
grep -q 'copy there is' stderr && grep -q 'target sync there' stderr || fail "nobody is told that a copy lags: $(cat stderr)"
mv copy.away copy
expect 0 target sync
mv repo repo.away
expect 0 "${over[@]}" --clean
mv repo.away repo
expect 0 target sync
expect 0 list points --set before-restore -o json
python3 -c 'import json; d = json.load(open("stdout"))["points"]; assert [p["copies"] for p in d] == [["here", "there"]] * 3, d' || fail "the safety points: $(cat stdout)"
echo "restore_into_production: ok"
