#!/usr/bin/env bash
# A spoilt database is replaced where its service uses it: the service is down only meanwhile, and up again in any case.
source "$(dirname "$0")/lib.sh"
db=$work/app/app.db
mkdir app
sqlite3() { command sqlite3 -cmd '.timeout 20000' "$@"; }  # the service writes meanwhile
rows() { sqlite3 "$1" 'SELECT count(*) FROM t'; }

# A service that holds the database open and writes to it; `start` bears that it runs already.
cat > service <<'EOF'
#!/usr/bin/env bash
set -eu
cd "$(dirname "$0")"
is_up() { [[ -f pid ]] && kill -0 "$(cat pid)" 2> /dev/null; }
case $1 in
  start)
    is_up && exit 0
    nohup python3 -c '
import sqlite3, time
db = sqlite3.connect("app/app.db", isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("CREATE TABLE IF NOT EXISTS beats (x)")
while True:
    db.execute("INSERT INTO beats VALUES (1)")
    time.sleep(0.05)
' > service.log 2>&1 < /dev/null &
    echo $! > pid
    ;;
  stop)
    [[ ! -e refuse-to-stop ]] || { echo 'I will not' >&2; exit 4; }
    is_up || exit 0
    kill -9 "$(cat pid)"  # so that it leaves its log behind
    while is_up; do sleep 0.05; done
    rm pid
    ;;
  status) is_up ;;
esac
EOF
chmod +x service
on_exit="rm -f '$work/refuse-to-stop'; '$work/service' stop"
kept() { find app -name 'app.db.before-restore-*Z' | sort; }
beats() { sqlite3 "$db" 'SELECT count(*) FROM beats'; }
beats_go_on() {
  local before; before=$(beats)
  for _ in {1..100}; do
    (($(beats) > before)) && return
    sleep 0.1
  done
  fail "the service does not write to the database that is in place"
}

sqlite3 "$db" "CREATE TABLE t (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
  INSERT INTO t SELECT hex(randomblob(50)) FROM n"
chmod 640 "$db"
cat > holdfast.yaml <<EOF
version: 1
keys:
  main: {file: $work/key}
targets:
  local: {type: directory, path: $work/repo}
sources:
  app-db: {type: sqlite, path: $db, stop: [$work/service, stop], start: [$work/service, start]}
  notes: {type: files, paths: [$work/service]}
policies:
  plain: {encrypt: [main], copies: [local]}
sets:
  app: {members: [app-db, notes], policy: plain}
EOF
config=(-c "$work/holdfast.yaml")
in_place=(restore app --source app-db --in-place)
confirmed=(--yes --confirm app.db)
"$HOLDFAST" init -q "${with[@]}"
./service start
until [[ -s $db-wal ]]; do sleep 0.05; done
expect 0 backup "${config[@]}"

# Usage, and refusals: nothing is touched and the service goes on.
pid=$(cat pid)
expect 2 "${in_place[@]}" "${config[@]}" --in elsewhere
expect 2 restore app --in-place "${config[@]}" "${confirmed[@]}"
expect 2 restore app --source app-db --in x --to-path "$db" "${config[@]}"
expect 2 "${in_place[@]}" "${with[@]}" "${confirmed[@]}"
expect 2 "${in_place[@]}" "${with[@]}" --to-path "$db" --start true "${confirmed[@]}"
expect 1 restore app --source notes --in-place "${config[@]}" "${confirmed[@]}"
expect 10 restore app --source nothing --in-place "${config[@]}" "${confirmed[@]}"
expect 7 "${in_place[@]}" "${config[@]}"
grep -q -- '--yes --confirm app.db' stderr || fail "how to confirm is not said"
expect 7 "${in_place[@]}" "${config[@]}" --yes
expect 7 "${in_place[@]}" "${config[@]}" --yes --confirm other.db
expect 0 "${in_place[@]}" "${config[@]}" --dry-run
[[ $(cat pid) == "$pid" && -z $(kept) ]] || fail "something was done that was not confirmed"

# A stop command that fails leaves all as it was.
touch refuse-to-stop
expect 1 "${in_place[@]}" "${config[@]}" "${confirmed[@]}"
grep -q 'stop command .* exited with status 4' stderr || fail "the failed command is not named: $(cat stderr)"
rm refuse-to-stop
[[ $(cat pid) == "$pid" ]] && ./service status || fail "the service is not the one that ran before"
[[ -z $(kept) && $(find app | wc -l) == "$(find app -name 'app.db*' -o -name app | wc -l)" ]] || fail "left behind: $(ls -A app)"
beats_go_on

# Spoilt beyond use, with a log beside it: put back while the service stands still.
./service stop
sqlite3 "$db" 'DELETE FROM t' 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
./service start
until [[ -s $db-wal ]]; do sleep 0.05; done  # it has written: there is a log to keep
printf 'spoilt' | dd of="$db" bs=1 seek=4096 conv=notrunc status=none
expect 0 "${in_place[@]}" "${config[@]}" "${confirmed[@]}"
grep -q 'passed  integrity' stdout && grep -q 'passed  tables' stdout || fail "the checks are not shown: $(cat stdout)"
./service status || fail "the service was not started again"
[[ $(cat pid) != "$pid" ]] || fail "the service was not stopped"
[[ $(rows "$db") == 5000 && $(sqlite3 "$db" 'PRAGMA integrity_check') == ok ]] || fail "the database is not the one recorded"
[[ $(stat -c %a "$db") == 640 ]] || fail "the mode is another one"
beats_go_on
[[ $(kept | wc -l) == 1 ]] || fail "the old database was not kept"
[[ -e $(kept)-wal ]] || fail "the old log was not kept with it"
[[ -z $(find app -name '.*' ! -name .) ]] || fail "left behind: $(ls -A app)"

# Without a configuration, by flags; a database that is gone; a service that cannot be started.
./service stop
rm "$db"*
sleep 1.1
expect 1 "${in_place[@]}" "${with[@]}" --to-path "$db" --stop "$work/service stop" --start 'sh -c "exit 9"' "${confirmed[@]}"
grep -q 'its program does not run' stderr || fail "a service that is down is not reported: $(cat stderr)"
[[ $(rows "$db") == 5000 ]] || fail "the database is not in its place"
./service start
beats_go_on

# Damage in the repository: what cannot be restored whole replaces nothing.
for pack in $(find "$work/repo/packs" -type f); do
  chmod u+w "$pack"
  printf 'XXXXXXXX' | dd of="$pack" bs=1 seek=2000 conv=notrunc status=none
done
pid=$(cat pid)
expect 1 "${in_place[@]}" "${config[@]}" "${confirmed[@]}"
[[ $(cat pid) == "$pid" ]] || fail "the service was stopped for nothing"
beats_go_on
echo "sqlite_is_put_back_in_place: passed"
