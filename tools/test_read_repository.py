#!/usr/bin/python3
"""Tests of read_repository.py. The repositories in here are made by this file, from docs/FORMAT.md, so they show only that the reader
agrees with the page; that holdfast does too is shown by running the reader on repositories that holdfast wrote."""
import base64, contextlib, hashlib, hmac, io, os, stat, struct, sys, tempfile, time, unittest
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nacl.bindings
import read_repository as rr
import zstandard
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from read_repository import b3, decode, encode, hkdf, make

RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
NOW = 1_700_000_000_000_000_000


def zstd(data):
    return zstandard.ZstdCompressor().compress(data)


class Builder:
    """Writes a repository."""

    def __init__(self, path, algorithm="ed25519", required=(), major=1):
        self.path, self.root, self.id, self.secret = Path(path), os.urandom(32), os.urandom(16), os.urandom(32)
        self.k = {w: hkdf(self.root, self.id, f"holdfast {w} 1".encode(), 32) for w in ("chunk id", "meta id", "name", "config")}
        self.algorithm = algorithm
        message = encode("Config", make("Config", repository_id=self.id, created_ns=NOW, required=list(required)))
        self.put("config", self.maced(b"HFCF" + struct.pack("<HHI", major, 0, len(message)) + message))
        self.put("epochs/1", self.box("epoch 1", encode("Epoch", make("Epoch", number=1, secret=self.secret))))
        self.private = {"ed25519": ed25519.Ed25519PrivateKey.generate, "ecdsa-p256-sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
                        "rsa-pss-sha256": lambda: rsa.generate_private_key(65537, 2048)}[algorithm]()
        der = self.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.keyid = hashlib.sha256(der).hexdigest()[:32]
        message = encode("Signer", make("Signer", algorithm=algorithm, public_der=der))
        self.put(f"signers/{self.keyid}", self.maced(b"HFSG" + struct.pack("<HI", 1, len(message)) + message))

    def put(self, name, data):
        p = self.path / name
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_bytes(data)
        return name

    def maced(self, data):
        return data + hmac.digest(self.k["config"], data, "sha256")

    def box(self, purpose, data):
        salt = os.urandom(32)
        keys = hkdf(self.root, salt, b"holdfast box 1" + purpose.encode(), 64)
        head = b"HFBX" + struct.pack("<HH", 1, len(purpose)) + purpose.encode() + salt + keys[32:]
        return head + AESGCM(keys[:32]).encrypt(bytes(12), data, head)

    def envelope(self, kek, **fields):
        message = encode("Envelope", make("Envelope", repository_id=self.id, **fields))
        head = b"HFKY" + struct.pack("<HI", 1, len(message)) + message
        data = head + AESGCM(kek).encrypt(bytes(12), self.root, head)
        return self.put("keys/" + b3(data).hex()[:16], data)

    def passphrase(self, text):
        salt = os.urandom(16)
        kek = nacl.bindings.crypto_pwhash_alg(32, text, salt, 1, 64 * 1024, nacl.bindings.crypto_pwhash_ALG_ARGON2ID13)
        return self.envelope(kek, kind=1, salt=salt, memory_kib=64, passes=1)

    def key_file(self, data):
        salt = os.urandom(32)
        return self.envelope(hkdf(data, salt, b"holdfast key file 1", 32), kind=2, salt=salt)

    def recipient(self, public):
        mine = x25519.X25519PrivateKey.generate()
        e, r = mine.public_key().public_bytes(*RAW), public.public_bytes(*RAW)
        return self.envelope(hkdf(mine.exchange(public), e + r, b"holdfast x25519 1", 32), kind=3, ephemeral=e, recipient=r)

    def pack(self, kind, groups):
        """groups: lists of chunks; every second one is compressed. Returns the ids."""
        salt = os.urandom(32)
        keys = hkdf(self.secret, salt, b"holdfast pack 1" + bytes([kind]), 64)
        header = b"HFPK" + struct.pack("<HBBII", 1, kind, 0, 1, 0) + salt + keys[32:]
        out, records, ids = bytearray(header), [], []

        def seal(what, number, data):
            nonce = struct.pack("<IQ", what, number)
            return AESGCM(keys[:32]).encrypt(nonce, data, header + nonce)
        for i, chunks in enumerate(groups):
            raw = b"".join(chunks)
            sealed = seal(1, i, zstd(raw) if i % 2 else raw)
            records.append(make("Record", offset=len(out), stored=len(sealed), codec=i % 2, chunk_lengths=[len(c) for c in chunks]))
            ids += [b3(c, self.k["meta id" if kind == 2 else "chunk id"]) for c in chunks]
            out += sealed
        pieces = make("Pieces", chunks=[0], counts=[1], lengths=[len(groups[0][0])], fingerprints=bytes(16))
        sealed, at = seal(2, 0, zstd(encode("Pieces", pieces))), len(out)
        out += sealed
        trailer = seal(3, 0, zstd(encode("Trailer", make("Trailer", records=records, ids=b"".join(ids), pieces_offset=at, pieces_stored=len(sealed)))))
        footer = b"HFPE" + seal(4, 0, struct.pack("<QI", len(out), len(trailer)))
        out += trailer
        out += bytes(-(len(out) + 32) % 4096) + footer
        name = b3(bytes(out)).hex()
        self.last_pack = self.put(f"{'meta' if kind == 2 else 'packs'}/{name[:2]}/{name}", bytes(out))
        return ids

    def signed(self, name, word, previous, plain, named=None):
        body = self.box(word, plain)
        head = (f"holdfast {word} 1\nrepository {self.id.hex()}\nname {named or name}\nprevious {previous.hex()}\nbody {len(body)} "
                f"{hashlib.sha256(body).hexdigest()}\nkey {self.keyid}\nalgorithm {self.algorithm}\n\n").encode()
        signature = {"ed25519": lambda: self.private.sign(head), "ecdsa-p256-sha256": lambda: self.private.sign(head, ec.ECDSA(hashes.SHA256())),
                     "rsa-pss-sha256": lambda: self.private.sign(head, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())}[self.algorithm]()
        data = head + b"signature " + base64.b64encode(signature) + b"\n" + body
        self.put(name, data)
        return hashlib.sha256(data).digest()

    def point(self, sources, sequence=1, manifest_before=bytes(32), head_before=bytes(32), **options):
        folder = hmac.digest(self.k["name"], b"daily", "sha256").hex()[:16]
        m = make("Manifest", set="daily", sequence=sequence, previous=manifest_before if any(manifest_before) else b"", finished_ns=NOW + sequence,
                 status="complete", sources=sources, epoch=1)
        digest = self.signed(f"manifests/{folder}/{sequence:08d}", "manifest", manifest_before, zstd(encode("Manifest", m)), **options)
        head = make("Head", sequence=sequence, manifest=digest, previous=head_before if any(head_before) else b"", time_ns=NOW)
        return digest, self.signed(f"heads/{folder}/{sequence:08d}", "head", head_before, zstd(encode("Head", head)))


def entry(shared, suffix, kind, **values):
    values = {"mode": 0o750 if kind == rr.DIRECTORY else 0o640, "uid": os.getuid(), "gid": os.getgid(), "mtime_ns": NOW + 7, **values}
    return make("Entry", shared=shared, suffix=suffix, type=kind, **values)


def data_extent(length, position, offset=0):
    return [length << 2, position, offset]


ONE, TWO, THREE = b"first chunk " * 100, os.urandom(5000), b"third" * 1000


def fill(b, leaves=None):
    """A point with one source, `home`: a tree of two leaves, or the given one leaf."""
    ids = b.pack(1, [[ONE], [TWO, THREE]])
    content_leaves = [encode("Content", make("Content", ids=ids[1] + ids[2], extents=[*data_extent(5000, 0), *data_extent(5000, 1), 4096 << 2 | 1])),
                      encode("Content", make("Content", ids=ids[0], extents=[*data_extent(100, 0, 12), 4096 << 2 | 2]))]
    c = b.pack(2, [content_leaves])
    node = encode("Node", make("Node", children=[make("Child", id=c[0], bytes=14096), make("Child", id=c[1], bytes=4196)]))
    node_id, = b.pack(2, [[node]])
    small = make("Content", ids=ids[0], extents=data_extent(len(ONE), 0))
    if leaves is None:
        leaves = [
            [entry(0, b"", rr.DIRECTORY, mode=0o755), entry(0, b"a", rr.DIRECTORY, mode=0o500), entry(1, b"/file", rr.FILE, size=len(ONE), content=small, mode=0o400),
             entry(2, b"hard", rr.FILE, size=len(ONE), content=small, link_group=9, mtime_ns=-5),
             entry(0, b"a.b", rr.FILE, xattrs=[make("Xattr", name=b"user.colour", value=b"red")])],
            [entry(0, b"big\xff", rr.FILE, size=18292, content_root=make("Root", id=node_id, depth=1)), entry(0, b"hard2", rr.FILE, size=len(ONE), content=small, link_group=9),
             entry(0, b"link", rr.SYMLINK, target=b"/nowhere"), entry(0, b"pipe", rr.FIFO)]]
    firsts = [leaf[0].suffix for leaf in leaves]
    t = b.pack(2, [[encode("TreeLeaf", make("TreeLeaf", entries=leaf)) for leaf in leaves]])
    children = [make("Child", id=i, first=f, items=len(leaf)) for i, f, leaf in zip(t, firsts, leaves)]
    root, = b.pack(2, [[encode("Node", make("Node", children=children))]])
    return make("Source", name="home", kind="files", tree=make("Root", id=root, depth=1), status="complete")


def run(*arguments):
    out, err, folder = io.StringIO(), io.StringIO(), os.getcwd()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = rr.main([str(a) for a in arguments])
    finally:
        os.chdir(folder)
    return status, out.getvalue(), err.getvalue()


class Blake3(unittest.TestCase):
    KEY = b"whats the Elvish word for friend"
    VECTORS = {  # of the official test_vectors.json: length of 0, 1 ... 250, 0, 1 ...: hash, keyed hash
        0: ("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26"),
        1: ("2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213", "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b"),
        1024: ("42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7", "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4"),
        1025: ("d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444", "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69"),
        2048: ("e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a", "879cf1fa2ea0e79126cb1063617a05b6ad9d0b696d0d757cf053439f60a99dd1"),
        102400: ("bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085", "1c35d1a5811083fd7119f5d5d1ba027b4d01c0c6c49fb6ff2cf75393ea5db4a7")}

    def test_vectors(self):
        for length, (plain, keyed) in self.VECTORS.items():
            data = bytes(i % 251 for i in range(length))
            self.assertEqual(rr.blake3_python(data).hex(), plain)
            self.assertEqual(rr.blake3_python(data, self.KEY).hex(), keyed)

    def test_batches(self):
        """The batches are only for speed: any other size of batch gives the same."""
        data, lanes = os.urandom(40 * 1024 + 1), rr.LANES
        expected = {n: rr.blake3_python(data[:n], self.KEY) for n in (1023, 3 * 1024, 7 * 1024 + 5, 40 * 1024, 40 * 1024 + 1)}
        try:
            for rr.LANES in (1, 3, 8):
                self.assertEqual({n: rr.blake3_python(data[:n], self.KEY) for n in expected}, expected)
        finally:
            rr.LANES = lanes


class Protobuf(unittest.TestCase):
    def test_round_trip(self):
        e = entry(3, b"x", rr.FILE, mtime_ns=-1, ctime_ns=-(1 << 63), inode=(1 << 64) - 1, content=make("Content", ids=bytes(32), extents=[0, 300, 1 << 63]),
                  xattrs=[make("Xattr", name=b"a", value=b""), make("Xattr")], changed_while_read=1)
        self.assertEqual(decode("TreeLeaf", encode("TreeLeaf", make("TreeLeaf", entries=[e]))).entries[0], e)
        for ns in (-1, 0, NOW, -(1 << 63), (1 << 63) - 1):
            self.assertEqual(decode("Config", encode("Config", make("Config", created_ns=ns, required=["", "ü"]))).created_ns, ns)

    def test_known_bytes(self):
        self.assertEqual(encode("Epoch", make("Epoch", number=150, secret=b"ab", not_before_ns=-1)), bytes.fromhex("089601120261621 8ffffffffffffffffff01".replace(" ", "")))
        self.assertEqual(encode("Content", make("Content", extents=[3, 270, 86942])), bytes.fromhex("1206038e029ea705"))
        self.assertEqual(encode("Entry", make("Entry", mtime_ns=-2, content=make("Content"))), bytes.fromhex("48039201 00".replace(" ", "")))
        self.assertEqual(decode("Epoch", b""), make("Epoch"))

    def test_refused(self):
        for message, data in (("Epoch", "08968100"), ("Epoch", "0800"), ("Epoch", "12016108 01".replace(" ", "")), ("Epoch", "2001"), ("Epoch", "0d01000000"), ("Epoch", "1205aa"),
                              ("Epoch", "0880808080 10".replace(" ", "")), ("Epoch", "08ffffffffffffffffffff01"), ("Epoch", "08"), ("Content", "1003"), ("Content", "1200"),
                              ("Epoch", "08010802"), ("Config", "1a02c328"), ("Entry", "a00102"), ("Root", "0a00")):
            with self.subTest(message=message, data=data), self.assertRaises(ValueError):
                decode(message, bytes.fromhex(data))


class Paths(unittest.TestCase):
    def test_paths(self):
        for good in (b"", b"a", b"a/b", b"...", b"a/.b", b"\xff\n", b"x" * 255, b"/".join([b"x" * 254] * 16)):
            rr.check_path(good)
        for bad in (b"/", b"/a", b"a/", b"a//b", b".", b"..", b"a/../b", b"./a", b"a/.", b"a\0b", b"x" * 256, b"/".join([b"x" * 255] * 16) + b"/"):
            with self.subTest(bad=bad), self.assertRaises(ValueError):
                rr.check_path(bad)

    def test_source_names(self):
        self.assertEqual(rr.check_source_name("etc"), b"etc")
        for bad in ("", ".", "..", "a/b", "/a", "a\0"):
            with self.subTest(bad=bad), self.assertRaises(ValueError):
                rr.check_source_name(bad)

    def test_order(self):
        paths = [b"", b"a", b"a/b", b"a/b/c", b"a/b.c", b"a!", b"a.b", b"ab"]
        self.assertEqual(sorted(paths, key=rr.path_order), paths)


class Zstd(unittest.TestCase):
    def test_one_frame(self):
        data = b"x" * 1000
        streamed = zstandard.ZstdCompressor().compressobj()
        streamed = streamed.compress(data) + streamed.flush()
        self.assertEqual([rr.unzstd(f, 1000) for f in (zstd(data), streamed, zstd(b""))], [data, data, b""])
        window = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=25)).compressobj()
        window = window.compress(os.urandom(1 << 20)) + window.flush()
        for bad in (zstd(data) + b"x", zstd(data) * 2, zstd(data)[:-1], streamed + b"x", zstd(data + b"x"), zstd(bytes(1 << 30)), b"", window):
            with self.subTest(bad=bad[:20]), self.assertRaises((ValueError, zstandard.ZstdError)):
                rr.unzstd(bad, 1 << 21 if bad is window else 1000)


class Repositories(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = Path(self.folder.name)
        self.repo, self.out = self.dir / "repo", self.dir / "out"
        self.key = self.dir / "key"
        self.key.write_bytes(os.urandom(40))

    def build(self, leaves=None, source=None, point=(), **options):
        b = Builder(self.repo, **options)
        b.key_file(self.key.read_bytes())
        s = fill(b, leaves)
        for name, value in (source or {}).items():
            setattr(s, name, value)
        b.before = b.point([s], **dict(point))
        b.source = s
        return b

    def run_with_key(self, *arguments):
        return run(self.repo, "--key-file", self.key, *arguments)

    def refused(self, status, text, *arguments):
        got, _, err = self.run_with_key(*arguments or ("restore", "latest", self.out))
        self.assertEqual(got, status, err)
        self.assertIn(text, err)

    def test_restore(self):
        b = self.build()
        status, out, err = self.run_with_key("restore", "latest", self.out)
        self.assertEqual((status, err), (0, ""))
        home = os.fsencode(self.out / "home")
        self.assertEqual(sorted(os.listdir(home)), [b"a", b"a.b", b"big\xff", b"hard2", b"link", b"pipe"])
        big = TWO + THREE + bytes(4096) + ONE[12:112] + bytes(4096)
        for name, content in ((b"a/file", ONE), (b"a/hard", ONE), (b"a.b", b""), (b"big\xff", big)):
            with open(home + b"/" + name, "rb") as f:
                self.assertEqual(f.read(), content, name)
        modes = {n: stat.S_IMODE(os.stat(home + b"/" + n).st_mode) for n in (b"", b"a", b"a/file", b"a.b")}
        self.assertEqual(modes, {b"": 0o755, b"a": 0o500, b"a/file": 0o400, b"a.b": 0o640})
        self.assertEqual({os.lstat(home + b"/" + n).st_mtime_ns for n in (b"", b"a", b"a/file", b"link", b"pipe")}, {NOW + 7})
        self.assertEqual(os.stat(home + b"/a/hard").st_mtime_ns, -5)
        self.assertTrue(os.path.samefile(home + b"/a/hard", home + b"/hard2"))
        self.assertEqual(os.readlink(home + b"/link"), b"/nowhere")
        self.assertTrue(stat.S_ISFIFO(os.lstat(home + b"/pipe").st_mode))
        self.assertEqual(os.getxattr(home + b"/a.b", "user.colour"), b"red")
        self.refused(1, "is there already")
        self.refused(1, "has no source", "restore", "latest", self.dir / "out2", "--source", "other")
        point = b.before[0].hex()[:32]
        self.assertEqual(self.run_with_key("restore", point[:6], self.dir / "out3", "--source", "home")[0], 0)
        self.refused(1, "0 points", "restore", "xyz", self.out)
        os.chmod(home + b"/a", 0o700)
        os.chmod(self.dir / "out3/home/a", 0o700)

    def test_list_and_verify(self):
        b = self.build()
        b.point([b.source], 2, *b.before)
        status, out, err = self.run_with_key("list")
        lines = [line.split("\t") for line in out.splitlines()]
        self.assertEqual((status, err, lines[0][0]), (0, "", b.before[0].hex()[:32]))
        self.assertEqual([line[1:] for line in lines], [[n, "daily", "2023-11-14T22:13:20Z", "complete", "home"] for n in "12"])
        self.assertEqual(self.run_with_key("verify"), (0, "5 packs, 9 chunks, 2 points, 10 files: all good\n", ""))

    def test_keys(self):
        b = self.build()
        b.passphrase(b"correct horse")
        mine = x25519.X25519PrivateKey.generate()
        b.recipient(mine.public_key())
        pem = mine.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.dir / "pem").write_bytes(pem)
        (self.dir / "right").write_bytes(b"correct horse\n")
        (self.dir / "wrong").write_bytes(b"correct horse\n\n")
        for option, name, status in (("--passphrase-file", "right", 0), ("--passphrase-file", "wrong", 12), ("--identity", "pem", 0), ("--key-file", "pem", 12)):
            self.assertEqual(run(self.repo, option, self.dir / name, "list")[0], status, name)

    def test_algorithms(self):
        for algorithm in ("ecdsa-p256-sha256", "rsa-pss-sha256"):
            self.repo = self.dir / algorithm
            self.build(algorithm=algorithm)
            self.assertEqual(self.run_with_key("list")[0], 0)

    def test_unknown_format(self):
        self.build(major=2)
        self.refused(1, "format 2.0 is not known", "list")

    def test_unknown_feature(self):
        self.build(required=["new thing"])
        self.refused(1, "new thing", "list")

    def damage(self, pattern, at, value=None):
        for path in self.repo.glob(pattern):
            data = bytearray(path.read_bytes())
            data[at] ^= 1
            path.write_bytes(data)

    def test_bad_config(self):
        self.build()
        self.damage("config", -1)
        self.refused(12, "config", "list")

    def test_bad_signer(self):
        self.build()
        self.damage("signers/*", -1)
        self.refused(12, "signers/")

    def test_missing_signer(self):
        b = self.build()
        (self.repo / "signers" / b.keyid).unlink()
        self.refused(12, "signers/" + b.keyid)

    def test_bad_signature(self):
        b = self.build()
        path, = self.repo.glob("manifests/*/*")
        data = path.read_bytes()
        for old, new in ((b"previous 00", b"previous 10"), (b"signature ", b"signature AAAA"), (b"\nkey " + b.keyid.encode(), b"\nkey " + b"0" * 32)):
            path.write_bytes(data.replace(old, new, 1))
            self.refused(12, path.parent.name if b"key" not in old else "signers/")
        path.write_bytes(data.replace(b"holdfast manifest 1", b"holdfast manifest 2"))
        self.refused(1, "is not a signed object")

    def test_other_name(self):
        self.build(point={"named": "manifests/0000000000000000/00000001"})
        self.refused(12, "was signed as")

    def test_moved(self):
        self.build()
        path, = self.repo.glob("manifests/*/*")
        path.rename(path.with_name("00000002"))
        self.refused(12, "was signed as")

    def test_bad_body(self):
        self.build()
        self.damage("manifests/*/*", -1)
        self.refused(1, "body does not match")

    def test_bad_record(self):
        b = self.build()
        self.damage("packs/*/*", 100)
        self.refused(1, "record 0: does not decrypt")
        self.refused(1, "content does not match its name", "verify")

    def test_bad_trailer(self):
        self.build()
        self.damage("packs/*/*", -1)
        self.refused(1, "packs/")

    def test_bad_padding(self):
        self.build()
        self.damage("packs/*/*", -40)
        self.refused(1, "does not match its name", "verify")
        path, = self.repo.glob("packs/*/*")
        name = b3(path.read_bytes()).hex()
        (self.repo / "packs" / name[:2]).mkdir(exist_ok=True)
        path.rename(self.repo / "packs" / name[:2] / name)
        self.refused(1, "padding is not zero", "verify")

    def test_wrong_id(self):
        """A chunk that decrypts but is not what its id says."""
        b = Builder(self.repo)
        b.key_file(self.key.read_bytes())
        b.k["chunk id"] = bytes(32)
        b.point([fill(b)])
        self.refused(1, "does not match its id")

    def test_missing_pack(self):
        self.build()
        for path in self.repo.glob("packs/*/*"):
            path.unlink()
        self.refused(1, "is in no pack")
        self.refused(1, "is in no pack", "verify")

    def test_missing_manifest_in_chain(self):
        b = self.build()
        b.point([b.source], 2, b.before[0], bytes(32))
        self.refused(1, "does not follow", "verify")

    def test_evil_trees(self):
        d, f = rr.DIRECTORY, rr.FILE
        for n, (text, *leaf) in enumerate((
                ("forbidden path", entry(0, b"", d), entry(0, b"../x", f)),
                ("forbidden path", entry(0, b"", d), entry(0, b"/x", f)),
                ("not a directory", entry(0, b"", d), entry(0, b"l", rr.SYMLINK, target=b"/tmp"), entry(1, b"/x", f)),
                ("not a directory", entry(0, b"", d), entry(0, b"x/y", f)),
                ("out of order", entry(0, b"", d), entry(0, b"x", rr.SYMLINK, target=b"/tmp"), entry(0, b"x", d)),
                ("out of order", entry(0, b"", d), entry(0, b"y", f), entry(0, b"x", f)),
                ("shares more", entry(0, b"", d), entry(4, b"x", f)),
                ("extents add up", entry(0, b"", d), entry(0, b"x", f, size=1)),
                ("beyond the size", entry(0, b"", d), entry(0, b"x", f, content=make("Content", extents=[5]))),
                ("no chunk", entry(0, b"", d), entry(0, b"x", f, content=make("Content", extents=[4, 0, 0]), size=1)),
                ("is no file", entry(0, b"", d), entry(0, b"x", rr.FIFO, content=make("Content", extents=[5]))),
                ("type 0", entry(0, b"", d), entry(0, b"x", 0)),
                ("out of order", entry(0, b"x", f)))):
            with self.subTest(text=text, n=n):
                self.repo = self.dir / f"repo{n}"
                self.build(list((leaf,)))
                self.refused(1, text, "restore", "latest", self.dir / f"out{n}")
                self.refused(1, text, "verify")
                self.assertFalse((self.dir / "x").exists() or Path("/tmp/x").exists())

    def test_evil_source_names(self):
        for n, name in enumerate(("..", "", "a/b", ".")):
            self.repo = self.dir / f"repo{n}"
            self.build(source={"name": name})
            self.refused(1, "forbidden", "restore", "latest", self.dir / "o" / "p")


if __name__ == "__main__":
    unittest.main()
