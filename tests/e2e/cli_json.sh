#!/usr/bin/env bash
# With -o json every command prints one valid document; with -o jsonl every line is one and the last is summary or error.
set -euo pipefail
HOLDFAST=$(realpath "${HOLDFAST:-build/release/holdfast}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOLDFAST_CACHE_DIR=$work/cache HOLDFAST_REPO=$work/repo HOLDFAST_PASSPHRASE_FILE=$work/pass
unset HOLDFAST_CONFIG
fail() { echo "FAILED: $*" >&2; exit 1; }
(umask 077; echo secret > pass; echo other > pass2)
mkdir src; echo one > src/one; printf x > $'src/b\xffd'

document() {  # runs with -o json; the fields named before -- must be there
  local fields=()
  while [[ $1 != -- ]]; do fields+=("$1"); shift; done
  shift
  "$HOLDFAST" "$@" -o json > out.json 2> err || [[ $? != 0 && -s out.json ]] || fail "no document: $*"
  python3 -m json.tool out.json > /dev/null || fail "not JSON: $*"
  head -c 23 out.json | grep -q '^{"schema":"holdfast/v1"' || fail "schema is not first: $*"
  python3 - "${fields[@]}" <<'P' || fail "a field is missing: $*"
import json, sys
document = json.load(open("out.json"))
for field in sys.argv[1:]:
    at = document
    for part in field.split("."):
        at = at[int(part)] if part.isdigit() else at[part]
P
}

document repository signer -- init
document point set status seconds bytes.read bytes.new bytes.stored sources.0.name sources.0.kind sources.0.status sources.0.bytes sources.0.seconds -- backup files:src
document dry_run bytes_to_read -- backup files:src --dry-run
document points.0.id points.0.set points.0.time points.0.kind points.0.status points.0.proof points.0.sources points.0.bytes points.0.keys points.0.copies -- list
document sets.0.name -- list sets
document targets.0.state -- list targets
document keys.0.id signers.0.fingerprint epochs.0 -- list keys
document id sources.0.tables proofs -- show latest
document entries.0.path -- ls latest src
document matches.0.path -- find one
document summary.added changes -- diff latest latest
document point level status seconds checks.0.name checks.0.status checks.0.seconds checks.0.message -- verify
document status findings -- check
document decisions packs_condemned -- prune --dry-run --keep-last 1
document points.0.reason -- policy simulate --keep-last 1
document point environment seconds sources.0.name sources.0.status sources.0.path sources.0.bytes sources.0.files rpo_actual_seconds rto_actual_seconds -- restore latest --in out
document dry_run files_same -- restore latest --in out --overwrite --dry-run
document added.0 -- key add --new-passphrase-file pass2 --label second
document results.0.opens -- key test
document epoch -- key rotate
document signers.0.pem -- key export
document file -- config init sample.yaml
document status -- config check sample.yaml
document values -- config show sample.yaml --resolved --origin
document version -- version
document code class message hint -- show nothing-of-that-name
document code class message hint -- list --no-such-flag
"$HOLDFAST" config schema | python3 -m json.tool > /dev/null || fail "the schema is not JSON"

for words in "backup files:src" "check" "verify" "restore latest --in out2" "show nothing"; do
  # shellcheck disable=SC2086
  "$HOLDFAST" $words -o jsonl > events 2> err || true
  python3 - <<'P' || fail "events of: $words"
import json
events = [json.loads(line) for line in open("events")]
assert all(event["schema"] == "holdfast/v1" and event["event"] and event["time"] for event in events)
assert events[-1]["event"] in ("summary", "error")
assert not any(event["event"] in ("summary", "error") for event in events[:-1])
P
done
echo "cli_json: passed"
