#!/usr/bin/env bash
# A repository in a versioned, encrypted bucket of MinIO over TLS, from init to prune; wrong credentials, buckets and authorities are
# told apart; no secret is in any output or in the configuration.
. "$(dirname "$0")/lib.sh"
. "$e2e/../support/minio.sh"
minio_prepare
minio_start
minio_make_bucket
with=(--repo "s3://$bucket/some/place" --key-file "$work/key")
mkdir -p src/deep outputs
for i in {1..30}; do head -c 3M /dev/urandom > "src/file$i"; done
seq 300000 > src/deep/text
keep() { cat stdout stderr >> outputs/all; }

expect 0 init "${with[@]}" --dry-run; keep
grep -q "would make a repository at s3://$bucket/some/place: s3://$bucket/some/place.* at " stdout || fail "what the place is: $(cat stdout)"
expect 10 init --repo s3://no-such-bucket/x --key-file key --dry-run; keep
expect 0 init "${with[@]}"; keep
expect 1 init "${with[@]}"; keep
expect 0 backup "${with[@]}" files:src; keep
expect 0 list "${with[@]}" -o json; keep
cp -a src first
rm src/file1; head -c 3M /dev/urandom > src/file2; echo more >> src/deep/text
expect 0 backup "${with[@]}" files:src --perf; keep
expect 0 check --read-data 100% "${with[@]}"; keep
expect 0 restore latest "${with[@]}" --in out; keep
diff -r src out/src || fail "what was restored differs"
expect 0 verify "${with[@]}"; keep
(($(keys_in some/place/packs | wc -l) >= 3)) || fail "packs: $(keys_in some/place/)"

# Without any memory of this machine.
HOLDFAST_CACHE_DIR=$work/other-cache "$HOLDFAST" restore latest "${with[@]}" --in out2 > stdout 2> stderr || fail "another machine: $(cat stderr)"
diff -r src out2/src || fail "another machine restores something else"

before=$(keys_in some/place/packs | wc -l)
expect 0 prune "${with[@]}" --keep-last 1 --grace 0s -v; keep
(($(keys_in some/place/manifests | wc -l) == 1)) || fail "prune kept: $(keys_in some/place/manifests)"
expect 0 check --read-data 100% "${with[@]}"; keep
expect 0 restore latest "${with[@]}" --in out3; keep
diff -r src out3/src || fail "after prune what was restored differs"

# From a configuration: credentials from a file by reference, encryption asked for by this side.
(umask 077; printf '%s\n' "$AWS_SECRET_ACCESS_KEY" > s3-secret
 printf '[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n\n[backup]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
   "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" > shared)
cat > holdfast.yaml <<EOF
version: 1
secrets: {s3: {file: $work/s3-secret}}
keys: {main: {file: $work/key}}
targets:
  bucket: {type: s3, bucket: $bucket, prefix: configured, endpoint: "$AWS_ENDPOINT_URL", ca_file: $work/ca.pem,
           access_key: $AWS_ACCESS_KEY_ID, secret_key: \$s3, encryption: "aws:kms", kms_key: hf-key, retry_for: 30s}
sources: {src: {type: files, paths: [$work/src]}}
sets: {all: {members: [src]}}
EOF
(
  saved=(AWS_ENDPOINT_URL="$AWS_ENDPOINT_URL" AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY" AWS_CA_BUNDLE="$AWS_CA_BUNDLE")
  unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CA_BUNDLE AWS_REGION
  expect 0 config show --resolved; keep
  expect 0 init; keep
  expect 0 backup all; keep
  export "${saved[@]}"
  s3 HEAD "$bucket/$(keys_in configured/packs | head -n 1)" > head.txt
  grep -q '^x-amz-server-side-encryption-aws-kms-key-id:.*hf-key' head.txt || fail "not encrypted by hf-key: $(cat head.txt)"
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
  AWS_SHARED_CREDENTIALS_FILE=$work/shared AWS_PROFILE=backup expect 0 list "${with[@]}"; keep
  AWS_SHARED_CREDENTIALS_FILE=$work/shared expect 1 list "${with[@]}"; keep
  grep -q 'does not know the access key' stderr && grep -q 'profile default of' stderr || fail "wrong profile: $(cat stderr)"
  HOME=$work/nowhere expect 12 list "${with[@]}"; keep
  grep -q 'no credentials for S3' stderr || fail "no credentials: $(cat stderr)"
)

wrong=canary-wrong-secret-77
AWS_SECRET_ACCESS_KEY=$wrong expect 1 list "${with[@]}" --show-detail; keep
grep -q 'the secret key does not belong to the access key' stderr || fail "a wrong secret: $(cat stderr)"
AWS_ACCESS_KEY_ID=somebody expect 1 backup "${with[@]}" files:src --show-detail; keep
grep -q 'does not know the access key' stderr || fail "a wrong access key: $(cat stderr)"
expect 10 list --repo s3://no-such-bucket/x --key-file key; keep
grep -q 'there is no bucket no-such-bucket' stderr || fail "a wrong bucket: $(cat stderr)"
expect 2 init --repo s3://no-such-bucket/x --key-file key; keep
expect 10 list --repo "s3://$bucket/else" --key-file key; keep
expect 2 list --repo s3://Not_A_Bucket --key-file key; keep
AWS_CA_BUNDLE='' expect 1 list "${with[@]}"; keep
grep -q 'certificate' stderr || fail "an unknown authority: $(cat stderr)"

if grep -qF -e "$AWS_SECRET_ACCESS_KEY" -e "$wrong" outputs/all; then fail "a secret is in the output"; fi
if grep -rqF "$AWS_SECRET_ACCESS_KEY" cache; then fail "a secret is in the cache"; fi
echo "s3_backup_and_restore: init, two backups, check, restore, prune ($before packs before) and a configuration on MinIO"
