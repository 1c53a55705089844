#!/usr/bin/env bash
# Passphrase, keys, what is backed up and what programs say are looked for in every output, every process, the repository and the cache.
. "$(dirname "$0")/lib.sh"
passphrase=canary-passphrase-7f31c9 wrong=canary-wrong-passphrase-55aa content=canary-content-c0ffee said=canary-stderr-d00d
(umask 077; echo "$passphrase" > pass; echo "$wrong" > wrong-pass; openssl genpkey -algorithm ed25519 -out sign.pem 2> /dev/null)
sign=$(sed -n 2p sign.pem)
mkdir src; printf '%s\n' "$content" "$content" > src/file; printf '%s' "$content" > src/again; ln -s "$content" src/link
mkdir "src/$content-name"; seq 5000 > src/text
cat > noisy <<EOF
#!/bin/sh
echo $said >&2
[ "\$1" = fail ] && exit 4
echo $content
exit 0
EOF
cat > asleep <<EOF
#!/bin/sh
env > $work/running/child.env
tr '\\0' '\\n' < /proc/\$\$/cmdline > $work/running/child.cmdline
ls -l /proc/\$\$/fd > $work/child.fds
echo \$PPID > $work/parent
echo $content
exec sleep \${1:-30}
EOF
chmod +x noisy asleep

export HOLDFAST_PASSPHRASE_FILE=$work/pass CANARY_VARIABLE=canary-environment-99
mkdir outputs
count=0
hf() {  # hf CODE ARGUMENTS...: runs, keeps what was printed
  local wanted=$1 code=0
  shift
  count=$((count + 1))
  "$HOLDFAST" "$@" --repo repo > "outputs/$count.stdout" 2> "outputs/$count.stderr" < /dev/null || code=$?
  [[ $code == "$wanted" ]] || fail "exit $code instead of $wanted: holdfast $* ($(cat "outputs/$count.stderr"))"
}
hf 0 init --passphrase-file pass --key-file key --signing-key sign.pem -v
hf 0 backup -v --signing-key sign.pem files:src "command:$work/noisy ok" --perf
hf 1 backup -v --signing-key sign.pem "command:$work/noisy fail" --set failing
hf 1 backup -v --signing-key sign.pem "command:$work/noisy fail" --set failing --names-only --show-detail
printf 'version: 1\nnames_only: true\n' > named.yaml
hf 1 backup -c named.yaml -v --signing-key sign.pem "command:$work/noisy fail" --set failing --show-detail
hf 1 backup -o json --signing-key sign.pem "command:$work/noisy fail" --set failing
hf 1 backup -o jsonl --signing-key sign.pem "command:$work/noisy fail" --set failing
hf 0 restore latest --in out --signing-key sign.pem -v
hf 0 verify -o json --signing-key sign.pem
hf 0 list -o json; hf 0 show latest -v; hf 0 key list -o json; hf 0 key test; hf 0 key export -o json; hf 0 check --read-data 100% -v
hf 12 list --passphrase-file wrong-pass --show-detail -v
hf 12 restore latest --in out2 --passphrase-file wrong-pass -o json --show-detail
hf 12 list --key-file wrong-pass --show-detail
hf 12 key test --passphrase-file wrong-pass --passphrase-file pass
hf 12 list --identity sign.pem --show-detail
hf 1 backup --signing-key sign.pem files:missing --show-detail -o json
head -c 5000 /dev/urandom > bad.pem; cat sign.pem >> bad.pem; chmod 600 bad.pem
hf 2 backup --signing-key bad.pem files:src --show-detail
[[ $(cat out/noisy/output) == "$content" ]] || fail "what is looked for was not backed up"

cat > leak.yaml <<EOF
version: 1
secrets: {pass: {file: $work/pass}}
keys: {main: {passphrase: \$pass}}
targets: {local: {type: directory, path: $work/repo}}
sources: {some: {type: files, paths: [$work/src]}}
policies: {plain: {encrypt: [main], copies: [local]}}
sets: {all: {members: [some], policy: plain}}
EOF
unset HOLDFAST_PASSPHRASE_FILE
for what in "config check leak.yaml" "config show leak.yaml --resolved --origin" "config show leak.yaml --resolved -o json"; do
  count=$((count + 1))
  # shellcheck disable=SC2086
  "$HOLDFAST" $what > "outputs/$count.stdout" 2> "outputs/$count.stderr" || fail "$what"
done
export HOLDFAST_PASSPHRASE_FILE=$work/pass

# A running backup, its child, and what a crash leaves. First that a crash here would leave something.
ulimit -c unlimited
mkdir control running
/usr/bin/python3 - "$HOLDFAST" "$work" <<'P' || fail "a crash leaves a core file, or the control did not"
import os, resource, signal, subprocess, sys, time
holdfast, work = sys.argv[1:]
def crash(words, folder, ready):
    p = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True)
    for _ in range(200):
        if ready(): break
        time.sleep(0.05)
    else: sys.exit("never began")
    for part in ("cmdline", "environ", "limits", "maps"):
        try: data = open(f"/proc/{p.pid}/{part}", "rb").read()
        except PermissionError: data = b""
        open(f"{folder}/proc-{part}", "wb").write(data)
    os.kill(p.pid, signal.SIGSEGV)
    status = os.waitpid(p.pid, 0)[1]
    assert os.WIFSIGNALED(status), f"ended with {status}"
    return os.WCOREDUMP(status) or any("core" in name for name in os.listdir(folder))
assert crash(["sleep", "30"], f"{work}/control", lambda: True), "control: sleep left no core"
backup = [holdfast, "backup", "--repo", f"{work}/repo", "--signing-key", f"{work}/sign.pem", f"command:{work}/asleep 5"]
assert not crash(backup, f"{work}/running", lambda: os.path.exists(f"{work}/parent")), "holdfast left a core"
P
rm -rf control
grep -q 'Max core file size *0 *0' running/proc-limits || fail "core files are not forbidden"
[[ $(cut -d= -f1 running/child.env | sort | tr '\n' ' ') =~ ^(PATH |PWD |SHLVL |_ |OLDPWD )+$ ]] || fail "the child's environment: $(cut -d= -f1 running/child.env | tr '\n' ' ')"
if grep -Eq "HOLDFAST|CANARY|canary" running/child.env; then fail "our variables in the child's environment"; fi
# The shell's own: its script, and what it put aside; everything else would be ours.
if grep -e '->' child.fds | grep -vE -- '-> (/dev/null|pipe:.*|.*/asleep|.*/child.fds)$'; then fail "the child has open files of ours"; fi

/usr/bin/python3 - "$work" "$passphrase" "$wrong" "$content" "$said" "$sign" <<'P' || fail "a secret was found"
import base64, os, sys
work, *words = sys.argv[1:]
key = open(f"{work}/key", "rb").read()
der = base64.b64decode(words[-1])[-32:]
secrets = {w: w.encode() for w in words}
for name, raw in (("key file", key[:24]), ("key file, its end", key[-24:]), ("signing key", der)):
    secrets |= {name: raw, name + " in hex": raw.hex().encode(), name + " in base64": base64.b64encode(raw)[:-4]}
for w in words[:4]:
    secrets |= {w + " in base64": base64.b64encode(w.encode())[:24], w + " in hex": w.encode().hex().encode()}
found = scanned = 0
for place in ("outputs", "repo", "cache", "running"):
    files = [os.path.join(d, f) for d, _, names in os.walk(f"{work}/{place}") for f in names]
    assert files, f"{place} is empty"
    for path in files:
        data = open(path, "rb").read()
        scanned += 1
        for name, raw in secrets.items():
            # The name of a file may be printed and is what `find` caches; what stands in a file may not.
            if raw in (data.replace(words[2].encode() + b"-name", b"") if place in ("outputs", "cache") else data):
                print(f"{name} in {path}", file=sys.stderr)
                found += 1
open(f"{work}/scanned", "w").write(f"{scanned} files for {len(secrets)} forms of secrets")
sys.exit(found != 0)
P
echo "secrets_stay_secret: looked through $(cat scanned): outputs of $count commands, repository, cache, a running backup; no core was left"
