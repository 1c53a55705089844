#!/usr/bin/python3
"""Damages each object of a small repository in turn and looks what restore and check say: damage_objects.py HOLDFAST DIR SEED

DIR holds the key file `key`. Two sets of two points each, two keys and two epochs, so that there are objects of every class.
"""
import hashlib, os, random, shutil, subprocess, sys

holdfast, work, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
chance = random.Random(seed)
os.chdir(work)
FLIPS = 150


def run(*words, cache="cache", repo="repo"):
    environment = dict(os.environ, HOLDFAST_CACHE_DIR=f"{work}/{cache}")
    done = subprocess.run([holdfast, *words, "--repo", repo, "--key-file", "key"], env=environment, capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def must(*words):
    code, text = run(*words)
    assert code == 0, f"exit {code}: holdfast {words}: {text}"


def tree(top):
    found = {}
    for folder, _, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, top)] = hashlib.sha256(f.read()).hexdigest()
    return found


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def make():
    os.mkdir("src")
    write("src/random", chance.randbytes(200_000))
    write("src/text", b"".join(b"line %d\n" % i for i in range(20_000)))
    for i in range(30):
        write(f"src/small{i}", chance.randbytes(chance.randrange(1, 300)))
    must("init")
    must("backup", "files:src")
    points.append(tree("src"))
    write("src/small3", b"changed")
    must("backup", "files:src", "--set", "other")
    points.append(tree("src"))
    write("key2", chance.randbytes(64))
    os.chmod("key2", 0o600)
    must("key", "rotate", "--new-key-file", "key2")
    write("src/random2", chance.randbytes(90_000))
    must("backup", "files:src", "--set", "other")
    points.append(tree("src"))
    write("src/small4", b"changed")
    must("backup", "files:src")


points = []  # what the points before the newest hold
make()
objects = {}
for folder, _, files in os.walk("repo"):
    for name in files:
        path = os.path.join(folder, name)
        objects[path] = open(path, "rb").read()
objects = {p: d for p, d in objects.items() if not p.startswith(("repo/sessions/", "repo/tmp/"))}
classes = sorted({p.split("/")[1] for p in objects})
wanted_classes = ["config", "epochs", "heads", "index", "keys", "manifests", "meta", "packs", "signers"]
assert [c for c in wanted_classes if c not in classes] == [], f"a class is missing: {classes}"
wanted = tree("src")
must("restore", "latest", "--in", "out")
assert tree("out/src") == wanted
must("check", "--read-data", "100%")
shutil.rmtree("out")
shutil.copytree("cache", "cache.warm")
problems, tried, refused, older = [], 0, 0, 0


def excused(path, what):
    """Changes that are not damage, by docs/FORMAT.md."""
    kind = path.split("/")[1]
    if what == "swapped":
        return kind == "index"  # each is still whole, and all that is read from it is right
    if what != "deleted":
        return False
    # Revoking removes an envelope; segments are a cache; a newest manifest may lack its head.
    return kind in ("keys", "index") or kind == "heads" and path.endswith("00000002")


def put_back(*paths):
    for path in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        write(path, objects[path])


def judge(what, *paths):
    global tried, refused, older
    tried += 1
    warm = tried % 2 == 0
    for words in (["restore", "latest", "--in", "out"], ["check", "--read-data", "100%"]):
        shutil.rmtree("cache.now", ignore_errors=True)
        if warm:
            shutil.copytree("cache.warm", "cache.now")
        code, text = run(*words, cache="cache.now")
        where = f"{what} of {', '.join(paths)} ({'warm' if warm else 'empty'} cache)"
        if code < 0 or code not in (0, 1, 3, 5, 7, 10, 12):
            problems.append(f"{words[0]} exits {code}: {where}: {text[-300:]}")
        if words[0] == "restore":
            found = tree("out/src")
            if found in points and any("/manifests/" in p for p in paths):  # without its manifest the newest point is not there
                older += 1
                continue
            wrong = [p for p, digest in found.items() if wanted.get(p) != digest]
            if wrong:
                problems.append(f"WRONG BYTES in {wrong}, exit {code}: {where}")
            if code == 0 and found != wanted:
                problems.append(f"restore exits 0 without {sorted(set(wanted) - set(found))[:3]}: {where}")
            refused += code != 0
        else:
            if code == 0 and not all(excused(p, what) for p in paths):
                problems.append(f"check is silent: {where}")
            named = any(p[len('repo/'):] in text or p.split("/")[-1][:10] in text for p in paths)
            missing = what == "deleted" and paths[0].split("/")[1] in ("index", "signers")  # seen by what is not found any more
            if code == 5 and not named and not missing:
                problems.append(f"check does not name the object: {where}: {text[-400:]}")
    shutil.rmtree("out", ignore_errors=True)
    put_back(*paths)


def alter(path, data):
    os.unlink(path)
    if data is not None:
        write(path, data)


names = sorted(objects)
for path in names:
    data = objects[path]
    alter(path, None)
    judge("deleted", path)
    alter(path, data[:chance.randrange(len(data))])
    judge("truncated", path)
    alter(path, b"")
    judge("emptied", path)
    alter(path, bytes(len(data)))
    judge("zeroed", path)
    alter(path, data + b"\0")
    judge("lengthened", path)
    at = chance.randrange(len(data))
    alter(path, data[:at] + bytes(min(512, len(data) - at)) + data[at + 512:])
    if open(path, "rb").read() != data:
        judge("partly zeroed", path)
    else:
        put_back(path)
for i in range(FLIPS):
    path = names[i % len(names)]
    data = bytearray(objects[path])
    bit = chance.randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    alter(path, bytes(data))
    judge(f"bit {bit} of {8 * len(data)} flipped", path)
for kind in classes:
    alike = [p for p in names if p.split("/")[1] == kind]
    if len(alike) > 1:
        one, two = chance.sample(alike, 2)
        alter(one, objects[two])
        alter(two, objects[one])
        judge("swapped", one, two)
must("check", "--read-data", "100%")
if problems:
    print("FAILED:", *problems, sep="\n  ", file=sys.stderr)
    sys.exit(1)
print(f"flipped_bits_never_restore_wrong_bytes: {tried} damages to {len(names)} objects of {len(classes)} classes, seed {seed}: "
      f"{refused} restores refused, {tried - refused - older} right, {older} of the point before; check found every one that is damage")
