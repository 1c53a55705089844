#!/usr/bin/env bash
# A backup to MinIO that is killed, or whose server goes away, leaves a sound repository, and the next one goes on.
. "$(dirname "$0")/lib.sh"
. "$e2e/../support/minio.sh"
minio_prepare
minio_start
minio_make_bucket
cat > holdfast.yaml <<EOF
version: 1
keys: {main: {file: $work/key}}
targets: {bucket: {type: s3, bucket: $bucket, prefix: r, retry_for: 4s}}
sources: {src: {type: files, paths: [$work/src]}, slow: {type: command, run: [$work/slow], size_min: 1}}
sets: {all: {members: [src]}, slow: {members: [src, slow]}}
EOF
# Gives its bytes, and then goes on only when it is told to.
cat > slow <<EOF
#!/bin/sh
head -c 100M /dev/zero | openssl enc -aes-128-ctr -K $(printf '%032d' 0) -iv $(printf '%032d' 0)
touch $work/given
while [ ! -e $work/go ]; do sleep 0.1; done
head -c 100M /dev/zero | openssl enc -aes-128-ctr -K $(printf '%032d' 1) -iv $(printf '%032d' 0)
EOF
chmod +x slow
mkdir src
for i in {1..100}; do head -c 4M /dev/urandom > "src/file$i"; done
packs() { find minio/data/$bucket/r/packs -name xl.meta 2> /dev/null | wc -l; }

wait_until() {  # wait_until PID CONDITION
  until eval "$2"; do
    kill -0 "$1" 2> /dev/null || fail "ended before it was interrupted: $(cat stderr)"
    sleep 0.02
  done
}

expect 0 init
"$HOLDFAST" backup all > stdout 2> stderr < /dev/null &
pid=$!
wait_until $pid '(($(packs) >= 3))'
kill -9 $pid; wait $pid 2> /dev/null || true
left=$(packs)
# Interrupted by a person it stores what it has in hand, and says that it will go on.
"$HOLDFAST" backup all > stdout 2> stderr < /dev/null &
pid=$!
wait_until $pid "(($(packs) + 2 <= \$(packs)))"
kill -INT $pid
code=0; wait $pid || code=$?
[[ $code == 130 ]] && grep -q 'goes on from here' stderr || fail "exit $code after an interruption: $(cat stderr)"
[[ -n $(find minio/data/$bucket/r/checkpoints -name xl.meta) ]] || fail "no checkpoint is kept"
expect 0 list
[[ ! -s stdout ]] || fail "a killed backup made a point: $(cat stdout)"
expect 0 check --read-data 100%
expect 0 backup all
expect 0 restore all --in out
diff -r src out/src || fail "what was restored after the kill differs"
expect 0 check --read-data 100%

# The server goes away in mid-backup and does not come back in time.
"$HOLDFAST" backup slow > stdout 2> stderr < /dev/null &
pid=$!
wait_until $pid '[[ -e given ]]'
minio_stop KILL
touch go
code=0; wait $pid || code=$?
[[ $code == 13 ]] || fail "exit $code instead of 13: $(cat stderr)"
grep -q "127.0.0.1:$minio_port cannot be connected to" stderr && grep -q 'gave up after' stderr || fail "what is told of it: $(cat stderr)"
expect 13 list
minio_start
expect 0 check --read-data 100%
expect 0 list -o json
[[ $(/usr/bin/python3 -c 'import json; print(len(json.load(open("stdout"))["points"]))') == 1 ]] || fail "a point without its end: $(cat stdout)"
expect 0 backup slow
expect 0 restore slow --in out-slow
diff -r src out-slow/src || fail "what was restored after the outage differs"
cmp <(./slow) out-slow/slow/output || fail "the output differs"

# It goes away and comes back: nobody is told.
sed -i 's/retry_for: 4s/retry_for: 2m/' holdfast.yaml
rm given go
for i in {1..20}; do head -c 4M /dev/urandom > "src/new$i"; done
"$HOLDFAST" backup slow > stdout 2> stderr < /dev/null &
pid=$!
wait_until $pid '[[ -e given ]]'
minio_stop KILL
touch go
sleep 2
minio_start
code=0; wait $pid || code=$?
[[ $code == 0 ]] || fail "exit $code though the server came back: $(cat stderr)"
expect 0 restore slow --in out-back
diff -r src out-back/src || fail "what was restored after the short outage differs"
expect 0 check --read-data 100%
echo "s3_survives_kill_and_outage: killed at $left packs, out of reach for good, out of reach for a while"
