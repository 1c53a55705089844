#!/usr/bin/env bash
# Symbolic links planted in a destination, before and during a restore, never make it write, change or remove anything outside.
. "$(dirname "$0")/lib.sh"
mkdir -p src/dir/sub src/other
for i in {1..60}; do echo "content $i" > "src/dir/file$i"; echo "deep $i" > "src/dir/sub/file$i"; done
echo plain > src/plain; echo spare > src/other/file; ln -s plain src/link; chmod 751 src/dir
expect 0 init "${with[@]}"
expect 0 backup "${with[@]}" files:src
describe src > wanted

mkdir outside
echo victim > outside/plain; echo victim > outside/file1; mkdir outside/sub; echo victim > outside/sub/file1; chmod 700 outside
untouched() {
  describe outside > outside.now
  same "$1: what is outside" outside.before outside.now
}
describe outside > outside.before

# Planted before: where a directory goes, where files go, where the source's own directory goes.
plant() {
  rm -rf out; mkdir -p out/src/dir
  case $1 in
    source) rm -rf out/src; ln -s "$work/outside" out/src ;;
    directory) rm -rf out/src/dir; ln -s "$work/outside" out/src/dir ;;
    relative) rm -rf out/src/dir; ln -s ../../outside out/src/dir ;;
    deep) ln -s "$work/outside" out/src/dir/sub ;;
    file) ln -s "$work/outside/plain" out/src/plain; ln -s "$work/outside/file1" out/src/dir/file1 ;;
    dangling) ln -s "$work/outside/new" out/src/plain ;;
    hardlink) ln "$work/outside/plain" out/src/plain; describe outside > outside.before ;;
  esac
}
planted=0 went_on=0
for where in source directory relative deep file dangling hardlink; do
  for way in --overwrite "--overwrite --compare-content" "--clean --yes --confirm out"; do
    plant "$where"
    code=0
    # shellcheck disable=SC2086
    "$HOLDFAST" restore latest "${with[@]}" --in out $way > stdout 2> stderr || code=$?
    [[ $(cat outside/plain) == victim ]] || fail "$where, $way: wrote outside"
    if [[ $where != hardlink ]]; then untouched "$where, $way"; fi
    [[ $code == 0 || $code == 1 || $code == 3 ]] || fail "$where, $way: exit $code: $(cat stderr)"
    if ((code == 0)); then
      went_on=$((went_on + 1))
      describe out/src > found
      same "$where, $way: what was restored" wanted found
    fi
    planted=$((planted + 1))
  done
done
# Only a link in the place of the source's own directory cannot be replaced.
((went_on >= planted - 3)) || fail "only $went_on of $planted restores replaced what was planted"
rm -rf out
describe outside > outside.before

# Planted during: a directory is exchanged for a link again and again while files go into it.
racer() {
  exec /usr/bin/python3 - "$work" <<'P'
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
work = sys.argv[1]
link = f"{work}/link"
os.symlink(f"{work}/outside", link)
names = [f"{work}/out/src/dir".encode(), f"{work}/out/src/dir/sub".encode(), f"{work}/out/src".encode()]
swaps = 0


def exchange(name):
    return libc.renameat2(-100, link.encode(), -100, name, 2) == 0  # RENAME_EXCHANGE: the name is never absent


def spoil():  # gives the next restore something to write; only this process puts links there, and now there are none
    for i in range(1, 61):
        for name in names[:2]:
            try:
                fd = os.open(name + b"/file%d" % i, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
            except OSError:
                continue
            os.write(fd, b"spoilt")
            os.close(fd)


def rest():  # while the shell asks for it: every directory is in its place then, and stays there
    open(f"{work}/resting", "w").close()
    while os.path.exists(f"{work}/rest"):
        time.sleep(0.001)


while not os.path.exists(f"{work}/stop"):
    if os.path.exists(f"{work}/rest") and not any(os.path.islink(name) for name in names):
        rest()
    for name in names:
        if os.path.islink(name) or not exchange(name):
            continue
        for _ in range(swaps % 50 * 40):
            pass
        exchange(name)  # whatever stands there by now, the directory is back, or the link was replaced
        if not os.path.islink(link):
            os.rename(link, f"{work}/aside{swaps}")
            os.symlink(f"{work}/outside", link)
        swaps += 1
    if swaps % 5 == 0 and not any(os.path.islink(name) for name in names):
        spoil()
with open(f"{work}/swaps", "w") as f:
    f.write(str(swaps))
P
}
mkdir -p out/src/dir/sub
racer & pid=$!
on_exit='touch "$work/stop"; kill $pid 2>/dev/null || true; wait $pid 2>/dev/null || true'
rounds=0 gave_up=0 mended=0 ended=$((SECONDS + 10))
while ((SECONDS < ended)); do
  for way in "--overwrite" "--clean --yes --confirm out" "--overwrite --compare-content"; do
    code=0
    # shellcheck disable=SC2086
    "$HOLDFAST" restore latest "${with[@]}" --in out $way > stdout 2> stderr || { code=$?; gave_up=$((gave_up + 1)); }
    [[ $code == 0 || $code == 1 || $code == 3 ]] || fail "exit $code while a directory was exchanged: $(cat stderr)"
    rounds=$((rounds + 1))
    if ((rounds % 3 == 0)); then untouched "while a directory was exchanged"; fi
  done
  # What a raced restore left is mended by the next that has its peace: each round gives it something to write.
  touch rest
  for ((i = 0; i < 3000; ++i)); do [[ -e resting ]] && break; sleep 0.01; done
  [[ -e resting ]] || fail "the exchanges did not stop when asked to"
  expect 0 restore latest "${with[@]}" --in out --clean --yes --confirm out
  describe out/src > found
  same "a restore between exchanges" wanted found
  mended=$((mended + 1))
  rm -f rest resting
done
touch stop; wait "$pid" || true
on_exit=:
untouched "after the race"
swaps=$(cat swaps)
((swaps > 100)) || fail "only $swaps exchanges happened"
rm -rf out stop; expect 0 restore latest "${with[@]}" --in out
describe out/src > found
same "a quiet restore" wanted found
echo "restore_never_leaves_the_destination: $planted planted destinations, $rounds restores ($gave_up gave up) under $swaps exchanges, $mended between them; nothing outside changed"
