#!/usr/bin/python3
"""Describes a tree, one line for each path: describe_tree.py [--portable] DIR

Two trees are restored alike if their descriptions are the same. --portable leaves out what depends on the user and the
file system: owners, allocation and extended attributes.
"""
import hashlib, os, stat, sys

portable = sys.argv[1] == "--portable"
top = os.fsencode(sys.argv[-1])


def holes(fd, size):
    """Where data begin and end, so that holes of the same size elsewhere do not count as the same."""
    edges, at = [], 0
    while at < size:
        try:
            begin = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            break
        at = os.lseek(fd, begin, os.SEEK_HOLE)
        edges.append(f"{begin}-{at}")
    return ",".join(edges)


def contents(path, size):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    digest = hashlib.sha256()
    while data := os.read(fd, 1 << 20):
        digest.update(data)
    data_at = "" if portable else f" data={holes(fd, size)} blocks={os.fstat(fd).st_blocks}"
    os.close(fd)
    return digest.hexdigest() + data_at


first_name = {}
paths = [top]
for directory, folders, files in os.walk(top):
    paths += [os.path.join(directory, name) for name in folders + files]
for path in sorted(paths):
    s = os.lstat(path)
    name = path[len(top):]
    words = [ascii(name), stat.filemode(s.st_mode), oct(s.st_mode & 0o7777), f"mtime={s.st_mtime_ns}"]
    if not portable:
        words.append(f"owner={s.st_uid}:{s.st_gid}")
        for attribute in sorted(os.listxattr(path, follow_symlinks=False)):
            words.append(f"{attribute}={os.getxattr(path, attribute, follow_symlinks=False).hex()}")
    if stat.S_ISLNK(s.st_mode):
        words.append("to=" + ascii(os.readlink(path)))
    if stat.S_ISREG(s.st_mode):
        words += [f"links={s.st_nlink}", "is=" + ascii(first_name.setdefault((s.st_dev, s.st_ino), name))]
        words += [f"size={s.st_size}", contents(path, s.st_size)]
    print(*words)
