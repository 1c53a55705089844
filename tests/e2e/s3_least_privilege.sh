#!/usr/bin/env bash
# With temporary credentials that may do what the policy in OPERATIONS.md says and nothing else, everything works below the prefix
# and nothing beside it.
. "$(dirname "$0")/lib.sh"
. "$e2e/../support/minio.sh"
minio_prepare
minio_start
minio_make_bucket
sed -n '/^```json$/,/^```$/p' "$e2e/../../docs/OPERATIONS.md" | sed -e '/^```/d' -e "s/example-backups/$bucket/g" > policy.json
grep -q s3:PutObject policy.json || fail "OPERATIONS.md has no policy"
eval "$(/usr/bin/python3 "$e2e/../support/s3.py" session policy.json)"
[[ -n $AWS_SESSION_TOKEN ]] || fail "no session"
with=(--repo "s3://$bucket/holdfast" --key-file "$work/key")
mkdir src; seq 100000 > src/numbers; head -c 5M /dev/urandom > src/random
expect 0 init "${with[@]}"
expect 0 backup "${with[@]}" files:src
rm src/random; head -c 5M /dev/urandom > src/other
expect 0 backup "${with[@]}" files:src
expect 0 prune "${with[@]}" --keep-last 1 --grace 0s
expect 0 check --read-data 100% "${with[@]}"
expect 0 verify "${with[@]}"
expect 0 restore latest "${with[@]}" --in out
diff -r src out/src || fail "what was restored differs"
expect 1 init --repo "s3://$bucket/beside" --key-file key
grep -q 'does not allow it' stderr && grep -q 'hint: the credentials come from' stderr || fail "a forbidden prefix: $(cat stderr)"
if grep -qF -e "$AWS_SESSION_TOKEN" -e "$AWS_SECRET_ACCESS_KEY" stdout stderr; then fail "a secret is in the output"; fi
echo "s3_least_privilege: init, backup, prune, check, verify, restore with the documented policy and a session token"
