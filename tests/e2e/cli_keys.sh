#!/usr/bin/env bash
# Keys of all kinds open a repository; a revoked one does not; points of a signer of one's own verify with a stock openssl.
set -euo pipefail
HOLDFAST=$(realpath "${HOLDFAST:-build/release/holdfast}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOLDFAST_CACHE_DIR=$work/cache HOLDFAST_REPO=$work/repo
unset HOLDFAST_CONFIG HOLDFAST_PASSPHRASE_FILE
fail() { echo "FAILED: $*" >&2; exit 1; }
umask 077
echo first > p1; echo second > p2; head -c 64 /dev/urandom > key
openssl genpkey -algorithm X25519 -out identity.pem 2> /dev/null
openssl pkey -in identity.pem -pubout -out recipient.pem
mkdir src; echo data > src/file

"$HOLDFAST" init -q --passphrase-file p1
"$HOLDFAST" backup -q --passphrase-file p1 files:src
"$HOLDFAST" key add -q --passphrase-file p1 --new-key-file key --label machine
"$HOLDFAST" key add -q --key-file key --recipient recipient.pem --expires 1y
"$HOLDFAST" key rotate -q --identity identity.pem --new-passphrase-file p2
"$HOLDFAST" list --passphrase-file <(cat p2) > /dev/null || fail "a passphrase from a pipe"
"$HOLDFAST" list --passphrase-file - < p2 > /dev/null || fail "a passphrase from standard input"
"$HOLDFAST" key test --passphrase-file p1 --passphrase-file p2 --key-file key --identity identity.pem > test.txt || fail "key test"
[[ $(grep -c ' opens key ' test.txt) == 4 ]] || fail "key test names four keys"
"$HOLDFAST" key list | grep -q machine || fail "key list without a key"
old=$("$HOLDFAST" key test --passphrase-file p1 -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["results"][0]["key"])')
"$HOLDFAST" key revoke -q "$old" --key-file key
code=0; "$HOLDFAST" list --passphrase-file p1 > /dev/null 2>&1 || code=$?
[[ $code == 12 ]] || fail "a revoked key gave exit $code"
"$HOLDFAST" backup -q --identity identity.pem files:src
"$HOLDFAST" restore latest --in out --passphrase-file p2 -q
diff -r src out/src

"$HOLDFAST" key export --key-file key > pub.pem
manifest=$(find repo/manifests -type f | sort | tail -1)
sed '/^$/q' "$manifest" > head.txt
sed -n '/^signature /{s///p;q}' "$manifest" | base64 -d > sig.bin
openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in head.txt -sigfile sig.bin > /dev/null || fail "openssl does not verify the point"

openssl genpkey -algorithm ed25519 -out sign.pem
openssl pkey -in sign.pem -pubout -out sign-pub.pem
code=0; "$HOLDFAST" backup -q --key-file key --signing-key sign.pem files:src 2> /dev/null || code=$?
[[ $code == 12 ]] || fail "a signing key that is no signer gave exit $code"
"$HOLDFAST" key add -q --key-file key --signing-key-public sign-pub.pem --label host
"$HOLDFAST" backup -q --key-file key --signing-key sign.pem files:src || fail "backup signed by a key of one's own"
code=0; HOLDFAST_CACHE_DIR=$work/cache2 "$HOLDFAST" verify -q --no-attach --key-file key || fail "verify on a machine that has seen nothing"
echo "cli_keys: passed"
