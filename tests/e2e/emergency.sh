#!/usr/bin/env bash
# An emergency backup saves what can be saved, names what failed, and stays until it is given up by name.
source "$(dirname "$0")/lib.sh"
source "$e2e/postgres_lib.sh"
start_postgres
mkdir srv && echo "a file" > srv/kept && seq 1 5000 > srv/numbers
sql -c 'CREATE DATABASE app'
sql -d app -c "CREATE TABLE users AS SELECT i AS id, md5(i::text) AS name FROM generate_series(1, 2000) i"
password=correct-horse-battery
(umask 077; printf 'host=%s user=postgres dbname=app password=%s' "$PGHOST" "$password" > dsn)
cat > holdfast.yaml <<Y
version: 1
secrets:
  app-dsn: {file: $work/dsn}
keys: {primary: {file: $work/key}}
targets:
  here: {type: directory, path: $work/repo}
  there: {type: directory, path: $work/copy}
sources:
  uploads: {type: files, paths: [$work/srv]}
  app: {type: postgres, dsn: \$app-dsn}
policies: {standard: {keep: {last: 1}, copies: [here, there]}}
sets:
  web: {members: [app, uploads], policy: standard}
  db: {members: [app], policy: standard}
  notes: {members: [uploads], policy: standard}
Y
document() { /usr/bin/python3 -c "import json; d = json.load(open('stdout')); $1"; }
points_of() { "$HOLDFAST" list points --set "$1" -o json | /usr/bin/python3 -c 'import json, sys; print(*[p["id"] for p in json.load(sys.stdin)["points"]])'; }
expect 0 init

# Whole, it is a point as any other, which is marked and goes to every copy.
expect 0 backup --emergency web --tag before=upgrade -o json
document 'assert d["emergency"] and d["kind"] == "full" and d["status"] == "complete", d; assert [c["status"] for c in d["copies"]] == ["complete"] * 2, d' || fail "a whole one: $(cat stdout)"
whole=$(document 'print(d["point"])')
expect 0 backup web

# The server is gone: the rest is saved, in every copy, and the point says what it lacks.
stop_postgres
expect 13 backup web -q
[[ $(points_of web | wc -w) == 2 ]] || fail "a usual backup that fails leaves a point"
echo "changed" > srv/kept
expect 3 backup --emergency web -o json
document '
sources = {s["name"]: s for s in d["sources"]}
assert d["status"] == "partial" and d["kind"] == "selected" and d["emergency"], d
assert sources["uploads"]["status"] == "complete" and sources["app"]["status"] == "failed", d
assert sources["app"]["kind"] == "postgres" and sources["app"]["error"]["class"] == "unavailable" and sources["app"]["message"], d
assert [c["status"] for c in d["copies"]] == ["complete"] * 2, d' || fail "the server is gone: $(cat stdout)"
point=$(document 'print(d["point"])')
expect 13 backup --emergency db
grep -q 'source app: .*no server listens' stderr && [[ -z $(points_of db) ]] || fail "nothing was saved of db: $(cat stderr)"
expect 13 backup --emergency db notes -o json
document 'assert [r["status"] for r in d["runs"]] == ["failed", "complete"], d' || fail "a set that fails takes the other with it: $(cat stdout)"

expect 0 list points --set web
grep "${point:0:10}" stdout | grep -q 'partial.*only uploads; failed: app.*emergency=yes' || fail "the list does not say it: $(cat stdout)"
expect 0 list points --set web -o json
document '
p = [p for p in d["points"] if p["id"] == "'"$point"'"][0]
assert p["emergency"] and p["status"] == "partial" and {s["name"]: s["status"] for s in p["sources"]} == {"uploads": "complete", "app": "failed"}, p' || fail "list -o json: $(cat stdout)"
expect 0 show "$point"
grep -q 'app (postgres): failed: .*no server listens' stdout && grep -q '^emergency ' stdout || fail "show does not say why: $(cat stdout)"
cp stdout shown
expect 0 show "$point" -o json
document 'assert [s["message"] for s in d["sources"] if s["status"] == "failed"], d' || fail "show -o json: $(cat stdout)"
! grep -q "$password" shown stdout stderr || fail "the password is in the point"

# It is not taken for the set, and what it has comes back, with a reader of the format's page, too.
expect 0 restore web --in newest
[[ -d newest/app && $(cat "$(find newest/uploads -name kept)") == 'a file' ]] || fail "a point without app was taken for the set: $(ls newest)"
grep -q "note: point ${point:0:10} (only uploads; failed: app) of web is newer" stderr || fail "nobody is told of the newer point: $(cat stderr)"
expect 0 restore web --source uploads --in saved
[[ $(cat "$(find saved/uploads -name kept)") == changed ]] || fail "the newest uploads: $(find saved)"
expect 0 restore "$point" --in alone
[[ $(ls alone) == uploads ]] || fail "something torn is in the point: $(ls alone)"
grep -q 'is not the whole set web' stderr || fail "nobody is told that it is not the set"
expect 0 verify "$point"
/usr/bin/python3 "$READER" repo --key-file key restore "$point" read 2> stderr || fail "the reader: $(cat stderr)"
diff -r alone read || fail "the reader restores something else"

# Whatever else is wrong: a secret, a path, a tool, a floor.
chmod 644 dsn
cat >> holdfast.yaml <<Y
  all: {members: [uploads, app, gone, tool, small, locked], policy: standard}
Y
sed -i "s|^policies:|  gone: {type: files, paths: [$work/gone]}\n  tool: {type: command, run: [$work/no-such-tool]}\n  small: {type: command, run: [echo, few], size_min: 1MiB}\n  locked: {type: sqlite, path: $work/no.db}\npolicies:|" holdfast.yaml
expect 3 backup --emergency all -o json
document 'assert {s["name"]: s["status"] for s in d["sources"]} == {"uploads": "complete", **dict.fromkeys(["app", "gone", "tool", "small", "locked"], "failed")}, d' || fail "what failed: $(cat stdout)"
expect 0 backup --emergency all --dry-run -o json
document 'assert {s["name"] for s in d["sources"] if s.get("status") == "failed"} >= {"gone"}, d' || fail "a rehearsal: $(cat stdout)"
# A copy that is out of reach is the lesser trouble.
mv copy copy.away
expect 3 backup --emergency all
grep -q 'copy there is' stderr || fail "nobody is told of the copy: $(cat stderr)"
expect 4 backup --emergency notes
mv copy.away copy
chmod 600 dsn

# Without a configuration; everything fails; a mark is not given by hand.
HOLDFAST_CACHE_DIR=$work/cache2 "$HOLDFAST" init -q --repo "$work/alone.repo" --key-file key
export HOLDFAST_CACHE_DIR=$work/cache2
alone=(--repo "$work/alone.repo" --key-file "$work/key")
expect 3 backup "${alone[@]}" --emergency "postgres:host=$PGHOST" "files:$work/srv" "files:$work/gone"
grep -q '  gone: ' stderr && grep -q '  postgres: ' stderr && grep -q 'prune --forget' stdout || fail "what people are told: $(cat stdout stderr)"
expect 1 backup "${alone[@]}" --emergency "files:$work/gone" "postgres:host=$PGHOST" -o json
document 'assert "source gone" in d["message"] and "source postgres failed, too" in d["hint"], d' || fail "all failed: $(cat stdout)"
expect 2 backup "${alone[@]}" "files:$work/srv" --tag emergency=yes
expect 2 backup "${alone[@]}" "files:$work/srv" --tag failed/db=x
export HOLDFAST_CACHE_DIR=$work/cache

# Retention passes it over, in each copy; what is given up by name goes.
as_postgres "$pg_bin/pg_ctl" -D "$work/pg/data" -l "$work/pg/log" -w -t 300 -o "-c listen_addresses= -c unix_socket_directories=$work/pg -c fsync=off" start > pg_ctl.log 2>&1 ||
  fail "pg_ctl: $(cat pg_ctl.log)"
expect 0 backup web
expect 0 backup web
last=$(points_of web | awk '{print $NF}')
expect 0 policy simulate --set web
[[ $(grep -c 'keep .*emergency: stays until it is given up by name' stdout) == 2 && $(grep -c forget stdout) -ge 2 ]] || fail "simulate: $(cat stdout)"
expect 0 prune --grace 0s
[[ $(points_of web) == "$whole $point $last" ]] || fail "prune kept $(points_of web), not $whole $point $last"
expect 0 backup --emergency web
newest=$(points_of web | awk '{print $NF}')
expect 0 prune --grace 0s
[[ $(points_of web) == "$whole $point $last $newest" ]] || fail "an emergency point took the place of $last: $(points_of web)"
expect 0 prune --grace 0s --forget "${newest:0:10}" --forget "${point:0:10}"
[[ $(points_of web) == "$whole $last" ]] || fail "given up by name, they are still there: $(points_of web)"
expect 0 list points --target there --set web
! grep -q "${point:0:10}" stdout || fail "it is still in the copy"
expect 0 check --read-data 100%
expect 0 restore "$whole" --in whole
grep -q 'a file' "$(find whole/uploads -name kept)" && [[ -d whole/app ]] || fail "the whole one does not come back"
echo "emergency: ok"
