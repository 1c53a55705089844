#!/usr/bin/env bash
# From init to prune with flags alone: what comes back is what went in, byte for byte.
set -euo pipefail
HOLDFAST=$(realpath "${HOLDFAST:-build/release/holdfast}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOLDFAST_CACHE_DIR=$work/cache HOLDFAST_REPO=$work/repo HOLDFAST_PASSPHRASE_FILE=$work/pass
unset HOLDFAST_CONFIG
fail() { echo "FAILED: $*" >&2; exit 1; }

(umask 077; echo 'correct horse' > pass)
mkdir -p src/sub/deep src/empty
echo 'first line' > src/a.txt
printf 'odd\nname' > $'src/new\nline'
head -c 5000000 /dev/urandom > src/sub/random.bin
truncate -s 3M src/sub/deep/sparse
ln -s ../a.txt src/sub/link
ln src/a.txt src/sub/hard
chmod 640 src/a.txt
touch -d '2001-02-03 04:05:06 UTC' src/sub/random.bin

"$HOLDFAST" init -q
"$HOLDFAST" backup -q files:src "command:printf %s hello" --tag run=1
first=$("$HOLDFAST" list -o json | python3 -c 'import json,sys; p=json.load(sys.stdin)["points"]; assert len(p)==1; print(p[0]["id"])')

[[ $("$HOLDFAST" ls latest) == $'src/\nprintf/' ]] || fail "ls of the top"
"$HOLDFAST" ls latest src/sub | grep -qx 'src/sub/random.bin' || fail "ls of a directory"
"$HOLDFAST" ls latest src | grep -qx 'src/new\\x0aline' || fail "a newline in a name is shown escaped"
"$HOLDFAST" ls default "$work/src" -R -l | grep -q 'src/sub/deep/sparse' || fail "ls by the path it had"
"$HOLDFAST" cat latest src/sub/random.bin | cmp - src/sub/random.bin || fail "cat of a large file"
"$HOLDFAST" cat latest src/sub/deep/sparse | cmp - src/sub/deep/sparse || fail "cat of a sparse file"
[[ $("$HOLDFAST" cat "${first:0:8}" printf/output) == hello ]] || fail "cat of a command's output"
"$HOLDFAST" find 'rand*' | grep -q 'src/sub/random.bin' || fail "find"
"$HOLDFAST" show latest | grep -q 'run=1' || fail "show has the tags"

echo 'second line' >> src/a.txt
rm src/sub/link
echo new > src/added
"$HOLDFAST" backup -q files:src "command:printf %s hello"
"$HOLDFAST" diff "$first" latest > diff.txt
grep -qx 'M src/a.txt' diff.txt || fail "diff: modified"
grep -qx -- '- src/sub/link' diff.txt || fail "diff: removed"
grep -qx '+ src/added' diff.txt || fail "diff: added"
if grep -q random diff.txt; then fail "diff: an unchanged file is listed"; fi

"$HOLDFAST" restore latest --in out -q
diff -r --no-dereference src out/src || fail "restored files differ"
[[ $(cat out/printf/output) == hello ]] || fail "restored output differs"
[[ $(stat -c '%a %Y' src/sub/random.bin) == $(stat -c '%a %Y' out/src/sub/random.bin) ]] || fail "mode or time differ"
[[ $(stat -c %i out/src/a.txt) == $(stat -c %i out/src/sub/hard) ]] || fail "hard link was lost"
"$HOLDFAST" restore default --at "${first:0:10}" --source src --path src/sub --in old -q
diff -r --no-dereference src/sub/random.bin old/src/sub/random.bin
[[ -L old/src/sub/link && ! -e old/src/a.txt ]] || fail "restore of one path of an old point"

"$HOLDFAST" restore latest --in out --clean --dry-run | grep -q 'removed         0' || fail "preview of what is equal"
echo extra > out/src/extra; echo changed > out/src/added
# Names on both sides of the slash in the order of bytes, so that the walk and the point's tree must agree on their order.
for name in 'sub!' sub- sub. sub0 sub/deep- sub/deep0 'sub/deep/!' empty/file; do echo extra > "out/src/$name"; done
mkdir -p out/src/sub+/deep; echo extra > out/src/sub+/deep/file
"$HOLDFAST" restore latest --in out --clean --dry-run | grep -q 'removed         10' || fail "preview of what is there too much"
"$HOLDFAST" restore latest --in out --clean --yes --confirm out -q 2> err || fail "restore --clean: $(cat err)"
diff -r --no-dereference src out/src || fail "clean did not bring the directory in line"

"$HOLDFAST" verify -q || fail "verify"
"$HOLDFAST" list | grep -q 'complete 20' || fail "the proof is not listed"
"$HOLDFAST" check --read-data 100% -q || fail "check"
"$HOLDFAST" prune --keep-last 1 --dry-run | grep "${first:0:10}" | grep -q forget || fail "prune --dry-run"
[[ $("$HOLDFAST" list | grep -c ' default ') == 2 ]] || fail "a dry run forgot a point"
"$HOLDFAST" policy simulate --keep-last 1 | grep -q '1 stay, 1 would be forgotten' || fail "policy simulate"
"$HOLDFAST" prune --keep-last 1 --grace 0s -q || fail "prune"
[[ $("$HOLDFAST" list | grep -c ' default ') == 1 ]] || fail "prune kept too much"
"$HOLDFAST" check --read-data 100% -q || fail "check after prune"
"$HOLDFAST" restore latest --in after -q
diff -r --no-dereference src after/src || fail "restored files differ after prune"
echo "cli_happy_path: passed"
