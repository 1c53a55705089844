#!/usr/bin/python3
"""Reads a holdfast repository without holdfast; written from docs/FORMAT.md and proto/*.proto alone.

read_repository.py REPO (--passphrase-file F | --key-file F | --identity F) list | restore POINT|latest DIR [--source NAME] | verify
Needs Debian's python3-cryptography, python3-nacl, python3-zstandard. It only reads the repository, and needs no index: it reads the trailers
of all packs. Exit status: 0; 1 corrupt, unknown format or not found; 2 usage; 12 wrong key, or something not signed or authenticated as it must be.
"""
import argparse, array, base64, contextlib, hashlib, hmac, os, re, stat, struct, sys, time
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import nacl.bindings
import zstandard
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIB = 1 << 20
PACK_MAX, GROUP_MAX, META_MAX, MANIFEST_MAX, SMALL_MAX, DEPTH_MAX = 256 * MIB, 8 * MIB, 2 * MIB, 64 * MIB, MIB, 8
KNOWN_FEATURES = frozenset()
DATA, META = 1, 2
FILE, DIRECTORY, SYMLINK, FIFO, SOCKET, CHARACTER, BLOCK = range(1, 8)


class Fail(Exception):
    status = 1


class Untrusted(Fail):
    status = 12


@contextlib.contextmanager
def naming(name):
    """Whatever goes wrong inside is the fault of the object `name`."""
    try:
        yield
    except InvalidTag:
        raise Fail(f"{name}: does not decrypt: corrupt, or not this repository's") from None
    except (ValueError, IndexError, KeyError, TypeError, RuntimeError, StopIteration, struct.error, zstandard.ZstdError, UnsupportedAlgorithm) as e:
        raise Fail(f"{name}: {e}") from e


def need(condition, what):
    if not condition:
        raise ValueError(what)


def warn(what):
    print("warning: " + what, file=sys.stderr)


def show(text):
    text = os.fsdecode(text) if isinstance(text, bytes) else text
    return "".join(c if c.isprintable() else "".join(f"\\x{b:02x}" for b in os.fsencode(c)) for c in text)


# ---- BLAKE3. The words are lanes of 64 bits in one long integer: the same code does one block, or one block of each of many chunks at once.
IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
MIXES = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED = 1, 2, 4, 8, 16
LANES = 512


def pack_lanes(words):
    lanes = array.array("Q", words)
    if sys.byteorder == "big":
        lanes.byteswap()
    return int.from_bytes(lanes.tobytes(), "little")


def unpack_lanes(value, lanes):
    return array.array("Q", struct.unpack(f"<{lanes}Q", value.to_bytes(8 * lanes, "little")))


def compress(cv, block, counter, length, flags, ones):
    """cv, block and counter: integers of as many lanes as `ones` has ones; length and flags are the same for all lanes."""
    mask = ones * 0xFFFFFFFF
    v = [*cv, *(x * ones for x in IV[:4]), counter & mask, counter >> 32 & mask, length * ones, flags * ones]
    m = list(block)
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(MIXES):
            for word, turn_d, turn_b in ((m[2 * i], 16, 12), (m[2 * i + 1], 8, 7)):
                v[a] = (v[a] + v[b] + word) & mask
                x = v[d] ^ v[a]
                v[d] = (x >> turn_d | x << 32 - turn_d) & mask
                v[c] = (v[c] + v[d]) & mask
                x = v[b] ^ v[c]
                v[b] = (x >> turn_b | x << 32 - turn_b) & mask
        m = [m[p] for p in PERMUTATION]
    return [v[i] ^ v[i + 8] for i in range(8)]


def blake3_python(data, key=None):
    base = struct.unpack("<8I", key) if key else IV
    mode = KEYED if key else 0
    whole = max(0, (len(data) - 1) // 1024)  # chunks before the last one, all of 1024 bytes
    level = [[] for _ in range(8)]           # the eight words of each chaining value
    for start in range(0, whole, LANES):
        lanes = min(LANES, whole - start)
        ones = pack_lanes([1] * lanes)
        words = struct.unpack_from(f"<{256 * lanes}I", data, 1024 * start)
        counter, cv = pack_lanes(range(start, start + lanes)), [x * ones for x in base]
        for b in range(16):
            block = [pack_lanes(words[16 * b + w::256]) for w in range(16)]
            cv = compress(cv, block, counter, 64, mode | CHUNK_START * (b == 0) | CHUNK_END * (b == 15), ones)
        for words_of_level, value in zip(level, cv):
            words_of_level.extend(unpack_lanes(value, lanes))
    tail, cv = data[1024 * whole:], base
    blocks = [tail[i:i + 64] for i in range(0, len(tail), 64)] or [b""]
    for i, block in enumerate(blocks):
        end = i == len(blocks) - 1
        flags = mode | CHUNK_START * (i == 0) | CHUNK_END * end | ROOT * (end and whole == 0)
        cv = compress(cv, struct.unpack("<16I", bytes(block).ljust(64, b"\0")), whole, len(block), flags, 1)
    for words_of_level, value in zip(level, cv):
        words_of_level.append(value)
    while (count := len(level[0])) > 1:      # neighbours in pairs; the odd one out moves up a level
        pairs = count // 2
        ones = pack_lanes([1] * pairs)
        block = [pack_lanes(w[side:2 * pairs:2]) for side in (0, 1) for w in level]
        up = compress([x * ones for x in base], block, 0, 64, mode | PARENT | ROOT * (count == 2), ones)
        level = [list(unpack_lanes(u, pairs)) + w[2 * pairs:] for u, w in zip(up, level)]
    return struct.pack("<8I", *(w[0] for w in level))


b3 = blake3_python

# ---- proto3, canonical. In every message the fields are numbered 1, 2, 3 ... in the order given here; * is `repeated`.
SCHEMA = {message: [(kind.lstrip("*"), name, kind[0] == "*") for kind, name in (f.split() for f in fields.split(","))] for message, fields in {
    "Config": "bytes repository_id, int64 created_ns, *string required, *string optional",
    "Envelope": "uint32 kind, bytes repository_id, int64 created_ns, string label, bytes salt, uint32 memory_kib, uint32 passes, bytes ephemeral,"
                "bytes recipient, int64 expires_ns",
    "Epoch": "uint32 number, bytes secret, int64 not_before_ns",
    "Signer": "string algorithm, bytes public_der, int64 created_ns, bytes wrapped_private, string label",
    "Record": "uint64 offset, uint32 stored, uint32 codec, *uint32 chunk_lengths",
    "Trailer": "*Record records, bytes ids, uint64 pieces_offset, uint32 pieces_stored",
    "Pieces": "*uint32 chunks, *uint32 counts, *uint32 lengths, bytes fingerprints",
    "Root": "bytes id, uint32 depth",
    "Child": "bytes id, bytes first, uint64 items, uint64 bytes",
    "Node": "*Child children",
    "Content": "bytes ids, *uint64 extents",
    "Xattr": "bytes name, bytes value",
    "Entry": "uint32 shared, bytes suffix, uint32 type, uint32 mode, uint32 uid, uint32 gid, bytes user, bytes group, sint64 mtime_ns, sint64 ctime_ns,"
             "uint64 inode, uint64 device, uint64 rdev, uint64 size, bytes target, uint64 link_group, *Xattr xattrs, Content content, Root content_root,"
             "bool changed_while_read, bytes content_digest",
    "TreeLeaf": "*Entry entries",
    "Table": "bytes name, uint64 rows, bytes digest",
    "Fact": "string name, bytes value",
    "Problem": "bytes path, string what",
    "Source": "string name, string kind, Root tree, uint64 entries, uint64 files, uint64 bytes, string status, *Problem problems, uint64 problem_count,"
              "*Table tables, *Fact facts, uint64 seconds_ns, bytes base",
    "Manifest": "string set, uint64 sequence, bytes previous, int64 started_ns, int64 finished_ns, string status, string kind, string host, string version,"
                "*Fact tags, *Source sources, uint32 epoch, uint32 gc_seen, uint64 bytes_read, uint64 bytes_new, uint64 bytes_stored",
    "Head": "uint64 sequence, bytes manifest, bytes previous, int64 time_ns",
}.items()}
NUMBERS = {"uint32": 32, "uint64": 64, "int64": 64, "sint64": 64, "bool": 1}  # kinds on the wire as a varint, and their bits


def put_varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def get_varint(data, at):
    value = shift = 0
    while True:
        need(at < len(data) and shift < 70, "a varint does not end")
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            need(value < 1 << 64, "a varint is too large")
            return value, at


def to_wire(kind, value):
    return (value << 1 ^ value >> 63) & (1 << 64) - 1 if kind == "sint64" else value & (1 << 64) - 1


def from_wire(kind, value):
    need(value < 1 << NUMBERS[kind], f"{value} is too large for {kind}")
    if kind == "sint64":
        return value >> 1 ^ -(value & 1)
    return value - (1 << 64) if kind == "int64" and value >> 63 else value


def encode(message, m):
    out = bytearray()
    for number, (kind, name, repeated) in enumerate(SCHEMA[message], 1):
        value = getattr(m, name)
        if kind in NUMBERS:
            if repeated and value:
                packed = b"".join(put_varint(to_wire(kind, v)) for v in value)
                out += put_varint(number << 3 | 2) + put_varint(len(packed)) + packed
            elif not repeated and value:
                out += put_varint(number << 3) + put_varint(to_wire(kind, value))
            continue
        for v in value if repeated else [value] if value or kind in SCHEMA and value is not None else []:
            raw = encode(kind, v) if kind in SCHEMA else v.encode() if kind == "string" else v
            out += put_varint(number << 3 | 2) + put_varint(len(raw)) + raw
    return bytes(out)


def make(message, **values):
    """A message with everything not given at its default."""
    m = SimpleNamespace()
    for kind, name, repeated in SCHEMA[message]:
        default = [] if repeated else 0 if kind in NUMBERS else None if kind in SCHEMA else "" if kind == "string" else b""
        setattr(m, name, values.pop(name, default))
    need(not values, f"{message} has no {values}")
    return m


def decode_any(message, data):
    m, at, fields = make(message), 0, SCHEMA[message]
    while at < len(data):
        tag, at = get_varint(data, at)
        number, wire = tag >> 3, tag & 7
        need(1 <= number <= len(fields), f"{message} has an unknown field {number}")
        kind, name, repeated = fields[number - 1]
        need(wire == (0 if kind in NUMBERS and not repeated else 2), f"{message}.{name} has wire type {wire}")
        value, at = get_varint(data, at)
        if wire == 0:
            setattr(m, name, from_wire(kind, value))
            continue
        need(value <= len(data) - at, f"{message}.{name} is cut off")
        raw, at = data[at:at + value], at + value
        if kind in NUMBERS:
            inner = 0
            while inner < len(raw):
                value, inner = get_varint(raw, inner)
                getattr(m, name).append(from_wire(kind, value))
            continue
        value = decode_any(kind, raw) if kind in SCHEMA else raw.decode() if kind == "string" else raw
        getattr(m, name).append(value) if repeated else setattr(m, name, value)
    return m


def decode(message, data):
    m = decode_any(message, bytes(data))
    need(encode(message, m) == data, f"{message} is not in canonical encoding")
    return m


# ---- small things
def hkdf(secret, salt, info, length):
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def gcm(key, nonce, data, aad):
    need(len(data) >= 16, "too short for its tag")
    return AESGCM(key).decrypt(nonce, bytes(data), aad)


def unzstd(data, limit):
    """Exactly one frame, of at most `limit` bytes."""
    size = zstandard.frame_content_size(data)
    d = zstandard.ZstdDecompressor(max_window_size=8 * MIB)
    if size < 0:
        size = len(d.stream_reader(data).read(limit + 1))
    need(size <= limit, "larger than its limit")
    one = d.decompressobj()
    out = one.decompress(data)
    need(one.eof and not one.unused_data and len(out) == size, "is not exactly one zstd frame")
    return out


def path_order(path):
    return path.replace(b"/", b"\0")


def check_path(path):
    need(len(path) <= 4095 and b"\0" not in path, f"forbidden path {path!r}")
    for part in path.split(b"/") if path else []:
        need(part not in (b"", b".", b"..") and len(part) <= 255, f"forbidden path {path!r}")


def check_source_name(name):
    raw = name.encode()
    check_path(raw)
    need(raw and b"/" not in raw, f"forbidden source name {name!r}")
    return raw


def extents(contents):
    """(offset, length, kind, chunk id, offset in the chunk) of each extent."""
    at = 0
    for c in contents:
        need(len(c.ids) % 32 == 0, "ids of a content are cut off")
        values = iter(c.extents)
        for v in values:
            length, kind, chunk, inner = v >> 2, v & 3, None, 0
            need(kind < 3 and length, f"an extent of kind {kind}, length {length}")
            if kind == 0:
                position, inner = next(values, None), next(values, None)
                need(inner is not None and position < len(c.ids) // 32, "an extent names no chunk")
                chunk = c.ids[32 * position:32 * position + 32]
            yield at, length, kind, chunk, inner
            at += length


SIGNED = re.compile(rb"holdfast ([a-z]+) 1\nrepository ([0-9a-f]{32})\nname ([!-~]+)\nprevious ([0-9a-f]{64})\nbody ([0-9]{1,9}) ([0-9a-f]{64})\n"
                    rb"key ([0-9a-f]{32})\nalgorithm ([a-z0-9-]+)\n\n")
SIGNATURE = re.compile(rb"signature ([A-Za-z0-9+/]+={0,2})\n")


def verify_signature(algorithm, public, signature, data):
    if algorithm == "ed25519" and isinstance(public, ed25519.Ed25519PublicKey):
        public.verify(signature, data)
    elif algorithm == "ecdsa-p256-sha256" and isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name == "secp256r1":
        public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    elif algorithm == "rsa-pss-sha256" and isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    else:
        raise InvalidSignature


class Repository:
    def __init__(self, path, how, secret):
        self.path = Path(os.path.abspath(path))
        self.epochs, self.signers, self.chunks, self.unreadable = {}, {}, None, []
        self.records = OrderedDict()  # the last few, decrypted: (pack, number) -> bytes
        config = self.read("config", SMALL_MAX)
        with naming("config"):
            magic, major, minor, length = struct.unpack_from("<4sHHI", config)
            need(magic == b"HFCF", "is not a repository's config")
            need(major == 1, f"format {major}.{minor} is not known to this reader, which reads 1.x")
            need(len(config) == 12 + length + 32, "has a wrong length")
            self.config = decode("Config", config[12:-32])
            unknown = set(self.config.required) - KNOWN_FEATURES
            need(not unknown, f"requires what this reader does not know: {', '.join(sorted(unknown))}")
            self.id = self.config.repository_id
            need(len(self.id) == 16, "has no repository id")
        self.root = self.unlock(how, secret)
        self.k_id, self.k_meta, self.k_name, self.k_auth = (
            hkdf(self.root, self.id, f"holdfast {what} 1".encode(), 32) for what in ("chunk id", "meta id", "name", "config"))
        if not hmac.compare_digest(self.mac(config[:-32]), config[-32:]):
            raise Untrusted("config: is not authentic")

    def mac(self, data):
        return hmac.digest(self.k_auth, data, "sha256")

    def names(self, pattern):
        """Names of the objects that match; others, such as what a crash left half written, are not objects."""
        folder = self.path / pattern.split("/")[0]
        found = (p.relative_to(self.path).as_posix() for p in folder.rglob("*") if p.is_file())
        return sorted(n for n in found if re.fullmatch(pattern, n))

    def read(self, name, limit):
        with open(self.path / name, "rb") as f:
            data = f.read(limit + 1)
        if len(data) > limit:
            raise Fail(f"{name}: larger than its limit")
        return data

    # -- keys
    def unlock(self, how, secret):
        broken = []
        for name in self.names("keys/[0-9a-f]{16}"):
            try:
                with naming(name):
                    data = self.read(name, SMALL_MAX)
                    need(b3(data).hex()[:16] == name[5:], "content does not match its name")
                    magic, version, length = struct.unpack_from("<4sHI", data)
                    need((magic, version, len(data)) == (b"HFKY", 1, 10 + length + 48), "is not an envelope of version 1")
                    e = decode("Envelope", data[10:-48])
                    need(e.repository_id == self.id, "is an envelope of another repository")
                    kek = self.key_encryption_key(e, how, secret)
                if kek is None:
                    continue
                root = gcm(kek, bytes(12), data[-48:], data[:-48])
            except InvalidTag:
                continue
            except Fail as error:
                broken.append(str(error))
                continue
            if e.expires_ns and e.expires_ns < time.time_ns():
                warn(f"{name} has expired")
            return root
        raise Untrusted("no key of the repository opens with this " + how + "".join("\n  " + b for b in broken))

    @staticmethod
    def key_encryption_key(e, how, secret):
        """None: this envelope is not for such a secret."""
        if e.kind == 1 and how == "passphrase":
            need(len(e.salt) == 16 and 8 <= e.memory_kib <= 4 * MIB and 1 <= e.passes <= 64, "parameters of argon2id out of range")
            return nacl.bindings.crypto_pwhash_alg(32, secret, e.salt, e.passes, e.memory_kib * 1024, nacl.bindings.crypto_pwhash_ALG_ARGON2ID13)
        if e.kind == 2 and how == "key file":
            need(len(e.salt) == 32, "salt of a wrong length")
            return hkdf(secret, e.salt, b"holdfast key file 1", 32)
        if e.kind == 3 and how == "identity":
            public = secret.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            if public == e.recipient:
                shared = secret.exchange(x25519.X25519PublicKey.from_public_bytes(e.ephemeral))
                return hkdf(shared, e.ephemeral + e.recipient, b"holdfast x25519 1", 32)
        return None

    def box(self, data, purpose):
        word = purpose.encode()
        head = b"HFBX" + struct.pack("<HH", 1, len(word)) + word
        need(data.startswith(head), f"is not a box of purpose {purpose}")
        end = len(head) + 64
        salt, commitment = data[len(head):end - 32], data[end - 32:end]
        keys = hkdf(self.root, salt, b"holdfast box 1" + word, 64)
        need(hmac.compare_digest(keys[32:], commitment), "is sealed with another key")
        return gcm(keys[:32], bytes(12), data[end:], data[:end])

    def epoch(self, number):
        if number not in self.epochs:
            name = f"epochs/{number}"
            data = self.read(name, SMALL_MAX)
            with naming(name):
                e = decode("Epoch", self.box(data, f"epoch {number}"))
                need(e.number == number and len(e.secret) == 32, "does not hold the epoch of its name")
                self.epochs[number] = e.secret
        return self.epochs[number]

    def signer(self, keyid):
        if keyid not in self.signers:
            name = f"signers/{keyid}"
            try:
                data = self.read(name, SMALL_MAX)
            except FileNotFoundError:
                raise Untrusted(f"{name}: not there, so its signatures count for nothing") from None
            if not hmac.compare_digest(self.mac(data[:-32]), data[-32:]):
                raise Untrusted(f"{name}: is not authentic")
            with naming(name):
                magic, version, length = struct.unpack_from("<4sHI", data)
                need((magic, version, len(data)) == (b"HFSG", 1, 10 + length + 32), "is not a signer of version 1")
                s = decode("Signer", data[10:-32])
                need(hashlib.sha256(s.public_der).hexdigest()[:32] == keyid, "does not hold the key of its name")
                self.signers[keyid] = s.algorithm, serialization.load_der_public_key(s.public_der)
        return self.signers[keyid]

    # -- signed objects
    def signed(self, name, word):
        """Plaintext of the body, hash of the whole object, hash of the one before; all checks in the order FORMAT.md gives."""
        data = self.read(name, MANIFEST_MAX)
        head = SIGNED.match(data)
        signature = head and SIGNATURE.match(data, head.end())
        if not signature:
            raise Fail(f"{name}: is not a signed object")
        kind, repository, named, previous, length, digest, keyid, algorithm = (g.decode() for g in head.groups())
        known_algorithm, public = self.signer(keyid)
        try:
            if algorithm != known_algorithm:
                raise InvalidSignature
            verify_signature(algorithm, public, base64.b64decode(signature[1], validate=True), head[0])
        except (InvalidSignature, ValueError):
            raise Untrusted(f"{name}: bad signature") from None
        if (kind, repository, named) != (word, self.id.hex(), name):
            raise Untrusted(f"{name}: was signed as {kind} {named} of repository {repository}")
        with naming(name):
            body = data[signature.end():]
            need(len(body) == int(length) and hashlib.sha256(body).hexdigest() == digest, "body does not match its hash")
            return unzstd(self.box(body, word), MANIFEST_MAX), hashlib.sha256(data).hexdigest(), previous

    def manifest(self, name):
        plain, digest, previous = self.signed(name, "manifest")
        with naming(name):
            m = decode("Manifest", plain)
            _, folder, sequence = name.split("/")
            need(m.sequence == int(sequence), "sequence is not that of its name")
            need(hmac.digest(self.k_name, m.set.encode(), "sha256").hex()[:16] == folder, "set is not that of its name")
            need((m.previous or bytes(32)).hex() == previous, "previous in the body is not that of the header")
        m.id, m.digest, m.name = digest[:32], digest, name
        return m

    def manifest_names(self):
        return self.names("manifests/[0-9a-f]{16}/[0-9]{8}")

    def point(self, wanted):
        names = self.manifest_names()
        if wanted == "latest":
            points = [self.manifest(n) for n in names]
            if not points:
                raise Fail("there is no point in the repository")
            return max(points, key=lambda m: (m.kind != "selected", m.finished_ns, m.sequence))  # some sources are not the whole set
        found = [n for n in names if hashlib.sha256(self.read(n, MANIFEST_MAX)).hexdigest()[:32].startswith(wanted.lower())]
        if len(found) != 1:
            raise Fail(f"{len(found)} points begin with {wanted}")
        return self.manifest(found[0])

    # -- packs
    def pack_names(self):
        return [n for n in self.names("packs/[0-9a-f]{2}/[0-9a-f]{64}") + self.names("meta/[0-9a-f]{2}/[0-9a-f]{64}") if n.split("/")[1] == n.split("/")[2][:2]]

    def part(self, pack, what, number, offset, length):
        nonce = struct.pack("<IQ", what, number)
        with open(self.path / pack.name, "rb") as f:
            f.seek(offset)
            return gcm(pack.key, nonce, f.read(length), pack.header + nonce)

    def open_pack(self, name):
        """Header, footer and trailer, with all offsets and counts checked."""
        with naming(name):
            with open(self.path / name, "rb") as f:
                size = f.seek(0, os.SEEK_END)
                need(80 + 32 < size <= PACK_MAX and size % 4096 == 0, f"has a length of {size}")
                f.seek(0)
                header = f.read(80)
                f.seek(size - 32)
                need(f.read(4) == b"HFPE", "has no footer")
            magic, version, kind, zero, epoch, zero2, salt, commitment = struct.unpack("<4sHBBII32s32s", header)
            need((magic, version, zero, zero2) == (b"HFPK", 1, 0, 0), "is not a pack of version 1")
            need(kind == (DATA if name.startswith("packs/") else META), f"is of kind {kind}")
            keys = hkdf(self.epoch(epoch), salt, b"holdfast pack 1" + bytes([kind]), 64)
            need(hmac.compare_digest(keys[32:], commitment), "is sealed with another key")
            p = SimpleNamespace(name=name, kind=kind, header=header, key=keys[:32], size=size)
            p.trailer_offset, p.trailer_length = struct.unpack("<QI", self.part(p, 4, 0, size - 28, 28))
            need(p.trailer_offset + p.trailer_length <= size - 32, "trailer lies outside")
            t = p.trailer = decode("Trailer", unzstd(self.part(p, 3, 0, p.trailer_offset, p.trailer_length), MANIFEST_MAX))
            at, count, most = 80, 0, META_MAX if kind == META else GROUP_MAX
            for r in t.records:
                need(r.offset == at and r.codec in (0, 1), "records do not follow one another")
                need(all(n <= most for n in r.chunk_lengths) and sum(r.chunk_lengths) <= GROUP_MAX, "a group is larger than its limit")
                at, count = at + r.stored, count + len(r.chunk_lengths)
            need(not t.pieces_stored or t.pieces_offset == at, "pieces do not follow the records")
            need(at + t.pieces_stored == p.trailer_offset, "trailer does not follow the records")
            need(len(t.ids) == 32 * count, "has not one id for each chunk")
        return p

    def record(self, pack, number):
        if (pack.name, number) not in self.records:
            with naming(f"{pack.name} record {number}"):
                r = pack.trailer.records[number]
                raw = self.part(pack, 1, number, r.offset, r.stored)
                raw = unzstd(raw, GROUP_MAX) if r.codec else raw
                need(len(raw) == sum(r.chunk_lengths), "chunks do not add up to the group")
            self.records[pack.name, number] = raw
            if len(self.records) > 12:
                self.records.popitem(last=False)
        self.records.move_to_end((pack.name, number))
        return self.records[pack.name, number]

    def chunks_of(self, pack):
        """(id, record, offset in its group, length) of every chunk."""
        ordinal = 0
        for number, r in enumerate(pack.trailer.records):
            at = 0
            for length in r.chunk_lengths:
                yield pack.trailer.ids[32 * ordinal:32 * ordinal + 32], number, at, length
                at, ordinal = at + length, ordinal + 1

    def load_chunks(self):
        self.chunks = {}
        for name in self.pack_names():
            try:
                pack = self.open_pack(name)
            except (Fail, OSError) as e:
                warn(f"{e}; going on without this pack")
                self.unreadable.append(name)
                continue
            for chunk, *where in self.chunks_of(pack):
                self.chunks.setdefault((pack.kind, chunk), []).append((pack, *where))

    def check_chunk(self, pack, chunk, number, at, length):
        data = self.record(pack, number)[at:at + length]
        if b3(data, self.k_meta if pack.kind == META else self.k_id) != chunk:
            raise Fail(f"{pack.name}: chunk {chunk.hex()} in record {number} does not match its id")
        return data

    def length_of(self, kind, chunk):
        if self.chunks is None:
            self.load_chunks()
        if (kind, chunk) not in self.chunks:
            raise Fail(f"chunk {chunk.hex()} is in no pack" + "".join(f"\n  unreadable: {n}" for n in self.unreadable))
        return self.chunks[kind, chunk][0][3]

    def chunk(self, kind, chunk):
        self.length_of(kind, chunk)
        error = None
        for pack, *where in self.chunks[kind, chunk]:  # any copy will do
            try:
                return self.check_chunk(pack, chunk, *where)
            except Fail as e:
                error = e
        raise error

    # -- trees and content
    def leaves(self, root, kind):
        """The leaves of a list: lists of (path, entry), or Content messages."""
        def below(chunk, depth):
            data = self.chunk(META, chunk)
            with naming(f"metadata chunk {chunk.hex()}"):
                if depth == 0:
                    leaf = decode(kind, data)
                    yield self.paths(leaf) if kind == "TreeLeaf" else leaf
                    return
                children = decode("Node", data).children
                need(children, "is a node without children")
            for child in children:
                items = 0
                for leaf in below(child.id, depth - 1):
                    if kind == "TreeLeaf":
                        with naming(f"metadata chunk {chunk.hex()}"):
                            need(items or leaf[0][0] == child.first, "first path of a child is another")
                        items += len(leaf)
                    yield leaf
                with naming(f"metadata chunk {chunk.hex()}"):
                    need(kind != "TreeLeaf" or items == child.items, "number of items of a child is another")
        need(root.depth <= DEPTH_MAX, "a list is too deep")
        return below(root.id, root.depth)

    @staticmethod
    def paths(leaf):
        before, out = b"", []
        need(leaf.entries, "is a leaf without entries")
        for e in leaf.entries:
            need(e.shared <= len(before), "shares more than there is")
            before = before[:e.shared] + e.suffix
            check_path(before)
            out.append((before, e))
        return out

    def entries(self, source):
        """(path, entry) of a tree, checked: order, parents, types. So nothing can be written through a symbolic link, or twice."""
        last, open_directories = None, []
        need(source.tree is not None, "has no tree")
        for leaf in self.leaves(source.tree, "TreeLeaf"):
            for path, e in leaf:
                with naming(f"entry {show(path)!r}"):
                    need(path == b"" if last is None else path_order(last) < path_order(path), "out of order")
                    need(FILE <= e.type <= BLOCK and e.mode <= 0o7777, f"type {e.type}, mode {e.mode:o}")
                    need(e.type == FILE or not (e.content or e.content_root or e.link_group), "has content, but is no file")
                    need(not (e.content and e.content_root), "has content twice")
                    if last is not None:
                        parent = path.rpartition(b"/")[0]
                        while open_directories and open_directories[-1] != parent:
                            open_directories.pop()
                        need(open_directories, "its parent is not a directory of the tree")
                    if e.type == DIRECTORY:
                        open_directories.append(path)
                    last = path
                yield path, e
        need(last is not None, "is empty")

    def extents(self, e):
        """Extents of a file; those of data lie within their chunk, and all add up to the size."""
        at = 0
        contents = [e.content] if e.content else self.leaves(e.content_root, "Content") if e.content_root else []
        for at, length, kind, chunk, inner in extents(contents):
            need(kind or inner + length <= self.length_of(DATA, chunk), "an extent goes beyond its chunk")
            need(at + length <= e.size, "extents go beyond the size")
            yield at, length, kind, chunk, inner
            at += length
        need(at == e.size, f"extents add up to {at}, not to the size of {e.size}")


# ---- restore
def restore_source(repository, source, target):
    """Into target/<name>, which must not exist; whoever calls has made target. Paths are relative to the working directory, so that long ones work."""
    name = check_source_name(source.name)
    os.chdir(target)
    if os.path.lexists(name):
        raise Fail(f"{target}/{source.name} is there already")
    links, directories, prefix = {}, [], None
    for path, e in repository.entries(source):
        if prefix is None:
            if e.type == DIRECTORY:
                os.mkdir(name, 0o700)
                os.chdir(name)
                prefix = b"."
            else:
                prefix = name
        place = path or prefix
        with naming(f"{source.name}/{show(path)}"):
            if e.link_group and e.link_group in links:
                os.link(links[e.link_group], place, follow_symlinks=False)
                continue
            try:
                if e.type == FILE:
                    restore_file(repository, e, place)
                elif e.type == DIRECTORY:
                    directories.append((place, e))
                    if path:
                        os.mkdir(place, 0o700)
                    continue
                elif e.type == SYMLINK:
                    os.symlink(e.target, place)
                elif e.type == FIFO:
                    os.mkfifo(place, 0o600)
                elif e.type == SOCKET:
                    os.mknod(place, 0o600 | stat.S_IFSOCK)
                else:
                    os.mknod(place, 0o600 | (stat.S_IFCHR if e.type == CHARACTER else stat.S_IFBLK), os.makedev(e.rdev >> 32, e.rdev & 0xFFFFFFFF))
            except PermissionError as error:
                if e.type not in (CHARACTER, BLOCK):
                    raise
                warn(f"{source.name}/{show(path)}: {error.strerror}: left out")
                continue
            if e.link_group:
                links[e.link_group] = place
            set_attributes(e, place)
            if e.changed_while_read:
                warn(f"{source.name}/{show(path)}: changed while it was read for the backup")
    for place, e in reversed(directories):
        set_attributes(e, place)


def restore_file(repository, e, place):
    fd = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        last, whole = (None, b""), bytearray()
        for at, length, kind, chunk, inner in repository.extents(e):
            if kind == 0:
                if chunk != last[0]:
                    last = chunk, repository.chunk(DATA, chunk)
                view = memoryview(last[1])[inner:inner + length]
                whole += view if e.content_digest else b""
                while view:
                    written = os.pwrite(fd, view, at)
                    view, at = view[written:], at + written
            elif kind == 2:
                os.posix_fallocate(fd, at, length)
        os.ftruncate(fd, e.size)
        need(not e.content_digest or b3(bytes(whole)) == e.content_digest, "is not as a whole what was backed up")
    finally:
        os.close(fd)


def set_attributes(e, place):
    if os.geteuid() == 0:
        os.chown(place, e.uid, e.gid, follow_symlinks=False)
    for x in e.xattrs:
        try:
            os.setxattr(place, x.name, x.value, follow_symlinks=False)
        except OSError as error:
            warn(f"{show(place)}: attribute {show(x.name)}: {error.strerror}")
    if e.type != SYMLINK:
        foreign = e.type != DIRECTORY and os.geteuid() not in (0, e.uid)  # set-user-id to whoever restores is not what was backed up
        os.chmod(place, e.mode & ~0o6000 if foreign else e.mode)
    os.utime(place, ns=(e.mtime_ns, e.mtime_ns), follow_symlinks=False)


# ---- commands
class Errors:
    status = 0

    @contextlib.contextmanager
    def collect(self):
        try:
            yield
        except (Fail, OSError) as e:
            print(f"error: {e}", file=sys.stderr)
            self.status = max(self.status, getattr(e, "status", 1))


def command_list(repository):
    errors, points = Errors(), []
    for name in repository.manifest_names():
        with errors.collect():
            points.append(repository.manifest(name))
    for m in sorted(points, key=lambda m: (m.finished_ns, m.set, m.sequence)):
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(m.finished_ns // 10**9))
        print("\t".join((m.id, str(m.sequence), show(m.set), when, show(m.status), ",".join(show(s.name) for s in m.sources))))
    return errors.status


def command_restore(repository, wanted, target, only):
    m = repository.point(wanted)
    sources = [s for s in m.sources if only in (None, s.name)]
    if not sources:
        raise Fail(f"{m.name}: has no source {only or ''}")
    os.makedirs(target, exist_ok=True)
    target = os.path.abspath(target)
    for s in sources:
        with naming(f"{m.name}: source {show(s.name)}"):
            restore_source(repository, s, target)
    print(f"restored {m.id}: {', '.join(show(s.name) for s in sources)}")
    return 0


def verify_pack(repository, name):
    if b3(repository.read(name, PACK_MAX)).hex() != name[-64:]:
        raise Fail(f"{name}: content does not match its name")
    pack = repository.open_pack(name)
    count = 0
    for count, (chunk, *where) in enumerate(repository.chunks_of(pack), 1):
        repository.check_chunk(pack, chunk, *where)
    t = pack.trailer
    with naming(name):
        if t.pieces_stored:
            pieces = decode("Pieces", unzstd(repository.part(pack, 2, 0, t.pieces_offset, t.pieces_stored), MANIFEST_MAX))
            lengths, chunk_lengths = iter(pieces.lengths), [n for r in t.records for n in r.chunk_lengths]
            need(len(pieces.chunks) == len(pieces.counts) and pieces.chunks == sorted(set(pieces.chunks)), "pieces are of no chunks")
            need(len(pieces.lengths) == sum(pieces.counts) and len(pieces.fingerprints) == 16 * len(pieces.lengths), "pieces do not add up")
            for ordinal, pieces_of in zip(pieces.chunks, pieces.counts):
                need(sum(next(lengths) for _ in range(pieces_of)) == chunk_lengths[ordinal], "pieces do not add up to their chunk")
        with open(repository.path / name, "rb") as f:
            f.seek(t_end := pack.trailer_offset + pack.trailer_length)
            need(not f.read(pack.size - 32 - t_end).strip(b"\0"), "padding is not zero")
    return count


def verify_chain(repository, folder, points):
    """The ledger of one set: a head for each number, each naming the one before and its manifest; `points`: number -> manifest."""
    heads = {}
    for name in repository.names(f"heads/{folder}/[0-9]{{8}}"):
        plain, digest, previous = repository.signed(name, "head")
        with naming(name):
            h, number = decode("Head", plain), int(name[-8:])
            need(h.sequence == number == len(heads) + 1, "is not the next in the ledger")
            before = heads[number - 1][0] if number > 1 else "0" * 64
            need(previous == before and (h.previous or bytes(32)).hex() == before, "does not follow the head before it")
            heads[number] = digest, h.manifest.hex()
    for number, m in points.items():
        with naming(m.name):
            if number in heads:
                need(heads[number][1] == m.digest, "is not the manifest its head names")
            else:
                need(number == len(heads) + 1, "has no head, and is not the newest")
                warn(f"{m.name}: no head yet")
            before = heads[number - 1][1] if number > 1 else "0" * 64
            need((m.previous or bytes(32)).hex() == before, "does not follow the manifest before it")


def command_verify(repository):
    errors, packs, chunks, points, files = Errors(), 0, 0, {}, 0
    for name in repository.pack_names():
        with errors.collect():
            chunks += verify_pack(repository, name)
            packs += 1
    for name in repository.manifest_names():
        with errors.collect():
            m = repository.manifest(name)
            points.setdefault(name.split("/")[1], {})[m.sequence] = m
            for s in m.sources:
                with naming(f"{name}: source {show(s.name)}"):
                    check_source_name(s.name)
                    for path, e in repository.entries(s):
                        with naming(f"{name}: {show(s.name)}/{show(path)}"):
                            files += e.type == FILE
                            for _ in repository.extents(e) if e.type == FILE else ():
                                pass
    for folder in sorted(set(points) | {n.split("/")[1] for n in repository.names("heads/[0-9a-f]{16}/[0-9]{8}")}):
        with errors.collect():
            verify_chain(repository, folder, points.get(folder, {}))
    print(f"{packs} packs, {chunks} chunks, {sum(map(len, points.values()))} points, {files} files" + (": errors" if errors.status else ": all good"))
    return errors.status


def read_secret(a):
    if a.passphrase_file:
        return "passphrase", Path(a.passphrase_file).read_bytes().removesuffix(b"\n")
    if a.key_file:
        secret = Path(a.key_file).read_bytes()
        if len(secret) < 32:
            raise Fail(f"{a.key_file}: holds fewer than 32 bytes")
        return "key file", secret
    with naming(a.identity):
        key = serialization.load_pem_private_key(Path(a.identity).read_bytes(), None)
        need(isinstance(key, x25519.X25519PrivateKey), "is not an X25519 private key")
    return "identity", key


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Reads a holdfast repository without holdfast.")
    parser.add_argument("repository")
    how = parser.add_mutually_exclusive_group(required=True)
    for option in ("--passphrase-file", "--key-file", "--identity"):
        how.add_argument(option)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    commands.add_parser("verify")
    restore = commands.add_parser("restore")
    restore.add_argument("point")
    restore.add_argument("dir")
    restore.add_argument("--source")
    a = parser.parse_args(arguments)
    try:
        repository = Repository(a.repository, *read_secret(a))
        if a.command == "restore":
            return command_restore(repository, a.point, a.dir, a.source)
        return command_list(repository) if a.command == "list" else command_verify(repository)
    except Fail as e:
        print(f"error: {e}", file=sys.stderr)
        return e.status
    except OSError as e:
        print(f"error: {e}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
