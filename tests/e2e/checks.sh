#!/usr/bin/env bash
# Smoke tests of a restored point and of a service that runs: each kind passes and fails, a contract check comes before a restore,
# names of the configuration are captured and compared, and no planted secret is in any output, in the repository's trees or in its cache.
. "$(dirname "$0")/lib.sh"
token=canary-token-5d1c77 password=canary-password-90ab12 variable=canary-variable-31fe flag=canary-flag-77aa said=canary-said-4411
mkdir -p srv outputs
sqlite3 srv/app.db "create table users(id integer primary key, name text); insert into users(name) values ('ann'), ('bob');
  create table tenants(id integer primary key); insert into tenants default values;
  create table events(created_at text); insert into events values (datetime('now'))"
cat > srv/.env <<E
# of the application
export DATABASE_URL="postgres://app:$password@db/shop"
API_TOKEN='$variable'
DEBUG=1
SAME=1
EMPTY=
E
(umask 077; echo "$token" > token)
cat > service.py <<'P'
import http.server, json, ssl, sys, time
token, certificate = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/slow": time.sleep(20)
        status, body = 200, {"status": "ok"}
        if self.path == "/api/stats" and self.headers.get("Authorization") != "Bearer " + token: status, body = 401, {"error": "canary-said-4411"}
        if self.path == "/api/model/info": body = {"loaded": True, "model": {"version": "3", "layers": [{"size": 12}]}}
        if self.path == "/missing": status, body = 404, {"error": "canary-said-4411"}
        if self.path == "/moved": status, body = 302, {}
        data = json.dumps(body).encode()
        self.send_response(status); self.send_header("Content-Length", str(len(data))); self.end_headers()
        try: self.wfile.write(data)
        except OSError: pass
    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201 if token.encode() in data else 400); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
server.daemon_threads = True
if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
P
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.crt -days 2 -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 2> /dev/null
cat tls.crt tls.key > tls.pem
/usr/bin/python3 service.py "$token" > port & service=$!
/usr/bin/python3 service.py "$token" tls.pem > tls-port & secure=$!
on_exit='kill $service $secure 2> /dev/null'
for _ in $(seq 600); do [[ -s port && -s tls-port ]] && break; sleep 0.1; done
url=http://127.0.0.1:$(cat port) tls=https://127.0.0.1:$(cat tls-port)

# Migrations: the first run applies what is left, the second must skip all; `broken` applies each time.
cat > migrate <<E
#!/bin/sh
applied=0; [ -e "$work/\$1.done" ] || applied=3
touch "$work/\$1.done"
[ "\$1" = broken ] && rm "$work/\$1.done"
echo "connected with \$DATABASE_URL $said" >&2
echo "db_bootstrap status=ok mode=apply_migrations applied=\$applied skipped=\$((12 - applied))"
E
cat > db_verify <<E
#!/bin/sh
[ "\$SECRET_TOKEN" = "$token" ] || { echo "no token $said"; exit 3; }
[ "\$(sqlite3 "\$HOLDFAST_DATABASE" 'select count(*) from users')" -ge 2 ] || exit 4
echo "db_verify status=ok"
E
printf '#!/bin/sh\necho "{\\"new_ui\\": true, \\"limits\\": {\\"rate\\": \\"%s\\"}}"\n' "$flag" > export-config
printf '#!/bin/sh\nprintf "prod/db/password\\nprod/mail\\n"\n' > list-secrets
printf '#!/bin/sh\nprintf "DATABASE_URL\\nAPI_TOKEN\\n"\n' > contract
chmod +x migrate db_verify export-config list-secrets contract
cat > holdfast.yaml <<E
version: 1
secrets:
  token: {file: $work/token}
keys: {main: {file: $work/key}}
targets: {local: {type: directory, path: $work/repo}}
sources:
  app-db: {type: sqlite, path: $work/srv/app.db}
  config:
    type: config
    env_file: $work/srv/.env
    flags: [$work/export-config]
    names_from: [$work/list-secrets]
  key-meta: {type: keys}
policies:
  plain: {encrypt: main, copies: [local], rpo: 15m, verify: [{checks: [db]}]}
sets:
  web: {members: [app-db, config, key-meta], policy: plain}
environments:
  scratch: {type: directory, path: $work, base_url: "$url"}
  live: {type: directory, base_url: "$url", production: true, env: {MODE: check}}
checks:
  db:
    - {sql: "select count(*) from users", on: app-db, expect: ">= 1"}
    - {sql: "select max(created_at) from events", on: app-db, expect: "age <= rpo"}
    - {run: [$work/db_verify], expect: "status=ok", on: app-db, env: {SECRET_TOKEN: \$token}}
    - {file: app.db, on: app-db, size_min: 4KiB}
  app:
    - {http: /health, expect: 200}
    - {http: /api/stats, auth: \$token, expect: 200}
    - {http: /api/model/info, expect: {status: 200, json: {loaded: true, model.version: "3", model.layers.0.size: ">= 10"}}}
    - {http: /api/auth/login, body: \$token, expect: 201}
    - {http: /moved, expect: 302}
  secure:
    - {http: "$tls/health", ca_file: $work/tls.crt}
  untrusted:
    - {http: "$tls/health", name: no certificate}
  contract:
    - {names: [DATABASE_URL, API_TOKEN, prod/mail, new_ui, limits.rate]}
  contract-file:
    - {names: {run: [$work/contract]}, env_file: $work/srv/.env}
  lacking:
    - {names: [DATABASE_URL, PAYMENT_KEY, EMPTY], on: config}
  migrate:
    - {run: [$work/migrate, good], expect: "db_bootstrap status=ok mode=apply_migrations applied=<n> skipped=<n>", twice: true}
  migrate-broken:
    - {run: [$work/migrate, broken], expect: "applied=<n> skipped=<n>", twice: true, env: {DATABASE_URL: \$token}}
  failing:
    - {http: /missing}
    - {http: /api/stats, name: stats without a token}
    - {http: /api/model/info, expect: {json: {loaded: false}}}
    - {http: /slow, timeout: 1s}
    - {sql: "select count(*) from users", on: app-db, expect: "> 100"}
    - {sql: "select name from users where name = 'ann'", on: app-db, expect: bob}
    - {sql: "select nonsense", on: app-db}
    - {run: [$work/db_verify], expect: "status=ok", on: app-db}
    - {file: gone.db, on: app-db}
  live:
    - {sql: "select count(*) from users", on: app-db, expect: "= 2"}
    - {run: [$work/db_verify], expect: "status=ok", on: app-db, env: {SECRET_TOKEN: \$token}}
  compare:
    - {compare: app-db, with: last-good, fall_max: 10%}
  graph:
    - {cypher: "MATCH (n) RETURN count(n)", on: app-db, expect: "> 0"}
E
count=0
hf() {  # hf CODE ARGUMENTS...: as expect, and keeps what was printed
  expect "$@"
  count=$((count + 1))
  cp stdout "outputs/$count.stdout"; cp stderr "outputs/$count.stderr"
}
told() { grep -qF -- "$1" stdout stderr || fail "not told: $1 in $(cat stdout stderr)"; }

# The configuration: what cannot be executed is noted, mistakes are shown where they stand.
hf 0 config check
told 'cypher checks are not executed by this version'
hf 0 config show --resolved --origin
told 'checks.app.2.auth'
hf 0 config schema
wrong() {  # wrong FROM TO WHAT: a mistake, and what is said of it
  sed "s|$1|$2|" holdfast.yaml > wrong.yaml
  cmp -s holdfast.yaml wrong.yaml && fail "nothing to replace: $1"
  hf 2 config check wrong.yaml
  told "$3"
  grep -q '\^' stderr || fail "no caret: $(cat stderr)"
}
wrong '{http: /health, expect: 200}' '{htpp: /health, expect: 200}' 'did you mean "http"?'
wrong '{http: /health, expect: 200}' '{http: /health, expekt: 200}' 'did you mean "expect"?'
wrong '{http: /health, expect: 200}' '{http: /health, expect: soon}' 'a status'
wrong '{http: /health, expect: 200}' '{http: /health, sql: x}' 'not both'
wrong 'auth: \$token' 'auth: literal-token' 'no secret stands here literally'
wrong 'auth: \$token' 'auth: \$tokne' 'did you mean "token"?'
wrong 'expect: "> 100"' 'expect: "> much"' 'is a number'
wrong 'on: app-db, expect: bob' 'on: app-bd, expect: bob' 'did you mean "app-db"?'
wrong 'checks: \[db\]' 'checks: [dbb]' 'did you mean "db"?'
wrong 'applied=<n> skipped=<n>", twice: true, env' 'no number", twice: true, env' 'applied=<n>'
wrong 'env: {MODE: check}' 'env: {MODE: check, DB_PASSWORD: literal}' 'holds a secret'
wrong 'type: directory, base_url' 'type: directry, base_url' 'did you mean "directory"?'

hf 0 init
# Runbook 3, step 1: the contract before anything is restored; from a file without any repository, from the newest point with one.
hf 0 verify --checks contract-file --no-restore
hf 0 backup web
hf 0 verify --checks contract --no-restore
told '5 names present'
hf 5 verify --checks lacking --no-restore -o json
/usr/bin/python3 - <<'P' || fail "the document: $(cat stdout)"
import json
d = json.load(open("stdout"))
assert d["status"] == "failed" and d["level"] is None and not d["attached"], d
assert d["checks"][0]["message"] == "missing: PAYMENT_KEY; empty: EMPTY" and d["checks"][0]["name"] == "lacking: names on config", d
P

# Application: the checks of the policy, then those named; what is proven is attached and listed.
hf 0 verify web
told 'application passed'; told 'db: sql on app-db'; told 'the value is 2'; told 'exit status 0'
hf 0 list; told 'application'
hf 0 verify web --checks db,app,secure --in scratch -o json
/usr/bin/python3 - <<'P' || fail "the document: $(cat stdout)"
import json
d = json.load(open("stdout"))
names = {c["name"]: c for c in d["checks"]}
assert d["level"] == "application" and d["status"] == "passed" and d["attached"], d
for name in ("app: GET /health", "app: GET /api/stats", "app: POST /api/auth/login", "secure: GET", "db: run db_verify", "db: file app.db", "app-db: every byte"):
    assert names[name]["status"] == "passed" and names[name]["seconds"] >= 0, name
P
hf 0 verify web --level complete; told 'complete passed'
[[ -z $(find "$work" -maxdepth 1 -name 'holdfast-verify-*') ]] || fail "the scratch directory was left"

# Failures: each is named, in our words; the words of others only with --show-detail.
hf 5 verify web --checks failing --base-url "$url" -o json
cp stdout failing.json
/usr/bin/python3 - <<'P' || fail "the document: $(cat stdout)"
import json
checks = {c["name"]: c for c in json.load(open("stdout"))["checks"] if c["name"].startswith("failing: ")}
wanted = {"failing: GET /missing": "status 404 instead of 200 to 299", "failing: stats without a token": "status 401",
          "failing: GET /api/model/info": "loaded is not as expected", "failing: GET /slow": "no answer within 1s",
          "failing: sql on app-db": "the value is 2, expected > 100", "failing: sql on app-db (2)": "the value is another, expected bob",
          "failing: sql on app-db (3)": "", "failing: run db_verify": "exit status 3; the expected output is missing", "failing: file gone.db": "is not there"}
assert set(checks) == set(wanted), set(checks) ^ set(wanted)
for name, words in wanted.items():
    assert checks[name]["status"] == "failed" and words in checks[name]["message"], checks[name]
assert not any(word in open("stdout").read() for word in ("canary", "ann")), "what others said is in the report"
P
hf 0 list; told 'FAILED'
hf 5 verify web --checks failing --base-url "$url" --no-attach --show-detail
grep -q "$said" stderr || fail "--show-detail does not show what the service said"
mkdir detail; mv "outputs/$count.stderr" detail/
hf 5 verify --checks untrusted --no-restore
told 'no certificate'
hf 5 verify web --checks graph --no-attach
told 'not executed by this version'

# Migrations are run twice, and the second run must skip all.
hf 0 verify web --checks migrate --no-restore; told 'applied=3 skipped=9; second run: exit status 0; applied=0 skipped=12'
hf 5 verify web --checks migrate-broken --no-restore --show-detail; told 'second run: exit status 0; applied=3'
grep -q 'connected with \*\*\*' stderr || fail "the secret that the program was given is not blotted out: $(cat stderr)"
mv "outputs/$count.stderr" detail/2

# What runs, and what was restored by hand.
hf 0 verify --checks app --no-restore --in live
hf 2 verify --checks db --no-restore; told 'nothing is restored'
hf 0 verify --checks live --no-restore; told 'the value is 2'
hf 0 restore web --in hand
hf 0 verify web --checks db --no-restore --in hand
hf 7 verify web --checks app --in live; told 'is in production'
hf 2 verify web --checks app; told '--base-url'
hf 10 verify web --checks apq --in scratch; told 'did you mean app?'
hf 2 verify web --level application --checks '' ; hf 2 verify web --checks db --level integrity
hf 0 verify web --checks db,app --in scratch --dry-run; told 'would check db: sql on app-db'

# Against the last point that is proven: tables that are gone or fell are named.
hf 0 verify web --checks db
sqlite3 srv/app.db "delete from users where name = 'bob'; drop table tenants; vacuum"
sleep 1.1
sed -i "s/^DEBUG=1/DEBUG=2/; s/^API_TOKEN=.*//" srv/.env; echo "NEW_NAME='$variable'" >> srv/.env
hf 0 backup web
hf 5 verify web --checks compare --no-attach -o json
/usr/bin/python3 - <<'P' || fail "the comparison: $(cat stdout)"
import json
message = [c["message"] for c in json.load(open("stdout"))["checks"] if c["name"] == "compare: compare app-db"][0]
assert message == "tenants is missing; users fell from 2 rows to 1", message
P

# Which names were added, removed or changed between two points; equal values of two names look unrelated.
mapfile -t points < <("$HOLDFAST" list points -o json | /usr/bin/python3 -c 'import json,sys; [print(p["id"]) for p in json.load(sys.stdin)["points"]]')
hf 0 diff "${points[0]}" "${points[1]}"
for line in '+ config/env/.env/NEW_NAME' '- config/env/.env/API_TOKEN' 'M config/env/.env/DEBUG'; do told "$line"; done
if grep -q 'DATABASE_URL\|flags\|names' stdout; then fail "what did not change is shown: $(cat stdout)"; fi
hf 0 find NEW_NAME; hf 0 ls latest config/flags; told 'limits.rate'
hf 0 ls latest config/names; told 'prod%2Fdb%2Fpassword'
hf 0 restore "${points[0]}" --in first
cmp -s first/config/env/.env/DEBUG first/config/env/.env/SAME && fail "equal values look equal"
grep -q '^fingerprint [0-9a-f]\{32\}$' first/config/env/.env/DEBUG || fail "the fingerprint: $(cat first/config/env/.env/DEBUG)"
[[ $(cat first/config/env/.env/EMPTY) == empty && $(cat first/config/names/prod%2Fmail) == present ]] || fail "empty and present"

# Key metadata: what opens, signs and encrypts, and what is configured; nothing of a key.
/usr/bin/python3 - <<'P' || fail "keys.json: $(cat first/key-meta/keys.json)"
import json
d = json.load(open("first/key-meta/keys.json"))
assert d["opens"][0]["provider"] == "key-file" and d["opens"][0]["created"].endswith("Z") and d["opens"][0]["expires"] is None, d
assert d["signs"][0]["provider"] == "ed25519" and d["data"][0]["id"] == "1" and d["rotated"] == d["data"][0]["created"], d
assert d["configured"] == [{"id": "main", "provider": "key-file"}], d
P

# What lists names must not print values; the error does not repeat them.
printf '#!/bin/sh\necho "prod/mail=%s"\n' "$variable" > list-secrets
hf 2 backup web
told 'line 1 of what'

/usr/bin/python3 - "$work" "$token" "$password" "$variable" "$flag" "$said" <<'P' || fail "a secret was found"
import base64, os, sys
work, *words = sys.argv[1:]
found = scanned = 0
key = open(f"{work}/key", "rb").read()
for place in ("outputs", "hand/config", "first/config", "first/key-meta", "repo", "cache"):
    files = [os.path.join(d, f) for d, _, names in os.walk(f"{work}/{place}") for f in names]
    assert files, f"{place} is empty"
    for path in files:
        data = open(path, "rb").read(); scanned += 1
        if any(form in data for form in (key[:16], key[:16].hex().encode(), base64.b64encode(key)[:20])):
            print(f"the key in {path}", file=sys.stderr); found += 1
        for word in words:
            if any(form in data for form in (word.encode(), base64.b64encode(word.encode())[:-4], word.encode().hex().encode())):
                print(f"{word} in {path}", file=sys.stderr); found += 1
open(f"{work}/scanned", "w").write(str(scanned))
sys.exit(found != 0)
P
echo "checks: every kind passes and fails on real servers, contract before restore, migrations twice, comparison, names between points; no secret in $(cat scanned) files, $count commands"
