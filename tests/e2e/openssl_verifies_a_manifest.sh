#!/usr/bin/env bash
# The commands of docs/FORMAT.md, taken from that page, verify a point of each kind of signing key; a changed byte anywhere fails them.
. "$(dirname "$0")/lib.sh"
format=$e2e/../../docs/FORMAT.md
mkdir src; echo data > src/file

openssl genpkey -algorithm ed25519 -out ed25519.pem 2> /dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ecdsa-p256.pem 2> /dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa-pss.pem 2> /dev/null
chmod 600 ./*.pem

# The page's own lines, so that the page cannot say what does not work.
page_line() { grep -m1 -- "$1" "$format" | sed 's/  *# .*//'; }
page_line "^sed '/^\\\$/q' M" > split.sh
page_line "^sed -n '/^signature" >> split.sh
page_line '^tail -c' > body.sh
[[ $(wc -l < split.sh) == 2 && $(wc -l < body.sh) == 1 ]] || fail "docs/FORMAT.md has other commands"
page_line '^openssl pkeyutl' > ed25519.sh
page_line '^openssl dgst -sha256 -verify pub.pem -signature' > ecdsa-p256.sh
page_line '^openssl dgst .*pss' > rsa-pss.sh

stock_verify() {  # with M and pub.pem here: the signature, and then the body's hash
  bash split.sh && bash "$1.sh" > openssl.out 2>&1 && [[ $(bash body.sh | cut -d' ' -f1) == "$(awk '/^body /{print $3; exit}' head.txt)" ]]
}

checked=0
for kind in own ed25519 ecdsa-p256 rsa-pss; do
  flags=(); [[ $kind == own ]] || flags=(--signing-key "$kind.pem")
  name=$kind; [[ $kind != own ]] || name=ed25519
  here=(--repo "$work/repo-$kind" --key-file key "${flags[@]}")
  expect 0 init "${here[@]}"
  expect 0 backup "${here[@]}" files:src
  expect 0 key export --repo "$work/repo-$kind" --key-file key
  cp stdout pub.pem
  if [[ $kind != own ]]; then openssl pkey -in "$kind.pem" -pubout | cmp - pub.pem || fail "$kind: another key is exported"; fi
  for manifest in "repo-$kind"/manifests/*/00000001 "repo-$kind"/heads/*/00000001; do
    cat "$manifest" > M
    stock_verify "$name" || fail "$kind: openssl does not verify $manifest: $(cat openssl.out)"
    # One byte in each part: first line, name, body line, key, signature, body.
    for at in 3 "$(grep -abo '^name ' M | head -1 | cut -d: -f1)+9" "$(grep -abo '^body ' M | head -1 | cut -d: -f1)+20" \
      "$(grep -abo '^key ' M | head -1 | cut -d: -f1)+5" "$(grep -abo '^signature ' M | head -1 | cut -d: -f1)+30" "$(stat -c %s M)-1"; do
      cat "$manifest" > M
      /usr/bin/python3 -c 'import sys; b=bytearray(open("M","rb").read()); b[int(sys.argv[1])]^=1; open("M","wb").write(b)' "$((at))"
      if stock_verify "$name" 2> /dev/null; then fail "$kind: openssl verifies $manifest with byte $((at)) changed"; fi
      checked=$((checked + 1))
    done
  done
  expect 0 restore latest "${here[@]}" --in "out-$kind"
  diff -r src "out-$kind/src" || fail "$kind: restored files differ"
  /usr/bin/python3 "$READER" "repo-$kind" --key-file key verify > /dev/null || fail "$kind: the reader does not verify it"
done
openssl pkey -in ecdsa-p256.pem -pubout > pub.pem; cat repo-ed25519/manifests/*/00000001 > M
if stock_verify ed25519 2> /dev/null; then fail "another key verifies a point"; fi
echo "openssl_verifies_a_manifest: own, ed25519, ecdsa-p256 and rsa-pss verify with the page's commands, $checked changed bytes do not"
