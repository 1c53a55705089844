#!/usr/bin/env bash
# doctor says what is in order, and of each thing that is not, which it is and the command that mends it; config check --live is the same.
. "$(dirname "$0")/lib.sh"
mkdir -p src spare; echo one > src/one
sqlite3 app.db 'create table t(x); insert into t values (1)'
(umask 077; echo 'a passphrase of many words' > pass)
cat > holdfast.yaml <<YAML
version: 1
secrets: {pass: {file: $work/pass}}
keys: {main: {passphrase: \$pass}}
targets:
  first:  {type: directory, path: $work/first, provider: one}
  second: {type: directory, path: $work/second, provider: two}
sources:
  src: {type: files, paths: [$work/src]}
  app: {type: sqlite, path: $work/app.db}
  host: {type: command, run: [uname, -n]}
policies: {standard: {encrypt: [main], copies: [first, second], keep: {last: 7}}}
sets: {all: {members: [src, app, host], policy: standard}}
YAML
chmod 600 holdfast.yaml
export HOLDFAST_CONFIG=$work/holdfast.yaml

status() {  # status NAME: what the last document says of it
  /usr/bin/python3 -c 'import json, sys
found = [c["status"] for c in json.load(open("stdout"))["checks"] if c["name"] == sys.argv[1]]
print(found[0] if found else "absent")' "$1"
}
is() {  # is CODE STATUS NAME [HINT]: doctor ends with CODE and says so
  expect "$1" doctor -o json
  [[ $(status "$3") == "$2" ]] || fail "$3 is $(status "$3") instead of $2: $(cat stdout)"
  [[ $# -lt 4 ]] || grep -qF -- "$4" stdout || fail "$3 has no hint '$4': $(cat stdout)"
}

is 5 bad target.first 'holdfast'
is 5 skipped keys
expect 0 init
is 5 bad set.all 'holdfast backup all'
is 5 ok keys.open
expect 0 backup -q
is 0 warning set.all.proven 'holdfast verify'
expect 0 verify -q
is 0 ok set.all.proven
is 0 warning keys.several 'holdfast key add'
is 0 warning targets.domains
for name in config config.private secret.pass cache cache.space clock target.first target.first.clock target.first.space target.second \
  targets.copies keys.place keys.expiry keys.epoch keys.signer set.all.retention set.all.recent set.all.whole scratch \
  source.src.paths source.app.database source.host.program; do
  [[ $(status $name) == ok ]] || fail "$name is $(status $name): $(cat stdout)"
done
checks=$(/usr/bin/python3 -c 'import json; print(len(json.load(open("stdout"))["checks"]))')
((checks >= 20)) || fail "only $checks checks"
expect 0 config check --live
grep -q 'source.app.database' stdout || fail "config check --live looks at less: $(cat stdout)"
[[ -z $(find first second -path '*canary*' -type f) ]] || fail "a canary was left"

# One thing at a time is not in order.
chmod 622 holdfast.yaml; is 5 bad config.private 'chmod go-w'; chmod 600 holdfast.yaml
mv pass pass.away; is 5 bad secret.pass 'secrets.pass'; mv pass.away pass
mv second second.away; is 5 bad target.second; mv second.away second
mv src src.away; is 5 bad source.src.paths 'correct the paths'; mv src.away src
mv app.db app.away; echo 'not a database' > app.db; is 5 bad source.app.database; mv app.away app.db
sed -i 's/run: \[uname, -n\]/run: [no-such-program-here]/' holdfast.yaml; is 5 bad source.host.program 'install it'
sed -i 's/run: \[no-such-program-here\]/run: [uname, -n]/' holdfast.yaml
sed -i 's/, keep: {last: 7}//' holdfast.yaml; is 0 warning set.all.retention 'keep'; sed -i 's/copies: [[]first, second]/&, keep: {last: 7}/' holdfast.yaml
cp -p pass first/pass; sed -i "s|file: $work/pass|file: $work/first/pass|" holdfast.yaml
is 5 bad keys.place 'move it'; sed -i "s|file: $work/first/pass|file: $work/pass|" holdfast.yaml; rm first/pass
sed -i 's/members: \[src, app, host\]/members: [src, app, host, more]/; s/^  host: .*/&\n  more: {type: files, paths: [\/etc\/hostname]}/' holdfast.yaml
is 0 warning set.all.whole 'holdfast backup all'
expect 0 backup -q
is 0 ok set.all.whole
is 0 warning set.all.proven

# Without a configuration it looks at what there is.
expect 0 doctor --repo first --passphrase-file pass
grep -q 'keys.open' stdout || fail "doctor --repo: $(cat stdout)"
expect 5 doctor --repo nowhere --passphrase-file pass
echo "doctor: $checks checks, each broken thing named with what mends it"
