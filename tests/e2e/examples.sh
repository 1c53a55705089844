#!/usr/bin/env bash
# The configurations in examples/ against real servers: backup, proof with their checks, restore, export. Only places are changed.
. "$(dirname "$0")/lib.sh"
. "$e2e/postgres_lib.sh"
start_postgres
mkdir -p etc srv/backend/ml/models srv/backend/data srv/hub srv/prod srv/summit/server/uploads/imports used
(umask 077; echo 'a passphrase for examples' > etc/passphrase; echo analyst-1 > etc/analyst-token)
(umask 077; openssl ecparam -name prime256v1 -genkey -noout 2> /dev/null | openssl pkcs8 -topk8 -nocrypt > etc/sign.pem)
for service in centerback hub prod summit; do
  printf '[%s]\nhost=%s\nport=%s\nuser=postgres\ndbname=%s\n' $service "$PGHOST" "$PGPORT" $service
  sql -c "create database $service"
  sql -d $service -c "create table users(id serial primary key, name text not null); insert into users(name) select 'user ' || i from generate_series(1, 3000) i;
    create table events(id serial primary key, created_at timestamptz default now()); insert into events default values"
done > pg_service.conf
export PGSERVICEFILE=$work/pg_service.conf
unset PGDATABASE
echo model > srv/backend/ml/models/risk.joblib; echo other > srv/backend/ml/models/readme.txt
printf 'DATABASE_URL=postgres://secret-value-1@db/x\nANALYST_TOKEN=secret-value-2\n' > srv/backend/.env
printf 'POSTGRES_DSN_PROD=secret-value-3\nSESSION_SECRET=secret-value-4\n' > srv/prod/.env
sqlite3 srv/backend/data/centerback.db 'create table t(x); insert into t values (1)'
echo 'a,b' > srv/summit/server/uploads/imports/one.csv
cat > srv/hub/hub-cli <<'P'
#!/bin/sh
case $1 in export-manifests) echo '{"modules": ["a", "b"]}' ;; export-config) echo '{"flags": {"x": true}}' ;; *) exit 2 ;; esac
P
cat > srv/prod/db_bootstrap <<'P'
#!/bin/sh
export PATH=/usr/bin:/bin
done=$(psql -XAtq -c "create table if not exists migrations(n int)" -c "select count(*) from migrations") || exit 1
psql -XAtq -c "insert into migrations select generate_series($done + 1, 7)" || exit 1
echo "db_bootstrap status=ok mode=apply_migrations applied=$((7 - done)) skipped=$done"
P
cat > srv/prod/db_verify <<'P'
#!/bin/sh
[ "$(/usr/bin/psql -XAtq -c 'select count(*) from users')" = 3000 ] && echo "db_verify status=ok"
P
chmod +x srv/hub/hub-cli srv/prod/db_bootstrap srv/prod/db_verify
for file in "$e2e"/../../examples/*.yaml; do
  sed "s|/etc/holdfast/|$work/etc/|g; s|/srv/|$work/srv/|g; s|/backup/|$work/backup/|g; s|/offsite/|$work/offsite/|g" "$file" > "used/$(basename "$file")"
  expect 0 config check "used/$(basename "$file")"
done
mkdir backup offsite

live_is_clean() {  # nothing but what has no point yet may be bad
  code=0; "$HOLDFAST" doctor -o json > stdout 2> stderr || code=$?
  /usr/bin/python3 -c 'import json
bad = [c["name"] for c in json.load(open("stdout"))["checks"] if c["status"] == "bad"]
assert not bad, bad' || fail "doctor: $(cat stdout)"
}
begin() { export HOLDFAST_CONFIG=$work/used/$1.yaml; expect 0 init -q; }

# An application.
begin application
expect 0 backup production -q
expect 0 backup development -q
live_is_clean
expect 0 verify production
grep -q 'sql on app-db' stdout || fail "the checks of the policy were not run: $(cat stdout)"
expect 0 restore production --in out
cmp out/models/risk.joblib srv/backend/ml/models/risk.joblib || fail "the model"
[[ ! -e out/models/readme.txt ]] || fail "more than the models was restored"
expect 0 restore production --source app-db --dsn "host=$PGHOST port=$PGPORT user=postgres" --database centerback=restored
[[ $(sql -d restored -c 'select count(*) from users') == 3000 ]] || fail "rows of the restored database"
/usr/bin/python3 - <<'P' & service=$!
import http.server, json
class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        import subprocess
        rows = int(subprocess.run(["psql", "-XAtq", "-d", "restored", "-c", "select count(*) from users"], capture_output=True, text=True).stdout or 0)
        status = 200 if rows == 3000 else 500
        if self.path == "/api/stats" and self.headers.get("Authorization") != "Bearer analyst-1": status = 401
        data = json.dumps({"loaded": True, "rows": rows}).encode()
        self.send_response(status); self.send_header("Content-Length", str(len(data))); self.end_headers(); self.wfile.write(data)
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
open("port.new", "w").write(str(server.server_port))
import os; os.rename("port.new", "port")
server.serve_forever()
P
on_exit="kill $service 2> /dev/null || true; $on_exit"
for _ in {1..300}; do [[ -e port ]] && break; sleep 0.1; done
sed -i "s|127.0.0.1:8000|127.0.0.1:$(cat port)|" used/application.yaml
expect 0 verify production --no-restore --checks app --in live
grep -q '/api/stats' stdout || fail "the application was not asked: $(cat stdout)"
sed -i 's/expect: {status: 200, json: {loaded: true}}/expect: {status: 200, json: {loaded: false}}/' used/application.yaml
expect 5 verify production --no-restore --checks app --in live
if grep -rE 'secret-value|analyst-1' stdout stderr out > found; then fail "a value is in what was said or restored: $(cat found)"; fi

# A hub: what its programs say, and an archive that others can read.
begin hub
expect 0 backup -q
live_is_clean
expect 0 verify
expect 0 restore hub --in hub-out
cmp <(srv/hub/hub-cli export-manifests) hub-out/manifests/manifests.json || fail "the manifests"
grep -rq 'ecdsa\|passphrase' hub-out/key-meta || fail "key metadata: $(find hub-out/key-meta -type f)"
if grep -rq 'a passphrase for examples' hub-out; then fail "the passphrase was restored"; fi
export GNUPGHOME=$work/gnupg; mkdir -m 700 gnupg
gpg --batch -q --passphrase '' --quick-generate-key backup@example.org default default never 2> /dev/null
on_exit="gpgconf --kill all; $on_exit"
expect 0 export latest hub.tar.gz.gpg --recipient backup@example.org --sign-with backup@example.org
mkdir stock; gpg --batch -q --decrypt hub.tar.gz.gpg 2> /dev/null | tar -xz -C stock || fail "gpg and tar cannot read the export"
dump=$(find stock -name '*.hub.dump')
pg_restore -l "$dump" > toc && grep -q users toc || fail "pg_restore cannot read the export"

# Names only: the contract first, then the point, the migrations and the judgement on what was restored.
begin names-only
expect 0 backup -q
live_is_clean
expect 0 verify --no-restore --checks contract
sed -i '/SESSION_SECRET/d' srv/prod/.env
expect 5 verify --no-restore --checks contract
grep -q SESSION_SECRET stdout || fail "the missing name is not told: $(cat stdout)"
expect 0 verify --checks migrate,verify
grep -q 'applied' stdout || fail "the migrations' captures are not told: $(cat stdout)"
if grep -E 'secret-value' stdout stderr; then fail "a value was printed"; fi

# Development: what was there is replaced, after it was saved.
begin development
expect 0 backup -q
live_is_clean
content summit > before
sql -d summit -c 'delete from users where id > 10; drop table events'
rm srv/summit/server/uploads/imports/one.csv; echo junk > srv/summit/server/uploads/junk
expect 7 restore summit --source postgres --dsn service=summit --database summit --recreate --yes --confirm summit
expect 0 restore summit --source postgres --dsn service=summit --recreate --database summit --yes --confirm summit --allow-production
content summit > after
same "the database that was dropped and made again" before after
expect 0 restore summit --source uploads --in srv/summit/server --clean --yes --confirm server
[[ $(cat srv/summit/server/uploads/imports/one.csv) == a,b && ! -e srv/summit/server/uploads/junk ]] || fail "the uploads: $(find srv/summit/server)"
echo "examples: application, hub, names-only and development were backed up, proven and restored"
