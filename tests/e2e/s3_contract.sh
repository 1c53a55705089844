#!/usr/bin/env bash
# The store contract, and what only a real server shows, on MinIO with TLS, versioning and SSE-KMS.
. "$(dirname "$0")/lib.sh"
. "$e2e/../support/minio.sh"
tests=$(realpath "${STORE_TEST:-$e2e/../../build/dev/store_test}")
minio_prepare
minio_start
minio_make_bucket
"$tests" --gtest_filter='RealServer/*:S3/RealServer.*' > log 2>&1 || fail "$(grep -v '^\[ *\(RUN\|OK\)' log | head -c 20000)"
count=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) tests.*/\1/p' log)
((count >= 22)) || fail "only $count tests ran"
# They were encrypted by the key of the KMS, all of them.
key=$(keys_in test- | sed -n 1p)
[[ -n $key ]] || fail "nothing is left to look at"
s3 HEAD "$bucket/$key" > head.txt
grep -q '^x-amz-server-side-encryption: aws:kms' head.txt || fail "not encrypted by the KMS: $(cat head.txt)"
echo "s3_contract: $count tests on MinIO"
