#!/usr/bin/env bash
# --dry-run of every verb that changes something: it says what would be done, and neither the repository nor a destination nor what
# this machine trusts changes; the same command without it does change something.
. "$(dirname "$0")/lib.sh"
state() {  # everything here but our own notes, and of the cache what is trusted; the store's clock is asked by a file in its tmp/
  find . -mindepth 1 \( -path ./cache -o -path ./repo/tmp -o -name 'std*' -o -name 'state.*' \) -prune -o -printf '%p %y %m %s %T@ %l\n' | sort
  find . \( -path ./cache -o -name 'std*' -o -name 'state.*' \) -prune -o -type f -exec sha256sum {} + | sort
  cat cache/*.trust 2> /dev/null || true  # before the first command there is none
}
tried=()
unchanged() { state > state.after; same "$1" state.before state.after; }

dry() {  # dry CODE 'WHAT IT SAYS' ARGUMENTS...
  local code=$1 says=$2 verb=$3
  shift 2
  case $verb in key | config | target) verb="$verb $2" ;; esac
  tried+=("$verb")
  state > state.before
  expect "$code" "$@" --dry-run
  cat stdout stderr > told
  grep -Eq -- "$says" told || fail "holdfast $* --dry-run does not say '$says': $(cat told)"
  rm told
  unchanged "holdfast $* --dry-run: what is on disk"
  expect "$code" "$@" --dry-run -o json
  /usr/bin/python3 -c 'import json; d = json.load(open("stdout")); assert d["schema"] == "holdfast/v1" and (d.get("dry_run") is True or d["code"])' ||
    fail "the document of holdfast $* --dry-run: $(cat stdout)"
  expect "$code" "$@" --dry-run -o jsonl
  /usr/bin/python3 - "$code" <<'P' || fail "the events of holdfast $* --dry-run: $(cat stdout)"
import json, sys
events = [json.loads(line) for line in open("stdout")]
assert events[-1]["event"] in ("summary", "error") and events[-1]["code"] == int(sys.argv[1]) and events[-1]["meaning"]
P
  unchanged "holdfast $* --dry-run -o json: what is on disk"
}

done_then() {  # done_then CODE ARGUMENTS...: the same for real, which the comparison must notice
  state > state.before
  expect "$@"
  state > state.after
  if cmp -s state.before state.after; then fail "holdfast ${*:2} changed nothing: then this test would not notice"; fi
}

mkdir src app; echo one > src/one; head -c 300000 /dev/urandom > src/random
sqlite3 app/app.db 'create table t(x); insert into t values (1), (2)'
printf 'another\n' > pass2; chmod 600 pass2
openssl genpkey -algorithm ed25519 2> /dev/null | openssl pkey -pubout -out signer.pem

dry 0 "would make a repository at $work/repo" init "${with[@]}"
done_then 0 init "${with[@]}"
dry 1 'a repository already' init "${with[@]}"
expect 0 list "${with[@]}"  # from here on this machine knows the signer

dry 0 'src \(files\): 2 files.* would read 2 files' backup "${with[@]}" files:src sqlite:app/app.db
dry 0 'would run: echo hello' backup "${with[@]}" "command:echo hello"
dry 1 'no-such-directory' backup "${with[@]}" files:no-such-directory
done_then 0 backup "${with[@]}" files:src sqlite:app/app.db
echo two >> src/one
dry 0 'would read 1 files' backup "${with[@]}" files:src sqlite:app/app.db
cp -a repo older
done_then 0 backup "${with[@]}" files:src sqlite:app/app.db

dry 0 'new files +3' restore latest "${with[@]}" --in out
done_then 0 restore latest "${with[@]}" --in out
dry 7 'is not empty' restore latest "${with[@]}" --in out
echo mine > out/src/one; echo extra > out/src/extra; mkdir out/src/more
dry 0 'changed files +1$' restore latest "${with[@]}" --in out --overwrite
dry 0 'removed +2$' restore latest "${with[@]}" --in out --clean
dry 0 'changed files +0$' restore latest "${with[@]}" --in out --clean --source app.db
done_then 0 restore latest "${with[@]}" --in out --clean --yes --confirm out
[[ ! -e out/src/extra && ! -e out/src/more ]] || fail "--clean left something"
in_place=(restore latest "${with[@]}" --source app.db --in-place --to-path app/app.db --stop true --start true)
dry 0 'in the place of .*app\.db .*kept beside it' "${in_place[@]}"
done_then 0 "${in_place[@]}" --yes --confirm app.db

dry 0 'would verify point .* of default, level complete: read ' verify "${with[@]}"
dry 0 'level integrity' verify "${with[@]}" --level integrity
dry 10 'no point or set' verify nothing "${with[@]}"
done_then 0 verify "${with[@]}"

dry 0 '1 point would be forgotten' prune "${with[@]}" --keep-last 1
done_then 0 prune "${with[@]}" --keep-last 1

dry 0 'would add passphrase file pass2' key add "${with[@]}" --new-passphrase-file pass2
dry 0 'would add signer [0-9a-f]{16}' key add "${with[@]}" --signing-key-public signer.pem
done_then 0 key add "${with[@]}" --new-passphrase-file pass2
dry 0 'would start data-key epoch 2' key rotate "${with[@]}"
done_then 0 key rotate "${with[@]}"
second=$("$HOLDFAST" key test --repo repo --passphrase-file pass2 -o json | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["results"][0]["key"])')
dry 0 "would revoke key $second" key revoke "$second" "${with[@]}"
done_then 0 key revoke "$second" "${with[@]}"
only=$("$HOLDFAST" key list "${with[@]}" -o json | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["keys"][0]["id"])')
dry 7 'the only key' key revoke "$only" "${with[@]}"

mkdir aside; mv repo/index/* aside/
dry 5 'would be mended: (index|packs|meta)/.*' check --repair "${with[@]}"
done_then 0 check --repair "${with[@]}"
dry 0 'would write nothing' check --repair "${with[@]}"

dry 0 'would write new.yaml' config init new.yaml
done_then 0 config init new.yaml
dry 7 'there already' config init new.yaml

mv repo newer; mv older repo  # an older state, on purpose
expect 12 list "${with[@]}"
dry 0 'would take point number 1 for the newest of default; this machine has seen number 2' key trust --accept-rollback default "${with[@]}"
dry 10 'no points of set other' key trust --accept-rollback other "${with[@]}"
done_then 0 key trust --accept-rollback default "${with[@]}"
expect 0 list "${with[@]}"

cat > two.yaml << YAML
version: 1
keys: {main: {file: $work/key}}
targets: {first: {type: directory, path: $work/repo}, second: {type: directory, path: $work/two}}
sources: {src: {type: files, paths: [$work/src]}}
sets: {default: {members: [src]}}
YAML
dry 0 'copy second: would be made' target sync -c two.yaml
done_then 0 target sync -c two.yaml

mkdir elsewhere
dry 0 'would (write|export)' export latest elsewhere/out --format dir "${with[@]}"
done_then 0 export latest elsewhere/out --format dir "${with[@]}"
dry 0 'would' import elsewhere/out "${with[@]}"
done_then 0 import elsewhere/out "${with[@]}" --unsigned

# Whatever verb there is stands above, or is known to change nothing.
reads=(list show ls find diff cat "policy simulate" "key list" "key export" "key test" "config check" "config show" "config schema" completion man version "target list" "target usage" "target check" doctor)
"$HOLDFAST" man --markdown | awk '/^## holdfast /{verb = substr($0, 13)} /^\| `--dry-run`/{print verb}' | sort -u > takes
printf '%s\n' "${tried[@]}" | sort -u | cmp - takes || fail "verbs with --dry-run and verbs tried differ: $(cat takes)"
"$HOLDFAST" man --markdown | sed -n 's/^## holdfast //p' | sort > verbs
printf '%s\n' "${reads[@]}" | sort - takes | cmp - verbs || fail "a verb that takes no --dry-run is not known to change nothing: $(cat verbs)"
state > state.before
expect 0 key export "${with[@]}"; expect 0 policy simulate "${with[@]}" --keep-last 1; expect 0 check --read-data 100% "${with[@]}"
expect 0 verify --no-attach "${with[@]}"; expect 0 ls latest -R "${with[@]}"; expect 0 diff latest latest "${with[@]}"
unchanged "verbs that only read: what is on disk"
echo "dry_run: $(printf '%s\n' "${tried[@]}" | sort -u | wc -l) verbs, ${#tried[@]} dry runs, none changed anything"
