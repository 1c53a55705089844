#!/usr/bin/env bash
# A holdfast.yaml with every kind of source runs a set from check to prune; a mistake in it is shown where it stands.
. "$(dirname "$0")/lib.sh"
mkdir -p srv/uploads/cache
echo kept > srv/uploads/kept; echo gone > srv/uploads/not.tmp; echo cached > srv/uploads/cache/file
sqlite3 srv/app.db "create table users(id integer primary key, name text); insert into users(name) values ('ann'), ('bob'), ('eve')"
openssl genpkey -algorithm ed25519 -out sign.pem 2> /dev/null; chmod 600 sign.pem
openssl genpkey -algorithm X25519 -out identity.pem 2> /dev/null; chmod 600 identity.pem
openssl pkey -in identity.pem -pubout -out recipient.pem
cat > holdfast.yaml <<EOF
version: 1
instance: e2e
keys:
  main: {file: $work/key}
  escrow: {recipient: $work/recipient.pem}
  signer: {file: $work/sign.pem, algorithm: ed25519}
targets:
  local: {type: directory, path: $work/repo}
sources:
  uploads: {type: files, paths: [$work/srv/uploads], exclude: ["*.tmp", "/cache/"]}
  app: {type: sqlite, path: $work/srv/app.db, busy_timeout: 5s}
  settings: {type: command, run: [printf, "%s\\n", "setting = 1"], size_min: 5}
policies:
  plain:
    keep: {last: 1, daily: 2}
    encrypt: [main, escrow]
    sign: signer
    copies: [local]
sets:
  web: {members: [uploads, app, settings], policy: plain}
  db: {members: [app], policy: plain}
EOF
expect 0 config check
expect 0 config show --resolved --origin
grep -q 'holdfast.yaml:' stdout || fail "config show --origin names no line"
expect 0 init
expect 0 backup web --dry-run
[[ -z $(find repo/manifests -type f 2> /dev/null) ]] || fail "a dry run made a point"
expect 0 backup web
expect 0 list sets; grep -q web stdout && grep -q db stdout || fail "list sets"
expect 0 list -o json
/usr/bin/python3 - <<'P' || fail "what the point consists of: $(cat stdout)"
import json
points = json.load(open("stdout"))["points"]
assert len(points) == 1 and points[0]["set"] == "web" and points[0]["status"] == "complete"
assert [(s["name"], s["kind"]) for s in points[0]["sources"]] == [("uploads", "files"), ("app", "sqlite"), ("settings", "command")]
assert len(points[0]["keys"]) == 2
P
expect 0 restore web --in out
find out -name kept | grep -q . || fail "a file of the source is missing"
if find out -name not.tmp -o -name 'file' | grep -q .; then fail "what is excluded was backed up"; fi
[[ $(sqlite3 "$(find out/app -name 'app.db')" 'select group_concat(name) from users') == ann,bob,eve ]] || fail "the database"
[[ $(cat out/settings/output) == 'setting = 1' ]] || fail "the command's output"
"$HOLDFAST" restore latest --repo repo --identity identity.pem --in out-escrow -q || fail "the escrow key opens nothing"
diff -r out out-escrow || fail "the escrow key restores something else"
expect 0 verify web
grep -q 'complete passed' stdout || fail "verify: $(cat stdout)"
expect 0 show web
grep -q users stdout || fail "show names no table"

echo more >> srv/uploads/kept; sqlite3 srv/app.db "insert into users(name) values ('zoe')"
expect 0 backup
[[ $(find repo/manifests -type f | wc -l) == 3 ]] || fail "backup without names runs every set"
whole=$("$HOLDFAST" list points --set web -o json | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["points"][-1]["id"])')

# Some sources of a set are not the set: the point says so, is not taken for the newest, and takes no place in retention.
expect 0 backup web --source uploads
grep -q 'of web (only uploads):' stdout || fail "a point of one source is not marked: $(cat stdout)"
expect 0 list points --set web
[[ $(grep -c 'only uploads' stdout) == 1 ]] || fail "list does not mark it: $(cat stdout)"
selected=$(grep 'only uploads' stdout | cut -d' ' -f1)
expect 0 show web
grep -q "$whole" stdout && grep -q "note: point $selected (only uploads) of web is newer" stderr || fail "which point is the newest: $(cat stdout stderr)"
expect 0 restore web --in out-whole
[[ $(ls out-whole) == $'app\nsettings\nuploads' ]] || fail "some sources were restored for the whole set: $(ls out-whole)"
expect 0 restore web --source uploads --in out-uploads
grep -q "restored point $selected of web (only uploads)" stdout || fail "the newest point of a source: $(cat stdout)"
expect 0 restore web --at "$selected" --in out-selected
grep -q 'is not the whole set web' stderr && [[ $(ls out-selected) == uploads ]] || fail "a point of one source is restored as if it were all"
expect 0 verify "$selected" --no-attach -o json
/usr/bin/python3 -c 'import json; d = json.load(open("stdout")); assert (d["kind"], d["sources"]) == ("selected", ["uploads"]), d' || fail "verify does not say what it proved"
expect 0 policy simulate --keep-last 1 --set web
grep -q "${whole:0:10}  keep" stdout || fail "a point of one source took the place of a whole one: $(cat stdout)"
/usr/bin/python3 "$READER" repo --key-file key restore latest python 2> stderr || fail "the reader: $(cat stderr)"
[[ -e python/app/app.db ]] || fail "the reader takes some sources for the whole set: $(ls python)"
sleep 2.1  # files younger than two seconds at the backup are read again by the next
expect 0 backup web
expect 0 backup web --source settings
expect 0 backup web -o json
/usr/bin/python3 -c 'import json; d = json.load(open("stdout")); assert d["kind"] == "full" and d["bytes"]["read"] == 8192 + 12, d' ||
  fail "files were read again, though a point before the one of a single source has them: $(cat stdout)"
expect 10 backup wbe
grep -q 'did you mean web' stderr || fail "no set is suggested: $(cat stderr)"
expect 0 prune --dry-run
grep -q 'forget' stdout && grep -Eq 'keep +.*last' stdout && grep -Eq 'daily' stdout || fail "prune --dry-run gives no reasons: $(cat stdout)"
[[ $(find repo/manifests -type f | wc -l) == 7 ]] || fail "a dry run forgot a point"
cp stdout prune.txt
expect 0 policy simulate
grep -Eq '[0-9]+ stay, [0-9]+ would be forgotten' stdout || fail "policy simulate: $(cat stdout)"
stay=$(grep -Eo '[0-9]+ stay' stdout | awk '{n += $1} END {print n}')
expect 0 policy simulate --keep-last 100
grep -q ' 0 would be forgotten' stdout || fail "rules given do not replace those of the configuration"
expect 0 prune
[[ $(find repo/manifests -type f | wc -l) == "$stay" ]] || fail "prune kept $(find repo/manifests -type f | wc -l), simulate said $stay"
expect 0 check --read-data 100%
expect 0 restore web --in out-after

# Mistakes: all of them are listed, each with its line and a caret below the word.
sed 's/^    keep: /    kepe: /; s/type: sqlite/type: sqlight/; s/members: \[app\]/members: [ap]/' holdfast.yaml > wrong.yaml
expect 2 config check wrong.yaml
cat stdout stderr > told
for mistake in kepe sqlight; do
  line=$(grep -n "$mistake" wrong.yaml | cut -d: -f1)
  grep -q "wrong.yaml:$line" told || fail "$mistake is not shown at line $line: $(cat told)"
done
grep -q '\^' told || fail "no caret: $(cat told)"
/usr/bin/python3 - <<'P' || fail "the caret does not stand below the word: $(cat told)"
lines = open("told").read().split("\n")
carets = [i for i, line in enumerate(lines) if line.strip() and set(line.replace("|", " ").strip()) <= {"^", "~"}]
assert any(lines[i - 1].find("kepe") == lines[i].find("^") for i in carets)
P
grep -q 'did you mean' told || fail "nothing is suggested: $(cat told)"
expect 2 backup web -c wrong.yaml
expect 2 list -c missing.yaml
printf 'version: 1\nsets: {a: {members: [b\n' > broken.yaml
expect 2 config check broken.yaml
grep -q 'broken.yaml' stderr stdout || fail "a broken file is not named"
expect 0 config init fresh.yaml
expect 0 config check fresh.yaml
echo "configuration_runs_a_set: files, sqlite and command with two keys and a signer, from config check to prune ($stay of 7 points stay); mistakes shown with line and caret"
