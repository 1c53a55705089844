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

# Events: what each run tells on its way, and how it ends. CODE, the events that must be there, the words.
events() {
  local wanted=$1 must=$2 code=0
  shift 2
  "$HOLDFAST" "$@" -o jsonl > events 2> err < /dev/null || code=$?
  [[ $code == "$wanted" ]] || fail "exit $code instead of $wanted: $* ($(cat events err))"
  python3 - "$wanted" "$must" <<'P' || fail "events of: $* ($(cat events))"
import json, sys
code, must = int(sys.argv[1]), sys.argv[2].split()
events = [json.loads(line) for line in open("events")]
assert all(event["schema"] == "holdfast/v1" and event["event"] and event["time"].endswith("Z") for event in events)
names = [event["event"] for event in events]
assert names[-1] == ("summary" if code in (0, 3, 5) or "summary" in must else "error"), names
assert not any(name in ("summary", "error") for name in names[:-1]), names
assert events[-1]["code"] == code and events[-1]["meaning"], events[-1]
assert set(names) <= {"run.started", "step.started", "progress", "step.finished", "check.result", "run.finished", "summary", "error",
                      "entry", "match", "change"}, names
at = -1
for event in must:
    name, _, step = event.partition("=")
    at = next((i for i in range(at + 1, len(events)) if names[i] == name and (not step or events[i]["step"].startswith(step.replace("_", " ")))), None)
    assert at is not None, f"{event} is missing or not in its place: {names}"
if "run.started" in names:
    assert names[0] == "run.started" and (code not in (0, 3, 5) or names[-2] == "run.finished"), names
began = [event["step"] for event in events if event["event"] == "step.started"]
ended = [event["step"] for event in events if event["event"] == "step.finished"]
assert sorted(began) == sorted(ended) or code not in (0, 3, 5), (began, ended)
P
}
events 0 "run.started step.started=src step.finished=src run.finished" backup files:src "command:echo done"
events 0 "run.started step.started=src step.finished=src step.started=echo step.finished=echo run.finished" restore latest --in out2
events 0 "run.started step.started=src step.finished=src run.finished" restore latest --in out2 --clean --yes --confirm out2
events 0 "run.started step.started=src:_restore step.finished=src:_restore check.result step.started=src:_compare check.result run.finished" verify
events 0 "run.started step.started=src:_compare check.result step.finished=src:_compare" verify --level integrity
events 0 "run.started step.started=check step.finished=check run.finished" check --read-data 100%
events 0 "run.started step.started=choose step.finished=choose step.started=give step.finished=give run.finished" prune --keep-last 1
events 0 "run.started step.started=choose run.finished" prune --keep-last 1 --dry-run
events 0 "entry entry" ls latest src
events 0 "match" find one
"$HOLDFAST" backup -q files:src --set other
events 0 "change" diff other default
events 10 "" show nothing
events 10 "summary" find no-such-file
events 2 "" list --nonsense
events 7 "" restore latest --in out2
for words in list "list sets" "list keys" "list targets" "show latest" "key list" "key test" "key export" "key rotate --dry-run" "policy simulate" \
  "config show sample.yaml" "config check sample.yaml" "config schema" "completion bash" man version "backup --help" "backup files:src --dry-run"; do
  # shellcheck disable=SC2086
  events 0 "summary" $words
  # shellcheck disable=SC2086
  [[ $words == "config schema" ]] || document schema -- $words
done
events 1 "run.started" backup files:nowhere
chmod u+w repo/packs/*/*; for pack in repo/packs/*/*; do printf 'XXXX' | dd of="$pack" bs=1 seek=200 conv=notrunc status=none; done
events 5 "check.result step.finished run.finished" check --read-data 100%
events 5 "check.result run.finished" verify
events 3 "step.finished=src run.finished" restore latest --in out3
echo "cli_json: passed"
